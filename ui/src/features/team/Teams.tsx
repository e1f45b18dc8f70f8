// Teams of the vault: who works with which organizations. Made, changed and removed here.

import { useState } from "react";
import { Button, Check, Dialog, Notice, Section, Small, Stack, TextField } from "../../components";
import { type MemberView, type PeopleView, type TeamView, useAction, useHost } from "../../host";
import { ErrorNotice, Name, OpenName } from "../../parts";
import { isolated, useWords } from "../../words";
import css from "./Team.module.css";

const works = ({ role, standing }: MemberView) =>
  (role === "technician" || role === "rotator") && (standing === "active" || standing === "joining");

export function Teams({
  people,
  blocked,
  onChanged,
}: {
  people: PeopleView;
  /** Why nothing can be changed now. */
  blocked: string | null;
  onChanged: () => void;
}) {
  const t = useWords();
  const [open, setOpen] = useState<string | null>(null);
  const name = (id: string) => people.members.find((member) => member.id === id)?.name ?? "";
  return (
    <Section
      title={t("teams.title")}
      lead={t("teams.lead")}
      flush
      actions={
        people.mayManage ? (
          <Button small reason={blocked} onClick={() => setOpen("new")} testId="make-team">
            {t("teams.make")}
          </Button>
        ) : undefined
      }
    >
      <ul>
        {people.teams.map((team) => (
          <li key={team.id} className={css.line} data-testid="team" data-name={team.name}>
            <span className={css.words}>
              {people.mayManage && (team.kind === "work" || team.kind === "staff") ? (
                <OpenName name={team.name} onOpen={() => setOpen(team.id)} />
              ) : (
                <Name>{team.name}</Name>
              )}
              <Small>{t(`teams.kinds.${team.kind}`)}</Small>
              <span className={css.people}>
                <Small>{team.members.map((member) => isolated(name(member))).join(", ")}</Small>
              </span>
            </span>
            <span className={css.soft}>{t("team.organizations", { count: team.organizations })}</span>
          </li>
        ))}
      </ul>
      {open === null ? null : (
        <TeamDialog
          key={open}
          people={people}
          team={people.teams.find((team) => team.id === open)}
          blocked={blocked}
          onClose={() => setOpen(null)}
          onChanged={onChanged}
        />
      )}
    </Section>
  );
}

/** Makes a team, or changes one. */
function TeamDialog({
  people,
  team,
  blocked,
  onClose,
  onChanged,
}: {
  people: PeopleView;
  team: TeamView | undefined;
  blocked: string | null;
  onClose: () => void;
  onChanged: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const some = people.members.filter(works);
  const before = some.filter(({ id }) => team?.members.includes(id)).map(({ id }) => id);
  const [name, setName] = useState(team?.name ?? "");
  const [chosen, setChosen] = useState<readonly string[]>(before);
  const wanted = name.trim();
  const leaving = before.filter((id) => !chosen.includes(id));
  const done = () => {
    onChanged();
    onClose();
  };
  const save = useAction(async () => {
    if (team === undefined) await host.makeTeam({ name: wanted, members: [...chosen] });
    else {
      const add = chosen.filter((id) => !before.includes(id));
      await host.changeTeam({ team: team.id, name: wanted === team.name ? null : wanted, add, remove: leaving });
    }
    done();
  });
  const remove = useAction(async () => {
    if (team !== undefined) await host.removeTeam({ team: team.id });
    done();
  });
  const [removing, setRemoving] = useState(false);
  if (removing && team !== undefined)
    return (
      <Dialog
        open
        onClose={onClose}
        title={t("teams.removeTitle", { name: team.name })}
        closeLabel={t("common.close")}
        actions={
          <>
            <Button onClick={() => setRemoving(false)}>{t("common.cancel")}</Button>
            <Button kind="danger" busy={remove.busy} reason={blocked} onClick={() => void remove.run()} testId="remove-team-go">
              {t("teams.remove")}
            </Button>
          </>
        }
      >
        <p>{t("teams.removeMore")}</p>
        <ErrorNotice error={remove.error} onRetry={() => void remove.run()} />
      </Dialog>
    );
  return (
    <Dialog
      open
      onClose={onClose}
      title={team === undefined ? t("teams.makeTitle") : t("teams.changeTitle", { name: team.name })}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (wanted !== "" && blocked === null) void save.run();
      }}
      actions={
        <>
          {team?.kind === "work" ? (
            <Button onClick={() => setRemoving(true)} testId="remove-team">
              {t("teams.removeShort")}
            </Button>
          ) : null}
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            submit
            kind={leaving.length > 0 ? "danger" : "primary"}
            busy={save.busy}
            reason={blocked ?? (wanted === "" ? t("team.nameMissing") : null)}
            testId="team-save"
          >
            {team === undefined
              ? t("teams.make")
              : leaving.length > 0
                ? t("teams.saveLeaving", { count: leaving.length })
                : t("teams.save")}
          </Button>
        </>
      }
    >
      <TextField label={t("team.name")} value={name} onChange={setName} maxLength={100} testId="team-name" autoFocus />
      <fieldset className={css.choices}>
        <legend className={css.label}>{t("team.members")}</legend>
        <Stack gap={8}>
          {some.map((member) => (
            <Check
              key={member.id}
              label={isolated(member.name)}
              checked={chosen.includes(member.id)}
              onChange={(on) => setChosen(on ? [...chosen, member.id] : chosen.filter((id) => id !== member.id))}
            />
          ))}
        </Stack>
      </fieldset>
      <Small>{t("teams.leaders")}</Small>
      {leaving.length > 0 ? (
        <Notice tone="waits" title={t("teams.leaving", { count: leaving.length })}>
          {t("teams.leavingMore")}
        </Notice>
      ) : null}
      <ErrorNotice error={save.error} onRetry={() => void save.run()} />
    </Dialog>
  );
}
