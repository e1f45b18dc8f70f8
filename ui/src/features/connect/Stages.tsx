import { IconCheck } from "@tabler/icons-react";
import { useWords } from "../../words";
import css from "./ConnectWizard.module.css";

const stages = ["signIn", "confirm", "plan", "work", "done"] as const;

/** Where the wizard stands. */
export function Stages({ at }: { at: number }) {
  const t = useWords();
  return (
    <ol className={css.stages} aria-label={t("connect.stagesLabel")}>
      {stages.map((stage, index) => (
        <li
          key={stage}
          data-state={index < at ? "past" : index === at ? "here" : "ahead"}
          aria-current={index === at ? "step" : undefined}
        >
          <span className={css.dot} aria-hidden="true">
            {index < at ? <IconCheck size={12} stroke={3} /> : index + 1}
          </span>
          <span className={css.stageWord}>{t(`connect.stages.${stage}`)}</span>
        </li>
      ))}
    </ol>
  );
}
