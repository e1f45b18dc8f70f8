import { Radio } from "@mantine/core";
import css from "./Options.module.css";

/** A choice among few, each with a sentence about it. */
export function Options<Value extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  options: readonly { value: Value; label: string; hint?: string; testId?: string }[];
}) {
  return (
    <Radio.Group aria-label={label} value={value} onChange={(next) => onChange(next)}>
      <div className={css.options}>
        {options.map((option) => (
          <Radio
            key={option.value}
            value={option.value}
            label={option.label}
            description={option.hint}
            data-testid={option.testId}
            className={css.option}
            wrapperProps={{ "data-chosen": option.value === value || undefined }}
          />
        ))}
      </div>
    </Radio.Group>
  );
}
