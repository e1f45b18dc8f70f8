import { useState } from "react";
import { Bar, Button, Dialog, NumberField, Small, toast } from "../../components";
import { asErrorView, type ErrorView, useAction, useHost } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";

/** Changes how often the chosen organizations rotate, one after the other; what could not be changed is said. */
export function ScheduleDialog({
  organizations,
  onClose,
}: {
  organizations: readonly string[];
  /** Closed; `changed` where everything that could be changed was. */
  onClose: (changed: boolean) => void;
}) {
  const t = useWords();
  const host = useHost();
  const count = organizations.length;
  const [hours, setHours] = useState(24);
  const [done, setDone] = useState(0);
  const [left, setLeft] = useState<{ without: number; failed: ErrorView[] } | null>(null);
  const change = useAction(async () => {
    let without = 0;
    const failed: ErrorView[] = [];
    setLeft(null);
    for (const [index, organization] of organizations.entries()) {
      setDone(index);
      try {
        await host.setInterval({ organization, intervalHours: hours });
      } catch (thrown) {
        const error = asErrorView(thrown);
        if (error.code === "laps.off") without += 1;
        else failed.push(error);
      }
    }
    setDone(count);
    const changed = count - without - failed.length;
    if (changed > 0) toast(t("organizations.scheduleChanged", { count: changed }), t("common.close"));
    if (without + failed.length === 0) onClose(true);
    else setLeft({ without, failed });
  });
  return (
    <Dialog
      open
      onClose={() => onClose(left !== null)}
      title={t("organizations.scheduleTitle", { count })}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (!change.busy) void change.run();
      }}
      actions={
        left === null ? (
          <>
            <Button onClick={() => onClose(false)}>{t("common.cancel")}</Button>
            <Button submit kind="primary" busy={change.busy} testId="schedule-submit">
              {t("organizations.scheduleGo", { count })}
            </Button>
          </>
        ) : (
          <Button kind="primary" onClick={() => onClose(true)}>
            {t("common.close")}
          </Button>
        )
      }
    >
      <NumberField
        label={t("organization.interval")}
        hint={t("settings.range", { min: 1, max: 720, unit: t("organization.intervalUnit") })}
        unit={t("organization.intervalUnit")}
        value={hours}
        onChange={setHours}
        min={1}
        max={720}
        disabled={change.busy || left !== null}
        testId="schedule-hours"
      />
      <Small>{t("organizations.scheduleMore")}</Small>
      {change.busy ? (
        <Bar share={done / count} label={t("organizations.scheduleAt", { done, total: count })} />
      ) : null}
      <div role="status">
        {left !== null && left.without > 0 ? <p>{t("organizations.scheduleWithout", { count: left.without })}</p> : null}
        {left !== null && left.failed.length > 0 ? (
          <p>{t("organizations.scheduleFailed", { count: left.failed.length })}</p>
        ) : null}
      </div>
      <ErrorNotice error={left?.failed[0] ?? null} />
    </Dialog>
  );
}
