import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import type { Go } from "../parts";

/** Where the next step of an error leads in the main window. */
export function useWays(): Go {
  const navigate = useNavigate();
  return useCallback<Go>(
    (step, { organization }) => {
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
