/** Places a person can be taken to. */
export const sections = [
  "devices",
  "lock",
  "viewing",
  "rotation",
  "webhook",
  "quick",
  "appearance",
  "backup",
  "home",
  "kit",
  "sheet",
  "passphrase",
  "cloud",
  "client",
] as const;
export type SettingsSection = (typeof sections)[number];
