// Addresses of screens. Hash history, because the page comes from a custom scheme; filters live in the search part.

import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import * as z from "zod/mini";
import { sections } from "../features/settings/sections";
import type * as laterViews from "./laterViews";
import { Shell } from "./Shell";
import * as views from "./views";

const later = <Name extends keyof typeof laterViews>(name: Name) =>
  lazyRouteComponent(() => import("./laterViews"), name);

/** An address may be typed by anybody: what does not fit counts as absent. */
const orAbsent = <Schema extends z.ZodMiniType>(schema: Schema) => z.catch(z.optional(schema), undefined);
const text = orAbsent(z.string().check(z.maxLength(200)));
const flag = orAbsent(z.boolean());

const root = createRootRoute({ component: Outlet, notFoundComponent: views.NotFound });

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

const index = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    redirect({ to: "/organizations", throw: true });
  },
});

const start = createRoute({ getParentRoute: () => shell, path: "/start", component: later("StartView") });

export const organizationsSearch = z.object({
  filter: text,
  state: orAbsent(z.enum(["healthy", "due", "failed", "notConnected"])),
  sort: orAbsent(z.enum(["name", "state", "lastRotation", "nextRotation"])),
  descending: flag,
  open: orAbsent(z.enum(["add", "import"])),
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
  validateSearch: z.object({ tab: orAbsent(z.enum(["accounts", "activity", "access", "settings"])) }),
  component: later("OrganizationView"),
});

const connect = createRoute({
  getParentRoute: () => shell,
  path: "/organizations/$organization/connect",
  validateSearch: z.object({ purpose: orAbsent(z.enum(["connect", "accounts", "strangers"])) }),
  component: later("ConnectView"),
});

const laps = createRoute({
  getParentRoute: () => shell,
  path: "/organizations/$organization/laps",
  component: later("LapsView"),
});

const rotation = createRoute({ getParentRoute: () => shell, path: "/rotation", component: later("RotationView") });

export const attentionSearch = z.object({ filter: text, snoozed: flag });

const attention = createRoute({
  getParentRoute: () => shell,
  path: "/attention",
  validateSearch: attentionSearch,
  component: later("AttentionView"),
});

const incident = createRoute({ getParentRoute: () => shell, path: "/incident", component: later("IncidentBoardView") });

const team = createRoute({
  getParentRoute: () => shell,
  path: "/team",
  validateSearch: z.object({ open: orAbsent(z.enum(["invite"])) }),
  component: later("TeamView"),
});

const member = createRoute({ getParentRoute: () => shell, path: "/team/$member", component: later("MemberView") });

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: z.object({
    organization: text,
    person: text,
    kind: orAbsent(z.enum(["views", "rotations", "organizations", "people", "vault"])),
    days: orAbsent(z.enum(["1", "7", "30", "365"])),
  }),
  component: later("AuditView"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  validateSearch: z.object({ section: orAbsent(z.enum(sections)) }),
  component: later("SettingsView"),
});

const reveal = createRoute({
  getParentRoute: () => root,
  path: "/reveal/$organization/$account",
  component: lazyRouteComponent(() => import("./revealView"), "RevealView"),
});

const routes = root.addChildren([
  shell.addChildren([index, start, organizations, organization, connect, laps, rotation, attention, incident, team, member, audit, settings]),
  reveal,
]);

export const makeRouter = () =>
  createRouter({ routeTree: routes, history: createHashHistory(), defaultPreload: false, scrollRestoration: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
  interface HistoryState {
    /** Organizations that were ticked in the list before coming here. */
    chosen?: string[];
  }
}
