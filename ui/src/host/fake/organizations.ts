// Organizations: the list, one of them, import, and what happened.

import type {
  ActivityLine,
  AuditGap,
  AuditKind,
  AuditRequest,
  ListViews,
  OrganizationRow,
  OrganizationState,
  OrganizationView,
} from "../../generated/ipc";
import type { Host } from "../host";
import { refusal, type Stage } from "./stage";
import { makeOrganization } from "./world";

export function organizations(stage: Stage, gaps: AuditGap[]) {
  const { now, pause, emit, world, open, find, note, mark, settle } = stage;
  const row = (each: OrganizationView): OrganizationRow => ({
    id: each.id,
    name: each.name,
    domain: each.tenant?.domain ?? null,
    state: each.state,
    accounts: each.accounts.length,
    lastRotation: each.accounts.length ? Math.min(...each.accounts.map((a) => a.rotatedAt ?? now())) : null,
    nextRotation: each.accounts.length ? Math.min(...each.accounts.map((a) => a.dueAt ?? now())) : null,
  });

  let views: ListViews = { hidden: [], saved: [] };

  return {
    listViews: async () => {
      open();
      return structuredClone(views);
    },
    setListViews: async (request: { views: ListViews }) => {
      open();
      const names = request.views.saved.map((each) => each.name.toLowerCase());
      if (new Set(names).size < names.length)
        throw refusal("lists.name-taken", "There is already a view of this name.", "Choose a name that tells the two apart.");
      views = structuredClone(request.views);
      return structuredClone(views);
    },
    export: async ({ list, path }: Parameters<Host["export"]>[0]) => {
      open();
      const only = list.only ?? [];
      return { path, rows: only.length > 0 ? only.length : world.size };
    },
    organizations: async (request: Parameters<Host["organizations"]>[0]) => {
      open();
      const all = [...world.values()];
      const wanted = (request.filter ?? "").toLowerCase();
      const matching = all.filter(
        (each) =>
          (!request.state || each.state === request.state) &&
          (wanted === "" || each.name.toLowerCase().includes(wanted) || (each.tenant?.domain ?? "").includes(wanted)),
      );
      const rank: Record<OrganizationState, number> = { failed: 0, due: 1, notConnected: 2, healthy: 3 };
      const rows = matching.map(row).sort((a, b) => {
        if (request.sort === "state") return rank[a.state] - rank[b.state] || a.name.localeCompare(b.name);
        if (request.sort === "lastRotation") return (a.lastRotation ?? 0) - (b.lastRotation ?? 0);
        if (request.sort === "nextRotation")
          return (a.nextRotation ?? Number.MAX_VALUE) - (b.nextRotation ?? Number.MAX_VALUE);
        return a.name.localeCompare(b.name);
      });
      if (request.descending) rows.reverse();
      const count = (state: OrganizationState) => all.filter((each) => each.state === state).length;
      const offset = request.offset ?? 0;
      return {
        rows: rows.slice(offset, offset + (request.limit ?? 100)),
        matching: rows.length,
        closed: 0,
        counts: {
          total: all.length,
          healthy: count("healthy"),
          due: count("due"),
          failed: count("failed"),
          notConnected: count("notConnected"),
        },
      };
    },
    addOrganization: async (request: { name: string; notes?: string }) => {
      open();
      await pause();
      if ([...world.values()].some((each) => each.name.toLowerCase() === request.name.trim().toLowerCase()))
        throw refusal(
          "organizations.name-taken",
          `An organization named ${request.name} exists already.`,
          "Choose another name.",
        );
      const made = makeOrganization(world.size, now(), { name: request.name.trim(), connected: false });
      made.notes = request.notes ?? "";
      made.activity = [];
      note(made, "organizationAdded");
      world.set(made.id, made);
      mark({ organizationExists: true });
      settle(made);
      return made;
    },
    previewImport: async ({ csv }: { csv: string }) => {
      const rows = parse(csv, new Set([...world.values()].map((each) => each.name.toLowerCase())));
      return {
        rows,
        good: rows.filter((each) => !each.problem).length,
        bad: rows.filter((each) => each.problem).length,
      };
    },
    importOrganizations: async ({ csv }: { csv: string }) => {
      const rows = parse(csv, new Set([...world.values()].map((each) => each.name.toLowerCase())));
      for (const each of rows.filter((line) => !line.problem)) {
        const made = makeOrganization(world.size, now(), { name: each.name, connected: false });
        made.notes = each.notes;
        world.set(made.id, made);
      }
      mark({ organizationExists: true });
      emit({ kind: "organizationsChanged" });
      return { added: rows.filter((each) => !each.problem).length, leftOut: rows.filter((each) => each.problem) };
    },
    organization: async ({ organization }: { organization: string }) => structuredClone(find(organization)),
    editOrganization: async (request: { organization: string; name: string; notes: string; tags: string[] }) => {
      const found = find(request.organization);
      Object.assign(found, { name: request.name, notes: request.notes, tags: request.tags });
      note(found, "organizationEdited");
      settle(found);
      return structuredClone(found);
    },
    archiveOrganization: async (request: { organization: string; typedName: string }) => {
      const found = find(request.organization);
      if (request.typedName !== found.name)
        throw refusal("organizations.name-differs", "The name typed is not the organization's.", "Type it exactly.");
      world.delete(request.organization);
      emit({ kind: "organizationsChanged" });
      return {};
    },
    exportAudit: async ({ path }: Parameters<Host["exportAudit"]>[0]) => {
      open();
      return { path, rows: world.size };
    },
    audit: async ({ filter = {}, offset = 0, limit = 100 }: Partial<AuditRequest>) => {
      open();
      const names = ["Ada Example", "Grace Example"];
      const people = names.map((name, index) => ({ member: `${index + 1}`.repeat(32), name }));
      const who = people.find((person) => person.member === filter.person)?.name;
      const kind = (line: ActivityLine): AuditKind =>
        line.action === "viewed" || line.action === "copied"
          ? "views"
          : line.action === "rotated"
            ? "rotations"
            : "organizations";
      const lines = [...world.values()]
        .filter((each) => !filter.organization || each.id === filter.organization)
        .flatMap((each) => each.activity)
        .filter((line) => !filter.person || line.who === who)
        .filter((line) => !filter.kind || kind(line) === filter.kind)
        .filter((line) => !filter.from || line.at >= filter.from)
        .sort((a, b) => b.at - a.at);
      return {
        lines: lines.slice(offset, offset + limit),
        total: lines.length,
        people,
        gaps: structuredClone(gaps),
        vault: "a3".repeat(32),
        verified: { entries: 3 + lines.length, at: lines[0]?.at ?? now(), head: "5f".repeat(32) },
      };
    },
  };
}

function parse(csv: string, taken: Set<string>) {
  const [head = "", ...lines] = csv.split(/\r?\n/);
  if (!/(^|[,;])"?name"?($|[,;])/i.test(head.trim()))
    throw refusal("import.header", "The file has no column “name”.", "Start with a line: name,notes");
  const seen = new Set<string>();
  return lines
    .map((line, index) => ({ line: index + 2, cells: line.split(/[,;]/) }))
    .filter(({ cells }) => cells.join("").trim() !== "")
    .map(({ line, cells }) => {
      const name = (cells[0] ?? "").trim();
      const key = name.toLowerCase();
      const problem =
        name === ""
          ? "The name is empty."
          : taken.has(key)
            ? "An organization of this name exists already."
            : seen.has(key)
              ? "The name stands twice in this file."
              : null;
      seen.add(key);
      return { line, name, notes: (cells[1] ?? "").trim(), problem };
    });
}
