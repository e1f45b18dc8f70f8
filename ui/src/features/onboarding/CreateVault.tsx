// Creating the vault: who, and the one passphrase that opens it.

import { IconDice5 } from "@tabler/icons-react";
import { useState } from "react";
import { Button, Row, Small, TextField } from "../../components";
import { type StatusView, useAction, useHost } from "../../host";
import { NewPassphrase, useNewPassphrase } from "../../parts";
import { useWords } from "../../words";
import css from "./FirstRun.module.css";
import { FirstRunForm, useFileFallback } from "./FirstRunForm";

export function CreateVault({
  status,
  onBack,
  onCreated,
}: {
  status: StatusView;
  onBack: () => void;
  onCreated: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const [msp, setMsp] = useState("");
  const [person, setPerson] = useState("");
  const passphrase = useNewPassphrase();
  const [suggestion, setSuggestion] = useState<string | null>(null);
  const fallback = useFileFallback(status);

  const suggest = useAction(async () => setSuggestion((await host.suggestPassphrase({})).passphrase));
  const create = useAction(async () => {
    await host.createVault({
      mspName: msp.trim(),
      personName: person.trim(),
      passphrase: passphrase.value,
      acceptFileFallback: fallback.accepted,
    });
    onCreated();
  });
  const ready = msp.trim() !== "" && person.trim() !== "" && passphrase.ready && fallback.settled;
  return (
    <FirstRunForm
      name="create"
      title={t("create.title")}
      lead={t("create.lead")}
      onBack={onBack}
      fallback={fallback}
      error={create.error ?? suggest.error}
      working={create.busy ? t("create.working") : null}
      submit={{ words: t("create.submit"), ready, run: () => void create.run() }}
    >
      <div className={css.two}>
        <TextField
          label={t("create.msp")}
          value={msp}
          onChange={setMsp}
          maxLength={100}
          testId="create-msp"
          autoFocus
        />
        <TextField
          label={t("create.person")}
          value={person}
          onChange={setPerson}
          maxLength={100}
          testId="create-person"
        />
      </div>
      <NewPassphrase
        label={t("create.passphrase")}
        typed={passphrase.typed}
        testIds={["create-passphrase", "create-repeat"]}
      />
      {suggestion === null ? (
        <div className={css.quiet}>
          <Button
            small
            icon={<IconDice5 size={16} />}
            busy={suggest.busy}
            onClick={() => void suggest.run()}
            testId="create-suggest"
          >
            {t("create.suggest")}
          </Button>
        </div>
      ) : (
        <section className={css.suggestion} aria-label={t("create.suggestion")}>
          <Small>{t("create.suggestion")}</Small>
          <p className={css.phrase} data-testid="create-suggestion">
            {suggestion}
          </p>
          <Row>
            <Button small testId="create-use-suggestion" onClick={() => passphrase.put(suggestion)}>
              {t("create.use")}
            </Button>
            <Button small onClick={() => void suggest.run()}>
              {t("create.another")}
            </Button>
          </Row>
          <Small>{t("create.suggestHint")}</Small>
        </section>
      )}
    </FirstRunForm>
  );
}
