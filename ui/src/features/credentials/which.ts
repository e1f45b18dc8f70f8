import type { WhichValue } from "../../host";

/** The word for a stored password; an older one carries its time beside it. */
export const wordOf = (which: WhichValue) =>
  typeof which === "string" ? which : which.older === undefined ? "givenUp" : "older";
