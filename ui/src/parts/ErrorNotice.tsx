// An error as Rust tells it: what happened, what still holds, what to do next, the code, details to copy.

import { IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Button, Mono, Notice, toast } from "../components";
import { type ErrorView, useHost } from "../host";
import { shown, told, useWords } from "../words";
import css from "./ErrorNotice.module.css";

export function ErrorNotice({ error, action }: { error: ErrorView | null; action?: ReactNode }) {
  const t = useWords();
  const host = useHost();
  if (error === null) return null;
  const copy = () => {
    const text = [error.code, error.what, error.holds, error.next, error.details].filter(Boolean).join("\n");
    void host.copyPlain(shown(text)).then(() => toast(t("error.detailsCopied"), t("common.close")));
  };
  return (
    <Notice
      tone="wrong"
      loud
      testId="error-notice"
      title={told(error.what)}
      actions={
        <>
          {action}
          <Button small icon={<IconCopy size={14} />} onClick={copy}>
            {t("error.copyDetails")}
          </Button>
          <span className={css.code} data-testid="error-code">
            <Mono>{error.code}</Mono>
          </span>
        </>
      }
    >
      {error.holds ? <p className={css.holds}>{told(error.holds)}</p> : null}
      <p>{told(error.next)}</p>
    </Notice>
  );
}
