// The recovery papers: what stands, splitting the safe sheet among several people, trying the papers, and coming back by them.

import { act, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { show, violations } from "../testing/render";

async function papers() {
  const shown = show({}, "#/settings");
  await screen.findByTestId("split-open");
  return shown;
}

test("the sheet that stands is named with who made it; one that opens nothing any more, or none, is said aloud", async () => {
  const { host } = await papers();
  expect(await screen.findByText("One page")).toBeTruthy();
  const stands = { by: "Grace Example", madeAt: Date.now(), split: null, opens: false };
  host.recovery = () => Promise.resolve({ sheet: stands, waits: true, mayChange: true });
  act(() => host.setStatus({}));
  expect(await screen.findByText(/Grace Example, who made it, has left/)).toBeTruthy();
  expect(screen.getByText(/waits for a second owner's consent/)).toBeTruthy();
  host.recovery = () => Promise.resolve({ sheet: null, waits: false, mayChange: true });
  act(() => host.setStatus({}));
  expect(await screen.findByText(/If every owner loses their device/)).toBeTruthy();
  expect(screen.getByTestId("check-open").getAttribute("aria-disabled")).toBe("true");
});

test("a vault is brought back by shares: two fields, more as they are needed, and a passphrase of one's own", async () => {
  const { host, user } = show({ phase: "noVault", organizations: 0 }, "");
  const restored: unknown[] = [];
  const { restore } = host;
  host.restore = (request) => {
    restored.push(request.paper);
    return restore(request);
  };
  await user.click(await screen.findByTestId("first-restore"));
  await user.click(await screen.findByTestId("restore-shares"));
  await user.click(screen.getByTestId("restore-more"));
  expect(screen.getByTestId("restore-share-3")).toBeTruthy();
  expect(await violations()).toEqual([]);
  await user.type(screen.getByTestId("restore-file"), "/backup");
  await user.type(screen.getByTestId("restore-share-1"), "one");
  await user.type(screen.getByTestId("restore-share-3"), "three");
  await user.type(screen.getByTestId("restore-passphrase"), "velvet orbit canyon thimble");
  await user.type(screen.getByTestId("restore-repeat"), "velvet orbit canyon thimble{Enter}");
  await waitFor(() => expect(restored).toEqual([{ kind: "shares", codes: ["one", "three"] }]));
});

test("the sheet is split by names and a number, and the settings say afterwards who holds what", async () => {
  const { user } = await papers();
  await user.click(screen.getByTestId("split-open"));
  await user.type(screen.getByTestId("split-holders"), "Ada Example");
  await user.click(screen.getByTestId("split-save"));
  // One holder is none: nothing was asked of the vault.
  expect(screen.queryByText("Any 2 of 1 shares")).toBeNull();
  await user.type(screen.getByTestId("split-holders"), "\nBen Example\n\n  Cy Example ");
  expect(screen.getByTestId<HTMLInputElement>("split-folder").value).toMatch(/Vitrine shares$/);
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("split-save"));
  expect(await screen.findByText("Any 2 of 3 shares")).toBeTruthy();
  expect(screen.getByText("Ada Example, Ben Example, Cy Example")).toBeTruthy();
  expect(screen.queryByTestId("split-holders")).toBeNull();
});

test("papers are tried with as many codes as are needed; a mistyped one is named, and no code stays", async () => {
  const { user } = await papers();
  await user.click(screen.getByTestId("split-open"));
  await user.type(screen.getByTestId("split-holders"), "Ada\nBen\nCy");
  await user.click(screen.getByTestId("split-save"));
  await screen.findByText("Any 2 of 3 shares");
  await user.click(screen.getByTestId("check-open"));
  expect(screen.queryByTestId("check-code-3")).toBeNull();
  await user.type(screen.getByTestId("check-code-1"), "wrong");
  await user.type(screen.getByTestId("check-code-2"), "ABCD-EFGH");
  await user.click(screen.getByTestId("check-run"));
  expect(await screen.findByText(/was not typed as printed/)).toBeTruthy();
  await user.clear(screen.getByTestId("check-code-1"));
  await user.type(screen.getByTestId("check-code-1"), "JKMN-PQRS");
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("check-run"));
  expect(await screen.findByText("The papers open the vault.")).toBeTruthy();
  await waitFor(() => expect(screen.queryByTestId("check-code-1")).toBeNull());
  await user.click(screen.getByTestId("check-open"));
  expect(screen.getByTestId<HTMLInputElement>("check-code-1").value).toBe("");
});

test("a vault comes back from the backend with the kit alone, and asks for no other paper", async () => {
  const { host, user } = show({ phase: "noVault" });
  const restored: unknown[] = [];
  const { restore } = host;
  host.restore = (request) => {
    restored.push(request.from, request.paper.kind);
    return restore(request);
  };
  await user.click(await screen.findByTestId("first-restore"));
  await user.click(await screen.findByTestId("restore-shares"));
  await user.click(screen.getByTestId("restore-from-home"));
  expect(screen.queryByTestId("restore-shares")).toBeNull();
  await user.type(screen.getByTestId("restore-address"), "https://vault.example.com");
  await user.type(screen.getByTestId("restore-secret-code"), "AAAA");
  await user.type(screen.getByTestId("restore-vault-code"), "BBBB");
  await user.type(screen.getByTestId("restore-passphrase"), "velvet orbit canyon thimble");
  await user.click(screen.getByRole("button", { name: "Restore the vault" }));
  await waitFor(() => expect(restored).toEqual([{ kind: "home", address: "https://vault.example.com" }, "kit"]));
});
