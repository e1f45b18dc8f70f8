// Removing a member: what it means is asked before it is ordered, and what is left afterwards stands on the incident board.

import { useEffect, useState } from "react";
import { Bones, Button, Dialog, Notice, TextField } from "../../components";
import { asErrorView, type MemberView, type RemovalView, useAction, useHost, useRead } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords, type Words } from "../../words";

/** What will be replaced, as one sentence. */
export function consequence(t: Words, { name, organizations, accounts, certificates }: RemovalView): string {
  const counts = { name, organizations, accounts, certificates };
  if (organizations === 0) return t("team.removalNothing", counts);
  if (accounts === 0 && certificates === 0) return t("team.removalKeys", counts);
  if (certificates === 0) return t("team.removalPasswords", counts);
  if (accounts === 0) return t("team.removalCertificates", counts);
  return t("team.removalBoth", counts);
}

export function RemoveDialog({
  open,
  member,
  onClose,
  onRemoved,
  onIncident,
}: {
  open: boolean;
  member: MemberView;
  onClose: () => void;
  onRemoved: () => void;
  onIncident: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const [reason, setReason] = useState("");
  const [done, setDone] = useState<"removed" | "asked" | null>(null);
  const { name } = member;
  const meaning = useRead("removal", { member: member.id }, { enabled: open && done === null });
  const remove = useAction(async () => {
    const { members } = await host.removeMember({ member: member.id, reason: reason.trim() });
    const gone = members.find((each) => each.id === member.id)?.standing ?? "removed";
    setDone(gone === "removed" ? "removed" : "asked");
    onRemoved();
  });
  const { clear } = remove;
  useEffect(() => {
    if (open) return;
    setReason("");
    setDone(null);
    clear();
  }, [open, clear]);

  if (done !== null)
    return (
      <Dialog
        open={open}
        onClose={onClose}
        title={done === "removed" ? t("team.removedTitle", { name }) : t("team.askedTitle")}
        closeLabel={t("common.close")}
        actions={
          <>
            <Button onClick={onClose}>{t("common.close")}</Button>
            {done === "removed" && replaces(meaning.data) ? (
              <Button kind="primary" onClick={onIncident} autoFocus testId="removed-incident">
                {t("team.toIncident")}
              </Button>
            ) : null}
          </>
        }
      >
        <p>
          {done === "asked"
            ? t("team.secondOwner", { name })
            : replaces(meaning.data)
              ? t("team.removedMore", { name })
              : t("team.removedNothing", { name })}
        </p>
      </Dialog>
    );
  const view = meaning.data;
  const missing = reason.trim() === "" ? t("team.reasonMissing") : null;
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t("team.removeTitle", { name })}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (view !== undefined && missing === null) void remove.run();
      }}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            submit
            kind="danger"
            busy={remove.busy}
            reason={view === undefined ? t("team.removalUnknown") : missing}
            testId="remove-submit"
          >
            {view?.needsSecondOwner
              ? t("team.removeAsk", { name })
              : view === undefined || view.accounts === 0
                ? t("team.remove", { name })
                : t("team.removeGo", { name, count: view.accounts })}
          </Button>
        </>
      }
    >
      {meaning.error ? <ErrorNotice error={asErrorView(meaning.error)} onRetry={() => void meaning.refetch()} /> : null}
      {meaning.isPending ? <Bones rows={2} label={t("common.loading")} /> : null}
      {view === undefined ? null : (
        <>
          <p data-testid="removal">
            <strong>{consequence(t, view)}</strong>
          </p>
          <p>{t("team.removalDevices", { name, count: member.devices.filter((device) => !device.revoked).length })}</p>
          {view.needsSecondOwner ? (
            <Notice tone="waits" title={t("team.needsSecond")}>
              {t("team.needsSecondMore")}
            </Notice>
          ) : null}
        </>
      )}
      <TextField
        label={t("team.reason")}
        hint={t("incident.reasonHint")}
        value={reason}
        onChange={setReason}
        maxLength={200}
        testId="remove-reason"
        autoFocus
      />
      <ErrorNotice error={remove.error} onRetry={() => void remove.run()} />
    </Dialog>
  );
}

/** Whether an incident is begun by it. */
export const replaces = (view: RemovalView | undefined) => view !== undefined && view.accounts + view.certificates > 0;
