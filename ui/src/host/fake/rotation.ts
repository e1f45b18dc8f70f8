// Rotations: starting them, and how they go on by themselves.

import type { JobsRequest, JobView, PauseRotationRequest } from "../../generated/ipc";
import type { Host } from "../host";
import type { Stage } from "./stage";

export function rotation(stage: Stage) {
  const { now, later, emit, world, open, note, settle, held } = stage;
  let jobs: JobView[] = [];
  let waiting: (() => void)[] = [];
  const badFirst = (job: JobView) =>
    ["unclear", "failed", "changedOutside", "needsPerson"].includes(job.step) ? 0 : job.step === "done" || job.step === "cancelled" ? 2 : 1;
  const jobsNow = ({ offset = 0, limit = 0 }: JobsRequest) => ({
    jobs: [...jobs].sort((one, other) => badFirst(one) - badFirst(other)).slice(offset, offset + (limit || 100)),
    matching: jobs.length,
    failed: jobs.filter((job) => job.step === "failed").length,
    moves: jobs.length,
    paused: held.paused,
    queued: jobs.filter((job) => job.step === "queued").length,
    open: jobs.filter((job) => ["queued", "looking", "preparing", "sending", "verifying", "unclear"].includes(job.step))
      .length,
    due: [...world.values()].flatMap((each) => each.accounts).filter((each) => each.state === "due").length,
  });

  return {
    rotate: async ({ scope }: Parameters<Host["rotate"]>[0]) => {
      open();
      const chosen = [...world.values()].flatMap((each) =>
        each.accounts
          .filter((a) =>
            scope.kind === "account"
              ? scope.organization === each.id && scope.account === a.id
              : scope.kind === "organizations"
                ? scope.organizations.includes(each.id)
                : scope.kind === "due"
                  ? a.state === "due"
                  : scope.kind === "failed"
                    ? jobs.some((job) => job.account === a.id && job.step === "failed")
                    : true,
          )
          .map((a) => [each, a] as const),
      );
      for (const [each, a] of chosen) {
        const job: JobView = {
          organization: each.id,
          organizationName: each.name,
          account: a.id,
          userName: a.userName,
          step: "queued",
          attempts: 1,
          nextTryAt: null,
          problem: null,
          sessions: null,
          at: now(),
        };
        jobs = [job, ...jobs.filter((old) => old.account !== a.id)];
        a.state = "rotating";
        const path = ["looking", "preparing", "sending", "verifying", "done"] as const;
        const advance = (at: number) => {
          const step = path[at];
          if (step === undefined || jobs.find((old) => old.account === a.id)?.step === "cancelled") return;
          if (held.paused && at === 0) {
            waiting.push(() => advance(at));
            return;
          }
          jobs = jobs.map((old) => (old.account === a.id ? { ...old, step, at: now() } : old));
          if (step === "done") {
            Object.assign(a, {
              state: "fresh",
              rotatedAt: now(),
              verifiedAt: now(),
              dueAt: now() + 24 * 3_600_000,
              values: [
                { which: "current", since: now() },
                { which: "previous", since: now() - 86_400_000 },
              ],
              problem: null,
            });
            note(each, "rotated", a.userName);
            settle(each);
          }
          emit({ kind: "jobsChanged" });
          later(1, () => advance(at + 1));
        };
        later(1, () => advance(0));
      }
      emit({ kind: "jobsChanged" });
      return jobsNow({});
    },
    pauseRotation: async (request: PauseRotationRequest) => {
      open();
      held.paused = request.paused;
      const going = held.paused ? [] : waiting;
      if (!held.paused) waiting = [];
      for (const go of going) go();
      emit({ kind: "jobsChanged" });
      return jobsNow({});
    },
    cancelQueued: async () => {
      open();
      jobs = jobs.map((job) => (job.step === "queued" ? { ...job, step: "cancelled", at: now() } : job));
      emit({ kind: "jobsChanged" });
      return jobsNow({});
    },
    jobs: async (request: JobsRequest) => {
      open();
      return jobsNow(request);
    },
  };
}
