// An error as Rust tells it: what happened, what still holds, what to do next and the button for it, the code, details
// to copy.

import { IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Button, Mono, Notice, toast } from "../components";
import { type ErrorView, useHost } from "../host";
import { shown, told, useWords } from "../words";
import css from "./ErrorNotice.module.css";
import { type About, useGo } from "./Go";
import { nextStepOf } from "./nextSteps";

export function ErrorNotice({
  error,
  action,
  about = {},
  onRetry,
}: {
  error: ErrorView | null;
  /** A way on that only this place knows. */
  action?: ReactNode;
  about?: About;
  /** Does once more what failed. */
  onRetry?: (() => void) | undefined;
}) {
  const t = useWords();
  const host = useHost();
  const go = useGo();
  if (error === null) return null;
  const copy = () => {
    const text = [error.code, error.what, error.holds, error.next, error.details].filter(Boolean).join("\n");
    void host.copyPlain(shown(text)).then(() => toast(t("error.detailsCopied"), t("common.close")));
  };
  const step = nextStepOf(error);
  const act = step === undefined ? null : step === "retry" ? (onRetry ?? null) : go(step, about);
  return (
    <Notice
      tone="wrong"
      loud
      testId="error-notice"
      title={told(error.what)}
      actions={
        <>
          {action}
          {step === undefined || act === null ? null : (
            <Button small kind="primary" onClick={act} testId="error-step">
              {t(`error.step.${step}`)}
            </Button>
          )}
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
