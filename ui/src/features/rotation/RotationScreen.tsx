export function RotationScreen(_: Record<string, any>) { return null; }
