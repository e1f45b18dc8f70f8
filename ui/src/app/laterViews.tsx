// The screens of the main window that come after the list, in one file of their own.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { AttentionScreen } from "../features/attention/AttentionScreen";
import { AuditScreen } from "../features/audit/AuditScreen";
import { ClientIdHelp } from "../features/connect/ClientIdHelp";
import { ConnectWizard } from "../features/connect/ConnectWizard";
import { IncidentScreen } from "../features/incident/IncidentScreen";
import { EnableLaps } from "../features/laps/EnableLaps";
import { Checklist } from "../features/onboarding/Checklist";
import { BackupFolder, SaveKit, SaveSheet } from "../features/onboarding/papers";
import { OrganizationDetail } from "../features/organizations/OrganizationDetail";
import { RotationScreen } from "../features/rotation/RotationScreen";
import { SettingsScreen } from "../features/settings/SettingsScreen";
import { useOpen } from "./useOpen";

const organizationRoute = getRouteApi("/shell/organizations/$organization");
const connectRoute = getRouteApi("/shell/organizations/$organization/connect");
const lapsRoute = getRouteApi("/shell/organizations/$organization/laps");
const attentionRoute = getRouteApi("/shell/attention");
const auditRoute = getRouteApi("/shell/audit");
const settingsRoute = getRouteApi("/shell/settings");

export function OrganizationView() {
  const { organization } = organizationRoute.useParams();
  const { tab } = organizationRoute.useSearch();
  const navigate = useNavigate();
  const to = (path: "connect" | "laps", purpose?: "connect" | "accounts") =>
    path === "connect"
      ? void navigate({ to: "/organizations/$organization/connect", params: { organization }, search: { purpose } })
      : void navigate({ to: "/organizations/$organization/laps", params: { organization } });
  return (
    <OrganizationDetail
      key={organization}
      organization={organization}
      tab={tab ?? "accounts"}
      onTab={(next) =>
        void navigate({
          to: "/organizations/$organization",
          params: { organization },
          search: { tab: next === "accounts" ? undefined : next },
          replace: true,
        })
      }
      onConnect={(purpose) => to("connect", purpose)}
      onLaps={() => to("laps")}
      onBack={() => void navigate({ to: "/organizations" })}
    />
  );
}

export function ConnectView() {
  const { organization } = connectRoute.useParams();
  const { purpose } = connectRoute.useSearch();
  const navigate = useNavigate();
  const open = useOpen();
  return (
    <ConnectWizard
      key={organization}
      organization={organization}
      purpose={purpose ?? "connect"}
      onLeave={() => open(organization)}
      onLaps={() => void navigate({ to: "/organizations/$organization/laps", params: { organization } })}
    />
  );
}

export function LapsView() {
  const { organization } = lapsRoute.useParams();
  const navigate = useNavigate();
  const open = useOpen();
  return (
    <EnableLaps
      key={organization}
      organization={organization}
      onLeave={() => open(organization)}
      onSignIn={() =>
        void navigate({
          to: "/organizations/$organization/connect",
          params: { organization },
          search: { purpose: "accounts" },
        })
      }
    />
  );
}

export function StartView() {
  const navigate = useNavigate();
  return (
    <Checklist
      onOrganizations={() => void navigate({ to: "/organizations" })}
      onOrganization={(organization) =>
        void navigate({ to: "/organizations/$organization/connect", params: { organization } })
      }
    />
  );
}

export function RotationView() {
  const open = useOpen();
  const navigate = useNavigate();
  return (
    <RotationScreen
      onOpen={open}
      onOrganizations={() => void navigate({ to: "/organizations" })}
      onAttention={() => void navigate({ to: "/attention" })}
      onIncident={() => void navigate({ to: "/incident" })}
    />
  );
}

export function AttentionView() {
  const search = attentionRoute.useSearch();
  const navigate = attentionRoute.useNavigate();
  const open = useOpen();
  const away = useNavigate();
  return (
    <AttentionScreen
      search={search}
      onSearch={(change) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true })}
      onOpen={open}
      onRotation={() => void away({ to: "/rotation" })}
    />
  );
}

export function IncidentBoardView() {
  return <IncidentScreen onOpen={useOpen()} />;
}

export function AuditView() {
  const { organization } = auditRoute.useSearch();
  const navigate = auditRoute.useNavigate();
  return (
    <AuditScreen
      organization={organization}
      onOrganization={(next) => void navigate({ search: { organization: next } })}
      onOrganizations={() => void navigate({ to: "/organizations" })}
    />
  );
}

export function SettingsView() {
  const { section } = settingsRoute.useSearch();
  const navigate = settingsRoute.useNavigate();
  return (
    <SettingsScreen
      section={section}
      onArrived={() => void navigate({ search: {}, replace: true })}
      backup={<BackupFolder />}
      kit={<SaveKit />}
      sheet={<SaveSheet />}
      client={<ClientIdHelp inSettings />}
    />
  );
}
