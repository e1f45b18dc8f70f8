// The frame of the window for quick access: what it shows depends on the vault, and Escape closes it from everywhere.

import { type ReactNode, useEffect } from "react";
import { Button, CaseMark, Empty } from "../../components";
import { type StatusView, useAction, useHost } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";
import { QuickAccess } from "./QuickAccess";
import css from "./QuickWindow.module.css";

export function QuickWindow({
  status,
  unlock,
}: {
  status: StatusView;
  /** The field that opens the vault. */
  unlock: ReactNode;
}) {
  const t = useWords();
  const host = useHost();
  useEffect(() => {
    const closes = (event: KeyboardEvent) => {
      // Where signs are put together from several keys, Escape takes back what was begun.
      if (event.key === "Escape" && !event.isComposing) void host.closeWindow();
    };
    window.addEventListener("keydown", closes);
    return () => window.removeEventListener("keydown", closes);
  }, [host]);
  const main = useAction(async () => {
    await host.openMain({});
    await host.closeWindow();
  });

  if (status.phase === "unlocked") return <QuickAccess />;
  if (status.phase === "locked")
    return (
      <main className={css.locked} data-testid="quick-locked">
        <div className={css.lockedColumn}>
          <div className={css.lockedHead}>
            <CaseMark size={28} />
            <div>
              <h1>{t("quick.locked")}</h1>
              <p>{t(`unlock.reason.${status.lockReason ?? "start"}`)}</p>
            </div>
          </div>
          {unlock}
        </div>
      </main>
    );
  return (
    <main className={css.locked}>
      <Empty
        title={status.phase === "joining" ? t("quick.joining") : t("quick.noVault")}
        action={
          <Button kind="primary" busy={main.busy} onClick={() => void main.run()} autoFocus testId="quick-open-main">
            {t("quick.openMain")}
          </Button>
        }
      >
        {status.phase === "joining" ? t("quick.joiningMore") : t("quick.noVaultMore")}
      </Empty>
      <ErrorNotice error={main.error} />
    </main>
  );
}
