import { Bar, Mark, type MarkTone, Mono } from "../../components";
import type { ConnectStep, StepState } from "../../host";
import { told, useWords } from "../../words";
import css from "./ConnectWizard.module.css";

const tones: Record<StepState, MarkTone> = {
  exists: "good",
  willCreate: "none",
  running: "busy",
  created: "good",
  failed: "wrong",
  unclear: "waits",
};

/** Every step with its permission and its reason, and how it stands. */
export function Steps({
  steps,
  withWhy = false,
  progress = false,
  ended = false,
}: {
  steps: readonly ConnectStep[];
  withWhy?: boolean;
  progress?: boolean;
  /** Nothing goes on: what was not created will not be. */
  ended?: boolean;
}) {
  const t = useWords();
  const done = steps.filter((step) => step.state === "created" || step.state === "exists").length;
  const words = t("connect.progress", { done, total: steps.length });
  return (
    <div>
      {progress ? (
        <div className={css.progress}>
          <Bar share={done / Math.max(1, steps.length)} label={words} />
          <p role="status">{words}</p>
        </div>
      ) : null}
      <ol className={css.steps}>
        {steps.map((step, index) => (
          <li key={`${step.title}-${index}`} className={css.step}>
            <div className={css.stepWords}>
              <span className={css.stepTitle}>{told(step.title)}</span>
              {step.permission === null ? null : <Mono wrap>{step.permission}</Mono>}
              {withWhy || step.state === "failed" ? <span className={css.soft}>{told(step.why)}</span> : null}
            </div>
            <Mark tone={tones[step.state]}>
              {t(`connect.step.${ended && step.state === "willCreate" ? "notCreated" : step.state}`)}
            </Mark>
          </li>
        ))}
      </ol>
    </div>
  );
}
