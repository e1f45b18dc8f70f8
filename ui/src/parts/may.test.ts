import { expect, test } from "vitest";
import authority from "../../../crates/ledger/src/authority.rs?raw";
import { acts, allowed } from "./may";

/** What the Rust table lets a role do, of the acts that are known here. */
function inRust(role: string): string[] {
  const table = authority.slice(authority.indexOf("pub fn allowed"));
  const arm = table.split(`Role::${role} =>`)[1]?.split("Role::")[0] ?? "";
  const named = (text: string) => {
    const words = new Set(text.match(/\b[A-Z]\w+/g) ?? []);
    return acts.filter((act) => words.has(`${act.charAt(0).toUpperCase()}${act.slice(1)}`));
  };
  if (arm.trim().startsWith("true")) return [...acts];
  const not = /!matches!\(action, (.*?)\)/s.exec(arm);
  if (not) return acts.filter((act) => !named(not[1] ?? "").includes(act));
  return named(/matches!\(action, (.*?)\)/s.exec(arm)?.[1] ?? arm.split("=> true")[0] ?? "");
}

test.each(["Owner", "Admin", "Technician", "Auditor", "Rotator"] as const)(
  "what a screen offers to %s is what the table of the ledger allows",
  (role) => {
    const lower = role.toLowerCase() as Lowercase<typeof role>;
    expect([...allowed[lower]].sort()).toEqual(inRust(role).sort());
  },
);
