// The screens of the main window that come after the list, in one file of their own.

import { getRouteApi, useLocation, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Button } from "../components";
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
import { OwnDevices } from "../features/team/Devices";
import { MemberDetail } from "../features/team/MemberDetail";
import { TeamScreen } from "../features/team/TeamScreen";
import { type Act, NotAllowed, useMay } from "../parts";
import { useWords } from "../words";
import { useOpen } from "./useOpen";

const organizationRoute = getRouteApi("/shell/organizations/$organization");
const connectRoute = getRouteApi("/shell/organizations/$organization/connect");
const lapsRoute = getRouteApi("/shell/organizations/$organization/laps");
const attentionRoute = getRouteApi("/shell/attention");
const teamRoute = getRouteApi("/shell/team");
const memberRoute = getRouteApi("/shell/team/$member");
const auditRoute = getRouteApi("/shell/audit");
const settingsRoute = getRouteApi("/shell/settings");

/** An address may lead where the role does not. */
function Only({ act, children }: { act: Act; children: ReactNode }) {
  const t = useWords();
  const navigate = useNavigate();
  const { may } = useMay();
  if (may(act)) return children;
  const back = <Button onClick={() => void navigate({ to: "/organizations" })}>{t("organization.back")}</Button>;
  return <NotAllowed act={act} action={back} />;
}

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
    <Only act="putConnection">
      <ConnectWizard
        key={organization}
        organization={organization}
        purpose={purpose ?? "connect"}
        onLeave={() => open(organization)}
        onLaps={() => void navigate({ to: "/organizations/$organization/laps", params: { organization } })}
      />
    </Only>
  );
}

export function LapsView() {
  const { organization } = lapsRoute.useParams();
  const navigate = useNavigate();
  const open = useOpen();
  return (
    <Only act="putOrganization">
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
    </Only>
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
  const chosen = useLocation({ select: (place) => place.state.chosen ?? [] });
  return <IncidentScreen chosen={chosen} onOpen={useOpen()} />;
}

export function TeamView() {
  const { open } = teamRoute.useSearch();
  const navigate = useNavigate();
  return (
    <TeamScreen
      inviting={open === "invite"}
      onInviting={(on) => void navigate({ to: "/team", search: { open: on ? "invite" : undefined }, replace: true })}
      onMember={(member) => void navigate({ to: "/team/$member", params: { member } })}
      onHome={() => void navigate({ to: "/settings", search: { section: "home" } })}
      onIncident={() => void navigate({ to: "/incident" })}
    />
  );
}

export function MemberView() {
  const { member } = memberRoute.useParams();
  const navigate = useNavigate();
  return (
    <MemberDetail
      key={member}
      member={member}
      onBack={() => void navigate({ to: "/team" })}
      onIncident={() => void navigate({ to: "/incident" })}
    />
  );
}

export function AuditView() {
  const asked = auditRoute.useSearch();
  const navigate = auditRoute.useNavigate();
  return (
    <AuditScreen
      asked={asked}
      onAsk={(next) => void navigate({ search: next, replace: true })}
      onOrganizations={() => void navigate({ to: "/organizations" })}
    />
  );
}

export function SettingsView() {
  const t = useWords();
  const { section } = settingsRoute.useSearch();
  const navigate = settingsRoute.useNavigate();
  const away = useNavigate();
  return (
    <SettingsScreen
      section={section}
      onArrived={() => void navigate({ search: {}, replace: true })}
      backup={<BackupFolder />}
      kit={<SaveKit />}
      sheet={<SaveSheet />}
      client={<ClientIdHelp inSettings />}
      devices={
        <OwnDevices
          place="devices"
          title={t("settings.devices")}
          onTeam={() => void away({ to: "/team" })}
          onIncident={() => void away({ to: "/incident" })}
        />
      }
    />
  );
}
