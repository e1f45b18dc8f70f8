import { Tooltip } from "@mantine/core";
import type { ReactElement } from "react";

/** A short text beside what it explains, for pointer, keyboard and touch alike. */
export function Tip({ label, children }: { label: string; children: ReactElement }) {
  return (
    <Tooltip
      label={label}
      events={{ hover: true, focus: true, touch: true }}
      openDelay={300}
      transitionProps={{ duration: 80 }}
      withArrow={false}
      position="top"
    >
      {children}
    </Tooltip>
  );
}
