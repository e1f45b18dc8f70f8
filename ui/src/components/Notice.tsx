// Something a person should know: in place, with its next step.

import { IconAlertTriangle, IconCircleCheck, IconClockExclamation, IconInfoCircle, IconKey } from "@tabler/icons-react";
import type { ReactNode } from "react";
import css from "./Notice.module.css";

type Tone = "info" | "waits" | "wrong" | "good" | "glass";

const icons = {
  info: IconInfoCircle,
  waits: IconClockExclamation,
  wrong: IconAlertTriangle,
  good: IconCircleCheck,
  glass: IconKey,
};

export function Notice({
  tone = "info",
  title,
  children,
  actions,
  testId,
  loud,
}: {
  tone?: Tone;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  testId?: string;
  /** Said at once by screen readers. */
  loud?: boolean;
}) {
  const Icon = icons[tone];
  return (
    <div className={css.notice} data-tone={tone} role={loud ? "alert" : undefined} data-testid={testId}>
      <Icon size={18} stroke={1.75} aria-hidden className={css.icon} />
      <div className={css.words}>
        <p className={css.title}>{title}</p>
        {children ? <div className={css.body}>{children}</div> : null}
        {actions ? <div className={css.actions}>{actions}</div> : null}
      </div>
    </div>
  );
}
