// What happened, as sentences, from signed records alone.

import { IconAlertTriangle, IconFileExport, IconHistory, IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";
import { Button, Chip, Empty, Facts, Mono, Notice, Page, Row, Section, Select, toast, Unseen } from "../../components";
import { type ActivityLine, type AuditFormat, type AuditKind, useAction, useHost, useRead } from "../../host";
import { Awaited, ErrorNotice, Learn, Name, remark, sentence, useNow } from "../../parts";
import { day, exact, timeOfDay, useWords } from "../../words";
import css from "./AuditScreen.module.css";

const step = 100;
const aDay = 24 * 3_600_000;
const kinds = ["views", "rotations", "organizations", "people", "vault"] as const satisfies readonly AuditKind[];
const periods = ["1", "7", "30", "365"] as const;

/** What is asked for; it stands in the address. */
export type Asked = {
  organization?: string | undefined;
  person?: string | undefined;
  kind?: AuditKind | undefined;
  days?: (typeof periods)[number] | undefined;
};

export function AuditScreen({
  asked,
  onAsk,
  onOrganizations,
}: {
  asked: Asked;
  onAsk: (asked: Asked) => void;
  onOrganizations: () => void;
}) {
  const t = useWords();
  const { organization } = asked;
  const [limit, setLimit] = useState(step);
  // By whole days, so that the question stays the same while the page is open.
  const today = Math.floor(useNow(60_000) / aDay) * aDay;
  const filter = {
    organization: organization ?? null,
    person: asked.person ?? null,
    kind: asked.kind ?? null,
    from: asked.days === undefined ? null : today - (Number(asked.days) - 1) * aDay,
    until: null,
  };
  const view = useRead("audit", { filter, limit }, { keep: true });
  const host = useHost();
  const exported = useAction(async (format: AuditFormat) => {
    const path = await host.pickSave(`audit.${format}`);
    if (path === null) return;
    const written = await host.exportAudit({ filter, format, path });
    toast(t("organizations.exported", { count: written.rows, path: written.path }), t("common.close"));
  });
  const ask = (next: Asked) => {
    setLimit(step);
    onAsk({ ...asked, ...next });
  };
  const filtered = Object.values(filter).some((value) => value !== null);
  const data = view.data;
  const only = organization === undefined ? null : data?.lines.find((line) => line.organization === organization);
  const days = new Map<string, ActivityLine[]>();
  for (const line of data?.lines ?? []) {
    const key = day(line.at);
    days.set(key, [...(days.get(key) ?? []), line]);
  }
  return (
    <Page
      title={<h1>{t("audit.title")}</h1>}
      lead={t("audit.lead")}
      actions={
        <Row>
          <Button
            icon={<IconFileExport size={16} />}
            busy={exported.busy}
            onClick={() => void exported.run("csv")}
            testId="export-audit"
          >
            {t("organizations.export")}
          </Button>
          <Button
            icon={<IconShieldCheck size={16} />}
            busy={exported.busy}
            onClick={() => void exported.run("json")}
            testId="export-evidence"
          >
            {t("audit.evidence")}
          </Button>
        </Row>
      }
    >
      <ErrorNotice error={exported.error} />
      <Awaited view={view} rows={10} />
      {data ? (
        <Row top>
          <Chip tone="good" icon={<IconShieldCheck size={14} aria-hidden />}>
            {t("audit.verified", { at: exact(data.verified.at) })}
          </Chip>
          <details className={css.verified}>
            <summary>{t("audit.entries", { count: data.verified.entries })}</summary>
            <Facts
              facts={[
                [t("audit.newest"), <Mono key="n" wrap>{data.verified.head}</Mono>],
                [t("audit.vault"), <Mono key="v" wrap>{data.vault}</Mono>],
              ]}
            />
          </details>
        </Row>
      ) : null}
      {data?.gaps.map((gap) => (
        <Notice key={gap.device} tone="waits" title={t("audit.gap", { count: gap.missing, who: gap.who })}>
          {t("audit.gapMore")}
        </Notice>
      ))}
      <Row>
        <Select
          label={t("audit.person")}
          value={asked.person ?? ""}
          options={[
            { value: "", label: t("audit.everybody") },
            ...(data?.people ?? []).map(({ member, name }) => ({ value: member, label: name })),
          ]}
          onChange={(person) => ask({ person: person || undefined })}
          testId="audit-person"
        />
        <Select
          label={t("audit.kind")}
          value={asked.kind ?? ""}
          options={[
            { value: "", label: t("audit.everything") },
            ...kinds.map((kind) => ({ value: kind, label: t(`audit.kinds.${kind}`) })),
          ]}
          onChange={(kind) => ask({ kind: kind || undefined })}
          testId="audit-kind"
        />
        <Select
          label={t("audit.time")}
          value={asked.days ?? ""}
          options={[
            { value: "", label: t("audit.anyTime") },
            ...periods.map((days) => ({ value: days, label: t("audit.days", { count: Number(days) }) })),
          ]}
          onChange={(days) => ask({ days: days || undefined })}
          testId="audit-time"
        />
      </Row>
      {organization === undefined ? null : (
        <Row>
          <Chip>{t("audit.onlyThis", { name: only?.organizationName ?? "" })}</Chip>
          <Button small onClick={() => ask({ organization: undefined })}>
            {t("audit.clear")}
          </Button>
        </Row>
      )}
      <Unseen live>
        {data && filtered
          ? t("audit.count", { shown: data.lines.length.toLocaleString(), total: data.total.toLocaleString() })
          : ""}
      </Unseen>
      {data?.lines.length === 0 && filtered ? (
        <Empty
          title={t("audit.noneTitle")}
          action={
            <Button
              kind="primary"
              onClick={() => ask({ organization: undefined, person: undefined, kind: undefined, days: undefined })}
            >
              {t("audit.all")}
            </Button>
          }
          learn={<Learn topic="audit" />}
        >
          {t("audit.none")}
        </Empty>
      ) : null}
      {data?.lines.length === 0 && !filtered ? (
        <Empty
          icon={<IconHistory size={36} stroke={1.25} />}
          title={t("audit.emptyTitle")}
          action={
            <Button kind="primary" onClick={onOrganizations}>
              {t("rotation.toOrganizations")}
            </Button>
          }
          learn={<Learn topic="audit" />}
        >
          {t("audit.empty")}
        </Empty>
      ) : null}
      {[...days].map(([title, lines]) => (
        <Section key={title} title={title} flush>
          <ol>
            {lines.map((line, index) => {
              const { organization: id, organizationName } = line;
              return (
                <li key={`${line.at}-${index}`} className={css.line}>
                  <span className={css.words}>
                    {sentence(t, line)}
                    {line.note ? <span className={css.soft}>{remark(t, line)}</span> : null}
                    {line.late ? (
                      <Chip tone="waits" icon={<IconAlertTriangle size={14} aria-hidden />}>
                        {t("audit.late")}
                      </Chip>
                    ) : null}
                  </span>
                  {organization === undefined && id !== null && organizationName !== null ? (
                    <button
                      type="button"
                      className={css.filter}
                      aria-label={t("audit.onlyThis", { name: organizationName })}
                      onClick={() => ask({ organization: id })}
                    >
                      <Name>{organizationName}</Name>
                    </button>
                  ) : null}
                  <span className={css.when}>
                    <time dateTime={new Date(line.at).toISOString()}>{timeOfDay(line.at)}</time>
                  </span>
                </li>
              );
            })}
          </ol>
        </Section>
      ))}
      {data && data.lines.length > 0 ? (
        <Row apart>
          <span className={css.soft}>
            {t("audit.count", { shown: data.lines.length.toLocaleString(), total: data.total.toLocaleString() })}
          </span>
          {data.lines.length < data.total && limit < 1000 ? (
            <Button onClick={() => setLimit(Math.min(1000, limit + step))}>{t("audit.more")}</Button>
          ) : null}
        </Row>
      ) : null}
    </Page>
  );
}
