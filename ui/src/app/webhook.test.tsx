// The webhook in the settings: set, tested, read when it fails, changed and removed, without its address or secret staying
// in the page.

import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { show, violations } from "../testing/render";

const address = "https://hooks.example:8443/in?token=t0ken";
const problem = {
  code: "webhook.redirected",
  what: "The receiver answered 307 and points to the host elsewhere.example. Nobody went there.",
  holds: "What waits is kept and tried again by itself.",
  next: "If that is the right address, set it as the webhook's.",
  details: null,
  retryInMs: null,
  class: "partly" as const,
};

// The settings are a piece of their own, loaded when they are opened first.
const begin = () => screen.findByTestId("webhook-begin");

async function set(named = false) {
  const shown = show({}, "#/settings?section=webhook");
  await shown.user.click(await begin());
  await shown.user.type(screen.getByTestId("webhook-address"), address);
  if (named) await shown.user.click(screen.getByTestId("webhook-names"));
  await shown.user.click(screen.getByTestId("webhook-save"));
  await screen.findByTestId("webhook-test");
  return shown;
}

test("a webhook is set by its address, which then is nowhere in the page", async () => {
  const { host } = await set();
  expect(screen.getByText("https://hooks.example:8443")).toBeTruthy();
  expect(screen.getByText("Nothing was sent yet")).toBeTruthy();
  expect(screen.getByText("Only ids and codes leave this device")).toBeTruthy();
  expect(document.body.innerHTML).not.toContain("t0ken");
  expect(host.requests.find(({ name }) => name === "setWebhook")?.request).toBeNull();
  expect(await violations()).toEqual([]);
});

test("what is sent is said before it is set, and a webhook of nothing is not offered", async () => {
  const { user, host } = show({}, "#/settings?section=webhook");
  await user.click(await begin());
  expect(screen.getByTestId("webhook-save").getAttribute("aria-disabled")).toBe("true");
  await user.type(screen.getByTestId("webhook-address"), address);
  expect(screen.getByTestId("webhook-save").getAttribute("aria-disabled")).toBeNull();
  expect(screen.getByText("Only ids and codes leave this device")).toBeTruthy();
  await user.click(screen.getByTestId("webhook-names"));
  expect(screen.getByText(/and the reasons of views, leave this device/)).toBeTruthy();
  for (const kind of ["rotated", "overdue", "failed", "changedOutside", "strangersFound", "viewed"])
    await user.click(screen.getByTestId(`webhook-kind-${kind}`));
  expect(screen.getByTestId("webhook-save").getAttribute("aria-disabled")).toBe("true");
  await user.click(screen.getByTestId("webhook-save"));
  expect(host.asked).not.toContain("setWebhook");
  expect(await violations()).toEqual([]);
});

test("a test shows what the receiver answers", async () => {
  const { user, host } = await set();
  await user.click(screen.getByTestId("webhook-test"));
  const said = await screen.findByTestId("webhook-tested");
  expect(said.textContent).toContain("https://hooks.example:8443 answered 200");
  expect(said.textContent).toContain("thank you");
  await screen.findByText("Messages arrive");
  host.refuseNext("testWebhook", { code: "webhook.none", what: "No webhook is set on this device." });
  await user.click(screen.getByTestId("webhook-test"));
  await screen.findByText("No webhook is set on this device.");
});

test("a receiver that fails is shown with what waits and the next step", async () => {
  const { host } = await set();
  host.setWebhookProblem(problem, { nextTryAt: Date.now() + 300_000, dropped: 1 });
  const notice = await screen.findByTestId("error-notice");
  for (const words of [problem.what, problem.holds, problem.next, problem.code])
    expect(within(notice).getByText(words)).toBeTruthy();
  expect(screen.getByText("Messages do not arrive")).toBeTruthy();
  expect(screen.getByText(/^3 messages/)).toBeTruthy();
  expect(screen.getByText("1 message")).toBeTruthy();
  host.setWebhookProblem({ ...problem, code: "webhook.gone" }, { standing: "switchedOff" });
  await screen.findByText("Switched off: the receiver wants no more");
  expect(await violations()).toEqual([]);
});

test("the signing secret is copied by the program and never comes into the page", async () => {
  const { user, host } = await set();
  await user.click(screen.getByTestId("webhook-copy"));
  await screen.findByText(/Signing secret copied/);
  expect(host.copied).toEqual(["whsec_fake"]);
  expect(document.body.innerHTML).not.toContain("whsec");
});

test("a change keeps the address that is set, and a removal says what is lost", async () => {
  const { user, host } = await set(true);
  await user.click(screen.getByTestId("webhook-change"));
  await user.click(screen.getByTestId("webhook-kind-viewed"));
  await user.click(screen.getByTestId("webhook-save"));
  await waitFor(() => expect(screen.queryByTestId("webhook-save")).toBeNull());
  expect(screen.getByText("https://hooks.example:8443")).toBeTruthy();
  expect(screen.queryByText(/Viewed: a credential/)).toBeNull();
  host.setWebhookProblem(problem);
  await user.click(screen.getByTestId("webhook-remove"));
  await screen.findByText(/and 3 messages that wait are not sent/);
  await user.click(screen.getByTestId("webhook-remove-submit"));
  await screen.findByText("No webhook is set on this device. Nothing is told to anybody.");
});

test("a lock takes the webhook off the screen", async () => {
  const { host } = await set();
  host.lockNow();
  await screen.findByText("Unlock Vitrine");
  expect(document.body.innerHTML).not.toContain("hooks.example");
});
