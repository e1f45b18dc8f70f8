// Inviting: who, as what, for how long. The code goes from Rust onto the clipboard; this window never holds it.

import { useState } from "react";
import { Button, Choice, Dialog, Notice, Options, Small, TextField } from "../../components";
import { type InvitedView, type Role, type TeamView, useAction, useHost } from "../../host";
import { ErrorNotice } from "../../parts";
import { exact, useWords } from "../../words";

const roles = ["admin", "technician", "auditor", "rotator"] as const satisfies readonly Role[];
const lasts = ["1", "24", "72", "336"] as const;
type Lasts = (typeof lasts)[number];

export function InviteDialog({
  teams,
  onClose,
  onInvited,
}: {
  teams: readonly TeamView[];
  onClose: () => void;
  onInvited: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const [name, setName] = useState("");
  const [role, setRole] = useState<(typeof roles)[number]>("admin");
  const [team, setTeam] = useState("");
  const [hours, setHours] = useState<Lasts>("72");
  const work = teams.filter(({ kind }) => kind === "staff" || kind === "work");
  const chooses = work.length > 1 && (role === "technician" || role === "rotator");
  const [done, setDone] = useState<Pick<InvitedView, "endsAt"> | null>(null);
  const wanted = name.trim();
  const invite = useAction(async () => {
    const { endsAt } = await host.invite({
      name: wanted,
      role,
      team: chooses && team !== "" ? team : null,
      hours: Number(hours),
      copy: true,
    });
    setDone({ endsAt });
    onInvited();
  });
  if (done !== null)
    return (
      <Dialog
        open
        onClose={onClose}
        title={t("team.invitedTitle", { name: wanted })}
        closeLabel={t("common.close")}
        actions={
          <Button kind="primary" onClick={onClose} autoFocus testId="invited-done">
            {t("common.done")}
          </Button>
        }
      >
        <Notice tone="good" loud title={t("team.onClipboard")}>
          {t("team.sendIt", { name: wanted })}
        </Notice>
        <p>{t("team.goodUntil", { time: exact(done.endsAt) })}</p>
        <p>{t("team.givenOnce")}</p>
        <Small>{t("team.thenCompare")}</Small>
      </Dialog>
    );
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("team.inviteTitle")}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (wanted !== "") void invite.run();
      }}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            submit
            kind="primary"
            busy={invite.busy}
            reason={wanted === "" ? t("team.nameMissing") : null}
            testId="invite-submit"
          >
            {t("team.copyInvitation")}
          </Button>
        </>
      }
    >
      <TextField
        label={role === "rotator" ? t("team.machineName") : t("team.personName")}
        value={name}
        onChange={setName}
        maxLength={100}
        testId="invite-name"
        autoFocus
      />
      <Options
        label={t("team.role")}
        value={role}
        onChange={setRole}
        options={roles.map((value) => ({
          value,
          label: t(`role.${value}`),
          hint: t(`roleMore.${value}`),
          testId: `invite-${value}`,
        }))}
      />
      {chooses ? (
        <Choice
          label={t("teams.one")}
          value={team === "" ? (work[0]?.id ?? "") : team}
          onChange={setTeam}
          options={work.map(({ id, name: label }) => ({ value: id, label }))}
        />
      ) : null}
      <Small>{t("team.ownersLater")}</Small>
      <Choice
        label={t("team.codeLasts")}
        value={hours}
        onChange={setHours}
        options={lasts.map((value) => ({ value, label: t(`team.lasts.${value}`) }))}
      />
      <ErrorNotice error={invite.error} onRetry={() => void invite.run()} />
    </Dialog>
  );
}
