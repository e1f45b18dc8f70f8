// The desktop as host: the generated commands, with their answers opened.

import { getCurrentWindow } from "@tauri-apps/api/window";
import { commands, type ErrorView, events } from "../generated/ipc";
import { type Host, Refusal } from "./host";

type Answer = { status: "ok"; data: unknown } | { status: "error"; error: unknown };

const isAnswer = (value: unknown): value is Answer => typeof value === "object" && value !== null && "status" in value;

const isErrorView = (value: unknown): value is ErrorView =>
  typeof value === "object" && value !== null && "code" in value && "what" in value;

/** Tauri answers with a bare text where a window is not allowed a command. */
const notAllowed: ErrorView = {
  code: "host.not-allowed",
  what: "This window may not do that.",
  holds: "",
  next: "Use the main window of Vitrine.",
  details: null,
  retryInMs: null,
  class: "machine",
};

function open(answer: unknown): unknown {
  if (!isAnswer(answer)) return answer;
  if (answer.status === "ok") return answer.data;
  throw new Refusal(isErrorView(answer.error) ? answer.error : notAllowed);
}

export function tauriHost(): Host {
  const asks = Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [
      name,
      async (...request: unknown[]) => open(await (command as (...args: unknown[]) => Promise<unknown>)(...request)),
    ]),
  ) as unknown as Host;
  return {
    ...asks,
    listen: (heard) => events.changed.listen((event) => heard(event.payload)),
    closeWindow: () => getCurrentWindow().close(),
    keepOnTop: (on) => getCurrentWindow().setAlwaysOnTop(on),
    copyPlain: (text) => navigator.clipboard.writeText(text),
  };
}
