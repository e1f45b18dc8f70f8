// Fields with labels that stay. Passphrase fields allow paste and password managers.

import { Checkbox, NativeSelect, NumberInput, PasswordInput, SegmentedControl, Switch, Textarea, TextInput } from "@mantine/core";
import { type KeyboardEvent, type ReactNode, type Ref, useId, useState } from "react";
import css from "./Field.module.css";

type Common = {
  label: string;
  hint?: ReactNode;
  error?: ReactNode;
  testId?: string;
  autoFocus?: boolean;
  disabled?: boolean;
};

export type TextFieldProps = Common & {
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  mono?: boolean;
  maxLength?: number;
  required?: boolean;
  hideLabel?: boolean;
  icon?: ReactNode;
  right?: ReactNode;
  ref?: Ref<HTMLInputElement>;
  onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void;
  onBlur?: () => void;
  suffix?: string;
};

export function TextField(props: TextFieldProps) {
  return (
    <TextInput
      ref={props.ref}
      label={props.hideLabel ? undefined : props.label}
      aria-label={props.hideLabel ? props.label : undefined}
      description={props.hint}
      error={props.error}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      placeholder={props.placeholder}
      maxLength={props.maxLength}
      required={props.required}
      withAsterisk={false}
      disabled={props.disabled}
      leftSection={props.icon}
      rightSection={props.right ?? (props.suffix ? <span className={css.suffix}>{props.suffix}</span> : undefined)}
      rightSectionWidth={props.suffix ? "auto" : undefined}
      data-testid={props.testId}
      data-autofocus={props.autoFocus || undefined}
      autoFocus={props.autoFocus ?? false}
      onKeyDown={props.onKeyDown}
      onBlur={props.onBlur}
      spellCheck={false}
      autoComplete="off"
      classNames={{ input: props.mono ? css.mono : undefined }}
    />
  );
}

export type PassphraseFieldProps = Common & {
  value: string;
  onChange: (value: string) => void;
  /** Shown while caps lock is on. */
  capsLockHint: string;
  showLabel: string;
  hideLabel: string;
  autoComplete?: "current-password" | "new-password" | "off";
  mono?: boolean;
  ref?: Ref<HTMLInputElement>;
};

export function PassphraseField(props: PassphraseFieldProps) {
  const [capsLock, setCapsLock] = useState(false);
  const [visible, setVisible] = useState(false);
  const look = (event: KeyboardEvent) => setCapsLock(event.getModifierState("CapsLock"));
  return (
    <div>
      <PasswordInput
        ref={props.ref}
        label={props.label}
        description={props.hint}
        error={props.error}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        onKeyDown={look}
        onKeyUp={look}
        onBlur={() => setCapsLock(false)}
        visible={visible}
        onVisibilityChange={setVisible}
        visibilityToggleButtonProps={{
          "aria-label": visible ? props.hideLabel : props.showLabel,
          "aria-hidden": false,
          tabIndex: 0,
        }}
        autoComplete={props.autoComplete ?? "current-password"}
        spellCheck={false}
        disabled={props.disabled}
        data-testid={props.testId}
        data-autofocus={props.autoFocus || undefined}
        autoFocus={props.autoFocus ?? false}
        classNames={{ innerInput: props.mono ? css.mono : undefined }}
      />
      <p className={css.caps} role="status">
        {capsLock ? props.capsLockHint : ""}
      </p>
    </div>
  );
}

export function TextArea(
  props: Common & {
    value: string;
    onChange: (value: string) => void;
    rows?: number;
    maxLength?: number;
    mono?: boolean;
  },
) {
  return (
    <Textarea
      label={props.label}
      description={props.hint}
      error={props.error}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      rows={props.rows ?? 3}
      maxLength={props.maxLength}
      data-testid={props.testId}
      data-autofocus={props.autoFocus || undefined}
      autoFocus={props.autoFocus ?? false}
      classNames={{ input: props.mono ? css.mono : undefined }}
      spellCheck={!props.mono}
      autoComplete="off"
    />
  );
}

export function NumberField(
  props: Common & {
    value: number;
    onChange: (value: number) => void;
    min: number;
    max: number;
    unit?: string;
    /** Words on the left, number on the right: a line of settings. */
    line?: boolean;
  },
) {
  return (
    <NumberInput
      label={props.label}
      description={props.hint}
      error={props.error}
      value={props.value}
      onChange={(value) => {
        const number = typeof value === "number" ? value : Number.parseInt(value, 10);
        if (Number.isFinite(number)) props.onChange(number);
      }}
      min={props.min}
      max={props.max}
      clampBehavior="blur"
      allowDecimal={false}
      allowNegative={false}
      suffix={props.unit ? ` ${props.unit}` : ""}
      disabled={props.disabled}
      data-testid={props.testId}
      classNames={{ input: css.number, root: props.line ? css.numberLine : undefined }}
      hideControls
    />
  );
}

/** A time of day, in minutes since midnight. */
export function TimeField(props: Common & { minute: number; onChange: (minute: number) => void }) {
  const two = (number: number) => String(number).padStart(2, "0");
  return (
    <TextInput
      type="time"
      label={props.label}
      value={`${two(Math.floor(props.minute / 60))}:${two(props.minute % 60)}`}
      onChange={(event) => {
        const [hours, minutes] = event.currentTarget.value.split(":").map(Number);
        // Emptied, it keeps the time it had.
        if (hours !== undefined && minutes !== undefined) props.onChange(hours * 60 + minutes);
      }}
      disabled={props.disabled}
      data-testid={props.testId}
    />
  );
}

export function Check(props: Common & { checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <Checkbox
      label={props.label}
      description={props.hint}
      error={props.error}
      checked={props.checked}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
      disabled={props.disabled}
      data-testid={props.testId}
    />
  );
}

/** A bare box for table rows; `label` is its accessible name. The browser's own: a long list draws a hundred of them. */
export function RowCheck(props: {
  label: string;
  checked: boolean;
  some?: boolean;
  onChange: (checked: boolean) => void;
  tabIndex?: number;
}) {
  return (
    <input
      type="checkbox"
      className={css.box}
      aria-label={props.label}
      checked={props.checked}
      ref={(box) => {
        if (box !== null) box.indeterminate = props.some ?? false;
      }}
      tabIndex={props.tabIndex}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
      onClick={(event) => event.stopPropagation()}
    />
  );
}

export function Toggle(props: Common & { checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <Switch
      label={props.label}
      description={props.hint}
      checked={props.checked}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
      disabled={props.disabled}
      labelPosition="left"
      data-testid={props.testId}
      classNames={{ body: css.toggle, labelWrapper: css.toggleWords, track: css.track }}
    />
  );
}

export function Choice<Value extends string>(props: {
  label: string;
  hint?: ReactNode;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className={css.choice}>
      <div>
        <div id={id} className={css.choiceLabel}>
          {props.label}
        </div>
        {props.hint ? <div className={css.choiceHint}>{props.hint}</div> : null}
      </div>
      <SegmentedControl
        aria-labelledby={id}
        value={props.value}
        onChange={(value) => props.onChange(value)}
        data={props.options.map((option) => ({ ...option }))}
        disabled={props.disabled}
        size="xs"
        classNames={{ root: css.segments, label: css.segment, indicator: css.chosen }}
      />
    </div>
  );
}

/** One of many, by the platform's own list: reached by keyboard, read out, and never longer than the screen. */
export function Select<Value extends string>(
  props: Common & {
    value: Value;
    options: readonly { value: Value; label: string }[];
    onChange: (value: Value) => void;
  },
) {
  return (
    <NativeSelect
      label={props.label}
      description={props.hint}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value as Value)}
      data={props.options.map((option) => ({ ...option }))}
      disabled={props.disabled}
      data-testid={props.testId}
    />
  );
}
