// The devices of one member: for the own ones codes that bring further ones in, and for each that may be ended the way out.

import { IconDevices } from "@tabler/icons-react";
import { useState } from "react";
import { Button, Chip, Empty, Mark, Notice, Row, Section, Small, Stack, toast } from "../../components";
import { type DeviceView, type InvitationView, type MemberView, type PeopleView, useAction, useHost } from "../../host";
import { ComparedWords, ErrorNotice, Name, useNow, When } from "../../parts";
import { relative, useWords } from "../../words";
import { AddDeviceDialog } from "./AddDeviceDialog";
import { RevokeDeviceDialog } from "./RevokeDeviceDialog";
import css from "./Team.module.css";

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
  const own = member.you && active && member.role !== "rotator";
  const ends = active && (own || (people.mayManage && (people.owner || member.role !== "owner")));
  const codes = own ? people.invitations.filter(({ ownDevice }) => ownDevice) : [];
  /** Why a device is not ended from here. */
  const reason = (device: DeviceView) =>
    device.this ? t("device.notItself") : live.length < 2 ? t("device.only") : blocked;
  return (
    <Section title={t("team.devices")} lead={own ? t("device.lead") : undefined} flush>
      {member.devices.length === 0 ? (
        <Empty icon={<IconDevices size={36} stroke={1.25} />} title={t("team.noDevice")} />
      ) : (
        <ul>
          {member.devices.map((device) => (
            <li
              key={device.id}
              className={css.device}
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
        <Row apart>
          <Small>{t("device.addLead")}</Small>
          <Button
            reason={people.shared ? blocked : t("team.notShared")}
            onClick={() => setAdding(true)}
            testId="add-device"
          >
            {t("device.add")}
          </Button>
        </Row>
      ) : null}
      <AddDeviceDialog open={adding} onClose={() => setAdding(false)} onMade={onChanged} />
      {revoking === null ? null : (
        <RevokeDeviceDialog
          device={revoking}
          member={member}
          onClose={() => setRevoking(null)}
          onRevoked={onChanged}
          onIncident={onIncident}
        />
      )}
    </Section>
  );
}

/** A code for a further device: it waits, or a device has answered and the person compares the words on both screens. */
function DeviceCode({
  code: { id, endsAt, answer },
  blocked,
  onChanged,
}: {
  code: InvitationView;
  blocked: string | null;
  onChanged: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const now = useNow();
  const withdraw = useAction(async () => {
    await host.withdrawInvitation({ invitation: id });
    toast(t("device.withdrawn"), t("common.close"));
    onChanged();
  });
  const approve = useAction(async () => {
    await host.approveMember({ invitation: id, compared: true });
    toast(t("device.wasApproved", { device: answer?.device ?? "" }), t("common.close"));
    onChanged();
  });
  const takeBack = (
    <Button
      small={answer === null}
      label={t("device.withdrawCode")}
      busy={withdraw.busy}
      reason={blocked}
      onClick={() => void withdraw.run()}
      testId="withdraw-code"
    >
      {t("team.withdraw")}
    </Button>
  );
  const failed = <ErrorNotice error={approve.error ?? withdraw.error} />;
  if (answer === null)
    return (
      <li className={css.invitation} data-testid="device-code">
        <span className={css.words}>{t("device.code")}</span>
        <Mark tone="waits">{t("team.noAnswer")}</Mark>
        <span className={css.soft}>
          <When at={endsAt}>{t("team.endsAt", { when: relative(t, endsAt, now) })}</When>
        </span>
        {takeBack}
        <div className={css.wide}>{failed}</div>
      </li>
    );
  return (
    <li className={css.answered} data-testid="device-code" data-answered>
      <Stack gap={12}>
        <h3>{t("device.answered", { device: answer.device })}</h3>
        <p>{t("device.compare")}</p>
        <ComparedWords words={answer.words} />
        <Notice tone="waits" title={t("device.differ")} />
        {failed}
        <Row>
          <Button
            kind="primary"
            busy={approve.busy}
            reason={blocked}
            onClick={() => void approve.run()}
            testId="approve-device"
          >
            {t("device.match", { device: answer.device })}
          </Button>
          {takeBack}
        </Row>
      </Stack>
    </li>
  );
}
