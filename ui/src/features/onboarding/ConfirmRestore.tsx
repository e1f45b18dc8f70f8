// A person answers for a restored vault being the newest, with a reason.

import { useState } from "react";
import { Button, Dialog, TextField } from "../../components";
import { useAction, useHost } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";

export function ConfirmRestore() {
  const t = useWords();
  const host = useHost();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const close = () => setOpen(false);
  const confirm = useAction(async () => {
    await host.confirmRestore({ reason: reason.trim() });
    close();
  });
  return (
    <>
      <Button small onClick={() => setOpen(true)} testId="confirm-restore">
        {t("banner.unconfirmedAction")}
      </Button>
      <Dialog
        open={open}
        onClose={close}
        title={t("banner.unconfirmedAction")}
        closeLabel={t("common.close")}
        onSubmit={() => {
          if (reason.trim() !== "") void confirm.run();
        }}
        actions={
          <>
            <Button onClick={close}>{t("common.cancel")}</Button>
            <Button submit kind="primary" busy={confirm.busy} testId="confirm-restore-submit">
              {t("banner.unconfirmedAction")}
            </Button>
          </>
        }
      >
        <TextField
          label={t("banner.unconfirmedReason")}
          hint={t("banner.unconfirmedHint")}
          value={reason}
          onChange={setReason}
          maxLength={200}
          required
          testId="confirm-restore-reason"
          autoFocus
        />
        <ErrorNotice error={confirm.error} />
      </Dialog>
    </>
  );
}
