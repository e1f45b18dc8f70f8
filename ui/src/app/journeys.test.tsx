// What a person does, by keyboard where it matters, and what must never happen on the way.

import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { fakePassphrase } from "../host/fake";
import { id } from "../host/fake/world";
import { show } from "../testing/render";

const contoso = id(0);
const unclear = id(6);
const notConnected = id(9);
const secret = "Qm7#vT2k-Rw9x+Hd4L=fZ6pN3s@cYb8J";

/** The address of an account's reveal window. */
async function revealHash(organization: string) {
  const { fakeHost } = await import("../host/fake");
  const host = fakeHost({ organizations: 12 });
  const [account] = (await host.organization({ organization })).accounts;
  return `#/reveal/${organization}/${account?.id ?? ""}`;
}

/** What a person could read, without the styles that stand in the body too. */
const readable = () => {
  const copy = document.body.cloneNode(true) as HTMLElement;
  for (const style of copy.querySelectorAll("style")) style.remove();
  return copy.textContent;
};

const everythingKept = () =>
  JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), location.href, document.title, history.state]);

test("unlock, find and view by keyboard alone", async () => {
  const { host, user } = show({ phase: "locked" });
  expect(await screen.findByTestId("unlock-passphrase")).toHaveProperty("type", "password");
  await user.keyboard(`${fakePassphrase}{Enter}`);
  await screen.findByText("Adventure Works");
  await user.keyboard("/");
  await user.keyboard("coho");
  await waitFor(() => expect(screen.queryByText("Adventure Works")).toBeNull());
  await user.keyboard("{ArrowDown}");
  await waitFor(() => expect(document.activeElement?.getAttribute("data-name")).toBe("Coho Winery"));
  await user.keyboard("l");
  await screen.findByText("Which account?");
  await waitFor(() => expect(document.activeElement?.getAttribute("data-testid")).toBe("view-account-1"));
  await user.keyboard("{Enter}");
  await waitFor(() => expect(host.windows).toHaveLength(1));
  expect(host.windows[0]).toMatch(/^#\/reveal\/[0-9a-f]{64}\/[0-9a-f]{32}$/);
});

test("a wrong passphrase stays selected, is explained without a hint, and leads to a rising delay", async () => {
  const { host, user } = show({ phase: "locked" });
  const field = await screen.findByTestId<HTMLInputElement>("unlock-passphrase");
  for (let attempt = 0; attempt < 3; attempt++) {
    await user.clear(field);
    await user.type(field, "wrong{Enter}");
    await waitFor(() => expect(host.asked.filter((name) => name === "unlock")).toHaveLength(attempt + 1));
    await screen.findByText("This passphrase does not open the vault.");
    if (attempt < 2) await waitFor(() => expect([field.selectionStart, field.selectionEnd]).toEqual([0, 5]));
  }
  await waitFor(() => expect(screen.getByTestId("unlock-submit").textContent).toMatch(/Another try in \d+ seconds/));
});

test("the locked screen names no organization and counts none", async () => {
  show({ phase: "locked", organizations: 12 });
  await screen.findByText("Unlock Vitrine");
  expect(readable()).not.toMatch(/Contoso|Northwind|\b12\b/);
});

test("at lock every name leaves the screen at once, and unlocking returns to the same place", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}?tab=activity`);
  await screen.findByRole("heading", { name: "Contoso" });
  act(() => host.lockNow("suspend"));
  await screen.findByText("Locked before this machine went to sleep.");
  expect(readable()).not.toContain("Contoso");
  await user.keyboard(`${fakePassphrase}{Enter}`);
  await screen.findByRole("heading", { name: "Contoso" });
  expect(screen.getByRole("tab", { name: "Activity" }).getAttribute("aria-selected")).toBe("true");
});

test("no dialog delays the lock", async () => {
  const { host } = show({}, "#/organizations?open=add");
  await screen.findByText("Add an organization");
  act(() => host.lockNow());
  await screen.findByText("Unlock Vitrine");
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("ten thousand organizations draw only the rows that are seen", async () => {
  const { host } = show({ organizations: 10_000 });
  await screen.findByText("Adventure Works");
  const grid = screen.getByRole("grid");
  expect(grid.getAttribute("aria-rowcount")).toBe("10001");
  expect(within(grid).getAllByRole("row").length).toBeLessThan(60);
  expect(host.requests.filter((each) => each.name === "organizations").length).toBeLessThan(5);
});

test("the numbers above the list filter it", async () => {
  const { user } = show({ organizations: 32 });
  await user.click(await screen.findByRole("button", { name: /Due/ }));
  await waitFor(() => expect(screen.queryByText("Adventure Works")).toBeNull());
  expect(screen.getByTestId("count-due").getAttribute("aria-pressed")).toBe("true");
  expect(location.hash).toContain("state=due");
});

test("several organizations are selected by keyboard and rotated together", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  const first = document.querySelector<HTMLElement>('[data-name="Adventure Works"]');
  act(() => first?.focus());
  await user.keyboard(" {ArrowDown}");
  await waitFor(() => expect(document.activeElement?.getAttribute("data-name")).toBe("Alpine Ski House"));
  await user.keyboard(" ");
  await user.click(await screen.findByRole("button", { name: "Rotate 2 organizations" }));
  await waitFor(() => expect(host.asked).toContain("rotate"));
  const request = host.requests.find((each) => each.name === "rotate")?.request as {
    scope: { organizations: string[] };
  };
  expect(request.scope.organizations).toHaveLength(2);
});

test("an import shows its error rows before anything is added", async () => {
  const { host, user } = show({}, "#/organizations?open=import");
  const field = await screen.findByTestId("import-text");
  fireEvent.change(field, { target: { value: "name,notes\nTailwind,gold\nContoso,\n,no name" } });
  await user.click(screen.getByTestId("import-preview"));
  await screen.findByText("An organization of this name exists already.");
  await screen.findByText("The name is empty.");
  expect(host.asked).not.toContain("importOrganizations");
  await user.click(screen.getByRole("button", { name: "Add 1 organization" }));
  await waitFor(() => expect(host.asked).toContain("importOrganizations"));
});

test("older passwords are looked for only when wanted, and each is revealed alone, with its own reason", async () => {
  const { host, user } = show({ askReason: true }, await revealHash(contoso));
  await user.type(await screen.findByTestId("reveal-reason"), "INC-1");
  await user.click(screen.getByRole("button", { name: /previous password too/ }));
  expect(host.asked).not.toContain("olderPasswords");
  await user.click(screen.getByTestId("show-older"));
  await user.click(await screen.findByTestId("reveal-password-givenUp-3"));
  await screen.findByTestId("secret-text-givenUp-3");
  expect(screen.queryByTestId("secret-text-older-4")).toBeNull();
  const asked = host.requests.filter(({ name }) => name === "reveal").map(({ request }) => request);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ which: { givenUp: {} }, reason: "INC-1" });
  // What did not fit at first is there when it is wanted.
  expect(screen.queryByTestId("reveal-password-older-8")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Show 2 more" }));
  expect(screen.getByTestId("reveal-password-older-8")).toBeTruthy();
});

test("a revealed password is in no cache, address or storage, and is gone when hidden", async () => {
  const { user } = show({}, await revealHash(contoso));
  await user.click(await screen.findByTestId("reveal-password"));
  expect((await screen.findByTestId("secret-text")).textContent).toBe(secret);
  expect(everythingKept()).not.toContain(secret);
  await user.click(screen.getByTestId("hide-password"));
  expect(document.documentElement.outerHTML).not.toContain(secret.slice(0, 4));
  expect(screen.queryByTestId("secret-text")).toBeNull();
});

test("a revealed password hides by itself when its time is over", async () => {
  const hash = await revealHash(contoso);
  vi.useFakeTimers({ shouldAdvanceTime: true });
  show({}, hash);
  fireEvent.click(await screen.findByTestId("reveal-password"));
  await screen.findByTestId("secret-text");
  await act(async () => {
    await vi.advanceTimersByTimeAsync(31_000);
  });
  expect(screen.queryByTestId("secret-text")).toBeNull();
  expect(screen.getByTestId("reveal-password")).toBeTruthy();
});

test("a revealed password is hidden once a rotation has put another one in its place", async () => {
  const hash = await revealHash(contoso);
  const { host, user } = show({}, hash);
  await user.click(await screen.findByTestId("reveal-password"));
  await screen.findByTestId("secret-text");
  await act(() => host.rotate({ scope: { kind: "account", organization: contoso, account: hash.split("/").at(-1) ?? "" } }));
  await waitFor(() => expect(readable()).not.toContain(secret.slice(0, 4)));
  expect(screen.getByTestId("reveal-password")).toBeTruthy();
});

test("a revealed password is gone at lock", async () => {
  const { host, user } = show({}, await revealHash(contoso));
  await user.click(await screen.findByTestId("reveal-password"));
  await screen.findByTestId("secret-text");
  act(() => host.lockNow("session"));
  await screen.findByText("Vitrine is locked");
  expect(readable()).not.toContain(secret.slice(0, 4));
});

test("copying goes through Rust and brings no secret into the window", async () => {
  const { host, user } = show({}, await revealHash(contoso));
  await user.click(await screen.findByTestId("copy-password"));
  await screen.findByText(/Not kept in clipboard history/);
  expect(host.asked).not.toContain("reveal");
  expect(readable()).not.toContain(secret.slice(0, 4));
});

test("where a reason is asked for, nothing is shown or copied without one", async () => {
  const { host, user } = show({ askReason: true }, await revealHash(contoso));
  const reveal = await screen.findByTestId("reveal-password");
  expect(reveal.getAttribute("aria-disabled")).toBe("true");
  await user.click(reveal);
  await user.click(screen.getByTestId("copy-password"));
  expect(host.asked).not.toContain("reveal");
  expect(host.asked).not.toContain("copy");
  await user.type(screen.getByTestId("reveal-reason"), "INC-1");
  await user.click(screen.getByTestId("reveal-password"));
  await screen.findByTestId("secret-text");
});

test("while a rotation is unclear both values stand in the order to try them", async () => {
  show({}, await revealHash(unclear));
  await screen.findByText("Two passwords, one of them opens the account");
  const cards = screen.getAllByRole("region", { name: /^Try/ });
  expect(cards.map((card) => card.getAttribute("aria-label"))).toEqual(["Try 1 · Pending", "Try 2 · Current"]);
});

test("large type spells sign by sign with the arrow keys", async () => {
  const { user } = show({}, await revealHash(contoso));
  await user.click(await screen.findByTestId("reveal-password"));
  await user.click(await screen.findByTestId("large-type"));
  const text = await screen.findByTestId("large-text");
  act(() => text.focus());
  expect(screen.getByTestId("phonetic").textContent).toContain("capital Quebec");
  await user.keyboard("{ArrowRight}");
  expect(text.getAttribute("aria-valuetext")).toBe("mike");
  await user.keyboard("{ArrowRight}");
  expect(text.getAttribute("aria-valuetext")).toBe("digit seven");
  await user.keyboard("{ArrowRight}");
  expect(text.getAttribute("aria-valuetext")).toBe("hash");
});

/** A system that speaks: what it was given to say, and how what it says comes to its end. */
function speaker(voices: Partial<SpeechSynthesisVoice>[]) {
  const said: { words: string; voice: string | undefined; ends: () => void }[] = [];
  class Utterance {
    voice: SpeechSynthesisVoice | null = null;
    onend: (() => void) | null = null;
    constructor(readonly text: string) {}
  }
  let silenced = 0;
  vi.stubGlobal("SpeechSynthesisUtterance", Utterance);
  vi.stubGlobal("speechSynthesis", {
    getVoices: () => voices,
    speak: (utterance: Utterance) =>
      said.push({ words: utterance.text, voice: utterance.voice?.name, ends: () => utterance.onend?.() }),
    cancel: () => (silenced += 1),
    addEventListener: () => {},
    removeEventListener: () => {},
  });
  return { said, silenced: () => silenced };
}
const ownVoice = { name: "own", lang: "en-US", localService: true, default: false };
const serverVoice = { name: "server", lang: "en-US", localService: false, default: true };

test("large type is read aloud only when asked to, sign by sign, by a voice of the machine, and is silent once closed", async () => {
  const { said, silenced } = speaker([serverVoice, ownVoice]);
  const { user } = show({}, await revealHash(contoso));
  await user.click(await screen.findByTestId("reveal-password"));
  await user.click(await screen.findByTestId("large-type"));
  const aloud = await screen.findByTestId("read-aloud");
  expect(said).toEqual([]);
  await user.click(aloud);
  expect(said.map(({ words, voice }) => [words, voice])).toEqual([["capital Quebec", "own"]]);
  act(() => said.at(-1)?.ends());
  expect(said.at(-1)?.words).toBe("mike");
  expect(screen.getByTestId("phonetic").textContent).toContain("mike");
  const before = silenced();
  await user.click(screen.getByTestId("hide-password"));
  expect(silenced()).toBe(before + 1);
  act(() => said.at(-1)?.ends());
  expect(said).toHaveLength(2);
});

test("where every voice is a server's, nothing offers to read aloud", async () => {
  speaker([serverVoice]);
  const { user } = show({}, await revealHash(contoso));
  await user.click(await screen.findByTestId("reveal-password"));
  await user.click(await screen.findByTestId("large-type"));
  await screen.findByTestId("large-text");
  expect(screen.queryByTestId("read-aloud")).toBeNull();
});

test("until a second factor is stored the window says what Microsoft refuses", async () => {
  const hash = await revealHash(contoso);
  const { host, user } = show({}, hash);
  await screen.findByTestId("reveal-password");
  act(() => host.setAccount(contoso, { hasSecondFactor: false }));
  await screen.findByText("No second factor is stored");
  await user.type(screen.getByTestId("factor-key"), "JBSWY3DPEHPK3PXPJBSW");
  await user.click(screen.getByTestId("factor-save"));
  await user.click(await screen.findByTestId("show-code"));
  expect((await screen.findByTestId("one-time-code")).textContent).toMatch(/^\d{6}$/);
});

test("a tenant is connected by keyboard, and nothing is created before it was shown and agreed to", async () => {
  const { host, user } = show({}, `#/organizations/${notConnected}/connect`);
  const route = await screen.findByRole("button", { name: "Get a code" });
  expect(screen.getByRole("button", { name: "Sign in with browser" })).toBeTruthy();
  act(() => route.focus());
  await user.keyboard("{Enter}");
  expect((await screen.findByTestId("device-code")).getAttribute("data-code")).toBe("F7GH2KQPL");
  act(() =>
    host.setConnect(notConnected, {
      kind: "confirmTenant",
      tenant: { id: "t1", name: "Someone Else", domain: "else.example", initialDomain: "else.onmicrosoft.com" },
      signedInAs: "admin@else.example",
    }),
  );
  await screen.findByText("Someone Else");
  expect(host.asked).not.toContain("confirmTenant");
  act(() => screen.getByTestId("confirm-tenant").focus());
  await user.keyboard("{Enter}");
  await screen.findByText("Privileged Authentication Administrator");
  await screen.findByText("Without it Microsoft refuses to change a Global Administrator's password.");
  expect(host.asked).not.toContain("applyPlan");
  act(() => screen.getByTestId("apply-plan").focus());
  await user.keyboard("{Enter}");
  await user.click(await screen.findByTestId("enable-laps-now"));
  await user.click(await screen.findByTestId("laps-submit"));
  await screen.findAllByText("Created, role assigned, password verified");
});

test("a set-up that is stopped lists what is in the tenant, and can be gone on with", async () => {
  const { host, user } = show({}, `#/organizations/${notConnected}/connect`);
  const step = (title: string, state: "created" | "running" | "willCreate") => ({ title, permission: null, why: "", state });
  await screen.findByText("How will the admin sign in?");
  act(() =>
    host.setConnect(notConnected, {
      kind: "working",
      tenant: { id: "t1", name: "Contoso", domain: "contoso.example", initialDomain: "contoso.onmicrosoft.com" },
      steps: [step("Registration", "created"), step("Principal", "running"), step("Role", "willCreate")],
    }),
  );
  await user.click(await screen.findByRole("button", { name: "Stop here" }));
  await screen.findByTestId("connect-stopped");
  for (const words of ["Created", "May be there", "Not created"]) await screen.findByText(words);
  await user.click(screen.getByTestId("connect-again"));
  await screen.findByText("How will the admin sign in?");
});

test("the browser opens once, by the person's own press", async () => {
  const { host, user } = show({}, `#/organizations/${notConnected}/connect`);
  await user.click(await screen.findByTestId("route-browser"));
  await screen.findByTestId("sign-in-url");
  await waitFor(() => expect(host.asked.filter((name) => name === "openSignIn")).toHaveLength(1));
});

test("an account that exists is taken over only after asking", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}/laps`);
  await act(async () => {
    await screen.findByText("How many accounts?");
    host.setConnect(contoso, {
      kind: "signedIn",
      tenant: { id: "t", name: "Contoso", domain: "contoso.example", initialDomain: "contoso.onmicrosoft.com" },
      signedInAs: "admin@contoso.example",
    });
  });
  await waitFor(() => expect(screen.getByTestId("laps-submit").getAttribute("aria-disabled")).toBeNull());
  await user.click(screen.getByTestId("laps-one"));
  const name = screen.getByTestId("laps-name-1");
  await user.clear(name);
  await user.type(name, "admin");
  await user.click(screen.getByTestId("laps-submit"));
  await screen.findByText("An account named admin exists already");
  expect(screen.getByTestId("laps-adopt-submit").getAttribute("aria-disabled")).toBe("true");
  await user.click(screen.getByRole("checkbox", { name: "Take over admin and replace its password" }));
  await user.click(screen.getByTestId("laps-adopt-submit"));
  await screen.findByText("Taken over, password verified");
});

test("onboarding runs by keyboard from nothing to the first organization", async () => {
  const { user } = show({ phase: "noVault", organizations: 0 }, "");
  const create = await screen.findByTestId("first-create");
  act(() => create.focus());
  await user.keyboard("{Enter}");
  await screen.findByTestId("create-msp");
  await user.keyboard("Northwind IT{Tab}Ada Example{Tab}");
  await user.keyboard("velvet orbit canyon thimble rustic meadow");
  await waitFor(() => expect(screen.getByTestId("passphrase-strength").textContent).toContain("Very strong"));
  act(() => screen.getByTestId("create-repeat").focus());
  await user.keyboard("velvet orbit canyon thimble rustic meadow{Enter}");
  await user.click(await screen.findByTestId("kit-save"));
  await screen.findByTestId("kit-group-1");
  await user.type(screen.getByTestId("kit-group-1"), "ABCD");
  await user.type(screen.getByTestId("kit-group-2"), "EFGH{Enter}");
  await user.click(await screen.findByTestId("sheet-later"));
  await user.click(await screen.findByTestId("backup-save"));
  await user.type(await screen.findByTestId("start-organization-name"), "Contoso{Enter}");
  await screen.findByTestId("start-connect");
  expect(screen.getByTestId("start-step-sheet").getAttribute("data-done")).toBe("false");
});

test("without a keychain a vault is created only after the file was accepted", async () => {
  const { host, user } = show({ phase: "noVault", organizations: 0, keychain: false }, "");
  await user.click(await screen.findByTestId("first-create"));
  await user.type(screen.getByTestId("create-msp"), "Northwind IT");
  await user.type(screen.getByTestId("create-person"), "Ada");
  const words = "velvet orbit canyon thimble rustic meadow";
  await user.type(screen.getByTestId("create-passphrase"), words);
  await user.type(screen.getByTestId("create-repeat"), words);
  await waitFor(() => expect(screen.getByTestId("passphrase-strength").textContent).toContain("Very strong"));
  await user.click(screen.getByTestId("create-submit"));
  expect(host.asked).not.toContain("createVault");
  await user.click(screen.getByTestId("create-accept-file"));
  await user.click(screen.getByTestId("create-submit"));
  await waitFor(() => expect(host.asked).toContain("createVault"));
});

test("an error says what happened, what still holds and what to do, and its details can be copied", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}`);
  host.refuseNext("rotate", {
    code: "graph.role-missing",
    what: "Microsoft refused: the app lacks a role.",
    holds: "The old password still works.",
    next: "Repair the connection.",
    details: "request 1234",
  });
  await user.click(await screen.findByTestId("rotate-now"));
  const notice = await screen.findByTestId("error-notice");
  for (const words of [
    "the app lacks a role",
    "The old password still works.",
    "Repair the connection.",
    "graph.role-missing",
  ])
    expect(notice.textContent).toContain(words);
  await user.click(within(notice).getByRole("button", { name: "Copy details" }));
  await waitFor(() => expect(host.copied.at(-1)).toContain("request 1234"));
});

test("a setting fixed from outside is shown as fixed, and a saved one is read back", async () => {
  const { host, user } = show({}, "#/settings");
  await screen.findByText("Set by your admin");
  expect(screen.getByRole<HTMLInputElement>("textbox", { name: /Clear a copied secret after/ }).disabled).toBe(
    true,
  );
  const before = host.asked.filter((name) => name === "settings").length;
  await user.click(screen.getByRole("switch", { name: /Lock when the window is closed/ }));
  await waitFor(() => expect(host.asked).toContain("setSettings"));
  await waitFor(() => expect(host.asked.filter((name) => name === "settings").length).toBeGreaterThan(before));
});

test("the simulated cloud stays visible on every screen, locked or not", async () => {
  const { host } = show();
  await screen.findByText("Adventure Works");
  expect(screen.getByText("Simulated cloud")).toBeTruthy();
  act(() => host.lockNow());
  await screen.findByText("Unlock Vitrine");
  expect(screen.getByText("Simulated cloud")).toBeTruthy();
});

test("the palette finds organizations and actions by name", async () => {
  const { user } = show();
  await screen.findByText("Adventure Works");
  await user.click(screen.getByTestId("open-palette"));
  const field = await screen.findByRole("textbox", { name: "Commands and organizations" });
  await user.type(field, "litware");
  await screen.findByText("View LAPS credentials of Litware").catch(() => screen.findByText("Nothing matches."));
  await user.clear(field);
  await user.type(field, "lock");
  await user.click(await screen.findByText("Lock Vitrine"));
  await screen.findByText("Unlock Vitrine");
});

test("a press for the one-time code asks for two codes, and nothing asks again by itself", async () => {
  const hash = await revealHash(contoso);
  vi.useFakeTimers({ shouldAdvanceTime: true, now: Date.UTC(2026, 0, 5, 8, 0, 1) });
  const { host } = show({}, hash);
  fireEvent.click(await screen.findByTestId("show-code"));
  const first = (await screen.findByTestId("one-time-code")).textContent;
  const asked = () => host.asked.filter((name) => name === "oneTimeCode").length;
  expect(asked()).toBe(2);
  await act(() => vi.advanceTimersByTimeAsync(30_000));
  expect(screen.getByTestId("one-time-code").textContent).not.toBe(first);
  await act(() => vi.advanceTimersByTimeAsync(30_000));
  expect(screen.queryByTestId("one-time-code")).toBeNull();
  expect(asked()).toBe(2);
});

test("the countdown of a device code is spoken at 60, 30 and 10 seconds and not in between", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, now: Date.UTC(2026, 0, 5, 8) });
  const { host } = show({}, `#/organizations/${notConnected}/connect`);
  fireEvent.click(await screen.findByTestId("route-code"));
  await screen.findByTestId("device-code");
  const { phase } = await host.connectStatus({ organization: notConnected });
  if (phase.kind !== "waitingForCode") throw new Error(phase.kind);
  const spoken = () => [...document.querySelectorAll('[aria-live="polite"]')].map((each) => each.textContent).join("");
  const at = (seconds: number) => act(() => vi.advanceTimersByTimeAsync(phase.expiresAt - Date.now() - seconds * 1000));
  await at(75);
  expect(spoken()).not.toContain("The code ends");
  await at(59);
  expect(spoken()).toContain("The code ends in 60 seconds");
  await at(45);
  expect(spoken()).toContain("The code ends in 60 seconds");
  await at(29);
  expect(spoken()).toContain("The code ends in 30 seconds");
  await at(9);
  expect(spoken()).toContain("The code ends in 10 seconds");
});

test("the exact time of a moment shows on keyboard focus", async () => {
  show({}, `#/organizations/${contoso}`);
  const [time] = (await screen.findAllByText(/^Rotated /)).filter((each) => each.tagName === "TIME");
  expect(screen.queryByRole("tooltip")).toBeNull();
  act(() => time?.focus());
  expect((await screen.findByRole("tooltip")).textContent).toMatch(/20\d\d/);
});

test("a schedule is changed with its blackout, and shown as it was saved", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}?tab=settings`);
  await user.click(await screen.findByTestId("schedule-add-window"));
  const hours = screen.getByRole("group", { name: "Hours 1" });
  fireEvent.change(within(hours).getByLabelText("From"), { target: { value: "22:00" } });
  fireEvent.change(within(hours).getByLabelText("To"), { target: { value: "00:00" } });
  await user.click(within(hours).getByLabelText("Sat"));
  await user.type(screen.getByTestId("schedule-zone"), "Europe/Zurich");
  await user.click(screen.getByText("Rotate in 1 h"));
  await user.click(screen.getByTestId("schedule-save"));
  await waitFor(() => expect(host.asked).toContain("setSchedule"));
  const { laps } = await host.organization({ organization: contoso });
  expect(laps).toMatchObject({
    intervalHours: 24,
    afterView: "inOneHour",
    blackout: [{ days: 0b0111111, from: 22 * 60, to: 24 * 60 }],
    zone: "Europe/Zurich",
  });
});

test("saving a schedule leaves alone what was changed elsewhere while its form stood open", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}?tab=settings`);
  await user.click(await screen.findByText("Rotate in 1 h"));
  await host.setSchedule({ organizations: [contoso], schedule: { intervalHours: 6, passwordLength: 64 } });
  await user.click(screen.getByTestId("schedule-save"));
  const laps = async () => (await host.organization({ organization: contoso })).laps;
  await waitFor(async () => expect((await laps())?.afterView).toBe("inOneHour"));
  expect(await laps()).toMatchObject({ intervalHours: 6, passwordLength: 64 });
});

test("after a password was seen its viewer may hasten its rotation, and never delay it", async () => {
  const { host, user } = show({}, await revealHash(contoso));
  const { accounts } = await host.organization({ organization: contoso });
  const due = async () => (await host.organization({ organization: contoso })).accounts[0]?.dueAt ?? 0;
  await user.click(await screen.findByTestId("reveal-password"));
  await user.click(await screen.findByTestId("hide-password"));
  await user.click(await screen.findByTestId("then-inOneHour"));
  await waitFor(() => expect(screen.queryByTestId("then-keep")).toBeNull());
  expect(await due()).toBeLessThanOrEqual(accounts[0]?.dueAt ?? 0);
  // Where the schedule wants it at once there is nothing to choose, and no longer look.
  await host.setSchedule({ organizations: [contoso], schedule: { afterView: "now" } });
  await user.click(await screen.findByTestId("reveal-password"));
  await waitFor(() => expect(screen.queryByText("Keep 5 min")).toBeNull());
  await user.click(await screen.findByTestId("hide-password"));
  await screen.findByText("It was seen, so it is rotated now.");
  expect(screen.queryByTestId("then-keep")).toBeNull();
});

test("rotation is paused, its queue cancelled, and it goes on, and the screen says so", async () => {
  const { host, user } = show({}, "#/rotation");
  await user.click(await screen.findByTestId("pause-all"));
  await screen.findByText("Rotation is paused");
  expect(screen.queryByTestId("pause-all")).toBeNull();
  await user.click(await screen.findByTestId("rotate-due"));
  await user.click(await screen.findByTestId("cancel-queued"));
  await screen.findAllByText("Cancelled, nothing was begun");
  expect(screen.queryByTestId("cancel-queued")).toBeNull();
  await user.click(screen.getByTestId("resume-all"));
  await waitFor(() => expect(screen.queryByText("Rotation is paused")).toBeNull());
  expect((await host.jobs({})).jobs.every((job) => job.step === "cancelled")).toBe(true);
});

test("the board of an incident says when its end is expected, and no more once nothing is left to go on with", async () => {
  const { host, user } = show({ pace: 200 }, "#/incident");
  await user.type(await screen.findByTestId("incident-reason"), "A laptop is gone");
  await user.click(screen.getByTestId("incident-begin"));
  await screen.findByText("Expected to be done");
  await screen.findByText(/^Replaced \(/);
  expect((await host.incident({})).incident?.organizations).toMatchObject({ working: 0, waiting: 0 });
  expect(screen.queryByText("Expected to be done")).toBeNull();
});

test("an incident is red on every screen while something is left, and no more once nothing is; its board says it once", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await act(() => host.beginIncident({ scope: { kind: "everything" }, reason: "A laptop is gone" }));
  const tone = (words: RegExp) => screen.getByText(words).closest("[data-tone]");
  await screen.findByText(/organizations? left\./);
  expect(tone(/organizations? left\./)).toBeTruthy();
  act(() => {
    location.hash = "#/incident";
    window.dispatchEvent(new PopStateEvent("popstate"));
  });
  await screen.findByTestId("incident-left");
  await waitFor(() => expect(screen.queryByText("Open the board")).toBeNull());
  await user.click(screen.getByTestId("nav-rotation"));
  expect(await screen.findByText("Open the board")).toBeTruthy();
  await act(() => host.retryIncident({}));
  await screen.findByText(/Everything in its scope was replaced/);
  expect(tone(/Everything in its scope was replaced/)).toBeNull();
});
