import { ActionIcon, Button as MantineButton, Tooltip } from "@mantine/core";
import type { MouseEvent, ReactNode, Ref } from "react";
import css from "./Button.module.css";

type Kind = "default" | "primary" | "quiet" | "danger" | "glass";

export type ButtonProps = {
  children: ReactNode;
  onClick?: (event: MouseEvent) => void;
  kind?: Kind;
  icon?: ReactNode;
  busy?: boolean;
  /** Why it cannot be pressed now. The button stays reachable, so that the reason can be read. */
  reason?: string | null | undefined;
  submit?: boolean;
  wide?: boolean;
  small?: boolean;
  large?: boolean;
  testId?: string;
  label?: string;
  autoFocus?: boolean;
  pressed?: boolean;
  shortcut?: string;
  ref?: Ref<HTMLButtonElement>;
};

/** A button says what it does and to what. Amber (`glass`) is for breaking the glass alone. */
export function Button(props: ButtonProps) {
  const { kind = "default", icon, busy, reason, submit, wide, small, large, testId, label, pressed } = props;
  const blocked = reason !== undefined && reason !== null && reason !== "";
  const button = (
    <MantineButton
      ref={props.ref}
      type={submit ? "submit" : "button"}
      variant={kind === "primary" ? "filled" : "default"}
      className={css.button}
      data-kind={kind}
      data-blocked={blocked || undefined}
      size={small ? "compact-sm" : large ? "md" : "sm"}
      leftSection={icon}
      loading={busy ?? false}
      fullWidth={wide ?? false}
      aria-disabled={blocked || undefined}
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={props.shortcut}
      data-testid={testId}
      data-autofocus={props.autoFocus || undefined}
      autoFocus={props.autoFocus ?? false}
      onClick={(event) => {
        if (blocked) event.preventDefault();
        else props.onClick?.(event);
      }}
    >
      {props.children}
    </MantineButton>
  );
  // Always around it, so that a reason that comes or goes does not take the focus from the button.
  return (
    <Tooltip
      label={reason ?? ""}
      disabled={!blocked}
      events={{ hover: true, focus: true, touch: true }}
      multiline
      maw={280}
    >
      {button}
    </Tooltip>
  );
}

export function IconButton({
  label,
  children,
  onClick,
  testId,
  pressed,
  reason,
  disabled,
}: {
  label: string;
  children: ReactNode;
  onClick?: () => void;
  testId?: string;
  pressed?: boolean;
  reason?: string | null;
  disabled?: boolean;
}) {
  return (
    <Tooltip label={reason ?? label} events={{ hover: true, focus: true, touch: false }} openDelay={300}>
      <ActionIcon
        className={css.icon}
        variant="subtle"
        size={28}
        aria-label={label}
        aria-pressed={pressed}
        aria-disabled={Boolean(reason) || disabled || undefined}
        data-testid={testId}
        onClick={() => {
          if (!reason && !disabled) onClick?.();
        }}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
