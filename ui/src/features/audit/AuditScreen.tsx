export function AuditScreen(_: Record<string, any>) { return null; }
