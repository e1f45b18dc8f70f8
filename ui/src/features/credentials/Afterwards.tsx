// What becomes of a password that was seen and is hidden again. The schedule may be hastened here, never delayed.

import { Button } from "../../components";
import { type AfterView, type CardView, useAction, useHost } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";
import css from "./RevealWindow.module.css";

export function Afterwards({ card, policy, onDone }: { card: CardView; policy: AfterView; onDone: () => void }) {
  const t = useWords();
  const host = useHost();
  const choose = useAction(async (then: AfterView) => {
    await host.afterView({ organization: card.organization, account: card.account.id, then });
    onDone();
  });
  const button = (then: AfterView) => (
    <Button small kind="glass" busy={choose.busy} onClick={() => void choose.run(then)} testId={`then-${then}`}>
      {t(`reveal.then.${then}`)}
    </Button>
  );
  return (
    <div className={css.afterwards} role="group" aria-label={t("reveal.afterwards")}>
      <span>{t(`reveal.thenPolicy.${policy}`)}</span>
      {policy === "now" ? null : button("now")}
      {policy === "keep" ? button("inOneHour") : null}
      {policy === "keep" ? button("keep") : null}
      <ErrorNotice error={choose.error} />
    </div>
  );
}
