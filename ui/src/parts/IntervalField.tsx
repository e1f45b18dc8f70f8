import { NumberField } from "../components";
import { useWords } from "../words";

/** From an hour to a year; Rust refuses what lies beyond. */
const hours = { min: 1, max: 8760 };

/** How often passwords are rotated, in hours. */
export function IntervalField(props: {
  value: number;
  onChange: (hours: number) => void;
  disabled?: boolean;
  testId: string;
}) {
  const t = useWords();
  const unit = t("schedule.hours");
  return (
    <NumberField label={t("schedule.interval")} hint={t("settings.range", { ...hours, unit })} unit={unit} {...hours} {...props} />
  );
}
