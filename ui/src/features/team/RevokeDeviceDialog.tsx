// Revoking a device: what it means is asked before it is ordered, and what is left afterwards stands on the incident board.

import { useState } from "react";
import { Bones, Button, Dialog, Notice, TextField } from "../../components";
import { asErrorView, type DeviceView, type MemberView, useAction, useHost, useRead } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";
import { consequence, replaces } from "./RemoveDialog";

export function RevokeDeviceDialog({
  device: { id, name: device },
  member,
  onClose,
  onRevoked,
  onIncident,
}: {
  device: DeviceView;
  member: MemberView;
  onClose: () => void;
  onRevoked: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const [reason, setReason] = useState("");
  const [done, setDone] = useState(false);
  // A device reads what its member reads.
  const meaning = useRead("removal", { member: member.id }, { enabled: !done });
  const revoke = useAction(async () => {
    await host.revokeDevice({ device: id, reason: reason.trim() });
    setDone(true);
    onRevoked();
  });
  const view = meaning.data;
  if (done)
    return (
      <Dialog
        open
        onClose={onClose}
        title={t("device.revokedTitle", { device })}
        closeLabel={t("common.close")}
        actions={
          <>
            <Button onClick={onClose}>{t("common.close")}</Button>
            {replaces(view) ? (
              <Button kind="primary" onClick={onIncident} autoFocus testId="revoked-incident">
                {t("team.toIncident")}
              </Button>
            ) : null}
          </>
        }
      >
        <p>{t("device.revokedMore")}</p>
        {member.you ? (
          <Notice tone="wrong" loud title={t("device.newKit")}>
            {t("device.newKitMore")}
          </Notice>
        ) : null}
      </Dialog>
    );
  const missing = reason.trim() === "" ? t("team.reasonMissing") : null;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("device.revokeTitle", { device })}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (view !== undefined && missing === null) void revoke.run();
      }}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            submit
            kind="danger"
            busy={revoke.busy}
            reason={view === undefined ? t("team.removalUnknown") : missing}
            testId="revoke-submit"
          >
            {t("device.revokeGo", { device })}
          </Button>
        </>
      }
    >
      {meaning.error ? <ErrorNotice error={asErrorView(meaning.error)} onRetry={() => void meaning.refetch()} /> : null}
      {meaning.isPending ? <Bones rows={2} label={t("common.loading")} /> : null}
      {view === undefined ? null : (
        <p data-testid="revocation">
          <strong>{consequence(t, view)}</strong>
        </p>
      )}
      <p>{member.you ? t("device.revokeOwn") : t("device.revokeOther", { name: member.name })}</p>
      <TextField
        label={t("team.reason")}
        hint={t("incident.reasonHint")}
        value={reason}
        onChange={setReason}
        maxLength={200}
        testId="revoke-reason"
        autoFocus
      />
      <ErrorNotice error={revoke.error} onRetry={() => void revoke.run()} />
    </Dialog>
  );
}
