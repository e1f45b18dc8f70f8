// A code for a further device of one's own. It goes from Rust onto the clipboard; this window never holds it.

import { useState } from "react";
import { Button, Dialog, Notice, Small } from "../../components";
import { useAction, useHost } from "../../host";
import { ErrorNotice } from "../../parts";
import { exact, useWords } from "../../words";

/** Long enough to walk to another machine. */
const HOURS = 24;

export function AddDeviceDialog({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const t = useWords();
  const host = useHost();
  const [endsAt, setEndsAt] = useState<number | null>(null);
  const make = useAction(async () => {
    const made = await host.addDevice({ hours: HOURS, copy: true });
    setEndsAt(made.endsAt);
    onMade();
  });
  if (endsAt !== null)
    return (
      <Dialog
        open
        onClose={onClose}
        title={t("device.addTitle")}
        closeLabel={t("common.close")}
        actions={
          <Button kind="primary" onClick={onClose} autoFocus testId="device-code-done">
            {t("common.done")}
          </Button>
        }
      >
        <Notice tone="good" loud title={t("device.onClipboard")}>
          {t("device.takeIt")}
        </Notice>
        <p>{t("team.goodUntil", { time: exact(endsAt) })}</p>
        <Small>{t("device.thenCompare")}</Small>
      </Dialog>
    );
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("device.addTitle")}
      closeLabel={t("common.close")}
      onSubmit={() => void make.run()}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button submit kind="primary" busy={make.busy} autoFocus testId="device-code-copy">
            {t("device.copyCode")}
          </Button>
        </>
      }
    >
      <p>{t("device.addMore")}</p>
      <p>{t("device.addKeys")}</p>
      <ErrorNotice error={make.error} onRetry={() => void make.run()} />
    </Dialog>
  );
}
