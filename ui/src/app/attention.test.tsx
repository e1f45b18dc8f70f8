// The attention inbox: what stands in it, the press that answers it, and what a snooze hides.

import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ProblemView } from "../host";
import type { FakeHost } from "../host/fake";
import { id } from "../host/fake/world";
import { show, violations } from "../testing/render";

const contoso = id(0);
const unclear = id(6);

const rows = () => screen.queryAllByTestId("problem");
const kinds = () => rows().map((row) => row.dataset.kind);
const row = (kind: string) => {
  const found = rows().find((each) => each.dataset.kind === kind);
  if (found === undefined) throw new Error(`no problem of kind ${kind}`);
  return within(found);
};
const count = () => screen.getByTestId("nav-attention").textContent;
const asked = (host: FakeHost, name: string) => host.requests.filter((each) => each.name === name).map((each) => each.request);

const refused = {
  code: "graph.permission-or-role-missing",
  what: "Microsoft refused.",
  holds: "The stored password still works.",
  next: "Connect the tenant again.",
  details: "403",
  retryInMs: null,
  class: "refused" as const,
};

/** The inbox with the unclear account of the fleet and Contoso's, which was changed outside. */
async function inbox() {
  const shown = show({ organizations: 8 }, "#/attention");
  await screen.findAllByTestId("problem");
  act(() => shown.host.setAccount(contoso, { state: "changedOutside", repairable: true }));
  await waitFor(() => expect(kinds()).toContain("changedOutside"));
  return shown;
}

test("a fleet that is well needs nobody, and the sidebar counts nothing", async () => {
  show({ organizations: 3 }, "#/attention");
  await screen.findByText("Nothing needs you.");
  expect(count()).toBe("Attention");
});

test("a problem is told with its organization, account, beginning and next step", async () => {
  await inbox();
  const changed = row("changedOutside");
  changed.getByText("Contoso");
  changed.getByText("ea-north@contoso.onmicrosoft.com");
  changed.getByText("The password was changed outside Vitrine, or this vault is behind.");
  changed.getByText(/Ask who changed it/);
  const since = changed.getByText(/ago|just now/);
  expect(since.getAttribute("datetime")).toMatch(/^\d{4}-/);
  changed.getByRole("button", { name: "Repair: ea-north@contoso.onmicrosoft.com" });
  expect(count()).toContain("2 problems need you");
});

test("its step repairs, checks, or leads to where the answer is", async () => {
  const { host, user } = await inbox();
  const account = (await host.organization({ organization: contoso })).accounts[0]?.id;
  await user.click(row("unclear").getByTestId("problem-step"));
  await waitFor(() => expect(asked(host, "rotate")).toMatchObject([{ scope: { kind: "account", organization: unclear } }]));
  await user.click(row("changedOutside").getByTestId("problem-step"));
  await waitFor(() => expect(asked(host, "repairAccount")).toEqual([{ organization: contoso, account }]));
  // A failure whose code has an answer of its own leads to that.
  act(() => host.setAccount(contoso, { state: "fresh", repairable: false, problem: refused }));
  await waitFor(() => expect(kinds()).toContain("failing"));
  await user.click(row("failing").getByRole("button", { name: /^Connect again/ }));
  await waitFor(() => expect(location.hash).toContain(`${contoso}/connect`));
});

test("an act that is refused says why in its line, with the way on", async () => {
  const { host, user } = await inbox();
  host.refuseNext("repairAccount", { ...refused, code: "laps.sign-in-needed" });
  await user.click(row("changedOutside").getByTestId("problem-step"));
  await user.click(await row("changedOutside").findByRole("button", { name: "Sign in as an admin" }));
  await waitFor(() => expect(location.hash).toContain("purpose=accounts"));
});

test("a rotation that settles takes its line away without a click", async () => {
  const { host } = await inbox();
  const account = (await host.organization({ organization: unclear })).accounts[0]?.id ?? "";
  await act(() => host.rotate({ scope: { kind: "account", organization: unclear, account } }));
  await waitFor(() => expect(kinds()).toEqual(["changedOutside"]));
  expect(count()).toContain("1 problem needs you");
});

test("by keyboard a problem is put aside, found under snoozed, and brought back", async () => {
  const { host, user } = await inbox();
  act(() => row("changedOutside").getByTestId("problem-snooze").focus());
  await user.keyboard("{Enter}");
  const choice = await screen.findByTestId("snooze-hour");
  await waitFor(() => expect(document.activeElement).toBe(choice));
  expect(await violations()).toEqual([]);
  await user.keyboard("{Tab}{Enter}");
  await waitFor(() => expect(kinds()).toEqual(["unclear"]));
  expect(asked(host, "snoozeProblem")).toMatchObject([{ until: "tomorrow" }]);
  expect(count()).toContain("1 problem needs you");
  act(() => screen.getByTestId("attention-snoozed").focus());
  await user.keyboard("{Enter}");
  await waitFor(() => expect(kinds()).toEqual(["changedOutside"]));
  expect(location.hash).toContain("snoozed=true");
  row("changedOutside").getByText(/^until /);
  act(() => row("changedOutside").getByTestId("problem-wake").focus());
  await user.keyboard("{Enter}");
  await screen.findByText("Nothing is snoozed.");
  await user.click(screen.getByRole("button", { name: "Open problems" }));
  await waitFor(() => expect(kinds()).toHaveLength(2));
});

test("a snooze hides no other problem of the same account, and none that returned", async () => {
  const { host, user } = await inbox();
  const put = async (kind: string) => {
    await user.click(row(kind).getByTestId("problem-snooze"));
    await user.click(await screen.findByTestId("snooze-fixed"));
    await waitFor(() => expect(kinds()).not.toContain(kind));
  };
  await put("changedOutside");
  act(() => host.setAccount(contoso, { state: "disabled", repairable: true }));
  await waitFor(() => expect(kinds()).toContain("disabled"));
  act(() => host.setAccount(contoso, { state: "fresh" }));
  await waitFor(() => expect(kinds()).toEqual(["unclear"]));
  act(() => host.setAccount(contoso, { state: "changedOutside" }));
  await waitFor(() => expect(kinds()).toContain("changedOutside"));
});

test("the filter finds by name, and says when nothing matches", async () => {
  const { user } = await inbox();
  await user.keyboard("/");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("attention-filter")));
  await user.keyboard("conto");
  await waitFor(() => expect(kinds()).toEqual(["changedOutside"]));
  expect(count()).toContain("2 problems need you");
  await user.keyboard("xyz");
  await screen.findByText("Nothing matches");
  await user.click(screen.getByRole("button", { name: "Clear filter" }));
  await waitFor(() => expect(kinds()).toHaveLength(2));
});

test("a hundred problems are shown, and the rest on demand", async () => {
  const { user } = show({ organizations: 2_000 }, "#/attention");
  await waitFor(() => expect(rows()).toHaveLength(100));
  await user.click(screen.getByTestId("more-problems"));
  await waitFor(() => expect(rows().length).toBeGreaterThan(150));
}, 20_000);

test("while rotation is paused what is overdue is one line, and its press lets it go on", async () => {
  const { host, user } = show({}, "#/attention");
  await screen.findAllByTestId("problem");
  await act(() => host.pauseRotation({ paused: true }));
  await waitFor(() => expect(kinds()).toContain("overdue"));
  row("overdue").getByText("Several organizations");
  await user.click(row("overdue").getByRole("button", { name: /^Resume rotation/ }));
  await waitFor(() => expect(kinds()).not.toContain("overdue"));
});

test("while Microsoft is not reached what needs it says why it waits", async () => {
  const { host, user } = await inbox();
  const now = Date.now();
  act(() =>
    host.setStatus({ network: { answeredAt: now - 600_000, unreachableSince: now - 60_000, triedAt: now - 1_000 } }),
  );
  await screen.findByText(/^As of /);
  await user.click(row("changedOutside").getByTestId("problem-step"));
  expect(host.asked).not.toContain("repairAccount");
});

test("a list that cannot be read says so and is read again", async () => {
  const { host, user } = show({ organizations: 3 }, "#/organizations");
  await screen.findByText("Contoso");
  host.refuseNext("attention", { ...refused, class: "unreachable", code: "test.away" });
  await user.click(screen.getByTestId("nav-attention"));
  await user.click(await screen.findByRole("button", { name: "Try again" }));
  await screen.findByText("Nothing needs you.");
});

test("the palette and the rotation screen lead here, and here leads back", async () => {
  const { host, user } = show();
  await screen.findByText("Adventure Works");
  await user.click(screen.getByTestId("open-palette"));
  await user.type(await screen.findByRole("textbox", { name: "Commands and organizations" }), "attention");
  await user.click(await screen.findByText("Attention: what needs you"));
  await screen.findByRole("heading", { name: "Attention" });
  await user.click(screen.getByTestId("to-rotation"));
  await screen.findByRole("heading", { name: "Rotation" });
  act(() => host.lockNow());
  await screen.findByText("Unlock Vitrine");
  expect(document.body.textContent).not.toMatch(/problems? needs? you/);
});

test("details are copied without a secret among them", async () => {
  const { host, user } = await inbox();
  const problem = (await host.attention({})).problems.find((each: ProblemView) => each.kind === "changedOutside");
  await user.click(row("changedOutside").getByRole("button", { name: /^Copy details: / }));
  await waitFor(() => expect(host.copied).toHaveLength(1));
  expect(host.copied[0]).toContain(problem?.error.code);
});
