// The whole interface over the fake host, as a person would meet it.

import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { App } from "../app/App";
import { type FakeOptions, fakeHost } from "../host/fake";

export function show(options: FakeOptions = {}, hash = "#/organizations") {
  location.hash = hash;
  const host = fakeHost({ organizations: 12, askReason: false, ...options });
  const view = render(<App host={host} still />);
  return { host, view, user: userEvent.setup() };
}

/** What axe finds wrong, without contrast, which needs real paint and has a test of its own. */
export async function violations(): Promise<string[]> {
  const found = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  return found.violations.flatMap((each) =>
    each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 200)} ${node.failureSummary ?? ""}`),
  );
}
