import { useState } from "react";
import { Button, Row, toast } from "../../components";
import { type CardView, useAction, useHost } from "../../host";
import { ErrorNotice, Passphrase } from "../../parts";
import { useWords } from "../../words";
import css from "./RevealWindow.module.css";

/** Takes the key that Microsoft's page shows at the first sign-in. */
export function SecondFactor({ card }: { card: CardView }) {
  const t = useWords();
  const host = useHost();
  const [key, setKey] = useState("");
  const save = useAction(async () => {
    await host.setSecondFactor({ organization: card.organization, account: card.account.id, key: key.trim() });
    setKey("");
    toast(t("reveal.factorSaved"), t("common.close"));
  });
  return (
    <form
      className={css.factor}
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== "") void save.run();
      }}
    >
      <Passphrase
        label={t("reveal.factorKey")}
        value={key}
        onChange={setKey}
        autoComplete="off"
        testId="factor-key"
        mono
        anyCase
      />
      <Row>
        <Button submit busy={save.busy} testId="factor-save">
          {t("reveal.factorSave")}
        </Button>
      </Row>
      <ErrorNotice error={save.error} />
    </form>
  );
}
