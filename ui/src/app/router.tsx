// Addresses of screens. Hash history, because the page comes from a custom scheme; filters live in the search part.

import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { z } from "zod";
import { Shell } from "./Shell";
import * as views from "./views";

const text = z.string().max(200).optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);

const root = createRootRoute({ component: Outlet, notFoundComponent: views.NotFound });

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

const index = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    redirect({ to: "/organizations", throw: true });
  },
});

const start = createRoute({ getParentRoute: () => shell, path: "/start", component: views.StartView });

export const organizationsSearch = z.object({
  filter: text,
  state: z.enum(["healthy", "due", "failed", "notConnected"]).optional().catch(undefined),
  sort: z.enum(["name", "state", "lastRotation", "nextRotation"]).optional().catch(undefined),
  descending: flag,
  open: z.enum(["add", "import"]).optional().catch(undefined),
});

const organizations = createRoute({
  getParentRoute: () => shell,
  path: "/organizations",
  validateSearch: organizationsSearch,
  component: views.OrganizationsView,
});

const organization = createRoute({
  getParentRoute: () => shell,
  path: "/organizations/$organization",
  validateSearch: z.object({ tab: z.enum(["accounts", "activity", "settings"]).optional().catch(undefined) }),
  component: views.OrganizationView,
});

const connect = createRoute({
  getParentRoute: () => shell,
  path: "/organizations/$organization/connect",
  validateSearch: z.object({ purpose: z.enum(["connect", "accounts"]).optional().catch(undefined) }),
  component: views.ConnectView,
});

const laps = createRoute({
  getParentRoute: () => shell,
  path: "/organizations/$organization/laps",
  component: views.LapsView,
});

const rotation = createRoute({ getParentRoute: () => shell, path: "/rotation", component: views.RotationView });

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: z.object({ organization: text }),
  component: views.AuditView,
});

const settings = createRoute({ getParentRoute: () => shell, path: "/settings", component: views.SettingsView });

const reveal = createRoute({
  getParentRoute: () => root,
  path: "/reveal/$organization/$account",
  component: views.RevealView,
});

const routes = root.addChildren([
  shell.addChildren([index, start, organizations, organization, connect, laps, rotation, audit, settings]),
  reveal,
]);

export const makeRouter = () =>
  createRouter({ routeTree: routes, history: createHashHistory(), defaultPreload: false, scrollRestoration: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
