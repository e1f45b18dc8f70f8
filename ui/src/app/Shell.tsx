// The main window when unlocked: slim sidebar, screen, palette, shortcuts.

import {
  IconAlertTriangle,
  IconBuildings,
  IconHistory,
  IconListCheck,
  IconLock,
  IconRotateClockwise2,
  IconSearch,
  IconSettings,
  IconUsers,
} from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { CaseMark, Key, openPalette, Unseen } from "../components";
import { type OnboardingView, useHost, useRead } from "../host";
import { GoProvider, Name, useMay } from "../parts";
import { useWords } from "../words";
import css from "./App.module.css";
import { Commands } from "./Commands";
import { Shortcuts, useShortcuts } from "./Shortcuts";
import { SyncState } from "./SyncState";
import { useWays } from "./useWays";

const icon = { size: 18, stroke: 1.75, "aria-hidden": true } as const;

export function Shell() {
  const t = useWords();
  const host = useHost();
  // Asked again now and then: nothing tells when Microsoft is reached no more.
  const status = useRead("status", {}, { refetchMs: 20_000 });
  const ways = useWays();
  const { takes } = useMay();
  const jobs = useRead("jobs", { limit: 1 });
  // Time alone ends a snooze, and makes what is due overdue.
  const attention = useRead("attention", { limit: 1 }, { refetchMs: 30_000 });
  const [help, setHelp] = useState(false);
  useShortcuts({ onHelp: () => setHelp(true), onLock: () => void host.lock({}) });

  const onboarding = status.data?.onboarding;
  const steps = Object.entries(onboarding ?? {}) as [keyof OnboardingView, boolean][];
  const left = steps.filter(([step, done]) => !done && takes(step)).length;
  const open = jobs.data?.open ?? 0;
  const problems = attention.data?.open ?? 0;

  return (
    <div className={css.shell}>
      <button type="button" className={css.skip} onClick={() => document.getElementById("main")?.focus()}>
        {t("nav.skip")}
      </button>
      <nav className={css.sidebar} aria-label={t("nav.label")}>
        <div className={css.brand}>
          <CaseMark />
          <span>
            <Name>{status.data?.mspName ?? t("app.name")}</Name>
          </span>
        </div>
        <button
          type="button"
          className={css.search}
          title={t("nav.search")}
          aria-keyshortcuts="Control+K"
          data-testid="open-palette"
          onClick={openPalette}
        >
          <IconSearch size={16} stroke={1.75} aria-hidden />
          <span>{t("nav.searchShort")}</span>
          <Key>Ctrl K</Key>
        </button>
        <div className={css.nav}>
          <Link to="/organizations" className={css.item} data-testid="nav-organizations" title={t("nav.organizations")}>
            <IconBuildings {...icon} />
            <span className={css.itemLabel}>{t("nav.organizations")}</span>
          </Link>
          <Link to="/rotation" className={css.item} data-testid="nav-rotation" title={t("nav.rotation")}>
            <IconRotateClockwise2 {...icon} />
            <span className={css.itemLabel}>{t("nav.rotation")}</span>
            {open > 0 ? (
              <span className={css.count}>
                <span aria-hidden="true">{open}</span>
                <Unseen>{t("nav.open", { count: open })}</Unseen>
              </span>
            ) : null}
          </Link>
          <Link to="/attention" className={css.item} data-testid="nav-attention" title={t("nav.attention")}>
            <IconAlertTriangle {...icon} />
            <span className={css.itemLabel}>{t("nav.attention")}</span>
            {problems > 0 ? (
              <span className={css.count} data-tone="wrong">
                <span aria-hidden="true">{problems.toLocaleString()}</span>
                <Unseen>{t("nav.problems", { count: problems })}</Unseen>
              </span>
            ) : null}
          </Link>
          <Link to="/team" className={css.item} data-testid="nav-team" title={t("nav.team")}>
            <IconUsers {...icon} />
            <span className={css.itemLabel}>{t("nav.team")}</span>
          </Link>
          <Link to="/audit" className={css.item} data-testid="nav-audit" title={t("nav.audit")}>
            <IconHistory {...icon} />
            <span className={css.itemLabel}>{t("nav.audit")}</span>
          </Link>
          <Link to="/settings" className={css.item} data-testid="nav-settings" title={t("nav.settings")}>
            <IconSettings {...icon} />
            <span className={css.itemLabel}>{t("nav.settings")}</span>
          </Link>
        </div>
        <div className={css.space} />
        <div className={css.nav}>
          {left > 0 ? (
            <Link to="/start" className={css.item} data-testid="nav-start" title={t("nav.start")}>
              <IconListCheck {...icon} />
              <span className={css.itemLabel}>{t("nav.start")}</span>
              <span className={css.count}>
                <span aria-hidden="true">{left}</span>
                <Unseen>{t("nav.startLeft", { count: left })}</Unseen>
              </span>
            </Link>
          ) : null}
          <SyncState />
          <button
            type="button"
            className={css.item}
            data-testid="lock-now"
            title={t("nav.lock")}
            aria-keyshortcuts="Control+L"
            onClick={() => void host.lock({})}
          >
            <IconLock {...icon} />
            <span className={css.itemLabel}>{t("nav.lock")}</span>
          </button>
        </div>
      </nav>
      <main id="main" className={css.main} tabIndex={-1}>
        <GoProvider value={ways}>
          <Outlet />
        </GoProvider>
      </main>
      <Commands onHelp={() => setHelp(true)} />
      <Shortcuts open={help} onClose={() => setHelp(false)} />
    </div>
  );
}
