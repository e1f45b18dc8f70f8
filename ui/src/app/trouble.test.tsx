// The window that stands in the place of the main one where the program could not start.

import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import type { TroubleView } from "../host";
import { show, violations } from "../testing/render";

const malformed: TroubleView = {
  held: false,
  error: {
    code: "config.malformed",
    what: "Line 3 of /home/ada/vitrine/config.toml cannot be read: expected a value.",
    holds: "Nothing was changed.",
    next: "Correct the line or remove it; nothing of the vault is affected.",
    details: null,
    retryInMs: null,
    class: "usage",
  },
};
const held: TroubleView = {
  held: true,
  error: {
    ...malformed.error,
    code: "store.in-use",
    what: "Vitrine is unlocked on the command line.",
    next: "Lock it there and open it here.",
  },
};

test("a failed start says what, what holds, what next and the code, and asks for nothing of a vault", async () => {
  const { host, user } = show({ trouble: malformed }, "#/trouble");
  await screen.findByText(malformed.error.what);
  for (const words of [malformed.error.holds, malformed.error.next, malformed.error.code])
    expect(screen.getByText(words)).toBeTruthy();
  expect(await violations()).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(host.requests.at(-1)).toEqual({ name: "startAgain", request: false });
  expect(await screen.findByText(malformed.error.what)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(host.windows).toEqual(["closed"]);
  expect(new Set(host.asked)).toEqual(new Set(["trouble", "startAgain"]));
});

test("whoever holds the vault is asked to lock only by the button that says so", async () => {
  const { host, user } = show({ trouble: held }, "#/trouble");
  await screen.findByText(held.error.what);
  expect(await violations()).toEqual([]);
  expect(host.asked).not.toContain("startAgain");
  await user.click(screen.getByRole("button", { name: "Lock it there and open it here" }));
  await waitFor(() => expect(host.requests.at(-1)).toEqual({ name: "startAgain", request: true }));
});
