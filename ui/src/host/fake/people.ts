// Who shares the vault: alone until the home is a backend, then whoever is invited, answers and is added.

import type {
  InvitationView,
  InvitedView,
  MemberView,
  OrganizationView,
  PendingView,
  PeopleView,
  RemovalView,
  Role,
  TeamView,
} from "../../generated/ipc";
import type { Host } from "../host";
import { refusal, type Stage } from "./stage";
import { comparedWords as words, makeJoining, ownersTeam, staffTeam } from "./world";

const day = 24 * 3_600_000;
const idOf = (number: number) => number.toString(16).padStart(4, "0").repeat(8);

export function people(
  stage: Stage,
  options: { team: boolean },
  around: {
    shared: () => boolean;
    beginIncident: Host["beginIncident"];
  },
) {
  const { now, pause, later, emit, open, held, inside, world } = stage;
  const role = () => held.status.role ?? "technician";
  let made = 10;
  const device = (number: number, name: string, mine = false) => ({
    id: idOf(number),
    name,
    this: mine,
    addedAt: now() - 120 * day,
    revoked: false,
  });
  const member = (number: number, name: string, is: Role, more: Partial<MemberView> = {}): MemberView => ({
    id: idOf(number),
    name,
    role: is,
    standing: "active",
    you: false,
    verification: "words",
    addedAt: now() - 90 * day,
    removedAt: null,
    devices: [device(number + 100, `${name.split(" ")[0]}'s laptop`)],
    ...more,
  });
  const you = member(1, inside.personName ?? "", role(), {
    you: true,
    verification: role() === "owner" ? null : "words",
    addedAt: now() - 120 * day,
    devices: [device(101, "Ada's desktop", true), { ...device(102, "Ada's old laptop"), revoked: true }],
  });
  const firm: { members: MemberView[]; invitations: InvitationView[]; pending: PendingView[]; keysLeft: number } = {
    members: options.team
      ? [
          you,
          member(2, "Grace Example", role() === "owner" ? "admin" : "owner"),
          member(3, "Katherine Example", "technician", { verification: "invite", addedAt: now() - 30 * day }),
          member(4, "Night rotator", "rotator", {
            verification: "inPerson",
            addedAt: now() - 60 * day,
            devices: [device(104, "rotator-1")],
          }),
          member(5, "Joan Example", "technician", {
            standing: "removed",
            addedAt: now() - 100 * day,
            removedAt: now() - 20 * day,
            devices: [{ ...device(105, "Joan's laptop"), revoked: true }],
          }),
        ]
      : [you],
    invitations: [],
    pending: [],
    keysLeft: 0,
  };
  const work: { id: string; name: string; members: readonly string[] }[] = [];
  const active = (...roles: Role[]) =>
    firm.members.filter((each) => each.standing !== "removed" && roles.includes(each.role)).map((each) => each.id);
  const teams = (): TeamView[] => {
    if (firm.members.length < 2) return [];
    const away = work.flatMap((team) => team.members);
    const staff = active("owner", "admin", "technician", "rotator").filter((id) => !away.includes(id));
    return [
      { id: ownersTeam, name: "Owners", kind: "owners", members: active("owner"), organizations: world.size },
      { id: staffTeam, name: "Staff", kind: "staff", members: staff, organizations: world.size },
      ...work.map(
        ({ id, name, members }): TeamView => ({
          id,
          name,
          kind: "work",
          members: [...active("owner", "admin"), ...members],
          organizations: [...world.values()].filter((each) => each.access.some(({ team }) => team === id)).length,
        }),
      ),
    ];
  };
  const view = (): PeopleView => ({
    teams: teams(),
    shared: around.shared(),
    mayManage: role() === "owner" || role() === "admin",
    owner: role() === "owner",
    ...firm,
  });
  const told = () => {
    emit({ kind: "statusChanged" });
    return view();
  };
  const find = (wanted: string) => {
    open();
    const found = firm.members.find((each) => each.id === wanted);
    if (found === undefined)
      throw refusal("people.unknown", "There is no such person in this vault.", "Look at the list of people.");
    return found;
  };
  const put = (wanted: string, change: Partial<MemberView>) => {
    firm.members = firm.members.map((each) => (each.id === wanted ? { ...each, ...change } : each));
  };
  const covered = () => [...world.values()].filter((each) => each.tenant !== null);
  const owners = () => firm.members.filter((each) => each.role === "owner" && each.standing === "active").length;

  const commands = {
    people: async () => {
      open();
      return view();
    },
    invite: async ({ name, role: asked, hours }: Parameters<Host["invite"]>[0]): Promise<InvitedView> => {
      open();
      await pause();
      if (!around.shared())
        throw refusal("people.not-shared", "The home of this vault is a device.", "Move the home to a backend first.");
      const invitation: InvitationView = {
        id: idOf(++made),
        name,
        role: asked,
        ownDevice: false,
        madeAt: now(),
        endsAt: now() + hours * 3_600_000,
        answer: null,
      };
      firm.invitations = [invitation, ...firm.invitations];
      told();
      return { invitation: invitation.id, endsAt: invitation.endsAt, code: null };
    },
    addDevice: async ({ hours }: Parameters<Host["addDevice"]>[0]): Promise<InvitedView> => {
      open();
      await pause();
      const code: InvitationView = {
        id: idOf(++made),
        name: inside.personName ?? "",
        role: role(),
        ownDevice: true,
        madeAt: now(),
        endsAt: now() + hours * 3_600_000,
        answer: null,
      };
      firm.invitations = [code, ...firm.invitations];
      told();
      return { invitation: code.id, endsAt: code.endsAt, code: null };
    },
    revokeDevice: async ({ device: wanted, reason }: Parameters<Host["revokeDevice"]>[0]) => {
      open();
      await pause();
      firm.members = firm.members.map((each) => ({
        ...each,
        devices: each.devices.map((it) => (it.id === wanted ? { ...it, revoked: true } : it)),
      }));
      if (world.size > 0) await around.beginIncident({ scope: { kind: "everything" }, reason });
      return told();
    },
    withdrawInvitation: async ({ invitation }: Parameters<Host["withdrawInvitation"]>[0]) => {
      open();
      firm.invitations = firm.invitations.filter((each) => each.id !== invitation);
      return told();
    },
    approveMember: async ({ invitation, compared }: Parameters<Host["approveMember"]>[0]) => {
      open();
      await pause();
      const found = firm.invitations.find((each) => each.id === invitation);
      if (!found?.answer) throw refusal("people.not-answered", "Nobody answered this invitation yet.", "Wait for it.");
      if ((found.role === "admin" || found.ownDevice) && !compared)
        throw refusal("people.compare", "An admin cannot be added without comparing.", "Compare the words first.");
      firm.invitations = firm.invitations.filter((each) => each !== found);
      if (found.ownDevice) {
        const { device: named } = found.answer;
        firm.members = firm.members.map((each) =>
          each.you ? { ...each, devices: [...each.devices, { ...device(++made + 100, named), addedAt: now() }] } : each,
        );
        return told();
      }
      const added = member(++made, found.answer.name, found.role, {
        standing: "added",
        verification: compared ? "words" : "invite",
        addedAt: now(),
        devices: [{ ...device(made + 100, found.answer.device), addedAt: now() }],
      });
      firm.members = [
        ...firm.members.filter((each) => each.standing !== "removed"),
        added,
        ...firm.members.filter((each) => each.standing === "removed"),
      ];
      later(3, () => {
        put(added.id, { standing: "active" });
        told();
      });
      return told();
    },
    setRole: async ({ member: wanted, role: next }: Parameters<Host["setRole"]>[0]) => {
      const found = find(wanted);
      await pause();
      if ((found.role === "owner" || next === "owner") && owners() > 1)
        firm.pending = [
          ...firm.pending,
          {
            id: idOf(++made),
            change: next === "owner" ? "makeOwner" : "unmakeOwner",
            subject: found.name,
            by: inside.personName ?? "",
            yours: false,
          },
        ];
      else put(wanted, { role: next });
      return told();
    },
    makeTeam: async ({ name, members }: Parameters<Host["makeTeam"]>[0]) => {
      open();
      await pause();
      work.push({ id: idOf(++made), name, members: [...members] });
      return told();
    },
    changeTeam: async ({ team, name, add, remove }: Parameters<Host["changeTeam"]>[0]) => {
      open();
      await pause();
      const found = work.find(({ id }) => id === team);
      if (found !== undefined) {
        found.name = name ?? found.name;
        found.members = [...found.members, ...add].filter((id) => !remove.includes(id));
      }
      return told();
    },
    removeTeam: async ({ team }: Parameters<Host["removeTeam"]>[0]) => {
      open();
      await pause();
      work.splice(0, work.length, ...work.filter(({ id }) => id !== team));
      return told();
    },
    setAccess: async ({ organization, team, level }: Parameters<Host["setAccess"]>[0]): Promise<OrganizationView> => {
      open();
      await pause();
      const found = world.get(organization);
      if (found === undefined) throw refusal("organization.unknown", "There is no such organization.", "Look again.");
      const { name = "", kind = "work" } = teams().find(({ id }) => id === team) ?? {};
      found.access = found.access.filter((given) => given.team !== team);
      if (level !== null) found.access = [...found.access, { team, name, kind, level }];
      emit({ kind: "organizationChanged", organization });
      return found;
    },
    giveAccess: async ({ organizations, team, level }: Parameters<Host["giveAccess"]>[0]) => {
      open();
      await pause();
      const { name = "", kind = "work" } = teams().find(({ id }) => id === team) ?? {};
      for (const organization of organizations) {
        const found = world.get(organization);
        const had = found?.access.find((given) => given.team === team)?.level;
        if (found === undefined || had === "full" || had === level) continue;
        found.access = [...found.access.filter((given) => given.team !== team), { team, name, kind, level }];
        emit({ kind: "organizationChanged", organization });
      }
      return told();
    },
    approveChange: async ({ change }: Parameters<Host["approveChange"]>[0]) => {
      open();
      await pause();
      firm.pending = firm.pending.filter((each) => each.id !== change);
      return told();
    },
    removal: async ({ member: wanted }: Parameters<Host["removal"]>[0]): Promise<RemovalView> => {
      const found = find(wanted);
      const tenants = covered();
      const reads = found.role !== "auditor";
      return {
        name: found.name,
        organizations: reads ? world.size : 0,
        accounts: reads ? tenants.flatMap((each) => each.accounts).length : 0,
        certificates: found.role === "technician" ? 0 : tenants.length,
        needsSecondOwner: found.role === "owner" && owners() > 1,
      };
    },
    removeMember: async ({ member: wanted, reason }: Parameters<Host["removeMember"]>[0]) => {
      const found = find(wanted);
      await pause();
      if (found.role === "owner" && owners() > 1) {
        firm.pending = [
          ...firm.pending,
          { id: idOf(++made), change: "removeOwner", subject: found.name, by: inside.personName ?? "", yours: false },
        ];
        return told();
      }
      put(wanted, {
        standing: "removed",
        removedAt: now(),
        devices: found.devices.map((each) => ({ ...each, revoked: true })),
      });
      firm.members.sort((a, b) => Number(a.standing === "removed") - Number(b.standing === "removed"));
      if (world.size > 0) await around.beginIncident({ scope: { kind: "everything" }, reason });
      firm.keysLeft = world.size;
      later(4, () => {
        firm.keysLeft = 0;
        told();
      });
      return told();
    },
    join: async (request: Parameters<Host["join"]>[0]) => {
      await pause(2);
      if (!request.code.trim().startsWith("vitrine-invitation-1."))
        throw refusal("people.no-invitation", "This is not an invitation.", "Copy the whole code and paste it again.");
      held.passphrase = request.passphrase;
      inside.personName = request.personName;
      held.status = {
        ...held.status,
        phase: "joining",
        deviceSecret: request.acceptFileFallback ? "file" : "keychain",
        joining: makeJoining("technician"),
      };
      emit({ kind: "unlocked" });
      return stage.statusNow();
    },
    cancelJoin: async () => {
      await pause();
      held.status = { ...held.status, phase: "noVault", deviceSecret: "keychainReady", joining: null };
      emit({ kind: "statusChanged" });
      return stage.statusNow();
    },
  };
  return {
    commands,
    /** The newest invitation is answered by the person it is for. */
    answerInvitation: (name?: string) => {
      const [newest, ...older] = firm.invitations;
      if (newest === undefined) return;
      const person = name ?? newest.name;
      firm.invitations = [
        { ...newest, answer: { name: person, device: `${person.split(" ")[0]}'s laptop`, words } },
        ...older,
      ];
      told();
    },
    setPeople: (change: Partial<typeof firm>) => {
      Object.assign(firm, change);
      told();
    },
    /** An admin adds the person who waits on this device. */
    addMe: () => {
      held.status = { ...held.status, phase: "unlocked", role: held.status.joining?.role ?? role(), joining: null };
      emit({ kind: "statusChanged" });
    },
  };
}
