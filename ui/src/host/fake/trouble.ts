// A start that failed, or, as nearly always, did not.

import type { TroubleView } from "../../generated/ipc";
import type { FakeOptions } from "./stage";

export function trouble(options: FakeOptions) {
  let held: TroubleView | null = options.trouble ?? null;
  return {
    trouble: async () => held,
    // Whoever is asked to lock does so; a file that was wrong still is.
    startAgain: async (lockThere: boolean) => {
      if (lockThere) held = null;
      return held;
    },
  };
}
