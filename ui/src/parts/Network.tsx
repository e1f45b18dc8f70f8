// Without the network everything stored stays usable. What needs Microsoft says why it waits, and as of when the rest is.

import { IconCloudOff } from "@tabler/icons-react";
import { Chip } from "../components";
import { type ErrorView, useRead } from "../host";
import { clock, useWords } from "../words";
import { useNow } from "./useNow";

/** How long after a try that reached nobody the next one is not offered. */
const pause = 30_000;

/** Since when Microsoft is not reached and as of when it was, as times of day, and why an act that needs it waits just now. */
export function useNetwork() {
  const t = useWords();
  const network = useRead("status", {}).data?.network;
  const since = network?.unreachableSince ?? null;
  const now = useNow(5_000, since !== null);
  if (since === null) return { since: null, asOf: null, reason: null };
  const tried = network?.triedAt ?? since;
  const answered = network?.answeredAt ?? null;
  return {
    since: clock(since, now),
    asOf: answered === null ? null : clock(answered, now),
    reason: now - tried < pause ? t("network.reason", { time: clock(tried, now) }) : null,
  };
}

/** "As of 08:12", while nobody answers. */
export function AsOf() {
  const t = useWords();
  const { since, asOf } = useNetwork();
  if (since === null) return null;
  return (
    <Chip tone="waits" icon={<IconCloudOff size={14} aria-hidden />}>
      {asOf === null ? t("network.never") : t("network.asOf", { time: asOf })}
    </Chip>
  );
}

/** What is wrong with the home of the vault: it knows less than this device, or does not know this device any more. */
export const isOfHome = ({ code }: ErrorView) => code.startsWith("home.");
