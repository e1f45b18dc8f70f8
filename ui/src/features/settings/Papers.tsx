// The recovery papers: which there are, saving new ones, and trying them before the hour in which they are needed.

import { type ReactNode, useEffect, useState } from "react";
import { Button, Facts, Notice, NumberField, Row, Section, Stack, TextArea, toast } from "../../components";
import { type SheetView, useAction, useHost, useRead } from "../../host";
import { Awaited, ErrorNotice, Name, Passphrase, PathField, useMay, When } from "../../parts";
import { isolated, useWords } from "../../words";
import type { SettingsSection } from "./sections";

type Form = "kit" | "sheet" | "split" | "check";

export function PapersSection({
  kit,
  sheet,
  asked,
}: {
  /** Saving the recovery kit. */
  kit: ReactNode;
  /** Saving the safe sheet as one page. */
  sheet: ReactNode;
  /** Where a person wants to go. */
  asked: SettingsSection | undefined;
}) {
  const t = useWords();
  const { denied } = useMay();
  const recovery = useRead("recovery", {});
  const [open, setOpen] = useState<Form | null>(null);
  useEffect(() => {
    if (asked === "kit" || asked === "sheet") setOpen(asked);
  }, [asked]);
  const toggle = (form: Form) => setOpen(open === form ? null : form);
  const stands = recovery.data?.sheet ?? null;
  const no = denied("recovery");
  const done = () => {
    setOpen(null);
    void recovery.refetch();
  };
  return (
    <Section place="papers" title={t("settings.papers")} lead={t("settings.papersLead")}>
      <Stack gap={16}>
        <Awaited view={recovery} rows={1} />
        {recovery.data === undefined ? null : <Standing sheet={stands} waits={recovery.data.waits} />}
        <Row>
          <Button pressed={open === "kit"} onClick={() => toggle("kit")}>
            {t("settings.saveKit")}
          </Button>
          <Button pressed={open === "sheet"} reason={no} onClick={() => toggle("sheet")}>
            {t("settings.saveSheet")}
          </Button>
          <Button pressed={open === "split"} reason={no} onClick={() => toggle("split")} testId="split-open">
            {t("papers.split")}
          </Button>
          <Button
            pressed={open === "check"}
            reason={stands === null ? t("papers.nothingToTry") : null}
            onClick={() => toggle("check")}
            testId="check-open"
          >
            {t("papers.try")}
          </Button>
        </Row>
        {open === "kit" ? kit : null}
        {open === "sheet" && no === null ? sheet : null}
        {open === "split" && no === null ? <Split onDone={done} /> : null}
        {open === "check" && stands !== null ? <Try sheet={stands} onDone={() => setOpen(null)} /> : null}
      </Stack>
    </Section>
  );
}

function Standing({ sheet, waits }: { sheet: SheetView | null; waits: boolean }) {
  const t = useWords();
  return (
    <>
      {waits ? <Notice tone="info" title={t("papers.waits")} /> : null}
      {sheet !== null && !sheet.opens ? (
        <Notice tone="wrong" title={t("papers.opensNothing", { by: sheet.by })} />
      ) : null}
      <Facts
        facts={
          sheet === null
            ? [[t("papers.sheet"), t("papers.none")]]
            : [
                [
                  t("papers.sheet"),
                  sheet.split === null
                    ? t("papers.whole")
                    : t("papers.shares", { needed: sheet.split.needed, count: sheet.split.holders.length }),
                ],
                ...(sheet.split === null ? [] : [[t("papers.holders"), sheet.split.holders.map(isolated).join(", ")] as const]),
                [
                  t("papers.made"),
                  <span key="made">
                    <Name>{sheet.by}</Name> · <When at={sheet.madeAt} />
                  </span>,
                ],
              ]
        }
      />
    </>
  );
}

function Split({ onDone }: { onDone: () => void }) {
  const t = useWords();
  const host = useHost();
  const suggested = useRead("suggestedPaths", {});
  const [names, setNames] = useState("");
  const [needed, setNeeded] = useState(2);
  const [folder, setFolder] = useState<string | null>(null);
  const holders = names
    .split("\n")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const where = folder ?? suggested.data?.shares ?? "";
  const split = useAction(async () => {
    const saved = await host.splitSheet({ folder: where.trim(), holders, needed });
    toast(t("papers.splitDone", { count: saved.paths.length, folder: where.trim() }), t("common.close"));
    onDone();
  });
  const missing = holders.length < 2 ? t("papers.twoAtLeast") : where.trim() === "" ? t("papers.noFolder") : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === null) void split.run();
      }}
    >
      <Stack>
        <p>{t("papers.splitLead")}</p>
        <TextArea
          label={t("papers.names")}
          hint={t("papers.namesHint")}
          value={names}
          onChange={setNames}
          rows={4}
          testId="split-holders"
          autoFocus
        />
        <NumberField
          label={t("papers.needed")}
          value={needed}
          onChange={setNeeded}
          min={2}
          max={Math.max(2, holders.length)}
          testId="split-needed"
        />
        <PathField
          kind="folder"
          label={t("papers.folder")}
          value={where}
          onChange={setFolder}
          testId="split-folder"
        />
        <ErrorNotice error={split.error} />
        <Row>
          <Button submit kind="primary" busy={split.busy} reason={missing} testId="split-save">
            {t("papers.splitSave")}
          </Button>
        </Row>
      </Stack>
    </form>
  );
}

function Try({ sheet, onDone }: { sheet: SheetView; onDone: () => void }) {
  const t = useWords();
  const host = useHost();
  const count = sheet.split?.needed ?? 1;
  const [codes, setCodes] = useState<readonly string[]>(() => Array.from({ length: count }, () => ""));
  const check = useAction(async () => {
    await host.checkSheet({ codes: [...codes] });
    setCodes(codes.map(() => ""));
    toast(t("papers.tryDone"), t("common.close"));
    onDone();
  });
  const missing = codes.some((code) => code.trim() === "") ? t("papers.codesMissing") : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === null) void check.run();
      }}
    >
      <Stack>
        <p>{t("papers.tryLead")}</p>
        {codes.map((code, place) => (
          <Passphrase
            key={`code-${place + 1}`}
            label={sheet.split === null ? t("restore.sheetCode") : t("restore.shareCode", { number: place + 1 })}
            value={code}
            onChange={(typed) => setCodes(codes.map((each, index) => (index === place ? typed : each)))}
            autoComplete="off"
            mono
            anyCase
            testId={`check-code-${place + 1}`}
            autoFocus={place === 0}
          />
        ))}
        <ErrorNotice error={check.error} />
        <Row>
          <Button submit kind="primary" busy={check.busy} reason={missing} testId="check-run">
            {t("papers.tryRun")}
          </Button>
        </Row>
      </Stack>
    </form>
  );
}
