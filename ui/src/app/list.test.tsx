// The list of organizations is a tool: what a person chose to see stays, and what was selected is changed together.

import { act, screen, waitFor, within } from "@testing-library/react";
import type { UserEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { FakeHost } from "../host/fake";
import { show } from "../testing/render";

const asked = (host: FakeHost, name: string) =>
  host.requests.filter((each) => each.name === name).map((each) => each.request);

/** Selects rows of the list by name. */
async function select(user: UserEvent, ...names: string[]) {
  for (const name of names) await user.click(await screen.findByRole("checkbox", { name: `Select ${name}` }));
}

test("a column that was left out stays out when the list is left and opened again", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await user.click(screen.getByRole("button", { name: "Columns" }));
  await user.click(await screen.findByRole("checkbox", { name: "Last rotation" }));
  await waitFor(() => expect(asked(host, "setListViews")).toHaveLength(1));
  expect(screen.queryByRole("columnheader", { name: "Last rotation" })).toBeNull();
  await user.keyboard("{Escape}");
  await user.click(screen.getByTestId("nav-audit"));
  await screen.findByText(/Every line comes from signed records/);
  await user.click(screen.getByTestId("nav-organizations"));
  await screen.findByText("Adventure Works");
  expect(screen.queryByRole("columnheader", { name: "Last rotation" })).toBeNull();
  expect(screen.getByRole("columnheader", { name: "Next rotation" })).toBeTruthy();
  // Names are secrets: nothing of the list is left in what the web view keeps.
  expect(JSON.stringify(Object.entries(localStorage))).not.toContain("otation");
});

test("a view brings filter, state, order and columns back, and is removed by name", async () => {
  const { host, user } = show({ organizations: 32 });
  await screen.findByText("Adventure Works");
  await user.type(screen.getByTestId("organizations-filter"), "co");
  await user.click(screen.getByRole("button", { name: "Next rotation" }));
  await waitFor(() => expect(location.hash).toContain("sort=nextRotation"));
  await user.click(screen.getByTestId("views"));
  await user.type(await screen.findByTestId("view-name"), "Next of Co{Enter}");
  await waitFor(() => expect(asked(host, "setListViews")).toHaveLength(1));
  expect((await host.listViews({})).saved).toEqual([
    { name: "Next of Co", filter: "co", state: null, sort: "nextRotation", descending: false, hidden: [] },
  ]);
  await user.clear(screen.getByTestId("organizations-filter"));
  await user.click(screen.getByRole("button", { name: "Name" }));
  await screen.findByText("Adventure Works");
  await user.click(screen.getByTestId("views"));
  await user.click(await screen.findByTestId("saved-view"));
  await waitFor(() => expect(screen.getByTestId<HTMLInputElement>("organizations-filter").value).toBe("co"));
  await waitFor(() => expect(screen.queryByText("Adventure Works")).toBeNull());
  expect(screen.getByRole("columnheader", { name: "Next rotation" }).getAttribute("aria-sort")).toBe("ascending");
  await user.click(screen.getByTestId("views"));
  await user.click(await screen.findByRole("button", { name: "Remove the view Next of Co" }));
  await waitFor(async () => expect((await host.listViews({})).saved).toEqual([]));
});

test("a list is exported as it is filtered, and a selection alone", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await select(user, "Adventure Works", "Alpine Ski House");
  await user.click(screen.getByTestId("export-selected"));
  await screen.findByText("2 rows written to /home/ada/Chosen folder/organizations.csv");
  await user.type(screen.getByTestId("organizations-filter"), "con");
  await waitFor(() => expect(screen.queryByText("Adventure Works")).toBeNull());
  await user.click(screen.getByTestId("export-csv"));
  await waitFor(() => expect(asked(host, "export")).toHaveLength(2));
  const [selection, filtered] = asked(host, "export") as { list: { filter: string; only: string[] } }[];
  expect(selection?.list.only).toHaveLength(2);
  expect(selection?.list.filter).toBe("");
  expect(filtered?.list).toMatchObject({ filter: "con", only: [] });
});

test("an incident begins with the organizations that were ticked, and with them alone", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await select(user, "Adventure Works", "Fabrikam");
  await user.click(screen.getByTestId("incident-selected"));
  expect(await screen.findByRole("radio", { name: /The chosen organizations/, checked: true })).toBeTruthy();
  await user.type(screen.getByTestId("incident-reason"), "A laptop is gone");
  await user.click(await screen.findByRole("button", { name: "Replace credentials of 2 organizations" }));
  await screen.findByText("A laptop is gone");
  const board = await host.incident({});
  expect(board.incident?.rows.map((row) => row.name).sort()).toEqual(["Adventure Works", "Fabrikam"]);
});

test("the schedule of a selection is changed together, and what has no LAPS is said", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await select(user, "Adventure Works", "Fourth Coffee", "Fabrikam");
  await user.click(screen.getByTestId("schedule-selected"));
  const dialog = await screen.findByRole("dialog", { name: "Change the schedule of 3 organizations" });
  const hours = within(dialog).getByTestId("schedule-hours");
  await user.clear(hours);
  await user.type(hours, "12");
  await user.click(within(dialog).getByRole("button", { name: "Change 3 organizations" }));
  await within(dialog).findByText("1 organization has no LAPS and was left as it is.");
  expect(asked(host, "setSchedule")).toEqual([
    { organizations: [expect.any(String), expect.any(String), expect.any(String)], schedule: { intervalHours: 12 } },
  ]);
  await user.click(within(dialog).getByText("Close"));
  await waitFor(() => expect(screen.queryByTestId("schedule-selected")).toBeNull());
});

test("one organization that cannot be changed holds none of the others back", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await select(user, "Adventure Works", "Fabrikam");
  const named = async (name: string) => (await host.organizations({ filter: name })).rows[0]?.id ?? "";
  await user.click(screen.getByTestId("schedule-selected"));
  const hours = await screen.findByTestId("schedule-hours");
  await user.clear(hours);
  await user.type(hours, "8760");
  // Taken out in another window meanwhile.
  await host.archiveOrganization({ organization: await named("Fabrikam"), typedName: "Fabrikam" });
  await user.click(screen.getByTestId("schedule-submit"));
  await screen.findByText("1 organization could not be changed.");
  await screen.findByText("There is no such organization.");
  const changed = await host.organization({ organization: await named("Adventure Works") });
  expect(changed.laps?.intervalHours).toBe(8760);
  act(() => host.lockNow());
  await screen.findByText("Unlock Vitrine");
});

test("a selection that could not be changed at all says so of each", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await select(user, "Adventure Works", "Fabrikam");
  host.refuseNext("setSchedule", { code: "file.disk-full", what: "The disk is full." });
  await user.click(screen.getByTestId("schedule-selected"));
  await user.click(await screen.findByTestId("schedule-submit"));
  await screen.findByText(/^2 organizations could not be changed\./);
  await screen.findByText("The disk is full.");
});
