// Quick access: found by a few letters, copied by one key, and never another's.

import { act, screen, waitFor } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { FakeHost } from "../host/fake";
import { fakePassphrase } from "../host/fake";
import { show, violations } from "../testing/render";

const quick = (options: Parameters<typeof show>[0] = {}) => show(options, "#/quick");
const copies = (host: FakeHost) =>
  host.requests.filter((each) => each.name === "copy").map((each) => each.request as Record<string, unknown>);
const said = () => screen.getByTestId("quick-said").textContent;
const chosen = () => screen.getAllByRole("option").find((each) => each.getAttribute("aria-selected") === "true");

/** Makes every answer wait until they are released together. */
function hold(host: FakeHost): () => void {
  const answer = host.quickAccess;
  const waiting: (() => void)[] = [];
  host.quickAccess = async (request) => {
    await new Promise<void>((done) => waiting.push(done));
    return answer(request);
  };
  return () => act(() => waiting.splice(0).forEach((done) => done()));
}

async function search(user: UserEvent, text: string, name: string) {
  await user.type(await screen.findByTestId("quick-search"), text);
  await waitFor(() => expect(chosen()?.dataset.name).toBe(name));
}

test("a few letters and one key each copy password, user name and code of the account, and it is said", async () => {
  const { host, user } = quick();
  await search(user, "fabri", "Fabrikam");
  const name = chosen()?.dataset.user;
  expect(name).toMatch(/^ea-north@fabrikam/);
  await user.keyboard("{Enter}");
  await waitFor(() => expect(said()).toBe(`Password of ${name} copied. Clears in 30 seconds.`));
  await user.keyboard("{Shift>}{Enter}{/Shift}");
  await waitFor(() => expect(said()).toBe(`User name ${name} copied.`));
  await user.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(said()).toBe(`One-time code of ${name} copied. Clears in 30 seconds.`));
  expect(copies(host).map(({ what }) => what)).toEqual([
    { kind: "password", which: "current" },
    { kind: "userName" },
    { kind: "oneTimeCode" },
  ]);
  // Nothing asks for a value: it goes from Rust to the clipboard.
  expect(new Set(host.asked)).toEqual(new Set(["status", "settings", "touch", "quickAccess", "copy"]));
});

test("the second account of an organization is one arrow away", async () => {
  const { host, user } = quick();
  await search(user, "fabri", "Fabrikam");
  await user.keyboard("{ArrowDown}{Enter}");
  await waitFor(() => expect(said()).toMatch(/^Password of ea-south@fabrikam/));
  expect(copies(host)).toHaveLength(1);
  expect(screen.getByTestId("quick-search").getAttribute("aria-activedescendant")).toBe(chosen()?.id);
});

test("a key that is quicker than the answer waits for it, and copies nothing of another customer", async () => {
  const { host, user } = quick();
  await screen.findAllByTestId("quick-row");
  const release = hold(host);
  await user.type(screen.getByTestId("quick-search"), "f");
  await user.keyboard("{Enter}");
  expect(chosen()?.dataset.name).toBe("Adventure Works");
  expect(copies(host)).toHaveLength(0);
  release();
  await waitFor(() => expect(said()).toMatch(/^Password of ea-north@fabrikam/));
  expect(copies(host)).toHaveLength(1);
});

test("who types on after such a key has changed their mind", async () => {
  const { host, user } = quick();
  await screen.findAllByTestId("quick-row");
  const release = hold(host);
  await user.type(screen.getByTestId("quick-search"), "fabri{Enter}k");
  release();
  await waitFor(() => expect(chosen()?.dataset.name).toBe("Fabrikam"));
  expect(copies(host)).toHaveLength(0);
});

test("rows that move do not move under the key", async () => {
  const { host, user } = quick();
  await screen.findAllByTestId("quick-row");
  const name = chosen()?.dataset.name;
  await act(() => host.addOrganization({ name: "AAA" }));
  await screen.findByText("AAA");
  expect(chosen()?.dataset.name).toBe(name);
  await user.keyboard("{Enter}");
  await waitFor(() => expect(said()).toMatch(/^Password of ea-north@adventureworks/));
});

test("a reason is asked for before a secret, and counts for its organization alone", async () => {
  const { host, user } = quick({ askReason: true });
  await search(user, "fabri", "Fabrikam");
  await user.keyboard("{Enter}");
  expect(said()).toBe("Write a reason first. Enter then copies the password.");
  expect(document.activeElement).toBe(screen.getByTestId("quick-reason"));
  expect(copies(host)).toHaveLength(0);
  await user.keyboard("Ticket 4711{Enter}");
  await waitFor(() => expect(said()).toMatch(/^Password of ea-north@fabrikam/));
  expect(copies(host)[0]).toMatchObject({ reason: "Ticket 4711" });
  await user.clear(screen.getByTestId("quick-search"));
  await search(user, "coho", "Coho Winery");
  expect(screen.getByTestId<HTMLInputElement>("quick-reason").value).toBe("");
  await user.keyboard("{Enter}");
  expect(copies(host)).toHaveLength(1);
  // A user name is no secret.
  await user.click(screen.getByTestId("quick-search"));
  await user.keyboard("{Shift>}{Enter}{/Shift}");
  await waitFor(() => expect(copies(host)).toHaveLength(2));
});

test("an account without a second factor and an organization without an account say so", async () => {
  const { host, user } = quick();
  await search(user, "conto", "Contoso");
  await user.keyboard("{ArrowDown}{Control>}{Enter}{/Control}");
  expect(said()).toMatch(/^No one-time-code key is stored for ea-south@contoso/);
  await user.clear(screen.getByTestId("quick-search"));
  await search(user, "fourth", "Fourth Coffee");
  await user.keyboard("{Enter}");
  expect(said()).toMatch(/^Fourth Coffee has no emergency account yet/);
  expect(copies(host)).toHaveLength(0);
});

test("where a rotation is unclear both passwords stand in the order to try them", async () => {
  const { host, user } = quick();
  await search(user, "city", "City Power & Light");
  const rows = screen.getAllByTestId("quick-row").filter((each) => each.dataset.user?.startsWith("ea-north"));
  expect(rows.map((each) => /Try (\d): (\w+)/.exec(each.textContent)?.slice(1))).toEqual([
    ["1", "pending"],
    ["2", "current"],
  ]);
  await user.keyboard("{ArrowDown}{Enter}");
  await waitFor(() => expect(said()).toMatch(/^Current password of ea-north@/));
  expect(copies(host)[0]?.what).toEqual({ kind: "password", which: "current" });
});

test("Alt+Enter opens the organization in the main window and this one goes; Escape closes it", async () => {
  const { host, user } = quick();
  await search(user, "fabri", "Fabrikam");
  await user.keyboard("{Alt>}{Enter}{/Alt}");
  await waitFor(() => expect(host.windows).toEqual([expect.stringMatching(/^#\/organizations\//), "closed"]));
  await user.keyboard("{Escape}");
  expect(host.windows.slice(2)).toEqual(["closed"]);
});

test("a key that is held copies once", async () => {
  const { host, user } = quick();
  await search(user, "fabri", "Fabrikam");
  await user.keyboard("{Enter>5/}");
  await waitFor(() => expect(said()).toMatch(/^Password of/));
  expect(copies(host)).toHaveLength(1);
});

test("commands are found by their words, and lock", async () => {
  const { host, user } = quick();
  await user.type(await screen.findByTestId("quick-search"), "lock v");
  await waitFor(() => expect(chosen()?.dataset.testid).toBe("quick-lock"));
  await user.keyboard("{Enter}");
  await screen.findByTestId("quick-locked");
  expect(host.asked).toContain("lock");
});

test("locked it names nobody, takes the passphrase in place, and says what a wrong one leads to", async () => {
  const { host, user } = quick({ phase: "locked" });
  await screen.findByTestId("quick-locked");
  expect(host.asked).not.toContain("quickAccess");
  expect(await violations()).toEqual([]);
  for (let tries = 0; tries < 3; tries++) await user.type(screen.getByTestId("unlock-passphrase"), "wrong{Enter}");
  await screen.findAllByText(/^Another try in/);
  expect(screen.getByTestId("unlock-error").textContent).toContain("does not open the vault");
  host.setStatus({ retryInMs: 0 });
  await waitFor(() => expect(screen.getByTestId("unlock-submit").textContent).toBe("Unlock"), { timeout: 5_000 });
  await user.clear(screen.getByTestId("unlock-passphrase"));
  await user.type(screen.getByTestId("unlock-passphrase"), `${fakePassphrase}{Enter}`);
  await search(user, "fabri", "Fabrikam");
  act(() => host.lockNow());
  await screen.findByTestId("quick-locked");
  expect(document.body.textContent).not.toContain("Fabrikam");
});

test("no match, no organization, no vault and a failure are said, and axe finds nothing in it", async () => {
  const none = quick();
  await none.user.type(await screen.findByTestId("quick-search"), "zzz");
  expect((await screen.findByTestId("quick-none")).textContent).toBe("No organization matches “zzz”.");
  expect(await violations()).toEqual([]);
  none.view.unmount();

  const empty = quick({ organizations: 0 });
  expect((await screen.findByTestId("quick-none")).textContent).toMatch(/^There is no organization yet/);
  empty.view.unmount();

  const vaultless = quick({ phase: "noVault" });
  await vaultless.user.click(await screen.findByTestId("quick-open-main"));
  await waitFor(() => expect(vaultless.host.windows).toEqual(["main", "closed"]));
  vaultless.view.unmount();

  const failing = quick();
  await search(failing.user, "fabri", "Fabrikam");
  failing.host.refuseNext("copy", { code: "clipboard.unavailable", what: "The clipboard cannot be used." });
  await failing.user.keyboard("{Enter}");
  await screen.findByText("The clipboard cannot be used.");
  expect(said()).toBe("");
  expect(await violations()).toEqual([]);
});

test("without a network everything stored is offered, and how old the news is", async () => {
  const { host, user } = quick();
  await screen.findAllByTestId("quick-row");
  const now = Date.now();
  act(() => host.setStatus({ network: { answeredAt: now - 3_600_000, unreachableSince: now, triedAt: now } }));
  await screen.findByText(/^As of/);
  await search(user, "fabri", "Fabrikam");
  expect(chosen()?.textContent).toMatch(/Verified/);
  await user.keyboard("{Enter}");
  await waitFor(() => expect(said()).toMatch(/^Password of/));
});

test("settings say where the keys do not open it, and what does", async () => {
  const { host, user } = show({ shortcut: "wayland" }, "#/settings");
  // The screen is loaded when it is first opened.
  const notice = await screen.findByTestId("quick-elsewhere");
  expect(notice.textContent).toContain("Wayland");
  expect(notice.textContent).toContain("vitrine-desktop --quick-access");
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("setting-quickShortcut"));
  await waitFor(() => expect(screen.queryByTestId("quick-elsewhere")).toBeNull());
  expect((await host.settings({})).settings.quickShortcut).toBe(false);
});
