// From what is wrong to the press that answers it: errors, checks, the network, the palette, the empty screens.

import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { FakeHost } from "../host/fake";
import { id } from "../host/fake/world";
import { show } from "../testing/render";

const contoso = id(0);
const notConnected = id(9);
const problem = (code: string, over: object = {}) => ({
  code,
  what: "It was refused.",
  holds: "The old password still works.",
  next: "Look at it.",
  details: null,
  retryInMs: null,
  class: "refused" as const,
  ...over,
});
const scopes = (host: FakeHost) =>
  host.requests.filter(({ name }) => name === "rotate").map(({ request }) => (request as { scope: unknown }).scope);

test("an error that an admin's sign-in answers leads there", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}`);
  await screen.findByText("Emergency accounts");
  act(() => host.setAccount(contoso, { problem: problem("graph.permission-or-role-missing") }));
  await user.click(await screen.findByRole("button", { name: "Connect again" }));
  await screen.findByText("How will the admin sign in?");
  expect(location.hash).toContain(`${contoso}/connect`);
});

test("a repair that needs an admin leads to the admin's sign-in and not to a new connection", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}`);
  await screen.findByText("Emergency accounts");
  act(() => host.setAccount(contoso, { state: "disabled", repairable: true }));
  host.refuseNext("repairAccount", problem("laps.sign-in-needed"));
  await user.click(await screen.findByTestId("repair-account"));
  await user.click(await screen.findByRole("button", { name: "Sign in as an admin" }));
  await waitFor(() => expect(location.hash).toContain("purpose=accounts"));
});

test("what was unreachable is tried again from its notice, by the same act", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}`);
  host.refuseNext("rotate", problem("network.no-connection", { class: "unreachable" }));
  await user.click(await screen.findByTestId("rotate-now"));
  await user.click(await screen.findByRole("button", { name: "Try again" }));
  await waitFor(() => expect(scopes(host)).toHaveLength(2));
  expect(scopes(host)[1]).toEqual({ kind: "organizations", organizations: [contoso] });
  await waitFor(() => expect(screen.queryByTestId("error-notice")).toBeNull());
});

test("a backup that cannot be written there leads to the choice of a folder", async () => {
  const { host, user } = show({}, "#/settings");
  host.refuseNext("backupNow", problem("backup.no-folder"));
  await user.click(await screen.findByTestId("backup-now"));
  await user.click(await screen.findByRole("button", { name: "Choose a backup folder" }));
  await screen.findByTestId("backup-path");
});

test("an error without an obvious answer has no button but copying", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}`);
  host.refuseNext("rotate", problem("graph.password-refused"));
  await user.click(await screen.findByTestId("rotate-now"));
  const notice = await screen.findByTestId("error-notice");
  expect(within(notice).getAllByRole("button").map((button) => button.textContent)).toEqual(["Copy details"]);
});

test("while Microsoft is not reached the list says as of when, and what needs it says why it waits", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}`);
  await screen.findByText("Emergency accounts");
  const now = Date.now();
  act(() =>
    host.setStatus({ network: { answeredAt: now - 600_000, unreachableSince: now - 60_000, triedAt: now - 1_000 } }),
  );
  await screen.findByText("Microsoft is not reached");
  await screen.findByText(/^As of /);
  const rotate = screen.getByTestId("rotate-now");
  expect(rotate.getAttribute("aria-disabled")).toBe("true");
  await user.click(rotate);
  expect(host.asked).not.toContain("rotate");
  await user.hover(rotate);
  await screen.findByText(/^Microsoft was not reached at /);
  // What is stored stays usable.
  expect(screen.getByTestId("view-credentials").getAttribute("aria-disabled")).toBeNull();
  act(() => host.setStatus({ network: { answeredAt: now, unreachableSince: null, triedAt: null } }));
  await waitFor(() => expect(screen.queryByText("Microsoft is not reached")).toBeNull());
  expect(rotate.getAttribute("aria-disabled")).toBeNull();
});

test("while Microsoft is not reached neither way to sign in begins, and both say why", async () => {
  const { host, user } = show({}, `#/organizations/${notConnected}/connect`);
  const routes = [await screen.findByTestId("route-browser"), screen.getByTestId("route-code")];
  const now = Date.now();
  act(() => host.setStatus({ network: { answeredAt: null, unreachableSince: now - 60_000, triedAt: now - 1_000 } }));
  for (const route of routes) {
    await waitFor(() => expect(route.getAttribute("aria-disabled")).toBe("true"));
    await user.click(route);
    await user.hover(route);
    await screen.findByText(/^Microsoft was not reached at /);
    await user.unhover(route);
  }
  expect(host.asked).not.toContain("connect");
});

test("half a minute after a try the next one is offered again", async () => {
  const { host } = show({}, `#/organizations/${contoso}`);
  await screen.findByText("Emergency accounts");
  const past = Date.now() - 31_000;
  act(() => host.setStatus({ network: { answeredAt: null, unreachableSince: past, triedAt: past } }));
  await screen.findByText("Not reached yet");
  expect(screen.getByTestId("rotate-now").getAttribute("aria-disabled")).toBeNull();
});

test("every check that is wrong has its way to be put right", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}`);
  await screen.findByText("Emergency accounts");
  act(() => host.setAccount(contoso, { state: "roleGone", repairable: true }));
  await user.click(await screen.findByRole("button", { name: /^Fix: Role held/ }));
  await waitFor(() => expect(host.asked).toContain("repairAccount"));
  act(() => host.setAccount(contoso, { state: "unclear" }));
  await user.click(await screen.findByRole("button", { name: /^Fix: Password verified/ }));
  await waitFor(() => expect(scopes(host)).toMatchObject([{ kind: "account", organization: contoso }]));
});

test("the sign-in page opens in the person's browser, and its address can be copied", async () => {
  const { host, user } = show({}, `#/organizations/${contoso}`);
  await user.click(await screen.findByTestId("open-sign-in-page"));
  await waitFor(() => expect(host.asked).toContain("openPortal"));
  await user.click(screen.getByTestId("copy-sign-in-page"));
  await waitFor(() => expect(host.copied).toContain("https://entra.microsoft.com"));
});

/** Types into the palette and chooses by name. */
async function command(user: ReturnType<typeof show>["user"], typed: string, name: string) {
  await user.click(await screen.findByTestId("open-palette"));
  await user.type(await screen.findByRole("textbox", { name: "Commands and organizations" }), typed);
  await user.click(await screen.findByText(name));
}

test.each([
  ["Rotate Contoso", (host: FakeHost) => expect(scopes(host)).toMatchObject([{ organizations: [contoso] }])],
  ["Retry failed rotations", (host: FakeHost) => expect(scopes(host)).toEqual([{ kind: "failed" }])],
  ["Connect the tenant of Fourth Coffee", () => expect(location.hash).toContain(`${notConnected}/connect`)],
  ["Save recovery kit", () => expect(screen.getByTestId("kit-path")).toBeTruthy()],
  ["Save safe sheet", () => expect(screen.getByTestId("sheet-path")).toBeTruthy()],
  ["Change passphrase", () => expect(document.activeElement?.id).toBe("passphrase")],
  ["Settings: Appearance", () => expect(document.activeElement?.id).toBe("appearance")],
  ["Open the checklist of the set-up", () => expect(location.hash).toBe("#/start")],
] as const)("the palette has “%s”", async (name, happened) => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await command(user, name, name);
  await waitFor(() => happened(host));
});

test("where LAPS is not enabled the palette offers it", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  act(() => host.setOrganization(contoso, { accounts: [], laps: null }));
  await command(user, "enable laps contoso", "Enable LAPS for Contoso");
  await screen.findByText("How many accounts?");
});

test("an empty list says what belongs there, has one first thing to do, and tells more without leaving the program", async () => {
  const { user } = show({ organizations: 0 });
  await screen.findByText("No organization yet");
  expect(screen.getByTestId("add-organization").getAttribute("data-kind")).toBe("primary");
  await user.click(screen.getByRole("button", { name: "Learn more: What an organization is" }));
  await screen.findByRole("dialog", { name: "What an organization is" });
  expect(document.querySelectorAll("a[href^='http']")).toHaveLength(0);
});

test("the contrast theme puts its colours over those of the scheme, and takes them away again", async () => {
  const { user } = show({}, "#/settings");
  await user.click(await screen.findByText("Contrast"));
  const line = () => document.documentElement.style.getPropertyValue("--v-line");
  await waitFor(() => expect(line()).toBe("#5a6870"));
  await user.click(screen.getByText("Light"));
  await waitFor(() => expect(line()).toBe(""));
});

test("the step of an error in a dialog leads out of it", async () => {
  const { host, user } = show({ team: true, shared: true }, "#/team?open=invite");
  host.refuseNext("invite", problem("people.not-shared"));
  await user.type(await screen.findByTestId("invite-name"), "Grace{Enter}");
  await user.click(await screen.findByRole("button", { name: "See the home of the vault" }));
  await screen.findByTestId("home-sync");
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a device that was given new keys locks first, and then leads to the new kit", async () => {
  const { host, user } = show({}, "#/settings?section=kit");
  host.refuseNext("saveKit", problem("kit.unlock-first"));
  await user.click(await screen.findByTestId("kit-save"));
  await user.click(await screen.findByRole("button", { name: "Lock Vitrine" }));
  await screen.findByTestId("unlock-passphrase");
  act(() => host.setStatus({ phase: "unlocked", warnings: [problem("kit.renewed")] }));
  expect((await screen.findByText("Save a new recovery kit")).getAttribute("href")).toBe("#/settings?section=kit");
});

test("what is wrong with the home is not answered with the way to the home where it is shown there", async () => {
  const { host } = show({ shared: true }, "#/settings?section=home");
  await screen.findByTestId("home-sync");
  act(() => host.setBackend({ problem: problem("home.rolled-back") }));
  await screen.findByTestId("error-notice");
  expect(screen.queryByTestId("error-step")).toBeNull();
});
