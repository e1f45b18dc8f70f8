// What the interface may ask of the program around it. The desktop answers through Tauri, tests and a plain browser
// through a fake; nothing else in `ui/` knows which.

import type { commands, ErrorView, Event, Settings as AnySettings, SettingsView as AnySettingsView } from "../generated/ipc";

/** Every setting. A file or a request may leave some out; an answer of the desktop never does. */
export type Settings = Required<AnySettings>;
export type SettingsView = Omit<AnySettingsView, "settings"> & { settings: Settings };

type Commands = typeof commands;
type Data<Answer> = Answer extends { status: "ok"; data: infer D }
  ? D extends AnySettingsView
    ? SettingsView
    : D
  : Answer extends { status: "error" }
    ? never
    : Answer;

/** Every command of the desktop, answering with its view or throwing a {@link Refusal}. */
export type Asks = {
  [Name in keyof Commands]: (
    ...request: Parameters<Commands[Name]>
  ) => Promise<Data<Awaited<ReturnType<Commands[Name]>>>>;
};

/** Commands that take one plain request. */
export type Reads = {
  [Name in keyof Asks as Parameters<Asks[Name]> extends [object] ? Name : never]: Asks[Name];
};

export type Host = Asks & {
  /** Calls `heard` on every change until the returned function is called. */
  listen(heard: (event: Event) => void): Promise<() => void>;
  /** Closes the window that asks. */
  closeWindow(): Promise<void>;
  /** Keeps the window that asks above others. */
  keepOnTop(on: boolean): Promise<void>;
  /** Puts text that is no secret (an id, an address, error details) on the clipboard. Secrets are copied by Rust. */
  copyPlain(text: string): Promise<void>;
};

/** A command was refused. The message is only the code, so that nothing else can reach a log. */
export class Refusal extends Error {
  readonly view: ErrorView;

  constructor(view: ErrorView) {
    super(view.code);
    this.name = "Refusal";
    this.view = view;
  }
}

/** What a person is shown for anything that was thrown. */
export function asErrorView(thrown: unknown): ErrorView {
  if (thrown instanceof Refusal) return thrown.view;
  return {
    code: "ui.unexpected",
    what: "Vitrine could not finish this.",
    holds: "Nothing was changed by this window.",
    next: "Try again. If it stays, restart Vitrine.",
    details: thrown instanceof Error ? thrown.name : null,
    retryInMs: null,
    class: "machine",
  };
}
