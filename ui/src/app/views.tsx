// Where features meet: each screen gets from the address what it shows, and says where to go next.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { Button, Empty } from "../components";
import { AuditScreen } from "../features/audit/AuditScreen";
import { ClientIdHelp } from "../features/connect/ClientIdHelp";
import { ConnectWizard } from "../features/connect/ConnectWizard";
import { RevealWindow } from "../features/credentials/RevealWindow";
import { EnableLaps } from "../features/laps/EnableLaps";
import { Checklist } from "../features/onboarding/Checklist";
import { BackupFolder, SaveKit, SaveSheet } from "../features/onboarding/papers";
import { OrganizationDetail } from "../features/organizations/OrganizationDetail";
import { OrganizationList } from "../features/organizations/OrganizationList";
import { RotationScreen } from "../features/rotation/RotationScreen";
import { SettingsScreen } from "../features/settings/SettingsScreen";
import { useWords } from "../words";

const organizationsRoute = getRouteApi("/shell/organizations");
const organizationRoute = getRouteApi("/shell/organizations/$organization");
const connectRoute = getRouteApi("/shell/organizations/$organization/connect");
const lapsRoute = getRouteApi("/shell/organizations/$organization/laps");
const auditRoute = getRouteApi("/shell/audit");
const revealRoute = getRouteApi("/reveal/$organization/$account");

const useOpen = () => {
  const navigate = useNavigate();
  return useCallback(
    (organization: string) => void navigate({ to: "/organizations/$organization", params: { organization } }),
    [navigate],
  );
};

export function OrganizationsView() {
  const search = organizationsRoute.useSearch();
  const navigate = organizationsRoute.useNavigate();
  const open = useOpen();
  return (
    <OrganizationList
      search={search}
      onSearch={(change) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true })}
      onOpen={open}
    />
  );
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
  return <RotationScreen onOpen={open} onOrganizations={() => void navigate({ to: "/organizations" })} />;
}

export function AuditView() {
  const { organization } = auditRoute.useSearch();
  const navigate = auditRoute.useNavigate();
  return (
    <AuditScreen
      organization={organization}
      onOrganization={(next) => void navigate({ search: { organization: next } })}
    />
  );
}

export function SettingsView() {
  return (
    <SettingsScreen
      backup={<BackupFolder />}
      kit={<SaveKit />}
      sheet={<SaveSheet />}
      client={<ClientIdHelp inSettings />}
    />
  );
}

export function RevealView() {
  const { organization, account } = revealRoute.useParams();
  return <RevealWindow organization={organization} account={account} />;
}

export function NotFound() {
  const t = useWords();
  const navigate = useNavigate();
  return (
    <Empty
      title={t("organization.unknown")}
      action={<Button onClick={() => void navigate({ to: "/organizations" })}>{t("organization.back")}</Button>}
    />
  );
}
