// An incident: everything in its scope is replaced by itself, but for one customer that is in the way.

import type { IncidentRow, IncidentScope, IncidentView, OrganizationView } from "../../generated/ipc";
import type { Host } from "../host";
import type { Stage } from "./stage";

export function incident(stage: Stage) {
  const { now, later, emit, world, open } = stage;
  let current: IncidentView | null = null;
  const covered = (scope: IncidentScope): OrganizationView[] =>
    [...world.values()].filter(
      (each) =>
        each.tenant !== null &&
        (scope.kind === "everything" ||
          scope.kind === "person" ||
          (scope.kind === "tag" && each.tags.includes(scope.tag)) ||
          (scope.kind === "organizations" && scope.organizations.includes(each.id)) ||
          (scope.kind === "viewed" && each.accounts.some((account) => account.lastViewed !== null))),
    );
  const count = (scope: IncidentScope) => {
    const organizations = covered(scope);
    return { organizations: organizations.length, accounts: organizations.flatMap((each) => each.accounts).length };
  };
  const put = (rows: IncidentRow[]) => {
    if (current === null) return;
    const stand = (state: IncidentRow["state"]) => rows.filter((row) => row.state === state).length;
    current = {
      ...current,
      rows,
      organizations: {
        blocked: stand("blocked"),
        working: stand("working"),
        waiting: stand("waiting"),
        replaced: stand("replaced"),
      },
      accounts: {
        replaced: rows.reduce((sum, row) => sum + row.accounts.replaced, 0),
        of: rows.reduce((sum, row) => sum + row.accounts.of, 0),
      },
      certificates: { replaced: rows.filter((row) => row.certificate).length, of: rows.length },
      expectedEnd: stand("working") + stand("waiting") === 0 ? null : current.expectedEnd,
    };
    emit({ kind: "jobsChanged" });
  };
  const replaced = (row: IncidentRow): IncidentRow => ({
    ...row,
    state: "replaced",
    certificate: true,
    strangers: 0,
    accounts: { ...row.accounts, replaced: row.accounts.of },
    problem: null,
  });
  return {
    incidentScope: async ({ scope }: Parameters<Host["incidentScope"]>[0]) => {
      open();
      return count(scope);
    },
    beginIncident: async ({ scope, reason }: Parameters<Host["beginIncident"]>[0]) => {
      open();
      const nobody = { replaced: 0, of: 0 };
      current = {
        reason,
        who: "Ada Byron",
        beganAt: now(),
        scope,
        organizations: { blocked: 0, working: 0, waiting: 0, replaced: 0 },
        accounts: nobody,
        certificates: nobody,
        expectedEnd: now() + 240_000,
        rows: [],
      };
      const rows = covered(scope).map((each, index): IncidentRow => {
        const accounts = { replaced: 0, of: each.accounts.length };
        const row: IncidentRow = {
          organization: each.id,
          name: each.name,
          state: "working",
          accounts,
          certificate: false,
          strangers: 0,
          problem: null,
        };
        if (index !== 1) return row;
        const problem = {
          code: "graph.permission-or-role-missing",
          what: "Microsoft refused: the connection lacks a role.",
          holds: "The old password still works.",
          next: "Connect the tenant again.",
          details: null,
          retryInMs: null,
          class: "refused" as const,
        };
        return { ...row, state: "blocked", problem };
      });
      put(rows);
      later(4, () => put(rows.map((row) => (row.state === "blocked" ? row : replaced(row)))));
      return { incident: current };
    },
    incident: async () => {
      open();
      return { incident: current };
    },
    retryIncident: async () => {
      open();
      put((current?.rows ?? []).map(replaced));
      return { incident: current };
    },
    endIncident: async () => {
      open();
      current = null;
      emit({ kind: "statusChanged" });
      return { incident: null };
    },
    saveIncidentReport: async ({ path }: Parameters<Host["saveIncidentReport"]>[0]) => {
      open();
      return { path };
    },
  };
}
