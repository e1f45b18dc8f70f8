// The onboarding checklist. What is done is what Rust says is done; any step can be taken up again.

import { IconCheck, IconChevronDown } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { Bar, Bones, Button, Page, Row, TextField, Unseen } from "../../components";
import { useAction, useHost, useRead } from "../../host";
import { ErrorNotice, useMay } from "../../parts";
import { useWords } from "../../words";
import css from "./Checklist.module.css";
import { BackupFolder, SaveKit, SaveSheet } from "./papers";

type Step = "vault" | "kit" | "sheet" | "backup" | "organization" | "connect" | "rotation";

export function Checklist({
  onOrganizations,
  onOrganization,
}: {
  onOrganizations: () => void;
  onOrganization: (organization: string) => void;
}) {
  const t = useWords();
  const status = useRead("status", {});
  const { takes } = useMay();
  const waiting = useRead("organizations", { state: "notConnected", limit: 1 });
  const [passedOver, setPassedOver] = useState<ReadonlySet<Step>>(new Set());
  const [chosen, setChosen] = useState<Step | null>(null);
  const onboarding = status.data?.onboarding;
  if (onboarding === undefined || onboarding === null)
    return (
      <Page narrow title={<h1>{t("start.title")}</h1>}>
        <Bones label={t("common.loading")} />
      </Page>
    );

  const next = waiting.data?.rows[0];
  const all: { step: Step; takes?: boolean; done: boolean; why: string; body: ReactNode }[] = [
    { step: "vault", done: true, why: t("start.vaultDone"), body: null },
    { step: "kit", done: onboarding.kitConfirmed, why: t("start.kitWhy"), body: <SaveKit /> },
    {
      step: "sheet",
      takes: takes("sheetSaved"),
      done: onboarding.sheetSaved,
      why: t("start.sheetWhy"),
      body: (
        <SaveSheet
          onLater={() => {
            setPassedOver(new Set([...passedOver, "sheet"]));
            setChosen(null);
          }}
        />
      ),
    },
    {
      step: "backup",
      done: onboarding.backupExists,
      why: status.data?.backup?.file ? t("start.backupDone", { file: status.data.backup.file }) : t("start.backupWhy"),
      body: <BackupFolder />,
    },
    {
      step: "organization",
      takes: takes("organizationExists"),
      done: onboarding.organizationExists,
      why: t("start.organizationWhy"),
      body: <FirstOrganization />,
    },
    {
      step: "connect",
      takes: takes("tenantConnected"),
      done: onboarding.tenantConnected,
      why: t("start.connectWhy"),
      body: (
        <Row>
          {next === undefined ? null : (
            <Button kind="primary" onClick={() => onOrganization(next.id)} testId="start-connect">
              {t("connect.title", { name: next.name })}
            </Button>
          )}
          <Button onClick={onOrganizations}>{t("start.connectGo")}</Button>
        </Row>
      ),
    },
    {
      step: "rotation",
      done: onboarding.rotationVerified,
      why: t("start.rotationWhy"),
      body: <Button onClick={onOrganizations}>{t("start.connectGo")}</Button>,
    },
  ];
  // What is for others to do is not in the list of who cannot.
  const steps = all.filter((each) => each.done || each.takes !== false);
  const done = steps.filter((each) => each.done).length;
  const current = chosen ?? steps.find((each) => !each.done && !passedOver.has(each.step))?.step ?? null;
  const finished = done === steps.length;
  return (
    <Page narrow
      title={<h1>{finished ? t("start.finished") : t("start.title")}</h1>}
      lead={finished ? t("start.finishedMore") : t("start.lead")}
      actions={
        <Button kind={finished ? "primary" : "default"} onClick={onOrganizations} testId="start-open-organizations">
          {t("start.open")}
        </Button>
      }
    >
      <div className={css.list}>
        <div className={css.progress}>
          <Bar share={done / steps.length} label={t("start.progress", { done, total: steps.length })} />
          <p>{t("start.progress", { done, total: steps.length })}</p>
        </div>
        <ol>
          {steps.map(({ step, done: isDone, why, body }, index) => {
            const open = current === step && !isDone;
            return (
              <li
                key={step}
                className={css.step}
                data-open={open || undefined}
                data-testid={`start-step-${step}`}
                data-done={isDone}
              >
                <span className={css.tick} data-done={isDone || undefined} aria-hidden="true">
                  {isDone ? <IconCheck size={14} stroke={2.5} /> : index + 1}
                </span>
                <div className={css.body}>
                  {isDone ? (
                    <h2 className={css.title}>
                      {t(`start.${step}`)} <Unseen>{t("start.done")}</Unseen>
                    </h2>
                  ) : (
                    <h2 className={css.title}>
                      <button
                        type="button"
                        className={css.opener}
                        aria-expanded={open}
                        onClick={() => setChosen(open ? null : step)}
                      >
                        {t(`start.${step}`)}
                        <IconChevronDown size={16} aria-hidden />
                      </button>
                    </h2>
                  )}
                  <p className={css.why}>{why}</p>
                  {open ? <div className={css.work}>{body}</div> : null}
                </div>
              </li>
            );
          })}
        </ol>
      </div>
    </Page>
  );
}

function FirstOrganization() {
  const t = useWords();
  const host = useHost();
  const [name, setName] = useState("");
  const add = useAction(() => host.addOrganization({ name: name.trim(), notes: "" }));
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") void add.run();
      }}
    >
      <TextField
        label={t("organizations.addName")}
        value={name}
        onChange={setName}
        maxLength={100}
        testId="start-organization-name"
      />
      <ErrorNotice error={add.error} />
      <Row>
        <Button submit kind="primary" busy={add.busy} testId="start-organization-add">
          {t("start.organizationAdd")}
        </Button>
      </Row>
    </form>
  );
}
