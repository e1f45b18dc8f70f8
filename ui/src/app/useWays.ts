import { useNavigate } from "@tanstack/react-router";
import { useCallback, useRef } from "react";
import { useHost } from "../host";
import { type Act, type Go, type NextStep, useMay } from "../parts";

/** What the role needs for a way to lead anywhere. */
const needs: Partial<Record<Parameters<Go>[0], Act>> = {
  connect: "putConnection",
  signIn: "putConnection",
  signInToRemove: "putConnection",
  laps: "putOrganization",
  sheet: "recovery",
};

/** Where steps lead from what stands outside every screen. */
export const addresses: Partial<Record<NextStep, string>> = {
  team: "#/team",
  ...Object.fromEntries(
    (["client", "backup", "passphrase", "home", "kit", "sheet"] as const).map((step) => [
      step,
      `#/settings?section=${step}`,
    ]),
  ),
};

const purposes = { connect: "connect", signIn: "accounts", signInToRemove: "strangers" } as const;

/** Where the next step of an error leads in the main window. */
export function useWays(): Go {
  const navigate = useNavigate();
  const host = useHost();
  const { may } = useMay();
  const latest = useRef(may);
  latest.current = may;
  return useCallback<Go>(
    (step, { organization }) => {
      const act = needs[step];
      if (act !== undefined && !latest.current(act)) return null;
      switch (step) {
        case "connect":
        case "signIn":
        case "signInToRemove":
          return organization === undefined
            ? null
            : () =>
                void navigate({
                  to: "/organizations/$organization/connect",
                  params: { organization },
                  search: { purpose: purposes[step] },
                });
        case "strangers":
          return organization === undefined
            ? null
            : () => void navigate({ to: "/organizations/$organization", params: { organization } });
        case "laps":
          return organization === undefined
            ? null
            : () => void navigate({ to: "/organizations/$organization/laps", params: { organization } });
        case "client":
        case "backup":
        case "passphrase":
        case "home":
        case "kit":
        case "sheet":
          return () => void navigate({ to: "/settings", search: { section: step } });
        case "organizations":
          return () => void navigate({ to: "/organizations" });
        case "team":
          return () => void navigate({ to: "/team" });
        case "lock":
          return () => void host.lock({});
      }
    },
    [navigate, host],
  );
}
