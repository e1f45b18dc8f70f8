export function Checklist(_: Record<string, any>) { return null; }
