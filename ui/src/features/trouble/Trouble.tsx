// What stands in the place of the main window where the program could not start: why, what holds, and what to do next.
// There is no application behind it, so nothing is read but the reason.

import { useEffect, useState } from "react";
import { Button, GlassCase, Ground } from "../../components";
import { type TroubleView, useAction, useHost } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";
import css from "./Trouble.module.css";

export function Trouble() {
  const t = useWords();
  const host = useHost();
  const [trouble, setTrouble] = useState<TroubleView | null>(null);
  useEffect(() => {
    void host.trouble().then(setTrouble);
  }, [host]);
  // Answers with nothing where it started: the main window is about to take this one's place.
  const again = useAction(async () => {
    const still = await host.startAgain(trouble?.held ?? false);
    if (still !== null) setTrouble(still);
  });
  if (trouble === null) return null;
  return (
    <Ground width={480} centered testId="trouble">
      <GlassCase />
      <h1 className={css.title}>{trouble.held ? t("trouble.held") : t("trouble.title")}</h1>
      <div className={css.notice}>
        <ErrorNotice error={again.error ?? trouble.error} />
      </div>
      <div className={css.actions}>
        <Button kind="primary" busy={again.busy} onClick={() => void again.run()} testId="start-again">
          {trouble.held ? t("trouble.takeOver") : t("common.tryAgain")}
        </Button>
        <Button onClick={() => void host.closeWindow()} testId="trouble-close">
          {t("common.close")}
        </Button>
      </div>
    </Ground>
  );
}
