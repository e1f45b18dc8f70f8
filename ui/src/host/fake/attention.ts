// What needs a person, read off the accounts as Rust does, with its beginning and its snooze.

import type { AccountView, OrganizationView, ProblemKind, ProblemStep, ProblemView } from "../../generated/ipc";
import type { Host } from "../host";
import { refusal, type Stage } from "./stage";

const hour = 3_600_000;

const steps = {
  unclear: "check",
  changedOutside: "repair",
  needsPerson: "connect",
  disabled: "repair",
  roleGone: "repair",
  renamed: "repair",
  gone: "repair",
  failing: "rotate",
} as const satisfies Partial<Record<ProblemKind, ProblemStep>>;
type Kind = keyof typeof steps;

const words: Partial<Record<Kind, readonly [code: string, what: string, holds: string, next: string]>> = {
  changedOutside: [
    "rotation.changed-outside",
    "The password was changed outside Vitrine, or this vault is behind.",
    "The stored password no longer opens the account. Nothing was sent to the tenant.",
    "Ask who changed it. Repair the account to set a new password from here.",
  ],
  disabled: [
    "drift.disabled",
    "Sign-in of the emergency account was disabled in the tenant.",
    "The stored password is unchanged; nobody can sign in with it.",
    "Ask who disabled it. Repair enables it again; an admin of the tenant signs in for that.",
  ],
};

type Known = { kind: Kind; since: number; snoozed: ProblemView["snoozed"] };

export function attention(stage: Stage) {
  const { now, emit, held, world, open } = stage;
  const known = new Map<string, Known>();
  let overdueSnoozed: ProblemView["snoozed"] = null;

  const kindOf = ({ state, problem }: AccountView): Kind | null =>
    state in steps ? (state as Kind) : problem !== null && state !== "rotating" ? "failing" : null;

  const holds = (snoozed: ProblemView["snoozed"]) =>
    snoozed !== null && (snoozed.kind === "fixed" || snoozed.at > now()) ? snoozed : null;

  const viewOf = (id: string, one: Known, each: OrganizationView, account: AccountView): ProblemView => {
    const [code, what, holdsWords, next] = words[one.kind] ?? [
      `test.${one.kind}`,
      "The account differs from what is stored.",
      "Its passwords are kept here.",
      "Look at it.",
    ];
    return {
      id,
      kind: one.kind,
      organization: each.id,
      organizationName: each.name,
      account: account.id,
      userName: account.userName,
      since: one.since,
      error: account.problem ?? { code, what, holds: holdsWords, next, details: null, retryInMs: null, class: "refused" },
      step: steps[one.kind],
      working: account.state === "rotating",
      snoozed: holds(one.snoozed),
    };
  };

  const overdue = (): ProblemView | null => {
    const late = [...world.values()]
      .flatMap((each) => each.accounts)
      .filter((each) => each.state === "due" && (each.dueAt ?? now()) + hour <= now());
    if (!held.paused || late.length === 0) return null;
    return {
      id: "overdue",
      kind: "overdue",
      organization: null,
      organizationName: null,
      account: null,
      userName: null,
      since: Math.min(...late.map((each) => each.dueAt ?? now())),
      error: {
        code: "attention.paused",
        what: `${late.length} emergency accounts are overdue: rotation is paused.`,
        holds: "Their passwords still work.",
        next: "Let rotation go on.",
        details: null,
        retryInMs: null,
        class: "partly",
      },
      step: "resume",
      working: false,
      snoozed: holds(overdueSnoozed),
    };
  };

  const all = (): ProblemView[] => {
    const found = [...world.values()].flatMap((each) =>
      each.accounts.flatMap((account) => {
        const id = account.id.slice(0, 14) + each.id.slice(6, 8);
        const kind = kindOf(account);
        const before = known.get(id);
        // While it is rotated, what was wrong before is not known better.
        if (kind === null && !(before && account.state === "rotating")) {
          known.delete(id);
          return [];
        }
        const one =
          before !== undefined && (kind === null || before.kind === kind)
            ? before
            : { kind: kind ?? "failing", since: Math.min(now(), account.rotatedAt ?? now()), snoozed: null };
        known.set(id, one);
        return [viewOf(id, one, each, account)];
      }),
    );
    found.sort((one, other) => other.since - one.since);
    const late = overdue();
    return late === null ? found : [late, ...found];
  };

  const set = (problem: string, snoozed: ProblemView["snoozed"]) => {
    open();
    const found = all().find((each) => each.id === problem);
    if (found === undefined)
      throw refusal("attention.unknown", "There is no such problem; it may be solved.", "Look at the list again.");
    const one = known.get(problem);
    if (one === undefined) overdueSnoozed = snoozed;
    else one.snoozed = snoozed;
    emit({ kind: "organizationsChanged" });
    return { ...found, snoozed };
  };

  const tomorrow = () => {
    const day = new Date(now());
    day.setDate(day.getDate() + 1);
    return day.setHours(8, 0, 0, 0);
  };

  return {
    attention: async (request: Parameters<Host["attention"]>[0]) => {
      open();
      const found = all();
      const wanted = (request.filter ?? "").toLowerCase();
      const matching = found.filter(
        (each) =>
          (each.snoozed !== null) === (request.snoozed ?? false) &&
          (wanted === "" || `${each.organizationName ?? ""} ${each.userName ?? ""}`.toLowerCase().includes(wanted)),
      );
      const [offset, limit] = [request.offset ?? 0, request.limit ?? 0];
      const snoozed = found.filter((each) => each.snoozed !== null).length;
      return {
        problems: structuredClone(matching.slice(offset, offset + (limit === 0 ? 100 : limit))),
        matching: matching.length,
        open: found.length - snoozed,
        snoozed,
      };
    },
    snoozeProblem: async ({ problem, until }: Parameters<Host["snoozeProblem"]>[0]) =>
      set(
        problem,
        until === "fixed" ? { kind: "fixed" } : { kind: "until", at: until === "hour" ? now() + hour : tomorrow() },
      ),
    wakeProblem: async ({ problem }: Parameters<Host["wakeProblem"]>[0]) => set(problem, null),
  };
}
