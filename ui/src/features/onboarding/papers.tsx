// Saving the recovery kit, the safe sheet and the backup: used by the checklist and by the settings.

import { useEffect, useState } from "react";
import { Button, Row, Stack, TextField, toast } from "../../components";
import { useAction, useHost, useRead } from "../../host";
import { ErrorNotice, PathField } from "../../parts";
import { useWords } from "../../words";
import css from "./Checklist.module.css";

function useSuggested(which: "kit" | "sheet" | "backup") {
  const suggested = useRead("suggestedPaths", {});
  const [path, setPath] = useState("");
  const proposal = suggested.data?.[which];
  useEffect(() => {
    if (proposal !== undefined) setPath((typed) => (typed === "" ? proposal : typed));
  }, [proposal]);
  return [path, setPath] as const;
}

/** Saves the kit, then asks two groups back from the paper. */
export function SaveKit({ onConfirmed }: { onConfirmed?: () => void }) {
  const t = useWords();
  const host = useHost();
  const [path, setPath] = useSuggested("kit");
  const [saved, setSaved] = useState<{ path: string; groups: readonly number[] } | null>(null);
  const [typed, setTyped] = useState<[string, string]>(["", ""]);
  const save = useAction(async () => setSaved(await host.saveKit({ path: path.trim() })));
  const confirm = useAction(async () => {
    await host.confirmKit({ groups: [typed[0].trim(), typed[1].trim()] });
    setTyped(["", ""]);
    onConfirmed?.();
  });
  if (saved === null)
    return (
      <Stack>
        <PathField kind="save" label={t("start.kitPath")} value={path} onChange={setPath} testId="kit-path" />
        <ErrorNotice error={save.error} onRetry={() => void save.run()} />
        <Row>
          <Button kind="primary" busy={save.busy} onClick={() => void save.run()} testId="kit-save">
            {t("start.kitSave")}
          </Button>
        </Row>
      </Stack>
    );
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.every((group) => group.trim() !== "")) void confirm.run();
      }}
    >
      <p data-testid="kit-saved">{t("start.kitSaved", { path: saved.path })}</p>
      <div className={css.groups}>
        {saved.groups.map((number, index) => (
          <TextField
            key={number}
            label={t("start.kitGroup", { number })}
            value={typed[index] ?? ""}
            onChange={(group) => setTyped(index === 0 ? [group, typed[1]] : [typed[0], group])}
            mono
            testId={`kit-group-${index + 1}`}
            autoFocus={index === 0}
          />
        ))}
      </div>
      <ErrorNotice error={confirm.error} />
      <Row>
        <Button submit kind="primary" busy={confirm.busy} testId="kit-confirm">
          {t("start.kitConfirm")}
        </Button>
        <Button onClick={() => setSaved(null)}>{t("start.kitAgain")}</Button>
      </Row>
    </form>
  );
}

export function SaveSheet({ onLater }: { onLater?: () => void }) {
  const t = useWords();
  const host = useHost();
  const [path, setPath] = useSuggested("sheet");
  const save = useAction(async () => {
    const saved = await host.saveSheet({ path: path.trim() });
    toast(t("start.sheetSaved", { path: saved.path }), t("common.close"));
  });
  return (
    <Stack>
      <PathField kind="save" label={t("start.sheetPath")} value={path} onChange={setPath} testId="sheet-path" />
      <ErrorNotice error={save.error} onRetry={() => void save.run()} />
      <Row>
        <Button kind="primary" busy={save.busy} onClick={() => void save.run()} testId="sheet-save">
          {t("start.sheetSave")}
        </Button>
        {onLater === undefined ? null : (
          <Button onClick={onLater} testId="sheet-later">
            {t("common.later")}
          </Button>
        )}
      </Row>
    </Stack>
  );
}

export function BackupFolder() {
  const t = useWords();
  const host = useHost();
  const [path, setPath] = useSuggested("backup");
  const before = useRead("status", {}).data?.backup?.folder ?? null;
  const save = useAction(() => host.setBackup({ folder: path.trim() }));
  return (
    <Stack>
      <PathField kind="folder" label={t("start.backupPath")} value={path} onChange={setPath} testId="backup-path" />
      <ErrorNotice error={save.error} onRetry={() => void save.run()} />
      <Row>
        <Button kind="primary" busy={save.busy} onClick={() => void save.run()} testId="backup-save">
          {t(before === null ? "start.backupSave" : "start.backupMove")}
        </Button>
      </Row>
    </Stack>
  );
}
