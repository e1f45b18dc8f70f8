// The home of the vault in the settings: moved to a backend, read when it is not as it should be, brought back; the
// operator's token stays nowhere in the page.

import { act, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { id } from "../host/fake/world";
import { show, violations } from "../testing/render";

const address = "https://vitrine.example:8320";
const token = "t0ken-of-the-operator";
const problem = {
  code: "home.rolled-back",
  what: "The vault's home knows less than this device has seen: it was put back to an older state.",
  holds: "Nothing of it was taken. What this device has stays, and can be viewed.",
  next: "Do not trust it until its operator has explained this; copy the details.",
  details: "entries of all ledgers: 12 seen here, 9 there",
  retryInMs: null,
  class: "integrity" as const,
};

// The settings are a piece of their own, loaded when they are opened first.
const begin = () => screen.findByTestId("home-begin");

async function moved() {
  const shown = show({}, "#/settings?section=home");
  await shown.user.click(await begin());
  await shown.user.type(screen.getByTestId("home-address"), address);
  await shown.user.type(screen.getByTestId("home-token"), token);
  await shown.user.click(screen.getByTestId("home-move"));
  await screen.findByTestId("home-sync");
  return shown;
}

test("the home is moved by address and token, and the token is then nowhere in the page", async () => {
  const { host } = await moved();
  expect(screen.getByText(address)).toBeTruthy();
  expect(screen.getByText("Being asked")).toBeTruthy();
  expect(document.body.innerHTML).not.toContain(token);
  expect(host.requests.find(({ name }) => name === "moveHome")?.request).toBeNull();
  // The button that was pressed is gone.
  await waitFor(() => expect(document.activeElement?.id).toBe("home"));
  expect(await violations()).toEqual([]);
});

test("what depends on a backend is said before it is moved there, and nothing is moved without a token", async () => {
  const { user, host } = show({}, "#/settings?section=home");
  await user.click(await begin());
  expect(screen.getByText(/nothing is changed or rotated/)).toBeTruthy();
  await user.type(screen.getByTestId("home-address"), address);
  expect(screen.getByTestId("home-move").getAttribute("aria-disabled")).toBe("true");
  await user.click(screen.getByTestId("home-move"));
  expect(host.asked).not.toContain("moveHome");
  expect(await violations()).toEqual([]);
});

test("an address that no backend has is refused in words, and what was typed stays", async () => {
  const { user } = show({}, "#/settings?section=home");
  await user.click(await begin());
  await user.type(screen.getByTestId("home-address"), "backend");
  await user.type(screen.getByTestId("home-token"), token);
  await user.click(screen.getByTestId("home-move"));
  expect(await screen.findByText("This is not the address of a backend.")).toBeTruthy();
  expect(screen.getByTestId<HTMLInputElement>("home-address").value).toBe("backend");
  expect(await violations()).toEqual([]);
});

test("a backend that was put back is shown with what still holds, and fetching again clears it once it is well", async () => {
  const { user, host } = await moved();
  host.setBackend({ problem });
  expect(await screen.findByText(problem.what)).toBeTruthy();
  expect(screen.getByText(problem.holds)).toBeTruthy();
  expect(screen.getByText("Not as it should be")).toBeTruthy();
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("home-sync"));
  expect(await screen.findByText("Reached")).toBeTruthy();
  expect(screen.queryByText(problem.what)).toBeNull();
});

test("two histories are shown with both heads, and their proof is saved", async () => {
  const { user, host } = await moved();
  const fork = { ledger: "11".repeat(32), organizationName: "Contoso", oursSeq: 7, ours: "ab".repeat(32), theirsSeq: 7, theirs: "cd".repeat(32) };
  host.setBackend({ problem, fork });
  expect(await screen.findByText("Two histories of Contoso")).toBeTruthy();
  expect(screen.getByText(fork.ours)).toBeTruthy();
  expect(screen.getByText(fork.theirs)).toBeTruthy();
  expect(await violations()).toEqual([]);
  screen.getByTestId("home-save-proof").focus();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(host.asked).toContain("saveProof"));
  expect(await screen.findByText(/The proof lies in .*proof.json/)).toBeTruthy();
});

test("a copy that is not complete says that nothing can be changed", async () => {
  const { host } = await moved();
  host.setBackend({ moving: true });
  expect(await screen.findByText(/Nothing can be changed until that is done/)).toBeTruthy();
});

test("the home is brought back after asking, by keyboard alone", async () => {
  const { user } = await moved();
  screen.getByTestId("home-bring-back").focus();
  await user.keyboard("{Enter}");
  expect(await screen.findByText("Make this device the home again?")).toBeTruthy();
  screen.getByTestId("home-bring-back-submit").focus();
  await user.keyboard("{Enter}");
  expect(await screen.findByTestId("home-begin")).toBeTruthy();
  expect(await violations()).toEqual([]);
});

test("what the home does wrong leads to it from every screen, and is said where a password is shown", async () => {
  const { host, view } = show();
  await screen.findByText("Adventure Works");
  act(() => host.setStatus({ warnings: [problem] }));
  expect((await screen.findByText("See the home of the vault")).getAttribute("href")).toBe("#/settings?section=home");
  view.unmount();

  const organization = id(0);
  const { accounts } = await host.organization({ organization });
  const shown = show({}, `#/reveal/${organization}/${accounts[0]?.id ?? ""}`);
  await screen.findByTestId("reveal-password");
  expect(screen.queryByTestId("reveal-home-wrong")).toBeNull();
  act(() => shown.host.setStatus({ warnings: [problem] }));
  expect((await screen.findByTestId("reveal-home-wrong")).textContent).toContain("This may not be the newest password");
  expect(await violations()).toEqual([]);
});

const offline = {
  ...problem,
  code: "home.unreachable",
  what: "The vault's home, vitrine.northwind.example, cannot be reached.",
  class: "unreachable" as const,
};

test("every screen says how this device stands with the home, since when it is away, and leads to it", async () => {
  const { host, user } = show({ shared: true });
  const state = await screen.findByTestId("nav-sync");
  expect(state.textContent).toBe("Synced");
  expect(state.title).toMatch(/^Synced\. Last in touch \d/);

  act(() => host.setBackend({ problem: offline, syncedAt: Date.now() - 3_600_000 }));
  await waitFor(() => expect(state.textContent).toMatch(/^Home not reachedLast in touch \d/));
  expect(state.dataset.standing).toBe("unreached");
  expect(await violations()).toEqual([]);

  for (const place of ["nav-rotation", "nav-audit", "nav-settings"]) {
    await user.click(screen.getByTestId(place));
    expect(screen.getByTestId("nav-sync").textContent).toContain("Home not reached");
  }
  await user.click(screen.getByTestId("nav-organizations"));
  screen.getByTestId("nav-sync").focus();
  await user.keyboard("{Enter}");
  await screen.findByTestId("home-sync");

  act(() => host.setBackend({ problem: null, syncedAt: Date.now() }));
  await waitFor(() => expect(screen.getByTestId("nav-sync").textContent).toBe("Synced"));
});

test("what a home does wrong is said in the frame too, and one that was never reached is not said to have been", async () => {
  const { host } = show({ shared: true });
  const state = await screen.findByTestId("nav-sync");
  act(() => host.setBackend({ problem }));
  await waitFor(() => expect(state.textContent).toContain("The home needs you"));
  act(() => host.setBackend({ problem: offline, syncedAt: null }));
  await waitFor(() => expect(state.textContent).toBe("Home not reachedNot reached since the unlock"));
  act(() => host.setBackend({ problem: null, syncedAt: null }));
  await waitFor(() => expect(state.textContent).toBe("Asking the home"));
  act(() => host.setBackend({ moving: true }));
  await waitFor(() => expect(state.textContent).toBe("Being copied to the home"));
});

test("where this device is the home nothing is synced, and the frame does not speak of it", async () => {
  const { host } = show();
  await screen.findByText("Adventure Works");
  await waitFor(() => expect(host.asked).toContain("home"));
  expect(screen.queryByTestId("nav-sync")).toBeNull();
});

test("an organization whose history is still being checked says that it can be viewed", async () => {
  const { host } = show({ organizations: 3 }, `#/organizations/${id(0)}`);
  await screen.findByTestId("organization-title");
  expect(screen.queryByTestId("history-unchecked")).toBeNull();
  act(() => host.setOrganization(id(0), { unchecked: true }));
  expect((await screen.findByTestId("history-unchecked")).textContent).toContain("can be viewed");
  expect(await violations()).toEqual([]);
  act(() => host.setOrganization(id(0), { unchecked: false }));
  await waitFor(() => expect(screen.queryByTestId("history-unchecked")).toBeNull());
});

test("the home says of how many organizations the history is still being checked", async () => {
  const { host } = await moved();
  expect(screen.queryByTestId("home-unchecked")).toBeNull();
  host.setBackend({ unchecked: 3 });
  expect((await screen.findByTestId("home-unchecked")).textContent).toContain("3 organizations");
});
