import type { ActivityLine } from "../host";
import { shown, type Words } from "../words";

/** Actions whose note says by itself what it is about. */
const whole: ReadonlySet<ActivityLine["action"]> = new Set([
  "tenantConnected",
  "scheduleChanged",
  "recordRefused",
  "strangersFound",
  "strangersRemoved",
  "strangerKept",
  "homeMoved",
  "memberInvited",
]);

/** What stands beside a line: why a person did it, what went wrong, or what it is now. */
export function remark(t: Words, { action, note }: ActivityLine): string | null {
  if (note === null) return null;
  if (action === "memberAdded" || action === "roleChanged") return t("audit.role", { role: note });
  return whole.has(action) ? shown(note) : t("audit.reason", { note });
}

/** One line of history as a sentence. */
export const sentence = (t: Words, line: ActivityLine): string =>
  t(`audit.action.${line.action}`, {
    who: line.who,
    organization: line.organizationName ?? "",
    account: line.userName ?? line.organizationName ?? "",
    whom: line.subject ?? t("audit.somebody"),
  });
