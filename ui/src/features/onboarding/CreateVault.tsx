// Creating the vault: who, and the one passphrase that opens it.

import { IconArrowLeft, IconDice5 } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { BusyBar, Button, Check, Notice, Row, Small, TextField } from "../../components";
import { type StatusView, useAction, useHost } from "../../host";
import { ErrorNotice, NewPassphrase, type Strength } from "../../parts";
import { useWords } from "../../words";
import css from "./FirstRun.module.css";

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
  const [passphrase, setPassphrase] = useState("");
  const [repeat, setRepeat] = useState("");
  const [strength, setStrength] = useState<Strength>(null);
  const [suggestion, setSuggestion] = useState<string | null>(null);
  const [accept, setAccept] = useState(false);
  const noKeychain = status.deviceSecret === "noKeychain";

  const suggest = useAction(async () => setSuggestion((await host.suggestPassphrase({})).passphrase));
  const create = useAction(async () => {
    await host.createVault({
      mspName: msp.trim(),
      personName: person.trim(),
      passphrase,
      acceptFileFallback: noKeychain && accept,
    });
    onCreated();
  });
  useEffect(
    () => () => {
      setPassphrase("");
      setRepeat("");
      setSuggestion(null);
    },
    [],
  );

  const ready =
    msp.trim() !== "" &&
    person.trim() !== "" &&
    strength?.enough === true &&
    repeat === passphrase &&
    (!noKeychain || accept);
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void create.run();
      }}
    >
      <div className={css.head}>
        <Button small kind="quiet" icon={<IconArrowLeft size={14} />} onClick={onBack}>
          {t("common.back")}
        </Button>
        <h1>{t("create.title")}</h1>
        <p className={css.lead}>{t("create.lead")}</p>
      </div>
      <div className={css.panel}>
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
          repeatLabel={t("create.repeat")}
          value={passphrase}
          repeat={repeat}
          onValue={setPassphrase}
          onRepeat={setRepeat}
          onStrength={setStrength}
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
              <Button
                small
                testId="create-use-suggestion"
                onClick={() => {
                  setPassphrase(suggestion);
                  setRepeat("");
                }}
              >
                {t("create.use")}
              </Button>
              <Button small onClick={() => void suggest.run()}>
                {t("create.another")}
              </Button>
            </Row>
            <Small>{t("create.suggestHint")}</Small>
          </section>
        )}
        {noKeychain ? (
          <Notice tone="waits" title={t("create.noKeychain")}>
            <p>{t("create.noKeychainMore")}</p>
            <Check label={t("create.accept")} checked={accept} onChange={setAccept} testId="create-accept-file" />
          </Notice>
        ) : null}
        <ErrorNotice error={create.error ?? suggest.error} />
        {create.busy ? <BusyBar label={t("create.working")} /> : null}
        <Button submit kind="primary" large wide busy={create.busy} testId="create-submit">
          {t("create.submit")}
        </Button>
      </div>
    </form>
  );
}
