// What happened, as sentences, from signed records alone.

import { IconFileExport, IconHistory, IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";
import { Bones, Button, Chip, Empty, Page, Row, Section, toast } from "../../components";
import { type ActivityLine, asErrorView, useAction, useHost, useRead } from "../../host";
import { ErrorNotice, Learn, Name, remark, sentence } from "../../parts";
import { day, exact, timeOfDay, useWords } from "../../words";
import css from "./AuditScreen.module.css";

const step = 100;

export function AuditScreen({
  organization,
  onOrganization,
  onOrganizations,
}: {
  organization: string | undefined;
  onOrganization: (organization: string | undefined) => void;
  onOrganizations: () => void;
}) {
  const t = useWords();
  const [limit, setLimit] = useState(step);
  const view = useRead("audit", { organization: organization ?? null, limit }, { keep: true });
  const host = useHost();
  const exported = useAction(async () => {
    const path = await host.pickSave("audit.csv");
    if (path === null) return;
    const written = await host.export({ list: { kind: "audit" }, path });
    toast(t("organizations.exported", { count: written.rows, path: written.path }), t("common.close"));
  });
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
        <Button
          icon={<IconFileExport size={16} />}
          busy={exported.busy}
          onClick={() => void exported.run()}
          testId="export-audit"
        >
          {t("organizations.export")}
        </Button>
      }
    >
      <ErrorNotice error={view.error ? asErrorView(view.error) : null} onRetry={() => void view.refetch()} />
      <ErrorNotice error={exported.error} onRetry={() => void exported.run()} />
      {view.isPending ? <Bones rows={10} label={t("common.loading")} /> : null}
      {data ? (
        <Row>
          <Chip tone="good" icon={<IconShieldCheck size={14} aria-hidden />}>
            {t("audit.verified", { at: exact(data.verified.at) })}
          </Chip>
          <span className={css.soft}>
            {t("audit.verifiedMore", {
              entries: data.verified.entries.toLocaleString(),
              head: data.verified.head.slice(0, 16),
            })}
          </span>
        </Row>
      ) : null}
      {organization === undefined ? null : (
        <Row>
          <Chip>{t("audit.onlyThis", { name: only?.organizationName ?? "" })}</Chip>
          <Button small onClick={() => onOrganization(undefined)}>
            {t("audit.clear")}
          </Button>
        </Row>
      )}
      {data?.lines.length === 0 ? (
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
                  </span>
                  {organization === undefined && id !== null && organizationName !== null ? (
                    <button
                      type="button"
                      className={css.filter}
                      aria-label={t("audit.onlyThis", { name: organizationName })}
                      onClick={() => onOrganization(id)}
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
