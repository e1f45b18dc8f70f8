// The webhook of this device: a receiver that takes everything, until a test says otherwise.

import type { ErrorView, WebhookState, WebhookTestView } from "../../generated/ipc";
import type { Host } from "../host";
import { refusal, type Stage } from "./stage";

export function webhook(stage: Stage) {
  const { emit, now, open } = stage;
  const held: { webhook: WebhookState | null } = { webhook: null };
  const set = () => {
    open();
    if (held.webhook === null)
      throw refusal("webhook.none", "No webhook is set on this device.", "Set one: its address, and what it is to be told.");
    return held.webhook;
  };
  const commands = {
    webhook: async () => {
      open();
      return { webhook: held.webhook };
    },
    setWebhook: async (request: Parameters<Host["setWebhook"]>[0]) => {
      open();
      const receiver = request.address === null ? set().receiver : originOf(request.address);
      held.webhook = {
        deliveredAt: null,
        waiting: 0,
        nextTryAt: null,
        dropped: 0,
        ...held.webhook,
        receiver,
        kinds: request.kinds,
        names: request.names,
        standing: "new",
        problem: null,
        problemAt: null,
      };
      emit({ kind: "statusChanged" });
      return commands.webhook();
    },
    testWebhook: async (): Promise<WebhookTestView> => {
      const { receiver } = set();
      held.webhook = { ...set(), standing: "arriving", deliveredAt: now(), problem: null, problemAt: null };
      emit({ kind: "statusChanged" });
      return { receiver, status: 200, answer: "thank you", problem: null };
    },
    removeWebhook: async () => {
      open();
      held.webhook = null;
      emit({ kind: "statusChanged" });
      return commands.webhook();
    },
    copyWebhookSecret: async () => {
      set();
      stage.copied.push("whsec_fake");
      return { clearsAt: now() + 30_000 };
    },
  };
  return {
    commands,
    /** What waits, and why it does not arrive. */
    setWebhookProblem: (problem: ErrorView, change: Partial<WebhookState> = {}) => {
      held.webhook = { ...set(), standing: "failing", problem, problemAt: now(), waiting: 3, ...change };
      emit({ kind: "statusChanged" });
    },
  };
}

const originOf = (address: string): string => {
  try {
    return new URL(address).origin;
  } catch {
    throw refusal(
      "webhook.address",
      "This is not the address of a webhook.",
      "Copy it from the receiver; it looks like https://hooks.example.com/vitrine.",
    );
  }
};
