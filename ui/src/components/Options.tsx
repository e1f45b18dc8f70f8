import { Radio } from "@mantine/core";
import css from "./Options.module.css";

/** A choice among few, each with a sentence about it. It stands in full rows: side by side, two by two, or below each other. */
export function Options<Value extends string>({
  label,
  hideLabel = false,
  value,
  onChange,
  options,
}: {
  label: string;
  /** A heading right above says it already. */
  hideLabel?: boolean;
  value: Value;
  onChange: (value: Value) => void;
  options: readonly { value: Value; label: string; hint?: string; testId?: string }[];
}) {
  return (
    <Radio.Group
      label={hideLabel ? undefined : label}
      aria-label={hideLabel ? label : undefined}
      value={value}
      onChange={(next) => onChange(next)}
    >
      <div className={css.options} data-many={options.length > 3 || undefined} data-three={options.length === 3 || undefined}>
        {options.map((option) => (
          <Radio
            key={option.value}
            value={option.value}
            label={option.label}
            description={option.hint}
            data-testid={option.testId}
            className={css.option}
            classNames={{ inner: css.mark }}
            wrapperProps={{ "data-chosen": option.value === value || undefined }}
          />
        ))}
      </div>
    </Radio.Group>
  );
}
