export function SettingsScreen(_: Record<string, any>) { return null; }
