import { useState } from "react";
import { Button, Dialog, TextArea, TextField } from "../../components";
import { useAction, useHost } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";

export function AddDialog({ onClose, onAdded }: { onClose: () => void; onAdded: (organization: string) => void }) {
  const t = useWords();
  const host = useHost();
  const [name, setName] = useState("");
  const [notes, setNotes] = useState("");
  const add = useAction(async () => {
    const made = await host.addOrganization({ name: name.trim(), notes });
    onAdded(made.id);
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("organizations.addTitle")}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (name.trim() !== "") void add.run();
      }}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button submit kind="primary" busy={add.busy} testId="add-submit">
            {t("organizations.add")}
          </Button>
        </>
      }
    >
      <TextField
        label={t("organizations.addName")}
        value={name}
        onChange={setName}
        maxLength={100}
        required
        testId="add-name"
        autoFocus
      />
      <TextArea
        label={t("organizations.addNotes")}
        hint={t("organizations.addNotesHint")}
        value={notes}
        onChange={setNotes}
        maxLength={2000}
        testId="add-notes"
      />
      <ErrorNotice error={add.error} />
    </Dialog>
  );
}
