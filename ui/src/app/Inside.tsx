// What is inside the vault: the screens and their addresses. In files of its own, so that the unlock screen does not wait
// for them.

import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { makeRouter } from "./router";

/** The address outlives a lock, so that unlocking returns to it; the router does not. `onScreen` hears each one's path. */
export function Inside({ onScreen }: { onScreen: (path: string) => void }) {
  const [router] = useState(makeRouter);
  useEffect(() => {
    onScreen(router.latestLocation.pathname);
    return router.subscribe("onResolved", ({ toLocation }) => onScreen(toLocation.pathname));
  }, [router, onScreen]);
  return <RouterProvider router={router} />;
}
