import type { ActivityLine } from "../host";
import type { Words } from "../words";

/** One line of history as a sentence. */
export const sentence = (t: Words, line: ActivityLine): string =>
  t(`audit.action.${line.action}`, {
    who: line.who,
    organization: line.organizationName ?? "",
    account: line.userName ?? line.organizationName ?? "",
  });
