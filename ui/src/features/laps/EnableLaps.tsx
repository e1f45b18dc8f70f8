export function EnableLaps(_: Record<string, any>) { return null; }
