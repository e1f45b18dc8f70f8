// What happened: asked for by person, kind and time, exported as a list or as evidence, with what is late or missing said.

import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { id } from "../host/fake/world";
import { show, violations } from "../testing/render";

const asked = (host: ReturnType<typeof show>["host"]) => host.requests.filter(({ name }) => name === "audit").at(-1)?.request;

test("lines are asked for by person, kind and time, and the address keeps the question", async () => {
  const { user, host } = show({}, "#/audit");
  await user.selectOptions(await screen.findByTestId("audit-kind"), "rotations");
  await waitFor(() => expect(screen.queryByText(/connected the tenant/)).toBeNull());
  expect(screen.getAllByText(/rotated/).length).toBeGreaterThan(0);
  await user.selectOptions(screen.getByTestId("audit-time"), "7");
  await user.selectOptions(screen.getByTestId("audit-person"), "Grace Example");
  expect(await screen.findByText("Nothing fits")).toBeTruthy();
  expect(asked(host)).toMatchObject({ filter: { kind: "rotations", person: "2".repeat(32), organization: null } });
  expect(location.hash).toContain("kind=rotations");
  expect(await violations()).toEqual([]);
  await user.click(screen.getByText("Show everything"));
  expect((await screen.findAllByText(/connected the tenant/)).length).toBeGreaterThan(0);
});

test("a line that came late and views that are missing are said", async () => {
  const { host } = show({}, "#/organizations");
  const organization = id(0);
  const before = await host.organization({ organization });
  const [line] = before.activity;
  if (line === undefined) throw new Error("no line");
  host.setOrganization(organization, { activity: [{ ...line, action: "viewed", who: "Joan Example", late: true }] });
  host.setGaps([{ who: "Joan Example", device: "0105".repeat(8), missing: 2 }]);
  location.hash = `#/audit?organization=${organization}`;
  expect(await screen.findByText("Late: its device had been shut out")).toBeTruthy();
  expect(screen.getByText("2 views on a device of Joan Example did not arrive")).toBeTruthy();
  expect(await violations()).toEqual([]);
});

test("a member's line names whom it is about", async () => {
  const { host } = show({}, "#/organizations");
  const organization = id(0);
  const before = await host.organization({ organization });
  const [line] = before.activity;
  if (line === undefined) throw new Error("no line");
  const told = { ...line, action: "memberRemoved" as const, subject: "Joan Example", note: "left the firm" };
  host.setOrganization(organization, { activity: [told] });
  location.hash = `#/audit?organization=${organization}`;
  expect(await screen.findByText("Ada Example removed Joan Example")).toBeTruthy();
});

test("what is shown is exported as a list or as evidence, with the id that verifies it beside", async () => {
  const { user, host } = show({}, "#/audit?kind=rotations");
  await user.click(await screen.findByTestId("export-evidence"));
  await waitFor(() => expect(host.asked).toContain("exportAudit"));
  const request = () => host.requests.filter(({ name }) => name === "exportAudit").at(-1)?.request;
  expect(request()).toMatchObject({ format: "json", filter: { kind: "rotations" }, path: "/home/ada/Chosen folder/audit.json" });
  await user.click(screen.getByTestId("export-audit"));
  await waitFor(() => expect(request()).toMatchObject({ format: "csv" }));
  expect(await screen.findByText("a3".repeat(32))).toBeTruthy();
});
