// Rotations that run, wait, fail or are done. They belong to Rust and go on without this screen.

import { IconRotateClockwise2 } from "@tabler/icons-react";
import { Bones, Button, Empty, Mark, type MarkTone, Page, Section } from "../../components";
import { asErrorView, type JobStep, type JobView, useAction, useHost, useRead } from "../../host";
import { ErrorNotice, useNow } from "../../parts";
import { relative, useWords } from "../../words";
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
};

const groupOf = (step: JobStep): "bad" | "open" | "done" =>
  step === "done"
    ? "done"
    : step === "unclear" || step === "failed" || step === "changedOutside" || step === "needsPerson"
      ? "bad"
      : "open";

const groups = ["bad", "open", "done"] as const;

export function RotationScreen({
  onOpen,
  onOrganizations,
  onIncident,
}: {
  onOpen: (organization: string) => void;
  onOrganizations: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const view = useRead("jobs", {});
  const rotateDue = useAction(() => host.rotate({ scope: { kind: "due" } }));
  const retry = useAction(async (jobs: readonly JobView[]) => {
    for (const job of jobs)
      await host.rotate({ scope: { kind: "account", organization: job.organization, account: job.account } });
  });
  const jobs = view.data?.jobs ?? [];
  const due = view.data?.due ?? 0;
  const failed = jobs.filter((job) => job.step === "failed");
  return (
    <Page
      title={<h1>{t("rotation.title")}</h1>}
      lead={t("rotation.lead")}
      actions={
        <>
          <Button onClick={onIncident} testId="to-incident">
            {t("incident.go")}
          </Button>
          {failed.length > 0 ? (
            <Button busy={retry.busy} onClick={() => void retry.run(failed)} testId="retry-failed">
              {t("rotation.retryFailed", { count: failed.length })}
            </Button>
          ) : null}
          <Button
            kind="primary"
            icon={<IconRotateClockwise2 size={16} />}
            busy={rotateDue.busy}
            reason={due === 0 ? t("rotation.nothingDue") : null}
            onClick={() => void rotateDue.run()}
            testId="rotate-due"
          >
            {t("rotation.rotateDue", { count: due })}
          </Button>
        </>
      }
    >
      <ErrorNotice error={rotateDue.error ?? retry.error ?? (view.error ? asErrorView(view.error) : null)} />
      {view.isPending ? <Bones label={t("common.loading")} /> : null}
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
          <Section key={group} title={t(`rotation.groups.${group}`)} flush>
            <ul>
              {shown.map((job) => (
                <Job key={job.account} job={job} onOpen={onOpen} onRetry={() => void retry.run([job])} />
              ))}
            </ul>
          </Section>
        );
      })}
    </Page>
  );
}

function Job({ job, onOpen, onRetry }: { job: JobView; onOpen: (organization: string) => void; onRetry: () => void }) {
  const t = useWords();
  const now = useNow();
  const bad = groupOf(job.step) === "bad";
  const account = job.userName;
  return (
    <li className={css.job} data-testid="job" data-step={job.step}>
      <span className={css.words}>
        <button
          type="button"
          className={css.name}
          aria-label={t("rotation.open", { name: job.organizationName })}
          onClick={() => onOpen(job.organization)}
        >
          {job.organizationName}
        </button>
        <span className={css.user}>{account}</span>
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
        <Button
          small
          label={job.step === "unclear" ? t("rotation.checkFor", { account }) : t("rotation.retryFor", { account })}
          onClick={onRetry}
          testId="job-again"
        >
          {job.step === "unclear" ? t("rotation.checkNow") : t("rotation.retry")}
        </Button>
      ) : null}
      {job.problem === null ? null : (
        <div className={css.problem}>
          {bad ? (
            <ErrorNotice error={job.problem} />
          ) : (
            <span>
              {job.problem.what} {job.problem.next}
            </span>
          )}
        </div>
      )}
    </li>
  );
}
