// Giving a team access to many organizations at once: a new team is not walked through a thousand customers one by one.

import { useState } from "react";
import { Bar, Button, Choice, Dialog, Options, Small, toast } from "../../components";
import { type AccessLevel, type TeamView, useAction, useHost } from "../../host";
import { ErrorNotice, useBackend } from "../../parts";
import { useWords } from "../../words";

/** How many are given before the bar moves. */
const together = 50;

const levels = ["full", "read"] as const satisfies readonly AccessLevel[];

export function GiveAccessDialog({
  organizations,
  teams,
  onClose,
}: {
  organizations: readonly string[];
  /** Teams of work, one at least. */
  teams: readonly TeamView[];
  /** Closed; `given` where the team has all of them now. */
  onClose: (given: boolean) => void;
}) {
  const t = useWords();
  const host = useHost();
  const { reason } = useBackend();
  const count = organizations.length;
  const [team, setTeam] = useState(teams.at(-1)?.id ?? "");
  const [level, setLevel] = useState<(typeof levels)[number]>("full");
  const [done, setDone] = useState(0);
  const name = teams.find(({ id }) => id === team)?.name ?? "";
  const give = useAction(async () => {
    for (let from = 0; from < count; from += together) {
      setDone(from);
      await host.giveAccess({ organizations: organizations.slice(from, from + together), team, level });
    }
    toast(t("access.given", { count, name }), t("common.close"));
    onClose(true);
  });
  return (
    <Dialog
      open
      onClose={() => onClose(false)}
      title={t("access.giveTitle", { count })}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (!give.busy && reason === null) void give.run();
      }}
      actions={
        <>
          <Button onClick={() => onClose(false)}>{t("common.cancel")}</Button>
          <Button submit kind="primary" busy={give.busy} reason={reason} testId="give-access-go">
            {t("access.giveGo", { count })}
          </Button>
        </>
      }
    >
      <Choice
        label={t("teams.one")}
        value={team}
        onChange={setTeam}
        options={teams.map(({ id, name: label }) => ({ value: id, label }))}
      />
      <Options
        label={t("access.howMuch")}
        value={level}
        onChange={setLevel}
        options={levels.map((value) => ({
          value,
          label: t(`access.levels.${value}`),
          hint: t(`access.levelsMore.${value}`),
          testId: `give-access-${value}`,
        }))}
      />
      <Small>{t("access.giveMore")}</Small>
      {give.busy ? <Bar share={done / count} label={t("access.giveAt", { done, total: count })} /> : null}
      <ErrorNotice error={give.error} onRetry={() => void give.run()} />
    </Dialog>
  );
}
