import { IconFileDownload, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { Bar, Button, Dialog, Facts, Mark, type MarkTone, Page, Section, Stack, toast, Unseen } from "../../components";
import { type IncidentRow, type IncidentState, type IncidentView, useAction, useHost } from "../../host";
import { ErrorNotice, incidentNeeds, Name, OpenName, useMay, When } from "../../parts";
import { useWords } from "../../words";
import css from "./Incident.module.css";

const states = ["blocked", "working", "waiting", "replaced"] as const satisfies readonly IncidentState[];
const tones: Record<IncidentState, MarkTone> = { blocked: "wrong", working: "busy", waiting: "none", replaced: "good" };

export function IncidentBoard({ incident, onOpen }: { incident: IncidentView; onOpen: (organization: string) => void }) {
  const t = useWords();
  const host = useHost();
  const [ending, setEnding] = useState(false);
  const why = useMay().denied(incidentNeeds);
  const retry = useAction(() => host.retryIncident({}));
  const report = useAction(async () => {
    const path = await host.pickSave("incident-report.json");
    if (path === null) return;
    const saved = await host.saveIncidentReport({ path });
    toast(t("incident.reportSaved", { path: saved.path }), t("common.close"));
  });
  const end = useAction(() => host.endIncident({}));
  const { organizations, accounts, certificates } = incident;
  const total = organizations.blocked + organizations.working + organizations.waiting + organizations.replaced;
  const left = total - organizations.replaced;
  const parts = accounts.of + certificates.of;
  const share = parts === 0 ? 1 : (accounts.replaced + certificates.replaced) / parts;
  return (
    <Page
      title={<h1>{t("incident.title")}</h1>}
      lead={<Name>{incident.reason}</Name>}
      actions={
        <>
          <Button icon={<IconFileDownload size={16} />} busy={report.busy} onClick={() => void report.run()} testId="incident-report">
            {t("incident.report")}
          </Button>
          <Button reason={why} onClick={() => setEnding(true)} testId="incident-end">
            {t("incident.end")}
          </Button>
          {organizations.blocked > 0 ? (
            <Button
              kind="primary"
              icon={<IconRefresh size={16} />}
              busy={retry.busy}
              reason={why}
              onClick={() => void retry.run()}
              testId="incident-retry"
            >
              {t("incident.retry", { count: organizations.blocked })}
            </Button>
          ) : null}
        </>
      }
    >
      <ErrorNotice
        error={retry.error ?? report.error}
        onRetry={() => void (retry.error === null ? report : retry).run()}
      />
      <Unseen live>
        {left === 0
          ? t("incident.nothingLeft")
          : organizations.blocked > 0
            ? t("incident.groups.blocked", { count: organizations.blocked })
            : ""}
      </Unseen>
      <Stack gap={24}>
        <Stack>
          <p className={css.sum} data-testid="incident-left">
            {left === 0 ? t("incident.nothingLeft") : t("incident.left", { count: left, total: total.toLocaleString() })}
          </p>
          <Bar share={share} label={t("incident.progress")} />
          <Facts
            facts={[
              [t("incident.began"), <When key="at" at={incident.beganAt} />],
              [t("incident.by"), <Name key="who">{incident.who}</Name>],
              [t("incident.accounts"), t("incident.of", accounts)],
              [t("incident.certificates"), t("incident.of", certificates)],
              ...(incident.expectedEnd === null
                ? []
                : [[t("incident.expected"), <When key="end" at={incident.expectedEnd} />] as const]),
            ]}
          />
        </Stack>
        {states.map((state) => {
          const shown = incident.rows.filter((row) => row.state === state);
          const more = organizations[state] - shown.length;
          return organizations[state] === 0 ? null : (
            <Section key={state} title={t(`incident.groups.${state}`, { count: organizations[state] })} flush>
              <ul>
                {shown.map((row) => (
                  <Line key={row.organization} row={row} onOpen={onOpen} />
                ))}
                {more > 0 ? <li className={css.more}>{t("incident.more", { count: more })}</li> : null}
              </ul>
            </Section>
          );
        })}
      </Stack>
      <Dialog
        open={ending}
        onClose={() => setEnding(false)}
        title={t("incident.endTitle")}
        closeLabel={t("common.close")}
        onSubmit={() => void end.run().then((done) => done && setEnding(false))}
        actions={
          <>
            <Button onClick={() => setEnding(false)}>{t("common.cancel")}</Button>
            <Button submit kind="primary" busy={end.busy} testId="incident-end-yes">
              {t("incident.end")}
            </Button>
          </>
        }
      >
        <p>{left === 0 ? t("incident.endNothingLeft") : t("incident.endLeft", { count: left })}</p>
        <ErrorNotice error={end.error} />
      </Dialog>
    </Page>
  );
}

function Line({ row, onOpen }: { row: IncidentRow; onOpen: (organization: string) => void }) {
  const t = useWords();
  return (
    <li className={css.line} data-testid="incident-row" data-state={row.state}>
      <span className={css.name}>
        <OpenName name={row.name} onOpen={() => onOpen(row.organization)} />
      </span>
      <span className={css.state}>
        <Mark tone={tones[row.state]}>{t(`incident.states.${row.state}`)}</Mark>
      </span>
      <span className={css.count}>{t("incident.rowAccounts", row.accounts)}</span>
      {row.strangers > 0 ? (
        <span className={css.count} data-testid="incident-strangers">
          {t("incident.strangers", { count: row.strangers })}
        </span>
      ) : null}
      <span className={css.count}>{row.certificate ? t("incident.certificateNew") : t("incident.certificateOld")}</span>
      {row.problem === null ? null : (
        <div className={css.problem}>
          <ErrorNotice quiet error={row.problem} about={{ organization: row.organization }} />
        </div>
      )}
    </li>
  );
}
