// What is inside the vault: the screens and their addresses. In files of its own, so that the unlock screen does not wait
// for them.

import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { makeRouter } from "./router";

/** The address outlives a lock, so that unlocking returns to it; the router does not. */
export function Inside() {
  const [router] = useState(makeRouter);
  return <RouterProvider router={router} />;
}
