// No vault yet: create one, join one by an invitation, or restore one from a backup.

import { IconChevronRight, IconDatabaseImport, IconSparkles, IconUsersPlus } from "@tabler/icons-react";
import { useState } from "react";
import { GlassCase, Ground } from "../../components";
import type { StatusView } from "../../host";
import { useWords } from "../../words";
import { CreateVault } from "./CreateVault";
import css from "./FirstRun.module.css";
import { Join } from "./Join";
import { Restore } from "./Restore";

export function FirstRun({ status, onCreated }: { status: StatusView; onCreated: () => void }) {
  const t = useWords();
  const [path, setPath] = useState<"choose" | "create" | "join" | "restore">("choose");
  const back = () => setPath("choose");
  return (
    <Ground width={path === "choose" ? 440 : 520}>
      {path === "choose" ? (
        <div className={css.welcome}>
          <GlassCase />
          <h1>{t("first.title")}</h1>
          <p className={css.lead}>{t("first.lead")}</p>
          <div className={css.choices}>
            <button
              type="button"
              className={css.choice}
              data-main
              data-testid="first-create"
              onClick={() => setPath("create")}
            >
              <IconSparkles size={20} stroke={1.75} aria-hidden />
              <span className={css.choiceWords}>
                <span className={css.choiceTitle}>{t("first.create")}</span>
                <span className={css.choiceMore}>{t("first.createMore")}</span>
              </span>
              <IconChevronRight size={18} aria-hidden />
            </button>
            <button type="button" className={css.choice} data-testid="first-join" onClick={() => setPath("join")}>
              <IconUsersPlus size={20} stroke={1.75} aria-hidden />
              <span className={css.choiceWords}>
                <span className={css.choiceTitle}>{t("first.join")}</span>
                <span className={css.choiceMore}>{t("first.joinMore")}</span>
              </span>
              <IconChevronRight size={18} aria-hidden />
            </button>
            <button
              type="button"
              className={css.choice}
              data-testid="first-restore"
              onClick={() => setPath("restore")}
            >
              <IconDatabaseImport size={20} stroke={1.75} aria-hidden />
              <span className={css.choiceWords}>
                <span className={css.choiceTitle}>{t("first.restore")}</span>
                <span className={css.choiceMore}>{t("first.restoreMore")}</span>
              </span>
              <IconChevronRight size={18} aria-hidden />
            </button>
          </div>
          <p className={css.folder}>{t("first.folder", { folder: status.dataFolder })}</p>
        </div>
      ) : path === "create" ? (
        <CreateVault status={status} onBack={back} onCreated={onCreated} />
      ) : path === "join" ? (
        <Join status={status} onBack={back} onJoined={onCreated} />
      ) : (
        <Restore status={status} onBack={back} />
      )}
    </Ground>
  );
}
