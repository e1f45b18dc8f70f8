import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Host } from "../host";
import { App } from "./App";

export function start(host: Host) {
  const root = document.getElementById("root");
  if (root === null) throw new Error("index.html has a root");
  createRoot(root).render(
    <StrictMode>
      <App host={host} />
    </StrictMode>,
  );
}
