// What must stay visible for as long as it is true.

import { IconAlertTriangle, IconCloudOff, IconFlask } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { type ErrorView, type StatusView, useRead } from "../host";
import { ConfirmRestore } from "../features/onboarding/ConfirmRestore";
import { nextStepOf, useNetwork } from "../parts";
import { told, useWords } from "../words";
import css from "./App.module.css";
import { addresses } from "./useWays";

function Banner({
  tone,
  icon,
  title,
  children,
}: {
  tone?: "wrong" | undefined;
  icon: ReactNode;
  title: string;
  children: ReactNode;
}) {
  return (
    <div className={css.banner} data-tone={tone}>
      <strong>
        {icon}
        {title}
      </strong>
      <span>{children}</span>
    </div>
  );
}

/** `path`: of the screen below. */
export function Banners({ status, path, brief }: { status: StatusView; path: string; brief: boolean }) {
  const t = useWords();
  const { cloud, deviceSecret, backup, phase } = status;
  const hosts = { login: cloud.loginHost, graph: cloud.graphHost };
  const alarm = <IconAlertTriangle size={14} aria-hidden />;
  return (
    <aside className={css.banners} aria-label={t("banner.label")}>
      {cloud.simulated ? (
        <Banner icon={<IconFlask size={14} aria-hidden />} title={t("banner.simulated")}>
          {brief ? null : t("banner.simulatedMore", hosts)}
        </Banner>
      ) : cloud.custom ? (
        <Banner icon={alarm} title={t("banner.custom")}>
          {t("banner.customMore", hosts)}
        </Banner>
      ) : null}
      {brief ? null : (
        <>
          {deviceSecret === "file" && phase === "unlocked" ? (
            <Banner icon={alarm} title={t("banner.file")}>
              {t("banner.fileMore")} <a href="#/settings?section=passphrase">{t("banner.fileAction")}</a>
            </Banner>
          ) : null}
          {phase === "unlocked" && backup?.problem ? (
            <Banner tone="wrong" icon={alarm} title={t("banner.backupProblem")}>
              {told(backup.problem.what)} <a href="#/settings?section=backup">{told(backup.problem.next)}</a>
            </Banner>
          ) : null}
          {phase === "unlocked" && status.onboarding?.kitConfirmed && backup !== null && backup.folder === null ? (
            <Banner icon={alarm} title={t("banner.backup")}>
              {t("banner.backupMore")} <a href="#/start">{t("banner.backupAction")}</a>
            </Banner>
          ) : null}
          {phase === "unlocked" ? <Unreached /> : null}
          {phase === "unlocked" && path !== "/incident" ? <OpenIncident /> : null}
          {status.unconfirmed ? (
            <Banner icon={alarm} title={t("banner.unconfirmed")}>
              {t("banner.unconfirmedMore")} <ConfirmRestore />
            </Banner>
          ) : null}
          {/* What comes up while a person works and is not to be missed. */}
          <div aria-live="polite">
            {phase === "unlocked" && (status.role === null || status.removed) ? (
              <Banner tone="wrong" icon={alarm} title={t("banner.removed")}>
                {t("banner.removedMore")}
              </Banner>
            ) : null}
            {status.warnings.map((warning) => (
              <Banner key={warning.code} tone="wrong" icon={alarm} title={told(warning.what)}>
                {told(warning.holds)} {told(warning.next)} <Way of={warning} />
              </Banner>
            ))}
          </div>
        </>
      )}
    </aside>
  );
}

/** The next step of a warning, where a screen has it. */
function Way({ of }: { of: ErrorView }) {
  const t = useWords();
  const step = nextStepOf(of);
  const address = step === undefined ? undefined : addresses[step];
  return step === undefined || address === undefined ? null : <a href={address}>{t(`error.step.${step}`)}</a>;
}

function Unreached() {
  const t = useWords();
  const { since } = useNetwork();
  if (since === null) return null;
  return (
    <Banner icon={<IconCloudOff size={14} aria-hidden />} title={t("network.banner")}>
      {t("network.bannerMore", { time: since })}
    </Banner>
  );
}

/** An incident is seen from every screen until it is ended; its board says more by itself. */
function OpenIncident() {
  const t = useWords();
  const incident = useRead("incident", {}, { keep: true }).data?.incident;
  if (!incident) return null;
  const { blocked, working, waiting } = incident.organizations;
  const left = blocked + working + waiting;
  return (
    <Banner
      tone={left === 0 ? undefined : "wrong"}
      icon={<IconAlertTriangle size={14} aria-hidden />}
      title={t("incident.banner")}
    >
      {left === 0 ? t("incident.bannerDone") : t("incident.bannerMore", { count: left })}{" "}
      <a href="#/incident">{t("incident.bannerAction")}</a>
    </Banner>
  );
}
