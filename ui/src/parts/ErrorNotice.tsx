// An error as Rust tells it: what happened, what still holds, what to do next and the button for it, the code, details
// to copy.

import { IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Button, Mono, Notice, toast, useLeave } from "../components";
import { type ErrorView, useHost } from "../host";
import { shown, told, useWords } from "../words";
import css from "./ErrorNotice.module.css";
import { type About, useGo } from "./Go";
import { type NextStep, nextStepOf } from "./nextSteps";

export function ErrorNotice({
  error,
  action,
  about = {},
  here,
  quiet = false,
  onRetry,
}: {
  error: ErrorView | null;
  /** A way on that only this place knows. */
  action?: ReactNode;
  about?: About;
  /** The step that would lead to where it is shown. */
  here?: NextStep;
  /** One of many that stand there for long: read when it is come to, not said at once. */
  quiet?: boolean;
  /** Does once more what failed. */
  onRetry?: (() => void) | undefined;
}) {
  const t = useWords();
  const host = useHost();
  const go = useGo();
  const leave = useLeave();
  if (error === null) return null;
  const copy = () => {
    const text = [error.code, error.what, error.holds, error.next, error.details].filter(Boolean).join("\n");
    void host.copyPlain(shown(text)).then(() => toast(t("error.detailsCopied"), t("common.close")));
  };
  const step = nextStepOf(error);
  const way = step === undefined || step === "retry" || step === here ? null : go(step, about);
  const act =
    step === "retry"
      ? (onRetry ?? null)
      : way &&
        (() => {
          leave();
          way();
        });
  return (
    <Notice
      tone="wrong"
      loud={!quiet}
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
