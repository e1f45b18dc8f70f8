// How this device stands with the home of the vault, on every screen, where the home is a backend.

import { IconCloud, IconCloudCheck, IconCloudExclamation, IconCloudOff, IconCloudUp } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Unseen } from "../components";
import { useRead } from "../host";
import { LOOK_MS, standingOf, useNow } from "../parts";
import { clock, useWords } from "../words";
import css from "./App.module.css";

const icons = {
  asking: IconCloud,
  reached: IconCloudCheck,
  moving: IconCloudUp,
  unreached: IconCloudOff,
  wrong: IconCloudExclamation,
};

export function SyncState() {
  const t = useWords();
  const now = useNow();
  const backend = useRead("home", {}, { refetchMs: LOOK_MS }).data?.backend ?? null;
  if (backend === null) return null;
  const standing = standingOf(backend);
  const at = backend.syncedAt;
  const words = t(`sync.${standing}`);
  const inTouch = at === null ? t("sync.never") : t("sync.inTouch", { time: clock(at, now) });
  const away = standing === "unreached" || standing === "wrong";
  const Icon = icons[standing];
  return (
    <>
      <Link
        to="/settings"
        search={{ section: "home" }}
        activeOptions={{ exact: true, includeSearch: true }}
        className={css.item}
        data-standing={standing}
        data-testid="nav-sync"
        title={t("sync.title", { words, inTouch })}
      >
        <Icon size={18} stroke={1.75} aria-hidden />
        <span className={css.itemLabel}>
          {words}
          {away ? <small>{inTouch}</small> : null}
        </span>
      </Link>
      <Unseen live>{away ? words : ""}</Unseen>
    </>
  );
}
