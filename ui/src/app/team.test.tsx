// Sharing the vault: who is in it, inviting and comparing words, what the removal of somebody means, joining from the other
// side, and what a screen offers to whom.

import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { FakeHost, FakeOptions } from "../host/fake";
import { id } from "../host/fake/world";
import { show, violations } from "../testing/render";

const contoso = id(0);
const notConnected = id(9);
const code = "vitrine-invitation-1.dGhpcyBpcyBhIGNvZGU";
const passphrase = "velvet orbit canyon thimble";
const member = (number: number) => `#/team/${number.toString(16).padStart(4, "0").repeat(8)}`;

// The team is a piece of its own, loaded when it is opened first.
async function team(options: FakeOptions = {}, hash = "#/team") {
  const shown = show({ team: true, ...options }, hash);
  await screen.findByRole("table");
  return shown;
}

async function aMember(number: number, options: FakeOptions = {}) {
  const shown = show({ team: true, ...options }, member(number));
  await screen.findByTestId("member-title");
  return shown;
}

const row = (name: string) =>
  screen.getAllByTestId("member").find((each) => each.dataset.name === name) ?? document.createElement("tr");

/** What a person could read, without the styles that stand in the body too. */
const readable = () => {
  const copy = document.body.cloneNode(true) as HTMLElement;
  for (const style of copy.querySelectorAll("style")) style.remove();
  return copy.textContent;
};

test("the team is reached from the sidebar by keyboard, and lists everybody with the removed ones last", async () => {
  const { user } = show({ team: true });
  (await screen.findByTestId("nav-team")).focus();
  await user.keyboard("{Enter}");
  await screen.findByRole("table");
  expect(screen.getAllByTestId("member").map((each) => each.dataset.name)).toEqual([
    "Ada Example",
    "Grace Example",
    "Katherine Example",
    "Night rotator",
    "Joan Example",
  ]);
  expect(within(row("Ada Example")).getByText("You")).toBeTruthy();
  expect(row("Grace Example").textContent).toMatch(/AdminActive1Words compared/);
  expect(within(row("Joan Example")).getByText("Removed")).toBeTruthy();
  // A device that was shut out does not count.
  expect(row("Ada Example").textContent).toMatch(/OwnerActive1Founder/);
});

test("until the people are known their place is kept, and what cannot be read says so and is read again", async () => {
  const { host, user } = show({ team: true });
  await screen.findByText("Adventure Works");
  host.refuseNext("people", { code: "store.busy", what: "The store is busy.", class: "machine" });
  await user.click(screen.getByTestId("nav-team"));
  expect(await screen.findByText("The store is busy.")).toBeTruthy();
  expect(screen.queryByTestId("member")).toBeNull();
  expect(await violations()).toEqual([]);
  act(() => host.setStatus({}));
  expect(await screen.findByRole("table")).toBeTruthy();
  expect(screen.queryByText("The store is busy.")).toBeNull();
});

test("while the people are being read a skeleton stands in their place", async () => {
  const { host, user } = show({ team: true });
  await screen.findByText("Adventure Works");
  host.people = () => new Promise(() => {});
  await user.click(screen.getByTestId("nav-team"));
  expect(await screen.findByRole("status", { name: "Loading" })).toBeTruthy();
  expect(screen.getByRole("heading", { name: "Team" })).toBeTruthy();
});

test("without a backend nobody can be invited, and the way leads to the home in the settings", async () => {
  const { user } = show({}, "#/team");
  expect(await screen.findByText("Sharing needs a backend")).toBeTruthy();
  expect(screen.queryByTestId("invite")).toBeNull();
  expect(screen.getByText("Ada Example")).toBeTruthy();
  await user.click(screen.getByTestId("team-home"));
  expect(await screen.findByTestId("home-begin")).toBeTruthy();
});

test("a team whose home was brought back to a device still stands there, and says why nobody can be invited", async () => {
  const { user, host } = await team({ shared: false });
  expect(screen.getByTestId("team-not-shared")).toBeTruthy();
  expect(screen.getByTestId("invite").getAttribute("aria-disabled")).toBe("true");
  await user.click(screen.getByTestId("invite"));
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(host.asked).not.toContain("invite");
});

test("whoever is alone is urged to invite a second admin, and a firm with one admin is warned quietly", async () => {
  const { host, user } = show({ shared: true }, "#/team");
  expect(await screen.findByText("You are the only person in this vault")).toBeTruthy();
  expect(screen.queryByTestId("one-admin")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Invite a second admin" }));
  expect(await screen.findByText("Invite somebody to the team")).toBeTruthy();
  await user.keyboard("{Escape}");
  const { members } = await host.people({});
  act(() =>
    host.setPeople({
      members: [
        ...members,
        { ...members[0], id: "b", name: "Katherine Example", role: "technician", you: false } as (typeof members)[0],
      ],
    }),
  );
  expect(await screen.findByTestId("one-admin")).toBeTruthy();
  expect(screen.getByText(/While Ada Example is away/)).toBeTruthy();
});

test("a firm with a second admin is not warned", async () => {
  await team();
  expect(screen.queryByTestId("one-admin")).toBeNull();
});

test("an invitation goes to the clipboard and never into the window, for as long as was chosen", async () => {
  const { host, user } = await team();
  await user.click(screen.getByTestId("invite"));
  await user.type(await screen.findByTestId("invite-name"), "Mary Example");
  await user.click(screen.getByTestId("invite-technician"));
  await user.click(screen.getByRole("radio", { name: "1 day" }));
  await user.click(screen.getByTestId("invite-submit"));
  expect(await screen.findByText("The invitation is on the clipboard")).toBeTruthy();
  expect(screen.getByText(/withdraw the invitation and invite again/)).toBeTruthy();
  expect(host.requests.find(({ name }) => name === "invite")?.request).toEqual({
    name: "Mary Example",
    role: "technician",
    team: null,
    hours: 24,
    copy: true,
  });
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("invited-done"));
  expect(await screen.findByText("Waiting for an answer")).toBeTruthy();
});

test("nobody is invited without a name, and what Rust refuses is told with what was typed still there", async () => {
  const { host, user } = await team({}, "#/team?open=invite");
  const submit = await screen.findByTestId("invite-submit");
  expect(submit.getAttribute("aria-disabled")).toBe("true");
  await user.click(submit);
  expect(host.asked).not.toContain("invite");
  await user.type(screen.getByTestId("invite-name"), "Mary Example");
  host.refuseNext("invite", { code: "clipboard.unavailable", what: "The clipboard does not answer." });
  await user.click(submit);
  expect(await screen.findByText("The clipboard does not answer.")).toBeTruthy();
  expect(screen.getByTestId<HTMLInputElement>("invite-name").value).toBe("Mary Example");
});

async function answered(role: "admin" | "technician" | "rotator", as?: string) {
  const shown = await team();
  await act(async () => {
    await shown.host.invite({ name: "Mary Example", role, hours: 72, copy: true });
    shown.host.answerInvitation(as);
  });
  await screen.findByTestId("compared-words");
  return shown;
}

const approvals = (host: FakeHost) =>
  host.requests.filter(({ name }) => name === "approveMember").map(({ request }) => request);

test("an answer shows eight numbered words, and an admin is added only after they were compared", async () => {
  const { host, user } = await answered("admin");
  const words = within(screen.getByTestId("compared-words")).getAllByRole("listitem");
  expect(words.map((each) => each.textContent)).toEqual([
    "1 velvet",
    "2 orbit",
    "3 canyon",
    "4 thimble",
    "5 rustic",
    "6 meadow",
    "7 lantern",
    "8 copper",
  ]);
  expect(screen.getByText("Compare these words with Mary Example, by phone or side by side.")).toBeTruthy();
  expect(screen.queryByTestId("approve-uncompared")).toBeNull();
  await user.click(screen.getByRole("button", { name: "They match: add Mary Example" }));
  await waitFor(() => expect(row("Mary Example").dataset.standing).toBeDefined());
  expect(approvals(host)).toEqual([{ invitation: expect.any(String) as string, compared: true }]);
  expect(screen.queryByTestId("compared-words")).toBeNull();
});

test.each(["technician", "rotator"] as const)("a %s may be added without comparing, which the list then says", async (role) => {
  const { host, user } = await answered(role);
  await user.click(screen.getByTestId("approve-uncompared"));
  await waitFor(() => expect(row("Mary Example").textContent).toContain("By invitation alone"));
  expect(approvals(host)).toEqual([{ invitation: expect.any(String) as string, compared: false }]);
});

test("whoever calls itself otherwise than was invited is shown with both names", async () => {
  await answered("technician", "Mallory Example");
  expect(screen.getByRole("heading", { name: /Mallory Example answered on/ })).toBeTruthy();
  expect(screen.getByText(/You invited Mary Example, and the answer gives another name/)).toBeTruthy();
  // Whom to call is the person that is known.
  expect(screen.getByText("Compare these words with Mary Example, by phone or side by side.")).toBeTruthy();
});

test("an invitation is withdrawn by name, and its answer with it", async () => {
  const { user } = await answered("admin");
  await user.click(screen.getByRole("button", { name: "Withdraw the invitation of Mary Example" }));
  expect(await screen.findByText(/Its code is of no use any more/)).toBeTruthy();
  await waitFor(() => expect(screen.queryByTestId("invitation")).toBeNull());
});

test("a refused approval says so at the invitation, which stays", async () => {
  const { host, user } = await answered("admin");
  host.refuseNext("approveMember", { code: "home.unreachable", what: "The backend did not answer.", class: "unreachable" });
  await user.click(screen.getByTestId("approve-compared"));
  expect(await screen.findByText("The backend did not answer.")).toBeTruthy();
  expect(screen.getByTestId("compared-words")).toBeTruthy();
});

test("while the backend is not reached people are shown as of then, and changing them says why it waits", async () => {
  const { host } = await answered("admin");
  act(() =>
    host.setBackend({
      problem: {
        code: "home.unreachable",
        what: "The backend did not answer.",
        holds: "",
        next: "Try again.",
        details: null,
        retryInMs: null,
        class: "unreachable",
      },
    }),
  );
  expect(await screen.findByText(/^As of /)).toBeTruthy();
  for (const control of ["invite", "approve-compared", "withdraw"])
    expect(screen.getByTestId(control).getAttribute("aria-disabled")).toBe("true");
  expect(screen.getByText("Katherine Example")).toBeTruthy();
});

test("a second owner approves what is theirs to approve, and is told what is not", async () => {
  const { host, user } = await team();
  act(() =>
    host.setPeople({
      pending: [
        { id: "p1", change: "removeOwner", subject: "Grace Example", by: "Lin Example", yours: true },
        { id: "p2", change: "recovery", subject: null, by: "Ada Example", yours: false },
      ],
    }),
  );
  expect(await screen.findByText("Lin Example asks to remove Grace Example, who is an owner")).toBeTruthy();
  expect(screen.getByText("Ada Example asks to change how the firm is recovered")).toBeTruthy();
  expect(screen.getByText("Another owner has to approve")).toBeTruthy();
  expect(await violations()).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Approve: remove Grace Example" }));
  await waitFor(() => expect(screen.queryByText(/Lin Example asks/)).toBeNull());
  expect(host.requests.find(({ name }) => name === "approveChange")?.request).toEqual({ change: "p1" });
});

test("a team is made with some of the people, and whoever leaves it is said to lose what it opens", async () => {
  const { host, user } = await team();
  await user.click(await screen.findByTestId("make-team"));
  await user.type(await screen.findByTestId("team-name"), "Night");
  await user.click(screen.getByLabelText("Katherine Example"));
  await user.click(screen.getByTestId("team-save"));
  const made = await screen.findByText("Night");
  expect(host.requests.find(({ name }) => name === "makeTeam")?.request).toMatchObject({ name: "Night" });
  await user.click(made);
  await user.click(await screen.findByLabelText("Katherine Example"));
  expect(screen.getByText("1 person loses this team's organizations")).toBeTruthy();
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("team-save"));
  await waitFor(() => expect(host.requests.some(({ name }) => name === "changeTeam")).toBe(true));
  expect(host.requests.find(({ name }) => name === "changeTeam")?.request).toMatchObject({ name: null, add: [] });
  await user.click(await screen.findByText("Night"));
  await user.click(await screen.findByTestId("remove-team"));
  await user.click(screen.getByTestId("remove-team-go"));
  await waitFor(() => expect(screen.queryByText("Night")).toBeNull());
});

test("keys that somebody still holds are told until there are new ones", async () => {
  const { host } = await team();
  act(() => host.setPeople({ keysLeft: 6 }));
  expect(await screen.findByText(/6 organizations still have keys/)).toBeTruthy();
  act(() => host.setPeople({ keysLeft: 0 }));
  await waitFor(() => expect(screen.queryByTestId("keys-left")).toBeNull());
});

test("a member's page tells devices and how the keys were verified, and a technician is made an admin", async () => {
  const { host, user } = await aMember(3);
  expect(screen.getByText("Katherine's laptop")).toBeTruthy();
  expect(screen.getByText(/Nobody compared words/)).toBeTruthy();
  expect(screen.getByTestId("change-role").getAttribute("aria-disabled")).toBe("true");
  await user.click(screen.getByTestId("role-admin"));
  await user.click(screen.getByRole("button", { name: "Make Katherine Example an admin" }));
  expect(await screen.findByText("Katherine Example is an admin now.")).toBeTruthy();
  expect(host.requests.find(({ name }) => name === "setRole")?.request).toMatchObject({ role: "admin" });
});

test("an owner who is to be one no more stays one until a second owner approves", async () => {
  const { host, user } = await aMember(2);
  const { members } = await host.people({});
  act(() => host.setPeople({ members: members.map((each) => (each.you ? each : { ...each, role: "owner" })) }));
  await waitFor(() => expect(screen.getByTestId<HTMLInputElement>("role-owner").checked).toBe(true));
  await user.click(screen.getByTestId("role-technician"));
  await user.click(screen.getByTestId("change-role"));
  expect(await screen.findByText(/Until then nothing changes for Grace Example/)).toBeTruthy();
});

test("nobody changes or removes itself, an admin no owner, and a machine has no other role", async () => {
  const own = await aMember(1);
  expect(screen.getByText(/changed by another owner or admin/)).toBeTruthy();
  expect(screen.queryByTestId("remove-member")).toBeNull();
  own.view.unmount();
  const owner = await aMember(2, { role: "admin" });
  expect(screen.getByText("Only an owner can change or remove an owner.")).toBeTruthy();
  expect(screen.queryByTestId("remove-member")).toBeNull();
  owner.view.unmount();
  await aMember(4);
  expect(screen.queryByTestId("change-role")).toBeNull();
  expect(screen.getByTestId("remove-member")).toBeTruthy();
});

test("a removal says what will be replaced, asks why, and leads to what is left", async () => {
  const { host, user } = await aMember(2);
  await user.click(screen.getByTestId("remove-member"));
  expect((await screen.findByTestId("remove-meaning")).textContent).toBe(
    "22 passwords in 12 organizations will be rotated and 11 certificates replaced.",
  );
  expect(await violations()).toEqual([]);
  const submit = screen.getByRole("button", { name: "Remove Grace Example, rotate 22 passwords" });
  await user.click(submit);
  expect(host.asked).not.toContain("removeMember");
  await user.type(screen.getByTestId("remove-reason"), "Left the firm");
  await user.click(submit);
  expect(await screen.findByText("Grace Example was removed")).toBeTruthy();
  expect(host.requests.find(({ name }) => name === "removeMember")?.request).toMatchObject({ reason: "Left the firm" });
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("removed-incident"));
  expect(await screen.findByTestId("incident-left")).toBeTruthy();
  expect(screen.getByText("Left the firm")).toBeTruthy();
});

test("where there is one, the removal speaks of one", async () => {
  const { user } = await aMember(2, { organizations: 1 });
  await user.click(screen.getByTestId("remove-member"));
  expect((await screen.findByTestId("remove-meaning")).textContent).toBe(
    "2 passwords in 1 organization will be rotated and 1 certificate replaced.",
  );
});

test("what a removal means is not guessed: without an answer nothing can be removed", async () => {
  const { host, user } = await aMember(2);
  host.refuseNext("removal", { code: "store.busy", what: "The store is busy." });
  await user.click(screen.getByTestId("remove-member"));
  expect(await screen.findByText("The store is busy.")).toBeTruthy();
  await user.type(screen.getByTestId("remove-reason"), "Left the firm");
  await user.click(screen.getByTestId("remove-submit"));
  expect(host.asked).not.toContain("removeMember");
});

test("removing an owner is asked for first, and nothing is said to be done", async () => {
  const { host, user } = await aMember(2);
  const { members } = await host.people({});
  act(() => host.setPeople({ members: members.map((each) => (each.you ? each : { ...each, role: "owner" })) }));
  await user.click(screen.getByTestId("remove-member"));
  await screen.findByText("A second owner has to approve");
  await user.type(screen.getByTestId("remove-reason"), "Left the firm");
  await user.click(screen.getByRole("button", { name: "Ask to remove Grace Example" }));
  expect(await screen.findByText("Waiting for a second owner")).toBeTruthy();
  expect(screen.queryByTestId("removed-incident")).toBeNull();
});

test("a person who is not in the vault has a page that says so", async () => {
  show({ team: true }, "#/team/ff");
  expect(await screen.findByText("This person is not in the vault")).toBeTruthy();
});

async function joinForm(options: FakeOptions = {}) {
  const shown = show({ phase: "noVault", organizations: 0, ...options }, "");
  await shown.user.click(await screen.findByTestId("first-join"));
  fireEvent.change(screen.getByTestId("join-code"), { target: { value: code } });
  await shown.user.type(screen.getByTestId("join-person"), "Mary Example");
  fireEvent.change(screen.getByTestId("join-passphrase"), { target: { value: passphrase } });
  fireEvent.change(screen.getByTestId("join-repeat"), { target: { value: passphrase } });
  return shown;
}

test("a team is joined by a code, which is then nowhere, and the page waits with the eight words until it goes on", async () => {
  const { host, user } = await joinForm();
  await screen.findByText("Very strong.");
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("join-submit"));
  expect(await screen.findByText("Waiting for Grace Example to add you to Northwind IT")).toBeTruthy();
  expect(within(screen.getByTestId("compared-words")).getAllByRole("listitem")).toHaveLength(8);
  expect(screen.getByText(/Your role will be: Technician/)).toBeTruthy();
  expect(document.documentElement.outerHTML).not.toContain(code);
  expect(host.requests.find(({ name }) => name === "join")?.request).toBeNull();
  expect(JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), location.href])).not.toContain(code);
  act(() => host.addMe());
  expect(await screen.findByTestId("nav-team")).toBeTruthy();
});

test("what is no invitation is refused in words, and can be corrected without typing the rest again", async () => {
  const { host, user } = await joinForm();
  fireEvent.change(screen.getByTestId("join-code"), { target: { value: "something else" } });
  await screen.findByText("Very strong.");
  await user.click(screen.getByTestId("join-submit"));
  expect(await screen.findByText("This is not an invitation.")).toBeTruthy();
  expect(screen.getByTestId<HTMLInputElement>("join-person").value).toBe("Mary Example");
  expect(host.asked).toContain("join");
});

test("without a keychain nobody joins before the file was accepted", async () => {
  const { host, user } = await joinForm({ keychain: false });
  await screen.findByText("Very strong.");
  await user.click(screen.getByTestId("join-submit"));
  expect(host.asked).not.toContain("join");
  await user.click(screen.getByTestId("join-accept-file"));
  await user.click(screen.getByTestId("join-submit"));
  expect(await screen.findByTestId("joining")).toBeTruthy();
});

test("whoever waits sees what was wrong, and can give up after being asked", async () => {
  const { host, user } = show({ phase: "joining", organizations: 0 });
  await screen.findByTestId("joining");
  const { joining } = await host.status({});
  if (joining === null) throw new Error("it is joining");
  act(() =>
    host.setStatus({
      joining: {
        ...joining,
        problem: {
          code: "home.unreachable",
          what: "The backend did not answer.",
          holds: "",
          next: "It is asked again by itself.",
          details: null,
          retryInMs: null,
          class: "unreachable",
        },
      },
    }),
  );
  expect(await screen.findByText("The backend did not answer.")).toBeTruthy();
  await user.click(screen.getByTestId("cancel-join"));
  expect(await screen.findByText("Cancel joining Northwind IT?")).toBeTruthy();
  expect(host.asked).not.toContain("cancelJoin");
  await user.click(screen.getByTestId("cancel-join-yes"));
  expect(await screen.findByText("Welcome to Vitrine")).toBeTruthy();
});

test("the words of whoever waits leave the screen at lock and are there again after it", async () => {
  const { host, user } = show({ phase: "joining", organizations: 0 });
  await screen.findByTestId("joining");
  act(() => host.lockNow());
  await screen.findByText("Unlock Vitrine");
  expect(readable()).not.toMatch(/velvet|Grace|Northwind/);
  await user.keyboard("correct horse{Enter}");
  expect(await screen.findByTestId("joining")).toBeTruthy();
});

test("quick access opens nothing before this device was added, and says where to look", async () => {
  show({ phase: "joining", organizations: 0 }, "#/quick");
  expect(await screen.findByText("You are not added yet")).toBeTruthy();
  expect(await violations()).toEqual([]);
});

test("a technician sees the team without controls, and whom to ask", async () => {
  await team({ role: "technician" });
  expect(screen.queryByTestId("invite")).toBeNull();
  expect(screen.getByText("Ask Grace Example.")).toBeTruthy();
});

test("a technician's page of a member has nothing to change", async () => {
  await aMember(3, { role: "technician" });
  expect(screen.queryByTestId("remove-member")).toBeNull();
  expect(screen.queryByTestId("change-role")).toBeNull();
});

test("a technician adds no organization", async () => {
  show({ role: "technician" }, "#/organizations?open=add");
  await screen.findByText("Adventure Works");
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(screen.queryByTestId("add-organization")).toBeNull();
  expect(screen.queryByTestId("import-csv")).toBeNull();
});

test("a technician connects no tenant, and the button says who can", async () => {
  const { user } = show({ role: "technician" }, `#/organizations/${notConnected}`);
  const connect = await screen.findByTestId("connect-tenant");
  expect(connect.getAttribute("aria-disabled")).toBe("true");
  await user.hover(connect);
  expect(await screen.findByText("An owner or an admin can do this.")).toBeTruthy();
});

test("a technician views and rotates", async () => {
  const { host, user } = show({ role: "technician" }, `#/organizations/${contoso}`);
  const view = await screen.findByTestId("view-credentials");
  expect(view.getAttribute("aria-disabled")).toBeNull();
  await user.click(screen.getByTestId("rotate-now"));
  await waitFor(() => expect(host.asked).toContain("rotate"));
});

test("a technician begins no incident, and sees one that was begun", async () => {
  const { host } = show({ role: "technician" }, "#/incident");
  expect(await screen.findByText("Your role does not allow this")).toBeTruthy();
  expect(screen.queryByTestId("incident-begin")).toBeNull();
  await act(() => host.beginIncident({ scope: { kind: "everything" }, reason: "A laptop was stolen" }));
  expect(await screen.findByTestId("incident-left")).toBeTruthy();
  expect(screen.getByTestId("incident-end").getAttribute("aria-disabled")).toBe("true");
});

test("the palette offers a technician no act that would be refused", async () => {
  const { user } = show({ role: "technician" });
  await screen.findByText("Adventure Works");
  await user.click(screen.getByTestId("open-palette"));
  await screen.findByText("Team: people and devices");
  expect(screen.queryByText("Invite a person")).toBeNull();
  expect(screen.queryByText("Save safe sheet")).toBeNull();
});

test("an admin does what an owner does, but for the home and the safe sheet", async () => {
  show({ role: "admin" }, "#/settings");
  expect((await screen.findByTestId("home-begin")).getAttribute("aria-disabled")).toBe("true");
  expect(screen.getByRole("button", { name: "Save safe sheet…" }).getAttribute("aria-disabled")).toBe("true");
  expect(screen.getByRole("button", { name: "Save recovery kit…" }).getAttribute("aria-disabled")).toBeNull();
});

test("whoever shows nothing views nothing: an auditor and a rotator have no credentials to open", async () => {
  for (const role of ["auditor", "rotator"] as const) {
    const { host, user, view } = show({ role }, `#/organizations/${contoso}`);
    const button = await screen.findByTestId("view-credentials");
    expect(button.getAttribute("aria-disabled")).toBe("true");
    await user.click(button);
    expect(host.asked).not.toContain("openReveal");
    view.unmount();
  }
});

test("a technician's set-up holds only what a technician can do", async () => {
  const { host } = show({ role: "technician", organizations: 0 }, "#/start");
  await screen.findByText(/of \d done/);
  const status = await host.status({});
  expect(status.onboarding?.organizationExists).toBe(false);
  expect(screen.queryByTestId("start-step-organization")).toBeNull();
  expect(screen.queryByTestId("start-step-connect")).toBeNull();
  expect(screen.getByTestId("start-step-kit")).toBeTruthy();
});

test("whoever was removed is told on every screen", async () => {
  const { host } = show();
  await screen.findByText("Adventure Works");
  act(() => host.setStatus({ role: null }));
  expect(await screen.findByText("You are no longer a member of this vault")).toBeTruthy();
});

test("an incident covers what one person can read, once somebody was chosen", async () => {
  const { host, user } = show({ team: true }, "#/incident");
  await user.click(await screen.findByTestId("incident-person"));
  await user.type(screen.getByTestId("incident-reason"), "A phone with a passphrase was found open");
  expect(screen.getByTestId("incident-begin").getAttribute("aria-disabled")).toBe("true");
  const { members } = await host.people({});
  await user.selectOptions(screen.getByTestId("incident-member"), members[1]?.id ?? "");
  await waitFor(() => expect(screen.getByTestId("incident-begin").getAttribute("aria-disabled")).not.toBe("true"));
  await user.click(screen.getByTestId("incident-begin"));
  await waitFor(async () =>
    expect((await host.incident({})).incident?.scope).toEqual({ kind: "person", member: members[1]?.id }),
  );
});
