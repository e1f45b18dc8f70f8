// A person's own devices: a code brings a further one in, words on two screens are compared, and a lost one is revoked.

import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { FakeOptions } from "../host/fake";
import { show, violations } from "../testing/render";

const member = (number: number) => `#/team/${number.toString(16).padStart(4, "0").repeat(8)}`;
async function aMember(number: number, options: FakeOptions = {}) {
  const shown = show({ team: true, shared: true, ...options }, member(number));
  await screen.findByTestId("member-title");
  return shown;
}

const device = (name: string) =>
  screen.getAllByTestId("device").find((each) => each.dataset.name === name) ?? document.createElement("li");
const revoke = (name: string) => within(device(name)).getByTestId("revoke-device");

async function coded(shown: Awaited<ReturnType<typeof aMember>>) {
  await shown.user.click(screen.getByTestId("add-device"));
  await shown.user.click(await screen.findByTestId("device-code-copy"));
  await screen.findByText("The code is on the clipboard");
  await shown.user.click(screen.getByTestId("device-code-done"));
}

test("a code for a further device goes to the clipboard, and the device is approved once the words were compared", async () => {
  const shown = await aMember(1);
  await coded(shown);
  const { host, user } = shown;
  expect(host.requests.find(({ name }) => name === "addDevice")?.request).toEqual({ hours: 24, copy: true });
  expect(await screen.findByText("Code for a further device")).toBeTruthy();
  act(() => host.answerInvitation());
  expect(await screen.findByText(/The same eight words have to stand on the other device/)).toBeTruthy();
  expect(await violations()).toEqual([]);
  await user.click(screen.getByTestId("approve-device"));
  await waitFor(() => expect(screen.queryByTestId("device-code")).toBeNull());
  expect(host.requests.filter(({ name }) => name === "approveMember").map(({ request }) => request)).toEqual([
    { invitation: expect.any(String) as string, compared: true },
  ]);
  expect(screen.getAllByTestId("device").length).toBe(3);
});

test("a code that nobody should use any more is withdrawn, and it never stands among the invitations of people", async () => {
  const shown = await aMember(1);
  await coded(shown);
  await shown.user.click(await screen.findByTestId("withdraw-code"));
  await waitFor(() => expect(screen.queryByTestId("device-code")).toBeNull());
  await coded(shown);
  await shown.user.click(screen.getByRole("button", { name: "Team" }));
  await screen.findByRole("table");
  expect(screen.queryByTestId("invitation")).toBeNull();
});

test("a device is not revoked from itself, and the last one of a member not at all", async () => {
  await aMember(1);
  expect(revoke("Ada's desktop").getAttribute("aria-disabled")).toBe("true");
  expect(within(device("Ada's old laptop")).queryByTestId("revoke-device")).toBeNull();
});

test("revoking a device of one's own says what it means, asks why, and demands a new kit", async () => {
  const shown = await aMember(1);
  const { host, user } = shown;
  await coded(shown);
  act(() => host.answerInvitation());
  await user.click(await screen.findByTestId("approve-device"));
  await user.click(within(await waitFor(() => {
    const found = device("Ada's laptop");
    expect(found.dataset.name).toBe("Ada's laptop");
    return found;
  })).getByTestId("revoke-device"));
  expect(await screen.findByTestId("revoke-meaning")).toBeTruthy();
  expect(screen.getByText(/a new recovery kit has to be printed/)).toBeTruthy();
  expect(screen.getByTestId("revoke-submit").getAttribute("aria-disabled")).toBe("true");
  expect(await violations()).toEqual([]);
  await user.type(screen.getByTestId("revoke-reason"), "left in a train");
  await user.click(screen.getByTestId("revoke-submit"));
  expect(await screen.findByText("Your recovery kit opens nothing any more")).toBeTruthy();
  expect(host.requests.find(({ name }) => name === "revokeDevice")?.request).toEqual({
    device: expect.any(String) as string,
    reason: "left in a train",
  });
  expect(screen.getByTestId("revoked-incident")).toBeTruthy();
});

test("the focus comes back to the button a dialog came from, and to the screen where that button is gone", async () => {
  const shown = await aMember(2);
  const { user } = shown;
  act(() =>
    shown.host.setPeople({
      members: [
        {
          id: "2".padStart(4, "0").repeat(8),
          name: "Grace Example",
          role: "admin",
          standing: "active",
          you: false,
          verification: "words",
          addedAt: 0,
          removedAt: null,
          devices: ["Grace's laptop", "Grace's phone"].map((name, index) => ({
            id: `d${index}`,
            name,
            this: false,
            addedAt: 0,
            revoked: false,
          })),
        },
      ],
    }),
  );
  await waitFor(() => expect(device("Grace's phone").dataset.name).toBe("Grace's phone"));
  await user.click(revoke("Grace's phone"));
  await screen.findByTestId("revoke-meaning");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(document.activeElement).toBe(revoke("Grace's phone")));
  await user.click(revoke("Grace's phone"));
  await user.type(await screen.findByTestId("revoke-reason"), "lost{Enter}");
  const close = within(await screen.findByRole("dialog", { name: "Grace's phone was revoked" }));
  await user.click(close.getAllByRole("button", { name: "Close" })[0] ?? document.body);
  await waitFor(() => expect(document.activeElement?.id).toBe("main"));
});

test("a technician sees the devices of others and ends none of them", async () => {
  await aMember(2, { role: "technician" });
  expect(screen.queryByTestId("revoke-device")).toBeNull();
  expect(screen.queryByTestId("add-device")).toBeNull();
});

test("a device that the home knows no more says so on every screen, and changes nothing", async () => {
  const { host } = show({ team: true, shared: true });
  await screen.findByText("Adventure Works");
  act(() => host.setStatus({ removed: true }));
  expect(await screen.findByText("You are no longer a member of this vault")).toBeTruthy();
});

test("a lost device is found from the settings and by its name in the palette, and the keyboard stands there", async () => {
  const { user } = show({ team: true, shared: true }, "#/settings");
  await user.click(await screen.findByTestId("go-devices"));
  expect(document.activeElement?.id).toBe("devices");
  const part = within(document.activeElement as HTMLElement);
  expect((await part.findAllByTestId("device")).map((each) => each.dataset.name)).toEqual([
    "Ada's desktop",
    "Ada's old laptop",
  ]);
  expect(part.getByTestId("add-device")).toBeTruthy();
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByRole("textbox", { name: /Commands/ }), "lost");
  await user.click(await screen.findByText("Revoke a lost device"));
  await waitFor(() => expect(document.activeElement?.id).toBe("devices"));
  expect(await violations()).toEqual([]);
});

test("the devices of others are one press from one's own, for whoever may end them", async () => {
  const { user, view } = show({ team: true, shared: true }, "#/settings");
  await user.click(await screen.findByTestId("devices-of-others"));
  await screen.findByText("Grace Example");
  view.unmount();
  show({ team: true, shared: true, role: "technician" }, "#/settings");
  await screen.findByTestId("add-device");
  expect(screen.queryByTestId("devices-of-others")).toBeNull();
});
