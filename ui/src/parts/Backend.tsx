// What is known of people and their access stays usable without the backend; changing it needs it.

import { IconCloudOff } from "@tabler/icons-react";
import { Chip } from "../components";
import { type BackendView, useRead } from "../host";
import { clock, told, useWords } from "../words";
import { useNow } from "./useNow";

/** As often as an answer to an invitation may have come. */
export const LOOK_MS = 20_000;

export type Standing = "asking" | "reached" | "moving" | "unreached" | "wrong";

/** How this device stands with the backend that is the home. */
export const standingOf = ({ moving, problem, syncedAt }: BackendView): Standing => {
  if (moving) return "moving";
  if (problem !== null) return problem.class === "unreachable" ? "unreached" : "wrong";
  return syncedAt === null ? "asking" : "reached";
};

/** Why nothing about people and their access can be changed just now, and as of when they are as shown. */
export function useBackend() {
  const t = useWords();
  const backend = useRead("home", {}, { refetchMs: LOOK_MS }).data?.backend ?? null;
  const now = useNow();
  const problem = backend?.problem ?? null;
  if (problem === null) return { reason: null, asOf: null };
  const at = backend?.syncedAt ?? null;
  return {
    reason: problem.class === "unreachable" ? t("team.unreachable") : told(problem.what),
    asOf: at === null ? t("team.neverFetched") : t("network.asOf", { time: clock(at, now) }),
  };
}

export function BackendAsOf() {
  const { asOf } = useBackend();
  if (asOf === null) return null;
  return (
    <Chip tone="waits" icon={<IconCloudOff size={14} aria-hidden />}>
      {asOf}
    </Chip>
  );
}
