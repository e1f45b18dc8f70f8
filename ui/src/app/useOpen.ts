import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";

/** Goes to one organization. */
export const useOpen = () => {
  const navigate = useNavigate();
  return useCallback(
    (organization: string) => void navigate({ to: "/organizations/$organization", params: { organization } }),
    [navigate],
  );
};
