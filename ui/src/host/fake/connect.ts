// Connecting a tenant: the sign-in, the plan, the set-up, the client id of the first sign-in.

import type { ConnectPhase, ConnectStep, FoundTenant } from "../../generated/ipc";
import type { Host } from "../host";
import { refusal, type Stage } from "./stage";
import { makeTenant } from "./world";

export function connect(stage: Stage) {
  const { now, pace, later, emit, world, held, find, note, mark, settle } = stage;
  const connects = new Map<string, ConnectPhase>();
  const sessions = new Set<string>();
  const setPhase = (organization: string, phase: ConnectPhase) => {
    connects.set(organization, phase);
    const found = world.get(organization);
    if (found) found.connecting = phase.kind === "idle" ? null : phase;
    emit({ kind: "connectChanged", organization });
  };
  const connectNow = (organization: string) => ({
    organization,
    organizationName: find(organization).name,
    phase: connects.get(organization) ?? ({ kind: "idle" } as const),
    strongerSignIn: false,
  });
  const steps = (state: ConnectStep["state"]): ConnectStep[] => [
    {
      title: "App registration “Vitrine”",
      permission: null,
      why: "The connection signs in as this app, in this tenant only.",
      state,
    },
    {
      title: "Certificate made on this device",
      permission: null,
      why: "It signs in without a password that could be copied.",
      state,
    },
    {
      title: "Permission to change passwords",
      permission: "User-PasswordProfile.ReadWrite.All",
      why: "Rotates the emergency accounts' passwords.",
      state,
    },
    {
      title: "Permission to read accounts",
      permission: "User.Read.All",
      why: "Reads back when a password was changed.",
      state,
    },
    {
      title: "Permission to read roles",
      permission: "RoleManagement.Read.Directory",
      why: "Checks that the accounts are still Global Administrators.",
      state,
    },
    {
      title: "Admin role for the app",
      permission: "Privileged Authentication Administrator",
      why: "Without it Microsoft refuses to change a Global Administrator's password.",
      state,
    },
  ];
  const foundTenant = (organization: string): FoundTenant => {
    const { id: tenantId, name, domain, initialDomain } = makeTenant(find(organization).name, now());
    return { id: tenantId, name, domain, initialDomain };
  };

  const commands = {
    connect: async (request: Parameters<Host["connect"]>[0]) => {
      const found = find(request.organization);
      if (held.clientId === null)
        throw refusal(
          "connect.no-client-id",
          "No client id is set for the first sign-in.",
          "Register one and enter it.",
        );
      setPhase(found.id, { kind: "starting" });
      later(1, () => {
        if (request.route === "browser")
          setPhase(found.id, {
            kind: "waitingForBrowser",
            url: "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?client_id=1fd3c2b4",
          });
        else
          setPhase(found.id, {
            kind: "waitingForCode",
            userCode: "F7GH2KQPL",
            verificationUri: "https://microsoft.com/devicelogin",
            qr: fakeQr(),
            expiresAt: now() + 15 * 60_000,
          });
        if (pace > 0)
          later(8, () => {
            const phase = connects.get(found.id)?.kind;
            if (phase === "waitingForBrowser" || phase === "waitingForCode")
              setPhase(
                found.id,
                request.purpose === "connect"
                  ? { kind: "confirmTenant", tenant: foundTenant(found.id), signedInAs: "admin@contoso.example" }
                  : { kind: "signedIn", tenant: foundTenant(found.id), signedInAs: "admin@contoso.example" },
              );
          });
      });
      return connectNow(found.id);
    },
    connectStatus: async ({ organization }: { organization: string }) => connectNow(organization),
    openSignIn: async () => ({}),
    copyDeviceCode: async () => ({}),
    confirmTenant: async (request: { organization: string; tenantId: string }) => {
      setPhase(request.organization, {
        kind: "plan",
        tenant: foundTenant(request.organization),
        steps: steps("willCreate"),
        notices: [
          "This tenant has no Entra ID P1. The accounts cannot be excluded from Conditional Access, because there is none.",
        ],
      });
      return connectNow(request.organization);
    },
    applyPlan: async ({ organization }: { organization: string }) => {
      const found = find(organization);
      const tenant = foundTenant(organization);
      const all = steps("willCreate");
      setPhase(organization, { kind: "working", tenant, steps: structuredClone(all) });
      const advance = (index: number) => {
        for (const [at, step] of all.entries())
          step.state = at < index ? "created" : at === index ? "running" : "willCreate";
        if (index < all.length) {
          setPhase(organization, { kind: "working", tenant, steps: structuredClone(all) });
          later(1, () => advance(index + 1));
          return;
        }
        found.tenant = { ...makeTenant(found.name, now()) };
        sessions.add(organization);
        note(found, "tenantConnected");
        mark({ tenantConnected: true });
        setPhase(organization, { kind: "connected", tenant, steps: structuredClone(all), sessionAlive: true });
        settle(found);
      };
      later(1, () => advance(0));
      return connectNow(organization);
    },
    cancelConnect: async ({ organization }: { organization: string }) => {
      sessions.delete(organization);
      const phase = connects.get(organization);
      setPhase(
        organization,
        phase?.kind === "working"
          ? {
              kind: "stopped",
              tenant: phase.tenant,
              steps: phase.steps.map((step) => (step.state === "running" ? { ...step, state: "unclear" } : step)),
            }
          : { kind: "idle" },
      );
      return connectNow(organization);
    },
    clientId: async () => ({
      clientId: held.clientId,
      check: { kind: "known" as const },
      redirectUri: "http://localhost",
      permissions: [
        { name: "Application.ReadWrite.All", why: "Creates the connection's own app in the customer's tenant." },
        { name: "AppRoleAssignment.ReadWrite.All", why: "Grants that app its permissions." },
        { name: "RoleManagement.ReadWrite.Directory", why: "Gives the app and the emergency accounts their roles." },
        { name: "User.ReadWrite.All", why: "Creates the emergency accounts." },
        { name: "Organization.Read.All", why: "Shows which tenant was signed in to." },
      ],
    }),
    setClientId: async (request: { clientId: string }) => {
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(request.clientId.trim()))
        throw refusal(
          "connect.client-id-form",
          "This is not a client id.",
          "Copy the “Application (client) ID” from the overview page.",
        );
      held.clientId = request.clientId.trim();
      emit({ kind: "statusChanged" });
      return commands.clientId();
    },
  };
  /** Whether an admin's sign-in is still open for this organization. */
  const isSignedIn = (organization: string) =>
    sessions.has(organization) || connects.get(organization)?.kind === "signedIn";
  return { commands, setPhase, isSignedIn };
}

function fakeQr(): boolean[][] {
  const size = 25;
  const finder = (row: number, column: number) => {
    const edge = Math.max(Math.abs(row - 3), Math.abs(column - 3));
    return edge === 3 || edge <= 1;
  };
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      for (const [top, left] of [
        [0, 0],
        [0, size - 7],
        [size - 7, 0],
      ] as const)
        if (row >= top - 1 && row <= top + 7 && column >= left - 1 && column <= left + 7)
          return row >= top && row < top + 7 && column >= left && column < left + 7 && finder(row - top, column - left);
      return ((row * 31 + column * 17 + row * column) % 7) % 2 === 0;
    }),
  );
}
