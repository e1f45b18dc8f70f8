import { useState } from "react";
import { Bar, Button, Dialog, Small, toast } from "../../components";
import { asErrorView, type ErrorView, useAction, useHost } from "../../host";
import { ErrorNotice, IntervalField } from "../../parts";
import { useWords } from "../../words";

/** How many are changed before the bar moves. */
const together = 50;

/** Changes how often the chosen organizations rotate; what could not be changed is said. */
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
    const refused: ErrorView[] = [];
    setLeft(null);
    for (let from = 0; from < count; from += together) {
      setDone(from);
      const some = organizations.slice(from, from + together);
      try {
        const answer = await host.setSchedule({ organizations: some, schedule: { intervalHours: hours } });
        refused.push(...answer.failed.map(({ error }) => error));
      } catch (thrown) {
        refused.push(...some.map(() => asErrorView(thrown)));
      }
    }
    setDone(count);
    const failed = refused.filter(({ code }) => code !== "laps.off");
    const without = refused.length - failed.length;
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
      <IntervalField
        value={hours}
        onChange={setHours}
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
