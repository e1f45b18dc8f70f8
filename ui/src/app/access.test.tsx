// Who may open an organization: seen by everybody, changed by owners and admins, and never without saying what it means.

import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { FakeHost, FakeOptions } from "../host/fake";
import { id } from "../host/fake/world";
import { show } from "../testing/render";

async function access(options: FakeOptions = {}, before?: (host: FakeHost) => Promise<unknown>) {
  const shown = show({ team: true, ...options }, `#/organizations/${id(0)}`);
  await screen.findByText("Emergency accounts");
  if (before) await act(() => before(shown.host));
  await shown.user.click(screen.getByRole("tab", { name: "Access" }));
  await screen.findByText("Teams that may open this organization.");
  return shown;
}
const rows = () =>
  screen.getAllByTestId("access").map(({ dataset }) => `${dataset.team ?? ""}: ${dataset.level ?? ""}`);

test("a team is let in to view, and its row says what it may from then on", async () => {
  const { user } = await access({}, (host) => host.makeTeam({ name: "Night shift", members: [] }));
  expect(rows()).toEqual(["Owners: full", "Staff: full"]);
  await user.click(await screen.findByRole("button", { name: "Let Night shift view" }));
  await waitFor(() => expect(rows()).toEqual(["Owners: full", "Staff: full", "Night shift: read"]));
  expect(screen.queryByTestId("give-read")).toBeNull();
});

test("access is taken away only after it was said what that means, by a button that names both", async () => {
  const { host, user } = await access();
  await user.click(screen.getByTestId("take-access"));
  const dialog = within(await screen.findByRole("dialog", { name: "Take Contoso away from Staff?" }));
  expect(dialog.getByText(/every credential that was readable is replaced/)).toBeTruthy();
  expect(host.asked).not.toContain("setAccess");
  await user.click(dialog.getByRole("button", { name: "Take Contoso from Staff" }));
  await waitFor(() => expect(rows()).toEqual(["Owners: full"]));
});

test("a team is given many organizations at once, and where it had more it keeps that", async () => {
  const { host, user } = show({ team: true }, "#/organizations");
  await screen.findByText("Adventure Works");
  await act(() => host.makeTeam({ name: "Night shift", members: [] }));
  const night = (await host.people({})).teams.find(({ name }) => name === "Night shift")?.id ?? "";
  await act(() => host.setAccess({ organization: id(0), team: night, level: "full" }));
  await user.click(screen.getByRole("checkbox", { name: /^Select all/ }));
  await user.click(await screen.findByTestId("access-selected"));
  const dialog = within(await screen.findByRole("dialog"));
  await user.click(dialog.getByTestId("give-access-read"));
  await user.click(dialog.getByTestId("give-access-go"));
  await screen.findByText(/Night shift may open all \d+ of them/);
  const levels = (await host.organization({ organization: id(0) })).access.find(({ team }) => team === night);
  expect(levels?.level).toBe("full");
  const { matching } = await host.organizations({ filter: "", state: null, sort: "name", descending: false, offset: 0, limit: 1 });
  const given = host.requests.filter(({ name }) => name === "giveAccess").flatMap(({ request }) => (request as { organizations: string[] }).organizations);
  expect(new Set(given).size).toBe(matching);
});

test("who may give no access is offered none", async () => {
  const { user } = show({ team: true, role: "technician" }, "#/organizations");
  await screen.findByText("Adventure Works");
  await user.click(screen.getByRole("checkbox", { name: /^Select all/ }));
  await screen.findByTestId("rotate-selected");
  expect(screen.queryByTestId("access-selected")).toBeNull();
});

test("a technician sees who may open it and changes nothing", async () => {
  await access({ role: "technician" });
  expect(rows()).toEqual(["Owners: full", "Staff: full"]);
  expect(screen.queryByTestId("take-access")).toBeNull();
});

test("while the backend is not reached access stays readable and says why it cannot be changed", async () => {
  const { host, user } = await access();
  const problem = { code: "home.unreachable", what: "Not reached.", holds: "", next: "", details: null, retryInMs: null };
  act(() => host.setBackend({ problem: { ...problem, class: "unreachable" } }));
  const take = screen.getByTestId("take-access");
  await waitFor(() => expect(take.getAttribute("aria-disabled")).toBe("true"));
  await user.click(take);
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(await screen.findByText(/The backend is not reached/)).toBeTruthy();
});
