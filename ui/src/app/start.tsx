import "@fontsource-variable/inter";
import "@fontsource-variable/atkinson-hyperlegible-mono";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "../components/base.css";
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
