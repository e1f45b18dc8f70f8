// What comes up while a person looks elsewhere is said by screen readers: once, politely, and not every step of it.

import { act, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../testing/render";

const polite = () => [...document.querySelectorAll("[aria-live=polite]")].map((each) => each.textContent).join("|");

test("that somebody answered an invitation is said, in a place that was there before", async () => {
  const { host } = show({ team: true }, "#/team");
  await screen.findByText("Katherine Example");
  const before = document.querySelectorAll("[aria-live=polite]").length;
  await act(async () => {
    await host.invite({ name: "Mary Example", role: "admin", team: null, hours: 72, copy: true });
  });
  expect(polite()).not.toContain("Mary Example");
  act(() => host.answerInvitation());
  await waitFor(() => expect(polite()).toContain("Mary Example answered on Mary's laptop"));
  expect(document.querySelectorAll("[aria-live=polite]").length).toBe(before);
});

test("what is wrong with the vault itself is said on whatever screen", async () => {
  const { host } = show();
  await screen.findByText("Adventure Works");
  act(() => host.setStatus({ removed: true }));
  await waitFor(() => expect(polite()).toContain("You are no longer a member of this vault"));
});

test("of many rotations only what failed and the end are said", async () => {
  const { host } = show({ organizations: 48 }, "#/rotation");
  await screen.findByText("No rotation since the vault was unlocked");
  const heard = new Set<string>();
  const listening = new MutationObserver(() => heard.add(polite()));
  listening.observe(document.body, { subtree: true, childList: true, characterData: true });
  await act(async () => {
    await host.rotate({ scope: { kind: "due" } });
  });
  await waitFor(() => expect(polite()).toContain("Every rotation is done."));
  listening.disconnect();
  expect([...heard].filter((said) => /ea-north|Looking|Asking/.test(said))).toEqual([]);
});

test("an incident with many blocked organizations does not shout each of them", async () => {
  const { host } = show({ organizations: 48 }, "#/incident");
  await screen.findByText("What may be known");
  await act(async () => {
    await host.beginIncident({ scope: { kind: "everything" }, reason: "A laptop was stolen" });
  });
  await screen.findAllByText("Microsoft refused: the connection lacks a role.");
  expect(screen.queryAllByRole("alert")).toEqual([]);
  await waitFor(() => expect(polite()).toContain("Blocked (1)"));
});
