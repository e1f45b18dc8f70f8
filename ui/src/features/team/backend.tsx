// What is known of the people stays usable without the backend; changing them needs it.

import { IconCloudOff } from "@tabler/icons-react";
import { Chip } from "../../components";
import { useRead } from "../../host";
import { useNow } from "../../parts";
import { clock, told, useWords } from "../../words";

const LOOK_MS = 30_000;

/** Why nothing about people can be changed just now, and as of when they are as shown. */
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
