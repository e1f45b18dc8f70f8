// Rotations that run, wait, fail or are done. They belong to Rust and go on without this screen.

import { IconRotateClockwise2 } from "@tabler/icons-react";
import { useState } from "react";
import { Button, Empty, Mark, type MarkTone, Notice, Page, Section, Unseen } from "../../components";
import { type JobStep, type JobView, useAction, useHost, useRead } from "../../host";
import { Awaited, ErrorNotice, Name, OpenName, useMay, useNow } from "../../parts";
import { relative, told, useWords } from "../../words";
import css from "./RotationScreen.module.css";

const tones: Record<JobStep, MarkTone> = {
  queued: "none",
  looking: "busy",
  preparing: "busy",
  sending: "busy",
  verifying: "busy",
  done: "good",
  unclear: "unknown",
  failed: "wrong",
  changedOutside: "wrong",
  needsPerson: "wrong",
  cancelled: "none",
};

const groupOf = (step: JobStep): "bad" | "open" | "done" =>
  step === "done" || step === "cancelled"
    ? "done"
    : step === "unclear" || step === "failed" || step === "changedOutside" || step === "needsPerson"
      ? "bad"
      : "open";

/** Jobs that are read at first, and at most: what went wrong stands before all others. */
const page = 100;
const most = 500;

const groups = ["bad", "open", "done"] as const;

export function RotationScreen({
  onOpen,
  onOrganizations,
  onAttention,
  onIncident,
}: {
  onOpen: (organization: string) => void;
  onOrganizations: () => void;
  onAttention: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const [limit, setLimit] = useState(page);
  const why = useMay().denied("putAccount");
  const view = useRead("jobs", { limit });
  const rotateDue = useAction(() => host.rotate({ scope: { kind: "due" } }));
  const retryFailed = useAction(() => host.rotate({ scope: { kind: "failed" } }));
  const pause = useAction((paused: boolean) => host.pauseRotation({ paused }));
  const cancel = useAction(() => host.cancelQueued({}));
  // An alarm asks for a decision, and this is it; anything else is rotated again.
  const retry = useAction(async ({ step, organization, account }: JobView) => {
    if (step === "changedOutside") await host.repairAccount({ organization, account });
    else await host.rotate({ scope: { kind: "account", organization, account } });
  });
  const { jobs, due, failed, matching, queued, paused } = view.data ?? {
    jobs: [],
    due: 0,
    failed: 0,
    matching: 0,
    queued: 0,
    paused: false,
  };
  // Not every step of every account: a screen reader would speak of nothing else.
  const ended = jobs.length > 0 && jobs.every((job) => groupOf(job.step) === "done");
  return (
    <Page
      title={<h1>{t("rotation.title")}</h1>}
      lead={t("rotation.lead")}
      actions={
        <>
          <Button onClick={onIncident} testId="to-incident">
            {t("incident.go")}
          </Button>
          {paused ? null : (
            <Button busy={pause.busy} onClick={() => void pause.run(true)} testId="pause-all">
              {t("rotation.pause")}
            </Button>
          )}
          {queued > 0 ? (
            <Button busy={cancel.busy} onClick={() => void cancel.run()} testId="cancel-queued">
              {t("rotation.cancelQueued", { count: queued })}
            </Button>
          ) : null}
          {failed > 0 ? (
            <Button busy={retryFailed.busy} reason={why} onClick={() => void retryFailed.run()} testId="retry-failed">
              {t("rotation.retryFailed", { count: failed })}
            </Button>
          ) : null}
          <Button
            kind="primary"
            icon={<IconRotateClockwise2 size={16} />}
            busy={rotateDue.busy}
            reason={why ?? (due === 0 ? t("rotation.nothingDue") : null)}
            onClick={() => void rotateDue.run()}
            testId="rotate-due"
          >
            {t("rotation.rotateDue", { count: due })}
          </Button>
        </>
      }
    >
      {paused ? (
        <Notice
          tone="waits"
          title={t("rotation.paused")}
          actions={
            <Button small busy={pause.busy} onClick={() => void pause.run(false)} testId="resume-all">
              {t("rotation.resume")}
            </Button>
          }
        >
          {t("rotation.pausedLead")}
        </Notice>
      ) : null}
      <ErrorNotice error={rotateDue.error ?? retryFailed.error ?? retry.error ?? pause.error ?? cancel.error} />
      <Awaited view={view} />
      <Unseen live>
        {failed > 0 ? t("rotation.someFailed", { count: failed }) : ended ? t("rotation.allEnded") : ""}
      </Unseen>
      {view.data && jobs.length === 0 ? (
        <Empty
          icon={<IconRotateClockwise2 size={36} stroke={1.25} />}
          title={t("rotation.emptyTitle")}
          action={<Button onClick={onOrganizations}>{t("rotation.toOrganizations")}</Button>}
        >
          {t("rotation.empty")}
        </Empty>
      ) : null}
      {groups.map((group) => {
        const shown = jobs.filter((job) => groupOf(job.step) === group);
        return shown.length === 0 ? null : (
          <Section
            key={group}
            title={t(`rotation.groups.${group}`)}
            flush
            actions={
              group === "bad" ? (
                <Button small kind="quiet" onClick={onAttention} testId="to-attention">
                  {t("rotation.toAttention")}
                </Button>
              ) : null
            }
          >
            <ul>
              {shown.map((job) => (
                <Job key={job.account} job={job} onOpen={onOpen} onRetry={() => void retry.run(job)} />
              ))}
            </ul>
          </Section>
        );
      })}
      {matching > jobs.length && limit < most ? (
        <Button onClick={() => setLimit(most)} testId="more-jobs">
          {t("rotation.more", { count: matching - jobs.length })}
        </Button>
      ) : null}
    </Page>
  );
}

function Job({ job, onOpen, onRetry }: { job: JobView; onOpen: (organization: string) => void; onRetry: () => void }) {
  const t = useWords();
  const now = useNow();
  const why = useMay().denied("putAccount");
  const bad = groupOf(job.step) === "bad";
  const account = job.userName;
  const again = job.step === "unclear" ? "check" : job.step === "changedOutside" ? "repair" : "retry";
  return (
    <li className={css.job} data-testid="job" data-step={job.step}>
      <span className={css.words}>
        <OpenName name={job.organizationName} onOpen={() => onOpen(job.organization)} />
        <span className={css.user}>
          <Name>{account}</Name>
        </span>
      </span>
      <span className={css.facts}>
        {job.attempts > 1 ? <span>{t("rotation.attempts", { count: job.attempts })}</span> : null}
        {job.nextTryAt === null ? null : (
          <span>{t("rotation.nextTry", { when: relative(t, job.nextTryAt, now) })}</span>
        )}
        {job.sessions === null ? null : <span>{t(`rotation.sessions.${job.sessions}`)}</span>}
      </span>
      <span className={css.state}>
        <Mark tone={tones[job.step]}>{t(`rotation.steps.${job.step}`)}</Mark>
      </span>
      <span className={css.at}>{relative(t, job.at, now)}</span>
      {bad ? (
        <span className={css.act}>
          <Button
            small
            label={t(`rotation.${again}For`, { account })}
            reason={why}
            onClick={onRetry}
            testId="job-again"
          >
            {t(`rotation.${again}`)}
          </Button>
        </span>
      ) : null}
      {job.problem === null ? null : (
        <div className={css.problem}>
          {bad ? (
            <ErrorNotice error={job.problem} about={{ organization: job.organization }} />
          ) : (
            <span>
              {told(job.problem.what)} {told(job.problem.next)}
            </span>
          )}
        </div>
      )}
    </li>
  );
}
