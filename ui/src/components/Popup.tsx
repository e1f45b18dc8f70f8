import { Button as MantineButton, Popover } from "@mantine/core";
import { type ReactNode, useState } from "react";
import css from "./Button.module.css";

/** A button that opens a small panel beneath it. */
export function Popup({
  label,
  name,
  icon,
  small,
  testId,
  children,
}: {
  label: string;
  /** What it is called where the label alone stands in many rows. */
  name?: string;
  small?: boolean;
  icon?: ReactNode;
  testId?: string;
  /** What stands in it, or a function that makes it and may close it. */
  children: ReactNode | ((close: () => void) => ReactNode);
}) {
  const [open, setOpen] = useState(false);
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-end"
      trapFocus
      returnFocus
      transitionProps={{ duration: 80 }}
    >
      <Popover.Target>
        <MantineButton
          className={css.button}
          variant="default"
          size={small ? "compact-sm" : "sm"}
          aria-label={name}
          leftSection={icon}
          data-testid={testId}
          onClick={() => setOpen(!open)}
        >
          {label}
        </MantineButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={name ?? label}>
        {typeof children === "function" ? children(() => setOpen(false)) : children}
      </Popover.Dropdown>
    </Popover>
  );
}
