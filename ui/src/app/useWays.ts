import { useNavigate } from "@tanstack/react-router";
import { useCallback, useRef } from "react";
import { type Act, type Go, useMay } from "../parts";

/** What the role needs for a way to lead anywhere. */
const needs: Partial<Record<Parameters<Go>[0], Act>> = {
  connect: "putConnection",
  signIn: "putConnection",
  laps: "putOrganization",
};

/** Where the next step of an error leads in the main window. */
export function useWays(): Go {
  const navigate = useNavigate();
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
          return organization === undefined
            ? null
            : () =>
                void navigate({
                  to: "/organizations/$organization/connect",
                  params: { organization },
                  search: { purpose: step === "connect" ? "connect" : "accounts" },
                });
        case "laps":
          return organization === undefined
            ? null
            : () => void navigate({ to: "/organizations/$organization/laps", params: { organization } });
        case "client":
        case "backup":
        case "passphrase":
          return () => void navigate({ to: "/settings", search: { section: step } });
        case "organizations":
          return () => void navigate({ to: "/organizations" });
      }
    },
    [navigate],
  );
}
