export function FirstRun(_: Record<string, any>) { return null; }
