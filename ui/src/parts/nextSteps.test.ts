import { expect, test } from "vitest";
import { nextStepOf, nextSteps } from "./nextSteps";

/** The sources that make errors. */
const sources = import.meta.glob<string>("../../../crates/{app,entra}/src/**/*.rs", {
  query: "?raw",
  import: "default",
  eager: true,
});

test("every code with a next step is one that Rust gives", () => {
  const all = Object.values(sources).join("\n");
  expect(Object.keys(nextSteps).filter((code) => !all.includes(`"${code}"`))).toEqual([]);
});

test("what is unreachable is tried again, and what was refused is not", () => {
  const error = { what: "", holds: "", next: "", details: null, retryInMs: null };
  expect(nextStepOf({ ...error, code: "network.no-connection", class: "unreachable" })).toBe("retry");
  expect(nextStepOf({ ...error, code: "graph.password-refused", class: "refused" })).toBeUndefined();
});

/** Of people, devices, papers and the home: why no press answers what these codes say. */
const read: Readonly<Record<string, string>> = {
  "access.level": "The window offers no such level.",
  "access.organizations": "They are chosen in the list.",
  "access.own": "An owner is asked; another team is let in on the same card.",
  "devices.last": "The member is removed on the same page.",
  "devices.no-root": "Another device or an owner helps.",
  "devices.this": "Another device or an owner helps.",
  "home.address": "The field stands above it.",
  "home.is-device": "There is nothing to do.",
  "home.no-address": "A backup is restored into an empty folder, before there is a vault.",
  "home.no-proof": "There is nothing to save.",
  "home.not-a-backend": "The field stands above it; the address comes from a person.",
  "home.token": "The field stands above it; the token comes from a person.",
  "home.unsendable": "What was typed is made smaller where it was typed.",
  "home.unsigned": "It is for us to mend.",
  "join.code": "The field stands above it.",
  "join.expired": "Another code comes from a person.",
  "join.other-history": "A person is called; going on must not be one press away.",
  "join.other-root": "The other device ends this one; going on must not be one press away.",
  "join.unknown": "Never shown: the device waits.",
  "join.used": "Another code comes from a person.",
  "kit.group-wrong": "The field stands above it.",
  "kit.not-saved": "The button that saves stands above it.",
  "people.by-role": "The choice stands above it.",
  "people.compare": "The words stand above it, with the button that says they match.",
  "people.hours": "The choice stands above it.",
  "people.name": "The field stands above it.",
  "people.no-answer": "A person has to answer.",
  "people.reason": "The field stands above it.",
  "people.role": "The choice stands above it.",
  "people.staff": "The members stand above it.",
  "people.team-name": "The field stands above it.",
  "people.team-taken": "The field stands above it.",
  "people.too-many-teams": "Another team is opened from the list behind it.",
  "restore.damaged": "The file is chosen above it.",
  "restore.kit-alone": "Backend and paper are chosen above it.",
  "restore.kit-unknown": "The fields stand above it.",
  "restore.not-the-home": "The field stands above it.",
  "restore.other-history": "The field stands above it.",
  "restore.no-sheet": "The paper is chosen above it.",
  "restore.not-split": "The paper is chosen above it.",
  "restore.other-genesis": "File and paper are chosen above it.",
  "restore.other-vault": "File and paper are chosen above it.",
  "restore.reason-required": "The field stands above it.",
  "restore.refused": "The fields stand above it.",
  "restore.split": "The paper is chosen above it.",
  "restore.weak-passphrase": "The fields for another passphrase come up above it.",
  "sheet.holders": "The field stands above it.",
  "sheet.no-code": "The field stands above it.",
  "sheet.replaced": "The paper printed last is in a safe.",
  "sheet.split": "The fields stand above it.",
};

/** Tried again as all that is unreachable is. */
const unreachable = ["home.busy", "home.garbled", "home.no-answer", "home.quota", "home.refused", "home.unreachable"];

test("every code of people, devices, papers and the home has a step, or a reason why it has none", () => {
  const written = Object.entries(sources)
    .filter(([path]) => path.includes("/app/src/") && !path.includes("/tests"))
    // Failpoints have names of the same form.
    .map(([, source]) => source.replaceAll(/point!\("[^"]*"\)/g, ""))
    .join("\n");
  const family = /"((?:access|devices|home|join|kit|people|recovery|restore|sheet|teams)\.[a-z-]+)"/g;
  const given = new Set([...written.matchAll(family)].map(([, code]) => code ?? ""));
  expect(given.size).toBeGreaterThan(60);
  const answered = new Set([...Object.keys(nextSteps), ...Object.keys(read), ...unreachable]);
  expect([...given].filter((code) => !answered.has(code))).toEqual([]);
  expect([...Object.keys(read), ...unreachable].filter((code) => !given.has(code) || code in nextSteps)).toEqual([]);
});
