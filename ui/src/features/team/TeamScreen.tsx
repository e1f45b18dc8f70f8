// Who shares the vault: members, invitations, and what waits for a second owner.

import { IconUserPlus, IconUsers } from "@tabler/icons-react";
import { Button, Chip, Empty, Mark, type MarkTone, Notice, Page, Row, Section } from "../../components";
import {
  
  type MemberStanding,
  type MemberView,
  type PeopleView,
  type PendingView,
  useAction,
  useHost,
  useRead,
} from "../../host";
import { Awaited, BackendAsOf, ErrorNotice, Learn, LOOK_MS, OpenName, useBackend, WhenInRow } from "../../parts";
import { useWords } from "../../words";
import { Invitation } from "./Invitation";
import { AnswersSaid } from "./InvitationLine";
import { InviteDialog } from "./InviteDialog";
import css from "./Team.module.css";
import { Teams } from "./Teams";

const tones: Record<MemberStanding, MarkTone> = { added: "waits", joining: "busy", active: "good", removed: "none" };

export const StandingMark = ({ standing }: { standing: MemberStanding }) => {
  const t = useWords();
  return <Mark tone={tones[standing]}>{t(`team.standings.${standing}`)}</Mark>;
};

const isHere = (member: MemberView) => member.standing !== "removed";
/** Who can let others in. */
export const leads = ({ role, standing }: MemberView) => standing === "active" && (role === "owner" || role === "admin");

const either = new Intl.ListFormat(undefined, { type: "disjunction" });

export function TeamScreen({
  inviting,
  onInviting,
  onMember,
  onHome,
  onIncident,
}: {
  /** The dialog that invites is open. */
  inviting: boolean;
  onInviting: (open: boolean) => void;
  onMember: (member: string) => void;
  onHome: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const view = useRead("people", {}, { refetchMs: LOOK_MS });
  const people = view.data;
  const backend = useBackend();
  // Codes for devices of one's own stand with those devices.
  const handed = people?.invitations.filter(({ ownDevice }) => !ownDevice) ?? [];
  // What a person has to do something about comes first.
  const invitations = [...handed.filter(({ answer }) => answer !== null), ...handed.filter(({ answer }) => answer === null)];
  const alone = people !== undefined && people.members.filter(isHere).length < 2 && invitations.length === 0;
  // Without anybody else the empty state has the button.
  const quiet = alone && people.members.length < 2;
  const invite = (
    <Button
      kind="primary"
      icon={<IconUserPlus size={16} />}
      reason={people?.shared === false ? t("team.notShared") : backend.reason}
      onClick={() => onInviting(true)}
      testId="invite"
    >
      {alone ? t("team.inviteAdmin") : t("team.invite")}
    </Button>
  );
  return (
    <Page
      title={
        <Row gap={12}>
          <h1>{t("team.title")}</h1>
          <BackendAsOf />
        </Row>
      }
      lead={t("team.lead")}
      actions={people?.mayManage && !quiet ? invite : undefined}
    >
      <Awaited view={view} rows={5} />
      {people ? (
        <>
          <Notices people={people} quiet={quiet} onHome={onHome} onIncident={onIncident} />
          {people.pending.length === 0 ? null : <Pending pending={people.pending} onChanged={() => void view.refetch()} />}
          <AnswersSaid invitations={invitations} />
          {invitations.length === 0 ? null : (
            <Section title={t("team.invitations")} lead={t("team.invitationsLead")} flush>
              <ul>
                {invitations.map((invitation) => (
                  <Invitation
                    key={invitation.id}
                    invitation={invitation}
                    blocked={backend.reason}
                    onChanged={() => void view.refetch()}
                  />
                ))}
              </ul>
            </Section>
          )}
          <Members members={people.members} onMember={onMember} />
          {quiet ? null : <Teams people={people} blocked={backend.reason} onChanged={() => void view.refetch()} />}
          {quiet && people.mayManage ? (
            people.shared ? (
              <Empty
                icon={<IconUsers size={36} stroke={1.25} />}
                title={t("team.alone")}
                action={invite}
                learn={<Learn topic="team" />}
              >
                {t("team.aloneMore")}
              </Empty>
            ) : (
              <Empty
                icon={<IconUsers size={36} stroke={1.25} />}
                title={t("team.notSharedTitle")}
                action={
                  <Button kind="primary" onClick={onHome} testId="team-home">
                    {t("team.toHome")}
                  </Button>
                }
                learn={<Learn topic="team" />}
              >
                {t("team.notSharedMore")}
              </Empty>
            )
          ) : null}
        </>
      ) : null}
      {inviting && people?.mayManage && people.shared ? (
        <InviteDialog teams={people.teams} onClose={() => onInviting(false)} onInvited={() => void view.refetch()} />
      ) : null}
    </Page>
  );
}

/** What holds for the whole team just now. */
function Notices({
  people,
  quiet,
  onHome,
  onIncident,
}: {
  people: PeopleView;
  quiet: boolean;
  onHome: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const leaders = people.members.filter(leads);
  const incident = useRead("incident", {}, { keep: true, enabled: people.keysLeft > 0 }).data?.incident;
  return (
    <>
      {people.keysLeft > 0 ? (
        <Notice
          tone="waits"
          testId="keys-left"
          title={t("team.keysLeft", { count: people.keysLeft })}
          actions={
            incident ? (
              <Button small onClick={onIncident}>
                {t("team.toIncident")}
              </Button>
            ) : undefined
          }
        >
          {t("team.keysLeftMore")}
        </Notice>
      ) : null}
      {people.shared || quiet ? null : (
        <Notice
          tone="waits"
          testId="team-not-shared"
          title={t("team.notSharedTitle")}
          actions={
            <Button small onClick={onHome} testId="team-home">
              {t("team.toHome")}
            </Button>
          }
        >
          {t("team.notSharedMore")}
        </Notice>
      )}
      {people.shared && !quiet && leaders.length === 1 && people.mayManage ? (
        <Notice tone="info" testId="one-admin" title={t("team.oneAdmin")}>
          {t("team.oneAdminMore", { name: leaders[0]?.name ?? "" })}
        </Notice>
      ) : null}
      {people.mayManage ? null : (
        <Notice title={t("team.notYours")} testId="team-not-yours">
          {t("team.notYoursMore", { names: either.format(leaders.map(({ name }) => name)) })}
        </Notice>
      )}
    </>
  );
}

function Members({ members, onMember }: { members: readonly MemberView[]; onMember: (member: string) => void }) {
  const t = useWords();
  return (
    <Section title={t("team.members")} flush>
      <table className={css.members}>
        <thead>
          <tr>
            <th scope="col">{t("team.name")}</th>
            <th scope="col">{t("team.role")}</th>
            <th scope="col">{t("team.standing")}</th>
            <th scope="col" className={css.number}>
              {t("team.devices")}
            </th>
            <th scope="col" className={css.aside}>
              {t("team.verified")}
            </th>
            <th scope="col" className={css.aside}>
              {t("team.added")}
            </th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr
              key={member.id}
              data-testid="member"
              data-name={member.name}
              data-standing={member.standing}
              data-removed={isHere(member) ? undefined : true}
            >
              <td>
                <span className={css.name}>
                  <OpenName name={member.name} onOpen={() => onMember(member.id)} />
                  {member.you ? <Chip>{t("team.you")}</Chip> : null}
                </span>
              </td>
              <td>{t(`role.${member.role}`)}</td>
              <td>
                <StandingMark standing={member.standing} />
              </td>
              <td className={css.number}>{member.devices.filter((device) => !device.revoked).length}</td>
              <td className={css.aside}>{t(`team.verifications.${member.verification ?? "founder"}`)}</td>
              <td className={css.aside}>
                <WhenInRow at={member.addedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** What one owner asked for and another has to consent to. */
function Pending({ pending, onChanged }: { pending: readonly PendingView[]; onChanged: () => void }) {
  const t = useWords();
  return (
    <Section title={t("team.pending")} lead={t("team.pendingLead")} flush>
      <ul>
        {pending.map((change) => (
          <Change key={change.id} change={change} onChanged={onChanged} />
        ))}
      </ul>
    </Section>
  );
}

function Change({ change: { id, change, subject, by, yours }, onChanged }: { change: PendingView; onChanged: () => void }) {
  const t = useWords();
  const host = useHost();
  const backend = useBackend();
  const approve = useAction(async () => {
    await host.approveChange({ change: id });
    onChanged();
  });
  const about = { name: subject ?? "", by };
  return (
    <li className={css.line} data-testid="pending" data-change={change}>
      <span className={css.words}>{t(`team.changes.${change}`, about)}</span>
      {yours ? (
        <Button
          small
          kind={change === "removeOwner" ? "danger" : "primary"}
          busy={approve.busy}
          reason={backend.reason}
          onClick={() => void approve.run()}
          testId="approve-change"
        >
          {t(`team.approves.${change}`, about)}
        </Button>
      ) : (
        <span className={css.soft}>{t("team.notYourChange")}</span>
      )}
      {approve.error === null ? null : (
        <div className={css.wide}>
          <ErrorNotice error={approve.error} onRetry={() => void approve.run()} />
        </div>
      )}
    </li>
  );
}

