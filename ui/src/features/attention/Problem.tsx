// One problem: what is wrong and with whom, since when, the press that answers it, and the way to put it aside.

import { IconCopy } from "@tabler/icons-react";
import { Button, IconButton, Mark, type MarkTone, Popup, toast } from "../../components";
import { type ProblemKind, type ProblemView, type Snooze, useAction, useHost } from "../../host";
import {
  type Act,
  ErrorNotice,
  Name,
  OpenName,
  nextStepOf,
  useGo,
  useMay,
  useNetwork,
  useNow,
  When,
} from "../../parts";
import { clock, relative, shown, told, useWords } from "../../words";
import css from "./AttentionScreen.module.css";

const tones: Record<ProblemKind, MarkTone> = {
  overdue: "waits",
  unanswered: "waits",
  failing: "waits",
  unclear: "unknown",
  changedOutside: "wrong",
  needsPerson: "wrong",
  gone: "wrong",
  disabled: "wrong",
  roleGone: "wrong",
  renamed: "waits",
  neverCreated: "waits",
  sessionsLive: "waits",
  connection: "wrong",
  certificateEnding: "waits",
  certificateEnded: "wrong",
  strangers: "wrong",
};

/** What an answer needs of the role. The others are for everybody. */
const needs: Partial<Record<ProblemView["step"], Act>> = {
  rotate: "putAccount",
  rotateDue: "putAccount",
  check: "putAccount",
  repair: "putAccount",
  connect: "putConnection",
  enableLaps: "putOrganization",
  strangers: "putConnection",
};

const snoozes = ["hour", "tomorrow", "fixed"] as const satisfies readonly Snooze[];

/** What answers a problem, in words and as an act. Null where nothing in this window does. */
function useAnswer({ step, error, organization, account }: ProblemView) {
  const t = useWords();
  const host = useHost();
  const go = useGo();
  const network = useNetwork();
  const { denied } = useMay();
  const needed = needs[step];
  const why = needed === undefined ? null : denied(needed);
  const act = useAction(async () => {
    if (step === "rotateDue") await host.rotate({ scope: { kind: "due" } });
    else if (step === "resume") await host.pauseRotation({ paused: false });
    else if (step === "sync") await host.sync({});
    else if (organization === null || account === null) return;
    else if (step === "repair") await host.repairAccount({ organization, account });
    else await host.rotate({ scope: { kind: "account", organization, account } });
  });
  const about = organization === null ? {} : { organization };
  const led = (way: (() => void) | null, words: string) => ({ words, run: way, reason: null, act });
  if (why !== null) return { words: t(`attention.steps.${step}`), run: () => {}, reason: why, act };
  if (step === "strangers") return led(go("strangers", about), t("attention.steps.strangers"));
  if (step === "connect") return led(go("connect", about), t("attention.steps.connect"));
  if (step === "enableLaps") return led(go("laps", about), t("attention.steps.enableLaps"));
  // Rotating again would end in the same refusal where its code has an answer of its own.
  const known = step === "rotate" ? nextStepOf(error) : undefined;
  const way = known === undefined || known === "retry" ? null : go(known, about);
  if (known !== undefined && way !== null) return led(way, t(`error.step.${known}`));
  return {
    words: t(`attention.steps.${step}`),
    run: () => void act.run(),
    reason: step === "resume" ? null : network.reason,
    act,
  };
}

export function Problem({ problem, onOpen }: { problem: ProblemView; onOpen: (organization: string) => void }) {
  const t = useWords();
  const host = useHost();
  const now = useNow();
  const answer = useAnswer(problem);
  const snooze = useAction(async (until: Snooze) => {
    await host.snoozeProblem({ problem: problem.id, until });
    toast(t(`attention.snoozedFor.${until}`), t("common.close"));
  });
  const wake = useAction(() => host.wakeProblem({ problem: problem.id }));
  const { error, organization, organizationName, userName } = problem;
  const name = organizationName ?? t("attention.several");
  // Two accounts of one organization may stand below each other.
  const about = userName ?? name;
  const copy = () => {
    const text = [error.code, error.what, error.holds, error.next, error.details].filter(Boolean).join("\n");
    void host.copyPlain(shown(text)).then(() => toast(t("error.detailsCopied"), t("common.close")));
  };
  const failed = answer.act.error ?? snooze.error ?? wake.error;
  return (
    <li className={css.problem} data-testid="problem" data-kind={problem.kind}>
      <div className={css.kind}>
        <Mark tone={tones[problem.kind]}>{t(`attention.kinds.${problem.kind}`)}</Mark>
        <span className={css.since}>
          <When at={problem.since}>{relative(t, problem.since, now)}</When>
        </span>
        {problem.snoozed === null ? null : (
          <span className={css.since}>
            {problem.snoozed.kind === "fixed"
              ? t("attention.untilFixed")
              : t("attention.until", { time: clock(problem.snoozed.at, now) })}
          </span>
        )}
      </div>
      <div className={css.words}>
        <p className={css.about}>
          {organization === null ? (
            <span className={css.several}>{name}</span>
          ) : (
            <OpenName name={name} onOpen={() => onOpen(organization)} />
          )}
          {userName === null ? null : (
            <span className={css.user}>
              <Name>{userName}</Name>
            </span>
          )}
        </p>
        <p>{told(error.what)}</p>
        <p className={css.soft}>
          {told(error.holds)} {told(error.next)}
        </p>
      </div>
      <span className={css.act}>
        {problem.working ? (
          <Mark tone="busy">{t("attention.working")}</Mark>
        ) : answer.run === null ? null : (
          <Button
            small
            label={t("attention.stepFor", { step: answer.words, about })}
            busy={answer.act.busy}
            reason={answer.reason}
            onClick={answer.run}
            testId="problem-step"
          >
            {answer.words}
          </Button>
        )}
      </span>
      <span className={css.aside}>
        {problem.snoozed === null ? (
          <Popup
            small
            label={t("attention.snooze")}
            name={t("attention.snoozeFor", { about })}
            testId="problem-snooze"
          >
            {(close) => (
              <ul className={css.choices}>
                {snoozes.map((until) => (
                  <li key={until}>
                    <button
                      type="button"
                      className={css.choice}
                      data-testid={`snooze-${until}`}
                      onClick={() => {
                        close();
                        void snooze.run(until);
                      }}
                    >
                      {t(`attention.snoozes.${until}`)}
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </Popup>
        ) : (
          <Button
            small
            label={t("attention.wakeFor", { about })}
            busy={wake.busy}
            onClick={() => void wake.run()}
            testId="problem-wake"
          >
            {t("attention.wake")}
          </Button>
        )}
        <IconButton label={t("attention.copyFor", { about, code: error.code })} onClick={copy}>
          <IconCopy size={14} />
        </IconButton>
      </span>
      {failed === null ? null : (
        <div className={css.failed}>
          <ErrorNotice
            error={failed}
            about={organization === null ? {} : { organization }}
            onRetry={answer.act.error === null ? undefined : () => void answer.act.run()}
          />
        </div>
      )}
    </li>
  );
}
