// A state as icon and word: never by colour alone.

import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconClock,
  IconHelpCircle,
  IconLoader2,
  IconPlugOff,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import css from "./Mark.module.css";

export type MarkTone = "good" | "waits" | "wrong" | "none" | "busy" | "unknown" | "off";

const icons = {
  good: IconCircleCheck,
  waits: IconClock,
  wrong: IconAlertTriangle,
  none: IconCircleDashed,
  busy: IconLoader2,
  unknown: IconHelpCircle,
  off: IconPlugOff,
};

/** `wrap`: the words are a sentence, which may take more than a line. */
export function Mark({ tone, children, wrap }: { tone: MarkTone; children: ReactNode; wrap?: boolean }) {
  const Icon = icons[tone];
  return (
    <span className={css.mark} data-tone={tone} data-wrap={wrap || undefined}>
      <Icon size={16} stroke={1.75} aria-hidden />
      <span>{children}</span>
    </span>
  );
}

/** A fact worth a glance, such as "As of 08:12". */
export function Chip({ children, tone = "none", icon }: { children: ReactNode; tone?: MarkTone; icon?: ReactNode }) {
  return (
    <span className={css.chip} data-tone={tone}>
      {icon}
      {children}
    </span>
  );
}
