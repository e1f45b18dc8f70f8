// CSV import: nothing is added before every row was shown, the bad ones with their reason.

import { useRef, useState } from "react";
import { Button, Chip, Dialog, Row, ScrollBox, Small, TextArea, toast } from "../../components";
import { type ImportPreviewView, type ImportRow, useAction, useHost } from "../../host";
import { ErrorNotice, Name } from "../../parts";
import { told, useWords } from "../../words";
import css from "./ImportDialog.module.css";

export function ImportDialog({ onClose }: { onClose: () => void }) {
  const t = useWords();
  const host = useHost();
  const [csv, setCsv] = useState("");
  const [preview, setPreview] = useState<ImportPreviewView | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const read = useAction(async (text: string) => setPreview(await host.previewImport({ csv: text })));
  const add = useAction(async () => {
    const done = await host.importOrganizations({ csv });
    toast(t("organizations.imported", { count: done.added }), t("common.close"));
    onClose();
  });
  const bad = preview?.rows.filter((row) => row.problem !== null) ?? [];
  const good = preview?.rows.filter((row) => row.problem === null) ?? [];
  return (
    <Dialog
      wide
      open
      onClose={onClose}
      title={t("organizations.importTitle")}
      closeLabel={t("common.close")}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          {preview === null ? (
            <Button
              kind="primary"
              busy={read.busy}
              testId="import-preview"
              reason={csv.trim() === "" ? t("organizations.importLead") : null}
              onClick={() => void read.run(csv)}
            >
              {t("organizations.importPreview")}
            </Button>
          ) : (
            <>
              <Button onClick={() => setPreview(null)}>{t("common.back")}</Button>
              <Button
                kind="primary"
                busy={add.busy}
                testId="import-submit"
                reason={preview.good === 0 ? t("organizations.importGood", { count: 0 }) : null}
                onClick={() => void add.run()}
              >
                {t("organizations.importGo", { count: preview.good })}
              </Button>
            </>
          )}
        </>
      }
    >
      {preview === null ? (
        <>
          <Small>{t("organizations.importLead")}</Small>
          <div>
            <Button onClick={() => file.current?.click()}>{t("organizations.importFile")}</Button>
            <input
              ref={file}
              type="file"
              accept=".csv,text/csv,text/plain"
              hidden
              aria-label={t("organizations.importFile")}
              onChange={(event) => {
                const chosen = event.currentTarget.files?.[0];
                if (chosen === undefined) return;
                void chosen.text().then((text) => {
                  setCsv(text);
                  void read.run(text);
                });
              }}
            />
          </div>
          <TextArea
            label={t("organizations.importText")}
            value={csv}
            onChange={setCsv}
            rows={8}
            mono
            testId="import-text"
          />
        </>
      ) : (
        <>
          <Row>
            <Chip tone="good">{t("organizations.importGood", { count: preview.good })}</Chip>
            {preview.bad > 0 ? <Chip tone="wrong">{t("organizations.importBad", { count: preview.bad })}</Chip> : null}
          </Row>
          {bad.length > 0 ? <Rows title={t("organizations.importErrorRows")} rows={bad} withProblem /> : null}
          {good.length > 0 ? <Rows title={t("organizations.importGoodRows")} rows={good} /> : null}
        </>
      )}
      <ErrorNotice error={read.error ?? add.error} />
    </Dialog>
  );
}

function Rows({ title, rows, withProblem }: { title: string; rows: readonly ImportRow[]; withProblem?: boolean }) {
  const t = useWords();
  return (
    <section aria-label={title} className={css.part}>
      <h3>{title}</h3>
      <ScrollBox label={title} className={css.scroll}>
        <table>
          <thead>
            <tr>
              <th scope="col" className={css.line}>
                {t("organizations.importLine")}
              </th>
              <th scope="col">{t("organizations.addName")}</th>
              <th scope="col">{withProblem ? t("organizations.importProblem") : t("organizations.addNotes")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 500).map((row) => (
              <tr key={row.line}>
                <td className={css.line}>{row.line}</td>
                <td>
                  <Name>{row.name}</Name>
                </td>
                <td className={withProblem ? css.problem : undefined}>
                  {withProblem ? told(row.problem ?? "") : <Name>{row.notes}</Name>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}
