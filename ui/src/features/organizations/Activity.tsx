import { Empty, Section } from "../../components";
import type { ActivityLine } from "../../host";
import { Learn, remark, sentence, When } from "../../parts";
import { useWords } from "../../words";
import css from "./OrganizationDetail.module.css";

export function Activity({ lines }: { lines: readonly ActivityLine[] }) {
  const t = useWords();
  if (lines.length === 0)
    return (
      <Empty title={t("organization.activityEmpty")} learn={<Learn topic="audit" />}>
        {t("organization.activityEmptyMore")}
      </Empty>
    );
  return (
    <Section title={t("organization.activity")} flush>
      <ol>
        {lines.map((line, index) => (
          <li key={`${line.at}-${index}`} className={css.activity}>
            <span>
              {sentence(t, line)}
              {line.note ? <span className={css.soft}> · {remark(t, line)}</span> : null}
            </span>
            <span className={css.soft}>
              <When at={line.at} />
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
