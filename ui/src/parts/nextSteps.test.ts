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
