// Hooks through which features reach the host.

import {
  keepPreviousData,
  QueryClient,
  type UseQueryResult,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from "react";
import type { ErrorView, Event } from "../generated/ipc";
import { asErrorView, type Host, type Reads } from "./host";

export type * from "../generated/ipc";
export { asErrorView, type Host, Refusal, type Settings, type SettingsView } from "./host";

const HostContext = createContext<Host | null>(null);

export function HostProvider({ host, children }: { host: Host; children: ReactNode }) {
  return <HostContext value={host}>{children}</HostContext>;
}

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error("HostProvider is missing");
  return host;
}

export function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Rust retries what is worth retrying; commands are local and never wait for the network.
        retry: false,
        networkMode: "always",
        staleTime: 2_000,
        gcTime: 60_000,
      },
    },
  });
}

/**
 * Reads that may be kept in the Query cache. Whatever answers with a secret, or is asked with one, is not among them
 * and goes through {@link useAction} into component state alone.
 */
type Cached =
  | "status"
  | "organizations"
  | "organization"
  | "audit"
  | "attention"
  | "listViews"
  | "connectStatus"
  | "clientId"
  | "lapsPlan"
  | "card"
  | "olderPasswords"
  | "quickAccess"
  | "jobs"
  | "incident"
  | "incidentScope"
  | "settings"
  | "webhook"
  | "home"
  | "people"
  | "removal"
  | "recovery"
  | "suggestedPaths";

type ReadOptions = { enabled?: boolean; keep?: boolean; refetchMs?: number | false };

export function useRead<Name extends Cached>(
  name: Name,
  request: Parameters<Reads[Name]>[0],
  options: ReadOptions = {},
): UseQueryResult<Awaited<ReturnType<Reads[Name]>>> {
  const host = useHost();
  return useQuery({
    queryKey: [name, request],
    queryFn: () =>
      (host[name] as (request: unknown) => Promise<unknown>)(request) as Promise<Awaited<ReturnType<Reads[Name]>>>,
    enabled: options.enabled ?? true,
    refetchInterval: options.refetchMs ?? false,
    ...(options.keep ? { placeholderData: keepPreviousData } : {}),
  });
}

// One function for all renders: with another each time Query would compare every answer each time.
const answersOf = <View,>(results: { data: View | undefined }[]) => results.map((result) => result.data);

/** Several requests of one command at once: the pages of a long list. The same array, until an answer changes. */
export function useReads<Name extends Cached>(name: Name, requests: readonly Parameters<Reads[Name]>[0][]) {
  const host = useHost();
  return useQueries({
    queries: requests.map((request) => ({
      queryKey: [name, request],
      queryFn: () =>
        (host[name] as (request: unknown) => Promise<unknown>)(request) as Promise<Awaited<ReturnType<Reads[Name]>>>,
    })),
    combine: answersOf,
  });
}

/** A deliberate act of the person: busy while it runs, and its error until the next try. Keeps no argument. */
export function useAction<Args extends unknown[]>(act: (...args: Args) => Promise<unknown>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorView | null>(null);
  const latest = useRef(act);
  const mounted = useRef(true);
  latest.current = act;
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  const run = useCallback(async (...args: Args): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      await latest.current(...args);
      return true;
    } catch (thrown) {
      if (mounted.current) setError(asErrorView(thrown));
      return false;
    } finally {
      if (mounted.current) setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(null), []);
  return { run, busy, error, clear };
}

/** What each event makes stale. */
const stale: Record<Exclude<Event["kind"], "locked" | "unlocked">, readonly Cached[]> = {
  organizationsChanged: ["organizations", "organization", "quickAccess", "attention", "audit", "status"],
  organizationChanged: ["organizations", "organization", "quickAccess", "attention", "card", "olderPasswords", "audit"],
  connectChanged: ["connectStatus", "organization", "lapsPlan"],
  jobsChanged: ["jobs", "attention", "incident", "organization", "organizations", "card", "quickAccess"],
  statusChanged: ["status", "attention", "settings", "webhook", "home", "people", "removal", "recovery", "incident"],
};

/** Keeps the cache true to what Rust says changed. At lock everything is dropped at once: names are secrets too. */
export function useEvents() {
  const host = useHost();
  const queries = useQueryClient();
  useEffect(() => {
    let gone = false;
    let stop: (() => void) | undefined;
    const heard = (event: Event) => {
      if (event.kind === "locked") {
        queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "status" });
        queries.setQueryData(["status", {}], (status: Awaited<ReturnType<Host["status"]>> | undefined) =>
          status === undefined
            ? status
            : {
                ...status,
                phase: "locked" as const,
                lockReason: event.reason,
                mspName: null,
                personName: null,
                role: null,
                joining: null,
                onboarding: null,
                backup: null,
                network: null,
              },
        );
        void queries.invalidateQueries({ queryKey: ["status"] });
      } else if (event.kind === "unlocked") {
        void queries.invalidateQueries();
      } else {
        for (const name of stale[event.kind]) void queries.invalidateQueries({ queryKey: [name] });
      }
    };
    void host.listen(heard).then((stopListening) => {
      if (gone) stopListening();
      else stop = stopListening;
    });
    return () => {
      gone = true;
      stop?.();
    };
  }, [host, queries]);
}

/** Runs `heard` on every event of one kind while mounted. */
export function useEvent(kind: Event["kind"], heard: () => void) {
  const host = useHost();
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    let gone = false;
    let stop: (() => void) | undefined;
    void host
      .listen((event) => {
        if (event.kind === kind) latest.current();
      })
      .then((stopListening) => {
        if (gone) stopListening();
        else stop = stopListening;
      });
    return () => {
      gone = true;
      stop?.();
    };
  }, [host, kind]);
}
