// Every screen, in both themes, has nothing that axe objects to.

import { act, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import type { FakeHost, FakeOptions } from "../host/fake";
import { id } from "../host/fake/world";
import { show, violations } from "../testing/render";

const contoso = id(0);
const notConnected = id(9);
const account = async (host: FakeHost, organization: string) =>
  (await host.organization({ organization })).accounts[0]?.id ?? "";

const forked = {
  code: "home.forked",
  what: "The vault's home shows another history than the one this device accepted.",
  holds: "Nothing of it was taken.",
  next: "Do not trust it.",
  details: null,
  retryInMs: null,
  class: "integrity" as const,
};

const tenant = { id: "t", name: "Contoso", domain: "contoso.example", initialDomain: "contoso.onmicrosoft.com" };
const steps = [{ title: "App registration", permission: "User.Read.All", why: "It reads.", state: "running" as const }];

type Screen = {
  name: string;
  options?: FakeOptions;
  hash?: string;
  ready: string | RegExp;
  arrange?: (host: FakeHost) => void;
  /** What the person did before. */
  begin?: (host: FakeHost) => Promise<unknown>;
  /** What is seen before it. */
  first?: string;
  /** What is pressed to come to it, by test id. */
  press?: readonly string[];
};

const screens: Screen[] = [
  { name: "unlock", options: { phase: "locked" }, ready: "Unlock Vitrine" },
  { name: "first run", options: { phase: "noVault", organizations: 0 }, ready: "Welcome to Vitrine" },
  { name: "checklist", options: { organizations: 0 }, hash: "#/start", ready: "Set up Vitrine" },
  { name: "organizations", ready: "Adventure Works" },
  { name: "organizations, none yet", options: { organizations: 0 }, ready: "No organization yet" },
  { name: "adding", hash: "#/organizations?open=add", ready: "Add an organization" },
  { name: "importing", hash: "#/organizations?open=import", ready: "Import organizations from CSV" },
  { name: "an organization", hash: `#/organizations/${contoso}`, ready: "Emergency accounts" },
  { name: "its activity", hash: `#/organizations/${contoso}?tab=activity`, ready: /connected the tenant/ },
  { name: "its settings", hash: `#/organizations/${contoso}?tab=settings`, ready: "Save details" },
  { name: "an unknown organization", hash: "#/organizations/ff", ready: "There is no such organization." },
  { name: "connect: routes", hash: `#/organizations/${notConnected}/connect`, ready: "How will the admin sign in?" },
  {
    name: "connect: client id",
    options: { clientId: null },
    hash: `#/organizations/${notConnected}/connect`,
    ready: "A client id is needed first",
  },
  {
    name: "connect: browser",
    hash: `#/organizations/${notConnected}/connect`,
    arrange: (host) => host.setConnect(notConnected, { kind: "waitingForBrowser", url: "https://login.example/" }),
    ready: "Waiting for the sign-in in your browser",
  },
  {
    name: "connect: code",
    hash: `#/organizations/${notConnected}/connect`,
    arrange: (host) =>
      host.setConnect(notConnected, {
        kind: "waitingForCode",
        userCode: "F7GH2KQPL",
        verificationUri: "https://microsoft.com/devicelogin",
        qr: [
          [true, false],
          [false, true],
        ],
        expiresAt: Date.now() + 60_000,
      }),
    ready: "Type this code there",
  },
  {
    name: "connect: confirm",
    hash: `#/organizations/${notConnected}/connect`,
    arrange: (host) =>
      host.setConnect(notConnected, { kind: "confirmTenant", tenant, signedInAs: "admin@contoso.example" }),
    ready: "Tenant found",
  },
  {
    name: "connect: plan",
    hash: `#/organizations/${notConnected}/connect`,
    arrange: (host) => host.setConnect(notConnected, { kind: "plan", tenant, steps, notices: ["No P1."] }),
    ready: "Set up the connection",
  },
  {
    name: "connect: working",
    hash: `#/organizations/${notConnected}/connect`,
    arrange: (host) => host.setConnect(notConnected, { kind: "working", tenant, steps }),
    ready: "Setting up Contoso",
  },
  {
    name: "connect: stopped",
    hash: `#/organizations/${notConnected}/connect`,
    arrange: (host) => host.setConnect(notConnected, { kind: "stopped", tenant, steps }),
    ready: "Stopped: what is in Contoso now",
  },
  {
    name: "connect: failed",
    hash: `#/organizations/${notConnected}/connect`,
    arrange: (host) =>
      host.setConnect(notConnected, {
        kind: "failed",
        steps,
        error: {
          code: "sign-in.blocked",
          what: "This tenant blocks sign-in with a code.",
          holds: "",
          next: "Sign in with the browser.",
          details: null,
          retryInMs: null,
          class: "refused",
        },
      }),
    ready: "The set-up did not finish",
  },
  { name: "LAPS", hash: `#/organizations/${contoso}/laps`, ready: "How many accounts?" },
  { name: "rotation", hash: "#/rotation", ready: "No rotation since the vault was unlocked" },
  { name: "attention, with problems", options: { organizations: 48 }, hash: "#/attention", ready: "Unclear" },
  { name: "attention, nothing snoozed", options: { organizations: 48 }, hash: "#/attention?snoozed=true", ready: "Nothing is snoozed." },
  { name: "attention, nothing", options: { organizations: 3 }, hash: "#/attention", ready: "Nothing needs you." },
  { name: "incident: before", hash: "#/incident", ready: "What may be known" },
  {
    name: "incident: board",
    hash: "#/incident",
    first: "What may be known",
    begin: (host) => host.beginIncident({ scope: { kind: "everything" }, reason: "A laptop was stolen" }),
    ready: "A laptop was stolen",
  },
  { name: "team: no backend", hash: "#/team", ready: "Sharing needs a backend" },
  { name: "team: alone", options: { shared: true }, hash: "#/team", ready: "You are the only person in this vault" },
  { name: "team", options: { team: true }, hash: "#/team", ready: "Katherine Example" },
  {
    name: "team: a technician",
    options: { team: true, role: "technician" },
    hash: "#/team",
    ready: "Owners and admins invite, change and remove people",
  },
  { name: "team: inviting", options: { team: true }, hash: "#/team?open=invite", ready: "Copy invitation" },
  {
    name: "team: an answered invitation",
    options: { team: true },
    hash: "#/team",
    first: "Katherine Example",
    begin: async (host) => {
      await host.invite({ name: "Alan Example", role: "technician", hours: 72, copy: true });
      await host.invite({ name: "Mary Example", role: "admin", hours: 72, copy: true });
      host.answerInvitation();
    },
    ready: /Mary Example answered/,
  },
  { name: "team: a member", options: { team: true }, hash: `#/team/${"0002".repeat(8)}`, ready: "Remove…" },
  { name: "team: a removed member", options: { team: true }, hash: `#/team/${"0005".repeat(8)}`, ready: "Revoked" },
  {
    name: "a screen that the role does not open",
    options: { role: "technician" },
    hash: `#/organizations/${notConnected}/connect`,
    ready: "Your role does not allow this",
  },
  { name: "waiting to be added", options: { phase: "joining" }, ready: /Waiting for Grace Example to add you/ },
  { name: "audit", hash: "#/audit", ready: /Every line comes from signed records/ },
  { name: "audit: nothing fits", hash: "#/audit?kind=people", ready: "Nothing fits" },
  { name: "settings", hash: "#/settings", ready: "Recovery papers" },
  {
    name: "settings: devices",
    options: { team: true },
    hash: "#/settings",
    press: ["go-devices", "add-device"],
    ready: "Copy the code",
  },
  { name: "settings: shares", hash: "#/settings", press: ["split-open"], ready: "Save the shares" },
  { name: "settings: trying the papers", hash: "#/settings", press: ["check-open"], ready: "Try them" },
  { name: "settings: moving the home", hash: "#/settings", press: ["home-begin"], ready: "Move the home there" },
  {
    name: "settings: bringing the home back",
    options: { shared: true },
    hash: "#/settings",
    press: ["home-bring-back"],
    ready: "Make this device the home again?",
  },
  {
    name: "settings: two histories",
    options: { shared: true },
    hash: "#/settings",
    first: "Fetch now",
    begin: async (host) => {
      const fork = { ledger: "0a".repeat(32), organization: null, organizationName: "Contoso", oursSeq: 4, theirsSeq: 4 };
      host.setBackend({ problem: forked, fork: { ...fork, ours: "ab".repeat(32), theirs: "cd".repeat(32) } });
      host.setStatus({ warnings: [forked] });
      await Promise.resolve();
    },
    ready: "Two histories of Contoso",
  },
  {
    name: "an organization's access",
    options: { team: true },
    hash: `#/organizations/${contoso}?tab=access`,
    ready: "Teams that may open this organization.",
  },
  {
    name: "taking access away",
    options: { team: true },
    hash: `#/organizations/${contoso}?tab=access`,
    press: ["take-access"],
    ready: "Take Contoso from Staff",
  },
  { name: "team: making a team", options: { team: true }, hash: "#/team", press: ["make-team"], ready: /by their role/ },
  {
    name: "team: removing a member",
    options: { team: true },
    hash: `#/team/${"0003".repeat(8)}`,
    press: ["remove-member"],
    ready: /will be rotated/,
  },
  {
    name: "team: what waits, and keys that are left",
    options: { team: true },
    hash: "#/team",
    first: "Katherine Example",
    begin: async (host) => {
      const asked = { subject: "Grace Example", by: "Katherine Example" };
      host.setPeople({
        pending: [
          { id: "a", change: "removeOwner", yours: true, ...asked },
          { id: "b", change: "recovery", yours: false, ...asked },
        ],
        keysLeft: 2,
      });
      await Promise.resolve();
    },
    ready: "Waiting for a second owner",
  },
  {
    name: "restoring with shares",
    options: { phase: "noVault", organizations: 0 },
    press: ["first-restore", "restore-shares", "restore-more"],
    ready: "Code of share 3",
  },
  {
    name: "creating without a keychain",
    options: { phase: "noVault", organizations: 0, keychain: false },
    press: ["first-create"],
    ready: "No keychain that can be written was found",
  },
  {
    name: "joining",
    options: { phase: "noVault", organizations: 0 },
    press: ["first-join"],
    ready: "A passphrase of your own",
  },
  { name: "forgotten passphrase", options: { phase: "locked" }, press: ["forgot"], ready: "What opens the vault" },
  {
    name: "rotation with jobs",
    options: { organizations: 48 },
    hash: "#/rotation",
    first: "No rotation since the vault was unlocked",
    begin: (host) => host.rotate({ scope: { kind: "due" } }),
    ready: "Every rotation is done.",
  },
  { name: "quick access, locked", options: { phase: "locked" }, hash: "#/quick", ready: "Unlock for quick access" },
];

for (const theme of ["light", "dark"] as const)
  test.each(screens)(`$name is accessible in the ${theme} theme`, async ({ options, hash, ready, arrange, begin, first, press }) => {
    const { host, user } = show(options, hash);
    if (begin) {
      await screen.findByText(first ?? ready);
      await act(() => begin(host));
    }
    if (arrange) {
      await screen.findByText("How will the admin sign in?");
      act(() => arrange(host));
    }
    for (const id of press ?? []) await user.click((await screen.findAllByTestId(id))[0] ?? document.body);
    await screen.findAllByText(ready);
    const { settings } = await host.settings({});
    await act(async () => {
      await host.setSettings({ settings: { ...settings, theme } });
    });
    await waitFor(() => expect(document.documentElement.dataset.mantineColorScheme).toBe(theme));
    expect(await violations()).toEqual([]);
  });

test("the palette is accessible, with organizations and acts in it", async () => {
  const { user } = show();
  await screen.findByText("Adventure Works");
  await user.click(screen.getByTestId("open-palette"));
  await user.type(await screen.findByRole("textbox", { name: "Commands and organizations" }), "contoso");
  await screen.findByText("Rotate Contoso");
  expect(screen.getByRole("dialog", { name: "Commands and organizations" })).toBeTruthy();
  expect(await violations()).toEqual([]);
});

test("the reveal window is accessible, sealed and open", async () => {
  const probe = show();
  const first = await account(probe.host, contoso);
  probe.view.unmount();
  const { user } = show({}, `#/reveal/${contoso}/${first}`);
  await screen.findByText("Nothing is shown until you break the glass. Every view is recorded.");
  expect(await violations()).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Reveal password" }));
  await screen.findByTestId("secret-text");
  await user.click(screen.getByRole("button", { name: "Large type" }));
  await screen.findByTestId("phonetic");
  expect(await violations()).toEqual([]);
});
