export function ConnectWizard(_: Record<string, any>) { return null; }
