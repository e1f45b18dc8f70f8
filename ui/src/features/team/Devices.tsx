// The devices of one member: for the own ones codes that bring further ones in, and for each that may be ended the way out.

import { IconDevices } from "@tabler/icons-react";
import { useState } from "react";
import { Button, Chip, Empty, Mark, Section, Small } from "../../components";
import { type DeviceView, type InvitationView, type MemberView, type PeopleView, useRead } from "../../host";
import { Awaited, LOOK_MS, Name, useBackend, useNow, When } from "../../parts";
import { relative, useWords } from "../../words";
import { AddDeviceDialog } from "./AddDeviceDialog";
import { AnswersSaid, InvitationLine } from "./InvitationLine";
import { RevokeDeviceDialog } from "./RevokeDeviceDialog";
import css from "./Team.module.css";

/** Whether the person may add and end devices of this member as their own. */
export const isOwn = ({ you, standing, role }: MemberView) => you && standing === "active" && role !== "rotator";

/** The devices of whoever looks, as a part of a screen that is not the team's. */
export function OwnDevices({
  place,
  title,
  onTeam,
  onIncident,
}: {
  place: string;
  title: string;
  onTeam: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const view = useRead("people", {}, { refetchMs: LOOK_MS });
  const backend = useBackend();
  const people = view.data;
  const member = people?.members.find(({ you }) => you);
  return (
    <Section
      place={place}
      title={title}
      lead={t("device.lead")}
      flush={member !== undefined}
      actions={
        people?.mayManage && people.members.length > 1 ? (
          <Button small kind="quiet" onClick={onTeam} testId="devices-of-others">
            {t("device.others")}
          </Button>
        ) : undefined
      }
    >
      {people && member ? (
        <Devices
          member={member}
          people={people}
          blocked={backend.reason}
          onChanged={() => void view.refetch()}
          onIncident={onIncident}
        />
      ) : (
        <Awaited view={view} rows={2} />
      )}
    </Section>
  );
}

export function Devices({
  member,
  people,
  blocked,
  onChanged,
  onIncident,
}: {
  member: MemberView;
  people: PeopleView;
  /** Why nothing can be changed just now. */
  blocked: string | null;
  onChanged: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const now = useNow();
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<DeviceView | null>(null);
  const active = member.standing === "active";
  const live = member.devices.filter((device) => !device.revoked);
  const own = isOwn(member);
  const ends = active && (own || (people.mayManage && (people.owner || member.role !== "owner")));
  const codes = own ? people.invitations.filter(({ ownDevice }) => ownDevice) : [];
  /** Why a device is not ended from here. */
  const reason = (device: DeviceView) =>
    device.this ? t("device.notItself") : live.length < 2 ? t("device.only") : blocked;
  return (
    <>
      <AnswersSaid invitations={codes} />
      {member.devices.length === 0 ? (
        <Empty icon={<IconDevices size={36} stroke={1.25} />} title={t("team.noDevice")} />
      ) : (
        <ul>
          {member.devices.map((device) => (
            <li
              key={device.id}
              className={css.line}
              data-testid="device"
              data-name={device.name}
              data-revoked={device.revoked || undefined}
            >
              <span className={css.words}>
                <Name>{device.name}</Name>
                {device.this ? <Chip>{t("team.thisDevice")}</Chip> : null}
              </span>
              {device.revoked ? <Mark tone="none">{t("team.revoked")}</Mark> : null}
              <span className={css.soft}>
                <When at={device.addedAt}>{t("team.deviceAdded", { when: relative(t, device.addedAt, now) })}</When>
              </span>
              {ends && !device.revoked ? (
                <Button
                  small
                  label={t("device.revokeFor", { device: device.name })}
                  reason={reason(device)}
                  onClick={() => setRevoking(device)}
                  testId="revoke-device"
                >
                  {t("device.revoke")}
                </Button>
              ) : null}
            </li>
          ))}
          {codes.map((code) => (
            <DeviceCode key={code.id} code={code} blocked={blocked} onChanged={onChanged} />
          ))}
        </ul>
      )}
      {own ? (
        <div className={css.foot}>
          <Small>{t("device.addLead")}</Small>
          <Button
            reason={people.shared ? blocked : t("team.notShared")}
            onClick={() => setAdding(true)}
            testId="add-device"
          >
            {t("device.add")}
          </Button>
        </div>
      ) : null}
      {adding ? <AddDeviceDialog onClose={() => setAdding(false)} onMade={onChanged} /> : null}
      {revoking === null ? null : (
        <RevokeDeviceDialog
          device={revoking}
          member={member}
          onClose={() => setRevoking(null)}
          onEnded={onChanged}
          onIncident={onIncident}
        />
      )}
    </>
  );
}

/** A code for a further device: the person has both screens before the eyes. */
function DeviceCode({
  code,
  ...around
}: {
  code: InvitationView;
  blocked: string | null;
  onChanged: () => void;
}) {
  const t = useWords();
  return (
    <InvitationLine
      {...around}
      invitation={code}
      testId="device-code"
      about={t("device.code")}
      withdraw={{
        words: t("team.withdraw"),
        label: t("device.withdrawCode"),
        done: t("device.withdrawn"),
        testId: "withdraw-code",
      }}
      answered={({ device }) => ({
        title: <h3>{t("device.answered", { device })}</h3>,
        compare: <p>{t("device.compare")}</p>,
        differ: t("device.differ"),
        approve: {
          words: t("device.match", { device }),
          done: t("device.wasApproved", { device }),
          testId: "approve-device",
        },
      })}
    />
  );
}
