// Settings of this device, and the dialogs for files.

import type { Settings } from "../host";
import type { Stage } from "./stage";

export function settings(stage: Stage) {
  const { emit, held } = stage;
  const commands = {
    settings: async () => ({
      settings: held.settings,
      fixed: ["clipboardSeconds"],
      file: "/home/ada/.local/share/vitrine/config.toml",
      shortcut: held.settings.quickShortcut ? held.shortcut : ("off" as const),
    }),
    setSettings: async (request: { settings: Partial<Settings> }) => {
      held.settings = { ...held.settings, ...request.settings };
      emit({ kind: "statusChanged" });
      return commands.settings();
    },
    pickFolder: async () => "/home/ada/Chosen folder",
    pickFile: async () => "/home/ada/Backup/vitrine.vitrine-backup",
    pickSave: async (suggested: string) => `/home/ada/Chosen folder/${suggested}`,
  };
  return commands;
}
