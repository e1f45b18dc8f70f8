// What a tenant lists and Vitrine did not make: shown on the organization, removed or kept by whoever sees it.

import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { StrangerView } from "../host";
import type { FakeHost } from "../host/fake";
import { id } from "../host/fake/world";
import { show, violations } from "../testing/render";

const contoso = id(0);
const asked = (host: FakeHost, name: string) => host.requests.filter((each) => each.name === name).map((each) => each.request);

const phone: StrangerView = {
  id: "0a".repeat(16),
  kind: "phone",
  place: "account",
  userName: "ea-north@contoso.onmicrosoft.com",
  name: "+1 5550100",
  foundAt: Date.now(),
  kept: null,
  keepable: true,
  needsAdmin: true,
};
const key: StrangerView = {
  ...phone,
  id: "0b".repeat(16),
  kind: "certificate",
  place: "registration",
  userName: null,
  name: "Back door",
  keepable: false,
  needsAdmin: false,
};

async function organization() {
  const shown = show({ organizations: 3 }, `#/organizations/${contoso}`);
  await screen.findByTestId("organization-title");
  expect(screen.queryByTestId("strangers")).toBeNull();
  act(() => shown.host.setOrganization(contoso, { strangers: [key, phone] }));
  await screen.findByTestId("strangers");
  return shown;
}

const line = (kind: string) => {
  const found = screen.getAllByTestId("stranger").find((each) => each.dataset.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return within(found);
};

test("each is shown with what it is of, and goes only when a person says so", async () => {
  const { host, user } = await organization();
  line("certificate").getByText("Back door");
  line("phone").getByText("ea-north@contoso.onmicrosoft.com");
  expect(line("certificate").queryByTestId("stranger-keep")).toBeNull();
  expect(await violations()).toEqual([]);
  await user.click(line("certificate").getByTestId("stranger-remove"));
  await screen.findByText("Remove from the tenant: Certificate");
  expect(asked(host, "removeStrangers")).toEqual([]);
  await user.click(screen.getByTestId("stranger-remove-yes"));
  await waitFor(() => expect(asked(host, "removeStrangers")).toEqual([{ organization: contoso, strangers: [key.id] }]));
  await waitFor(() => expect(screen.getAllByTestId("stranger")).toHaveLength(1));
});

test("one that takes an admin leads to the sign-in that asks for it", async () => {
  const { host, user } = await organization();
  const refused = { what: "An admin has to sign in.", holds: "", next: "Sign in.", details: null, retryInMs: null };
  host.refuseNext("removeStrangers", { ...refused, code: "strangers.sign-in-needed", class: "usage" });
  await user.click(line("phone").getByTestId("stranger-remove"));
  await screen.findByText("An admin of the tenant signs in for this.");
  await user.click(screen.getByTestId("stranger-remove-yes"));
  await user.click(await screen.findByRole("button", { name: "Sign in as an admin" }));
  await waitFor(() => expect(location.hash).toContain("purpose=strangers"));
});

test("whoever keeps one says why, and it stands there as kept", async () => {
  const { host, user } = await organization();
  await user.click(line("phone").getByTestId("stranger-keep"));
  await user.type(await screen.findByTestId("stranger-reason"), "Our own phone");
  await user.click(screen.getByTestId("stranger-keep-yes"));
  const request = { organization: contoso, stranger: phone.id, reason: "Our own phone" };
  await waitFor(() => expect(asked(host, "keepStranger")).toEqual([request]));
  await waitFor(() => line("phone").getByText("Our own phone"));
});
