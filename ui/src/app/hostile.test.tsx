// Names come from customers, files and tenants. On every screen that shows one it is text and nothing but text: no
// markup, no word of ours, and no mark that turns around what stands beside it.

import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import type { FakeHost, FakeOptions } from "../host/fake";
import { id } from "../host/fake/world";
import { show } from "../testing/render";
import { shown } from "../words";

const corpus = [
  '<img src=x onerror="window.hurt=1">',
  "<script>window.hurt=1</script>",
  "</bdi></span><b>Contoso</b>",
  '"><a href="javascript:window.hurt=1">Open</a>',
  "&lt;b&gt; &amp;nbsp; &#x202e;",
  "{{count}} {{name}} $t(app.name)",
  "Contoso \u202egpj.exe",
  "\u2066\u2069\u2069\u202eosotnoC",
  "\u2067Contoso\u2069\u2069 Failed",
  "אבטחה בע״מ 12",
  "\u200fשלום\u202d 34 \u2069 Healthy",
  "شركة كونتوسو (٣)",
  "Con\u200btoso\ufeff",
  "Contoso\u2028Failed",
];

const explicit = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2066\u2067\u2060-\u2065\u206a-\u206f\ufeff]/u;
const rightToLeft = /[\u0590-\u08ff]/u;

/** What one text may do to the text around it. */
function acts(text: string, alone: boolean): string | null {
  if (explicit.test(text)) return "a mark that acts";
  let depth = 0;
  for (const sign of text) {
    if (sign === "\u2068") depth += 1;
    else if (sign === "\u2069" && (depth -= 1) < 0) return "an isolate that is closed too often";
    else if (!alone && depth === 0 && rightToLeft.test(sign)) return "a name that is not isolated";
  }
  return depth === 0 ? null : "an isolate that is not closed";
}

/** Everything on the screen that a name did beyond being read. */
function harm(): string[] {
  const found: string[] = [];
  for (const made of document.body.querySelectorAll("img, script, iframe, b, [onerror], a[href^='javascript:']"))
    found.push(`markup became ${made.outerHTML}`);
  if ("hurt" in window) found.push("markup ran");
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const around = node.parentElement;
    if (!around || around.closest("style, textarea")) continue;
    const wrong = acts(node.textContent ?? "", around.closest("bdi") !== null);
    if (wrong !== null) found.push(`${wrong}: ${around.outerHTML}`);
  }
  for (const each of document.body.querySelectorAll("[aria-label], [title], [placeholder]"))
    for (const name of ["aria-label", "title", "placeholder"]) {
      const wrong = acts(each.getAttribute(name) ?? "", false);
      if (wrong !== null) found.push(`${wrong}: ${name} of ${each.outerHTML}`);
    }
  return found;
}

const first = id(0);
const account = async (host: FakeHost) => (await host.organization({ organization: first })).accounts[0]?.id ?? "";
const tenant = (name: string) => ({ id: "t", name, domain: name, initialDomain: name });
const problem = (name: string) => ({
  code: "test.hostile",
  what: `There is already an organization named ${name}.`,
  holds: name,
  next: name,
  details: name,
  retryInMs: null,
  class: "refused" as const,
});

type Screen = {
  name: string;
  hash: string;
  /** What is there before the name is. */
  there: string | RegExp;
  arrange?: (host: FakeHost, hostile: string) => unknown;
  /** Where the name does not stand alone, so that it is not looked for as a whole. */
  press?: string;
  options?: FakeOptions;
};

const grace = "0002".repeat(8);

/** Everybody, whoever is invited and whoever answered is called so. */
async function rename(host: FakeHost, name: string) {
  const { members } = await host.people({});
  await host.invite({ name, role: "technician", hours: 1, copy: true });
  await host.invite({ name: "Mary Example", role: "technician", hours: 1, copy: true });
  host.answerInvitation(name);
  host.setPeople({
    members: members.map((each) => ({ ...each, name, devices: each.devices.map((device) => ({ ...device, name })) })),
    pending: [{ id: "p", change: "makeOwner", subject: name, by: name, yours: true }],
  });
}

const connect = `#/organizations/${first}/connect`;
const routes = "How will the admin sign in?";
const screens: Screen[] = [
  { name: "the list", hash: "#/organizations", there: "Fabrikam" },
  { name: "an organization", hash: `#/organizations/${first}`, there: "Emergency accounts" },
  { name: "the choice of an account", hash: `#/organizations/${first}`, there: "Emergency accounts", press: "view-credentials" },
  { name: "its activity", hash: `#/organizations/${first}?tab=activity`, there: /connected the tenant/ },
  { name: "its settings", hash: `#/organizations/${first}?tab=settings`, there: "Save details" },
  { name: "turning LAPS off", hash: `#/organizations/${first}?tab=settings`, there: "Save details", press: "turn-off-laps" },
  { name: "connecting", hash: connect, there: routes },
  {
    name: "which tenant",
    hash: connect,
    there: routes,
    arrange: (host, hostile) =>
      host.setConnect(first, { kind: "confirmTenant", tenant: tenant(hostile), signedInAs: hostile }),
  },
  {
    name: "the plan",
    hash: connect,
    there: routes,
    arrange: (host, hostile) =>
      host.setConnect(first, {
        kind: "plan",
        tenant: tenant(hostile),
        steps: [{ title: hostile, permission: null, why: hostile, state: "failed" }],
        notices: [`The policy “${shown(hostile)}” blocks this.`],
      }),
  },
  {
    name: "a set-up that failed",
    hash: connect,
    there: routes,
    arrange: (host, hostile) => host.setConnect(first, { kind: "failed", steps: [], error: problem(hostile) }),
  },
  { name: "LAPS", hash: `#/organizations/${first}/laps`, there: "How many accounts?" },
  {
    name: "rotation",
    hash: "#/rotation",
    there: "No rotation since the vault was unlocked",
    arrange: (host) => host.rotate({ scope: { kind: "organizations", organizations: [first] } }),
  },
  { name: "attention", hash: "#/attention", there: "Attention" },
  {
    name: "an incident",
    hash: "#/incident",
    there: "What may be known",
    arrange: (host, hostile) => host.beginIncident({ scope: { kind: "everything" }, reason: hostile }),
  },
  { name: "the team", options: { team: true }, hash: "#/team", there: "Katherine Example", arrange: rename },
  {
    name: "the team, to a technician",
    options: { team: true, role: "technician" },
    hash: "#/team",
    there: "Katherine Example",
    arrange: rename,
  },
  { name: "a member", options: { team: true }, hash: `#/team/${grace}`, there: "Grace's laptop", arrange: rename },
  {
    name: "the removal of a member",
    options: { team: true },
    hash: `#/team/${grace}`,
    there: "Grace's laptop",
    arrange: rename,
    press: "remove-member",
  },
  {
    name: "waiting to be added",
    options: { phase: "joining" },
    hash: "#/organizations",
    there: /Waiting for Grace Example/,
    arrange: (host, hostile) =>
      host.setStatus({
        joining: { mspName: hostile, invitedBy: hostile, role: "admin", ownDevice: false, words: ["velvet"], problem: problem(hostile) },
      }),
  },
  { name: "audit", hash: "#/audit", there: /Every line comes from signed records/ },
  {
    name: "a warning of the store",
    hash: "#/organizations",
    there: "Fabrikam",
    arrange: (host, hostile) => host.setStatus({ warnings: [problem(hostile)] }),
  },
];

/** What a person reads, however it is put together. */
const readable = () => document.body.textContent.replace(/[\u2068\u2069]/gu, "");

function prepare(host: FakeHost, hostile: string) {
  host.setOrganization(first, { tags: [hostile], notes: hostile });
  host.setAccount(first, { userName: hostile, problem: problem(hostile) });
}

for (const place of screens)
  test.each(corpus)(`%j is text and nothing more: ${place.name}`, async (hostile) => {
    const { host, user } = show({ names: [hostile], organizations: 2, ...place.options }, place.hash);
    await screen.findAllByText(place.there);
    await act(async () => {
      if (place.options?.phase !== "joining") prepare(host, hostile);
      await place.arrange?.(host, hostile);
    });
    if (place.press !== undefined) await user.click(screen.getByTestId(place.press));
    await waitFor(() => expect(readable()).toContain(shown(hostile).replace(/[\u2068\u2069]/gu, "")));
    expect(harm()).toEqual([]);
  });

test("names in the palette, in short words and in a preview of a file are text and nothing more", async () => {
  const { host, user } = show({ names: corpus, organizations: corpus.length });
  await screen.findAllByRole("checkbox");
  await user.click(screen.getByTestId("open-palette"));
  const field = await screen.findByRole("textbox", { name: "Commands and organizations" });
  await user.type(field, "o");
  await screen.findAllByText(/View LAPS credentials of/);
  expect(harm()).toEqual([]);
  await user.keyboard("{Escape}");
  await act(() => host.rotate({ scope: { kind: "all" } }));
  for (const box of screen.getAllByRole("checkbox")) expect(acts(box.getAttribute("aria-label") ?? "", false)).toBeNull();
  await user.click(screen.getByTestId("import-csv"));
  fireEvent.change(await screen.findByTestId("import-text"), {
    target: { value: ["name,notes", ...corpus.map((name) => `new ${name},${name}`)].join("\n") },
  });
  await user.click(screen.getByTestId("import-preview"));
  await screen.findByText("Rows that will be added");
  expect(harm()).toEqual([]);
});

test("the reveal window shows a name as text and nothing more", async () => {
  for (const hostile of corpus) {
    const probe = show({ names: [hostile], organizations: 1 });
    const key = await account(probe.host);
    probe.view.unmount();
    const { host, view } = show({ names: [hostile], organizations: 1 }, `#/reveal/${first}/${key}`);
    await screen.findByTestId("reveal-password");
    act(() => prepare(host, hostile));
    await waitFor(() => expect(readable()).toContain(shown(hostile).replace(/[\u2068\u2069]/gu, "")));
    expect(harm()).toEqual([]);
    view.unmount();
  }
});

test("an organization whose name holds marks that nobody can type can be taken out of the list", async () => {
  const { host, user } = show({ names: ["Con\u200btoso"], organizations: 2 }, `#/organizations/${first}?tab=settings`);
  await user.click(await screen.findByRole("button", { name: "Take out of the list" }));
  await user.type(await screen.findByRole("textbox", { name: "Type Contoso to confirm" }), "Contoso{Enter}");
  await waitFor(() => expect(host.asked).toContain("archiveOrganization"));
  await waitFor(() => expect(location.hash).toBe("#/organizations"));
});
