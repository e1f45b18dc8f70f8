// One member: devices, role, and the way out, with what it means.

import { useState } from "react";
import { BackLink, Button, Chip, Empty, Facts, Notice, Options, Page, Row, Section, Small, Stack, toast } from "../../components";
import { type MemberView, type PeopleView, type Role, useAction, useHost, useRead } from "../../host";
import { Awaited, BackendAsOf, ErrorNotice, LOOK_MS, Name, useBackend, When } from "../../parts";
import { useWords } from "../../words";
import { Devices, isOwn } from "./Devices";
import { RemoveDialog } from "./RemoveDialog";
import { StandingMark } from "./TeamScreen";

export function MemberDetail({
  member: id,
  onBack,
  onIncident,
}: {
  member: string;
  onBack: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const view = useRead("people", {}, { refetchMs: LOOK_MS });
  const backend = useBackend();
  const [removing, setRemoving] = useState(false);
  const incident = useRead("incident", {}, { keep: true }).data?.incident ?? null;
  const back = <BackLink onClick={onBack}>{t("team.back")}</BackLink>;
  const people = view.data;
  const member = people?.members.find((each) => each.id === id);
  if (people === undefined || member === undefined)
    return (
      <Page above={back} title={<h1>{t("team.title")}</h1>}>
        <Awaited view={view} />
        {people ? <Empty title={t("team.unknown")} action={<Button onClick={onBack}>{t("team.back")}</Button>} /> : null}
      </Page>
    );

  const removed = member.standing === "removed";
  // The table lets an owner alone touch owners; nobody takes the own role or the own place away.
  const mine = people.mayManage && !member.you && !removed && (people.owner || member.role !== "owner");
  const changed = () => void view.refetch();
  const ranked = ranks.some((rank) => rank === member.role);
  return (
    <Page
      above={back}
      narrow
      title={
        <Row gap={12}>
          <h1 data-testid="member-title">
            <Name>{member.name}</Name>
          </h1>
          {member.you ? <Chip>{t("team.you")}</Chip> : null}
          <StandingMark standing={member.standing} />
          <BackendAsOf />
        </Row>
      }
      // Where the role can be changed, the choice says it.
      lead={mine && ranked ? undefined : t(`roleMore.${member.role}`)}
    >
      {removed && incident !== null ? (
        <Notice
          tone="waits"
          title={t("team.stillKnown", { name: member.name })}
          actions={
            <Button small onClick={onIncident} testId="to-incident">
              {t("team.toIncident")}
            </Button>
          }
        />
      ) : null}
      <Section title={t("team.about")}>
        <Facts
          facts={[
            [t("team.role"), t(`role.${member.role}`)],
            [t("team.verified"), t(`team.verificationsMore.${member.verification ?? "founder"}`)],
            [t("team.added"), <When key="a" at={member.addedAt} />],
            ...(member.removedAt === null ? [] : [[t("team.removedAt"), <When key="r" at={member.removedAt} />] as const]),
          ]}
        />
      </Section>
      <Section title={t("team.devices")} lead={isOwn(member) ? t("device.lead") : undefined} flush>
        <Devices
          member={member}
          people={people}
          blocked={backend.reason}
          onChanged={changed}
          onIncident={onIncident}
        />
      </Section>
      {mine ? <ChangeRole key={member.role} member={member} people={people} blocked={backend.reason} onChanged={changed} /> : null}
      {mine ? (
        <Section title={t("team.remove", { name: member.name })}>
          <Row apart>
            <Small>{t("team.removeLead")}</Small>
            <Button reason={backend.reason} onClick={() => setRemoving(true)} testId="remove-member">
              {t("team.removeShort")}
            </Button>
          </Row>
        </Section>
      ) : null}
      {people.mayManage && !mine && !removed ? (
        <Small>{member.you ? t("team.notYourself") : t("team.ownersOnly")}</Small>
      ) : null}
      {removing ? (
        <RemoveDialog member={member} onClose={() => setRemoving(false)} onEnded={changed} onIncident={onIncident} />
      ) : null}
    </Page>
  );
}

const ranks = ["owner", "admin", "technician"] as const satisfies readonly Role[];
type Rank = (typeof ranks)[number];

function ChangeRole({
  member,
  people,
  blocked,
  onChanged,
}: {
  member: MemberView;
  people: PeopleView;
  blocked: string | null;
  onChanged: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const now = ranks.find((rank) => rank === member.role);
  const [wanted, setWanted] = useState<Rank>(now ?? "technician");
  const change = useAction(async () => {
    const { members } = await host.setRole({ member: member.id, role: wanted });
    const became = members.find((each) => each.id === member.id)?.role === wanted;
    toast(
      became ? t(`team.became.${wanted}`, { name: member.name }) : t("team.secondOwner", { name: member.name }),
      t("common.close"),
    );
    onChanged();
  });
  // What is neither: a machine stays one, and so does an auditor.
  if (now === undefined) return null;
  // Who has not joined yet has no keys to be an owner with.
  const offered = ranks.filter((rank) => rank !== "owner" || now === "owner" || (people.owner && member.standing === "active"));
  return (
    <Section title={t("team.changeRole")}>
      <Stack gap={16}>
        <Options
          label={t("team.changeRole")}
          hideLabel
          value={wanted}
          onChange={setWanted}
          options={offered.map((value) => ({
            value,
            label: t(`role.${value}`),
            hint: t(`roleMore.${value}`),
            testId: `role-${value}`,
          }))}
        />
        <ErrorNotice error={change.error} onRetry={() => void change.run()} />
        <Row>
          <Button
            busy={change.busy}
            reason={wanted === now ? t("team.sameRole") : blocked}
            onClick={() => void change.run()}
            testId="change-role"
          >
            {wanted === now ? t("team.changeRole") : t(`team.make.${wanted}`, { name: member.name })}
          </Button>
        </Row>
      </Stack>
    </Section>
  );
}
