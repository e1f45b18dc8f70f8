import { useEffect, useState } from "react";

/** What a screen reader hears of a countdown: its seconds here, not every one of them. */
const spoken = [10, 30, 60];

/** The sentence for a polite live region, renewed only as `ms` falls past 60, 30 and 10 seconds. */
export function useSpoken(ms: number | null, sentence: (ms: number) => string): string {
  const mark = ms === null || ms <= 0 ? undefined : spoken.find((seconds) => Math.ceil(ms / 1000) <= seconds);
  const [said, setSaid] = useState("");
  useEffect(() => {
    setSaid(mark === undefined ? "" : sentence(mark * 1000));
    // Only passing a mark is news; the sentence is made anew on every render.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [mark]);
  return said;
}
