// Asks Rust to copy. Nothing of the secret passes through this window.

import { IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Button, Ring, toast, Unseen } from "../../components";
import { type CardView, type CopyWhat, useAction, useHost } from "../../host";
import { ErrorNotice, useNow } from "../../parts";
import { duration, useWords } from "../../words";
import css from "./RevealWindow.module.css";

export function CopyButton({
  card,
  what,
  label,
  reason,
  blocked,
  testId,
}: {
  card: CardView;
  what: CopyWhat;
  label: string;
  reason: string;
  blocked: string | null;
  testId: string;
}) {
  const t = useWords();
  const host = useHost();
  const [held, setHeld] = useState<{ from: number; until: number } | null>(null);
  const now = useNow(500, held !== null);
  const copy = useAction(async () => {
    const { clearsAt } = await host.copy({
      organization: card.organization,
      account: card.account.id,
      what,
      reason,
    });
    if (clearsAt === null) {
      toast(t("reveal.userCopied"), t("common.close"));
      return;
    }
    setHeld({ from: Date.now(), until: clearsAt });
    toast(t("reveal.secretCopied", { duration: duration(t, clearsAt - Date.now()) }), t("common.close"));
  });
  useEffect(() => {
    if (held === null) return;
    const timer = setTimeout(() => setHeld(null), Math.max(0, held.until - Date.now()));
    return () => clearTimeout(timer);
  }, [held]);

  const left = held === null ? 0 : Math.max(0, held.until - now);
  return (
    <>
      <Button
        icon={held === null ? <IconCopy size={16} /> : <Ring share={left / Math.max(1, held.until - held.from)} />}
        busy={copy.busy}
        reason={blocked}
        testId={testId}
        label={label}
        onClick={() => void copy.run()}
      >
        {held === null ? t("common.copy") : `${Math.ceil(left / 1000)} s`}
      </Button>
      {held === null ? null : (
        <Unseen>{t("reveal.clears", { duration: duration(t, Math.ceil(left / 10_000) * 10_000) })}</Unseen>
      )}
      {copy.error === null ? null : (
        <div className={css.wide}>
          <ErrorNotice error={copy.error} />
        </div>
      )}
    </>
  );
}
