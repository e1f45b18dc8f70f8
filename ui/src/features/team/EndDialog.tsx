// Ends what somebody was trusted with: a member, or one device. What it means is asked before it is ordered, and what is
// left afterwards stands on the incident board.

import { type ReactNode, useState } from "react";
import { Button, Dialog, TextField } from "../../components";
import { type MemberView, type RemovalView, useAction, useRead } from "../../host";
import { Awaited, ErrorNotice } from "../../parts";
import { useWords, type Words } from "../../words";

/** What will be replaced, as one sentence. */
function consequence(t: Words, { name, organizations, accounts, certificates }: RemovalView): string {
  const counts = { name, organizations, accounts, certificates };
  if (organizations === 0) return t("team.removalNothing", counts);
  if (accounts === 0 && certificates === 0) return t("team.removalKeys", counts);
  if (certificates === 0) return t("team.removalPasswords", counts);
  if (accounts === 0) return t("team.removalCertificates", counts);
  return t("team.removalBoth", counts);
}

/** What is said once it is done. */
export type Ended = {
  title: string;
  words: ReactNode;
  /** Something is being replaced, which the incident board shows. */
  replaces: boolean;
};

/** What whoever opened the dialog hears of it. */
export type Heard = {
  onClose: () => void;
  onEnded: () => void;
  onIncident: () => void;
};

export function EndDialog({
  kind,
  member,
  title,
  go,
  more,
  order,
  onClose,
  onEnded,
  onIncident,
}: Heard & {
  /** First part of the test ids. */
  kind: "remove" | "revoke";
  /** Whose reading it is about: a device reads what its member reads. */
  member: MemberView;
  title: string;
  /** The words of the button, once it is known what it means. */
  go: (meaning: RemovalView | undefined) => string;
  /** What else it means. */
  more: (meaning: RemovalView | undefined) => ReactNode;
  order: (reason: string, replaces: boolean) => Promise<Ended>;
}) {
  const t = useWords();
  const [reason, setReason] = useState("");
  const [ended, setEnded] = useState<Ended | null>(null);
  const meaning = useRead("removal", { member: member.id }, { enabled: ended === null });
  const view = meaning.data;
  const end = useAction(async () => {
    setEnded(await order(reason.trim(), view !== undefined && view.accounts + view.certificates > 0));
    onEnded();
  });
  if (ended !== null)
    return (
      <Dialog
        open
        onClose={onClose}
        title={ended.title}
        closeLabel={t("common.close")}
        actions={
          <>
            <Button onClick={onClose}>{t("common.close")}</Button>
            {ended.replaces ? (
              <Button kind="primary" onClick={onIncident} autoFocus testId={`${kind}d-incident`}>
                {t("team.toIncident")}
              </Button>
            ) : null}
          </>
        }
      >
        {ended.words}
      </Dialog>
    );
  const missing = view === undefined ? t("team.removalUnknown") : reason.trim() === "" ? t("team.reasonMissing") : null;
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (missing === null) void end.run();
      }}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button submit kind="danger" busy={end.busy} reason={missing} testId={`${kind}-submit`}>
            {go(view)}
          </Button>
        </>
      }
    >
      <Awaited view={meaning} rows={2} />
      {view === undefined ? null : (
        <p data-testid={`${kind}-meaning`}>
          <strong>{consequence(t, view)}</strong>
        </p>
      )}
      {more(view)}
      <TextField
        label={t("team.reason")}
        hint={t("incident.reasonHint")}
        value={reason}
        onChange={setReason}
        maxLength={200}
        testId={`${kind}-reason`}
        autoFocus
      />
      <ErrorNotice error={end.error} onRetry={() => void end.run()} />
    </Dialog>
  );
}
