// Every action of the main window by its name, and every organization.

import {
  IconAdjustments,
  IconAlertTriangle,
  IconBolt,
  IconBuilding,
  IconBuildings,
  IconCloudUpload,
  IconContrast,
  IconDeviceLaptopOff,
  IconFileCertificate,
  IconFileImport,
  IconHistory,
  IconKey,
  IconKeyboard,
  IconListCheck,
  IconLock,
  IconMoon,
  IconPassword,
  IconPlug,
  IconPlus,
  IconRefresh,
  IconRotateClockwise2,
  IconSettings,
  IconSun,
  IconSunMoon,
  IconUrgent,
  IconUserPlus,
  IconUsers,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { CommandPalette, type PaletteAction, toast } from "../components";
import { type Settings, useHost, useRead } from "../host";
import { asErrorView } from "../host/host";
import type { SettingsSection } from "../features/settings/sections";
import { type Act, useMay } from "../parts";
import { isolated, told, useWords } from "../words";

const icon = { size: 16, stroke: 1.75, "aria-hidden": true } as const;

/** What a command needs of the role. The others are for everybody. */
const needs: Readonly<Record<string, Act>> = {
  add: "organizations",
  import: "organizations",
  due: "putAccount",
  failed: "putAccount",
  invite: "members",
  sheet: "recovery",
};

/** What of "rotate contoso" is a name: everything from the first word that no act has in its own. */
function withoutVerbs(query: string, verbs: string): string {
  const known = new Set(verbs.split(" "));
  const typed = query.trim().split(/\s+/);
  const from = typed.findIndex((word) => !known.has(word.toLowerCase()));
  return from < 0 ? query.trim() : typed.slice(from).join(" ");
}

export function Commands({ onHelp }: { onHelp: () => void }) {
  const t = useWords();
  const host = useHost();
  const navigate = useNavigate();
  const { may } = useMay();
  const [query, setQuery] = useState("");
  const named = withoutVerbs(query, t("palette.verbs"));
  const found = useRead(
    "organizations",
    { filter: named, limit: 8 },
    { enabled: named !== "", keep: true },
  );
  const quietly = (act: Promise<unknown>) =>
    void act.catch((thrown: unknown) => toast(told(asErrorView(thrown).what), t("common.close")));
  const theme = (wanted: Settings["theme"]) =>
    quietly(host.settings({}).then(({ settings }) => host.setSettings({ settings: { ...settings, theme: wanted } })));

  const section = (name: SettingsSection) => void navigate({ to: "/settings", search: { section: name } });

  const commands: PaletteAction[] = [
    {
      id: "organizations",
      label: t("nav.organizations"),
      icon: <IconBuildings {...icon} />,
      run: () => void navigate({ to: "/organizations" }),
    },
    {
      id: "add",
      label: t("organizations.add"),
      icon: <IconPlus {...icon} />,
      run: () => void navigate({ to: "/organizations", search: { open: "add" } }),
    },
    {
      id: "import",
      label: t("organizations.import"),
      icon: <IconFileImport {...icon} />,
      run: () => void navigate({ to: "/organizations", search: { open: "import" } }),
    },
    {
      id: "due",
      label: t("palette.rotateDue"),
      icon: <IconRotateClockwise2 {...icon} />,
      run: () => {
        quietly(host.rotate({ scope: { kind: "due" } }));
        void navigate({ to: "/rotation" });
      },
    },
    {
      id: "failed",
      label: t("palette.retryFailed"),
      icon: <IconRefresh {...icon} />,
      run: () => {
        quietly(host.rotate({ scope: { kind: "failed" } }));
        void navigate({ to: "/rotation" });
      },
    },
    {
      id: "rotation",
      label: t("nav.rotation"),
      icon: <IconRotateClockwise2 {...icon} />,
      run: () => void navigate({ to: "/rotation" }),
    },
    {
      id: "attention",
      label: t("palette.attention"),
      icon: <IconAlertTriangle {...icon} />,
      run: () => void navigate({ to: "/attention" }),
    },
    {
      id: "incident",
      label: t("incident.go"),
      icon: <IconUrgent {...icon} />,
      run: () => void navigate({ to: "/incident" }),
    },
    { id: "team", label: t("palette.team"), icon: <IconUsers {...icon} />, run: () => void navigate({ to: "/team" }) },
    {
      id: "invite",
      label: t("team.invite"),
      icon: <IconUserPlus {...icon} />,
      run: () => void navigate({ to: "/team", search: { open: "invite" } }),
    },
    { id: "audit", label: t("nav.audit"), icon: <IconHistory {...icon} />, run: () => void navigate({ to: "/audit" }) },
    {
      id: "settings",
      label: t("nav.settings"),
      icon: <IconSettings {...icon} />,
      run: () => void navigate({ to: "/settings" }),
    },
    {
      id: "start",
      label: t("palette.start"),
      icon: <IconListCheck {...icon} />,
      run: () => void navigate({ to: "/start" }),
    },
    {
      id: "kit",
      label: t("palette.saveKit"),
      icon: <IconFileCertificate {...icon} />,
      run: () => section("kit"),
    },
    {
      id: "sheet",
      label: t("palette.saveSheet"),
      icon: <IconFileCertificate {...icon} />,
      run: () => section("sheet"),
    },
    {
      id: "lost",
      label: t("palette.lostDevice"),
      icon: <IconDeviceLaptopOff {...icon} />,
      run: () => section("devices"),
    },
    {
      id: "passphrase",
      label: t("palette.passphrase"),
      icon: <IconPassword {...icon} />,
      run: () => section("passphrase"),
    },
    ...(["lock", "viewing", "rotation", "webhook", "quick", "appearance", "devices", "backup", "home", "cloud"] as const).map((name) => ({
      id: `settings-${name}`,
      label: t("palette.settingsOf", { section: t(`settings.${name}`) }),
      icon: <IconAdjustments {...icon} />,
      run: () => section(name),
    })),
    {
      id: "backup",
      label: t("palette.backup"),
      icon: <IconCloudUpload {...icon} />,
      run: () => quietly(host.backupNow({}).then(() => toast(t("settings.backupDone"), t("common.close")))),
    },
    { id: "light", label: t("palette.themeLight"), icon: <IconSun {...icon} />, run: () => theme("light") },
    { id: "dark", label: t("palette.themeDark"), icon: <IconMoon {...icon} />, run: () => theme("dark") },
    {
      id: "contrast",
      label: t("palette.themeContrast"),
      icon: <IconContrast {...icon} />,
      run: () => theme("contrast"),
    },
    { id: "system", label: t("palette.themeSystem"), icon: <IconSunMoon {...icon} />, run: () => theme("system") },
    {
      id: "quick",
      label: t("palette.quick"),
      icon: <IconBolt {...icon} />,
      run: () => quietly(host.openQuickAccess({})),
    },
    { id: "shortcuts", label: t("palette.shortcuts"), icon: <IconKeyboard {...icon} />, keys: "?", run: onHelp },
    {
      id: "lock",
      label: t("palette.lock"),
      icon: <IconLock {...icon} />,
      keys: "Ctrl L",
      run: () => quietly(host.lock({})),
    },
  ];
  const organizations: PaletteAction[] =
    named === ""
      ? []
      : (found.data?.rows ?? []).flatMap((row) => {
          const open = () => void navigate({ to: "/organizations/$organization", params: { organization: row.id } });
          const go: PaletteAction = {
            id: row.id,
            label: isolated(row.name),
            hint: isolated(row.domain ?? ""),
            icon: <IconBuilding {...icon} />,
            run: open,
          };
          const view: PaletteAction = {
            id: `view-${row.id}`,
            label: t("palette.view", { name: row.name }),
            hint: isolated(row.domain ?? ""),
            icon: <IconKey {...icon} />,
            run: () =>
              quietly(
                host.organization({ organization: row.id }).then((whole) => {
                  const [account] = whole.accounts;
                  if (whole.accounts.length !== 1 || account === undefined) open();
                  else return host.openReveal({ organization: row.id, account: account.id });
                }),
              ),
          };
          const rotate: PaletteAction = {
            id: `rotate-${row.id}`,
            label: t("palette.rotate", { name: row.name }),
            hint: isolated(row.domain ?? ""),
            icon: <IconRotateClockwise2 {...icon} />,
            run: () =>
              quietly(
                host
                  .rotate({ scope: { kind: "organizations", organizations: [row.id] } })
                  .then(() => toast(t("organization.rotateStarted", { name: row.name }), t("common.close"))),
              ),
          };
          const params = { organization: row.id };
          const connect: PaletteAction = {
            id: `connect-${row.id}`,
            label: t("connect.title", { name: row.name }),
            icon: <IconPlug {...icon} />,
            run: () => void navigate({ to: "/organizations/$organization/connect", params }),
          };
          const laps: PaletteAction = {
            id: `laps-${row.id}`,
            label: t("laps.enableTitle", { name: row.name }),
            hint: isolated(row.domain ?? ""),
            icon: <IconKey {...icon} />,
            run: () => void navigate({ to: "/organizations/$organization/laps", params }),
          };
          const offered: [PaletteAction, Act | null][] =
            row.accounts > 0
              ? [[view, "reveal"], [go, null], [rotate, "putAccount"]]
              : row.domain === null
                ? [[go, null], [connect, "putConnection"]]
                : [[go, null], [laps, "putOrganization"]];
          return offered.flatMap(([action, act]) => (act === null || may(act) ? [action] : []));
        });
  return (
    <CommandPalette
      query={query}
      onQuery={setQuery}
      label={t("palette.label")}
      placeholder={t("palette.placeholder")}
      nothing={t("palette.nothing")}
      groups={[
        { group: t("palette.organizations"), actions: organizations },
        {
          group: t("palette.commands"),
          actions: commands.filter(({ id }) => {
            const act = needs[id];
            return act === undefined || may(act);
          }),
        },
      ]}
    />
  );
}
