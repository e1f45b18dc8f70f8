// The list of organizations: four numbers that filter, a virtual table, selection and its bar.

import {
  IconBuildings,
  IconCalendarTime,
  IconColumns3,
  IconFileExport,
  IconFileImport,
  IconPlus,
  IconRotateClockwise2,
  IconUrgent,
  IconUsersGroup,
} from "@tabler/icons-react";
import { useState } from "react";
import { Button, Check, Empty, Page, Popup, Row, Stack, toast } from "../../components";
import {
  asErrorView,
  type ListColumn,
  type OrganizationRow,
  type OrganizationState,
  useAction,
  useHost,
  useRead,
} from "../../host";
import { AsOf, Awaited, ErrorNotice, FilterField, incidentNeeds, Learn, useFilter, useMay, useNetwork } from "../../parts";
import { told, useWords } from "../../words";
import { AddDialog } from "./AddDialog";
import { ChooseAccount } from "./ChooseAccount";
import { optionalColumns } from "./columns";
import { GiveAccessDialog } from "./GiveAccessDialog";
import { ImportDialog } from "./ImportDialog";
import css from "./OrganizationList.module.css";
import { OrganizationTable } from "./OrganizationTable";
import { SavedViews } from "./SavedViews";
import { ScheduleDialog } from "./ScheduleDialog";
import { useListViews } from "./useListViews";

export type Search = {
  filter?: string | undefined;
  state?: OrganizationState | undefined;
  sort?: "name" | "state" | "lastRotation" | "nextRotation" | undefined;
  descending?: boolean | undefined;
  open?: "add" | "import" | undefined;
};

const states = ["failed", "due", "notConnected", "healthy"] as const;
const countOf = { failed: "failed", due: "due", notConnected: "notConnected", healthy: "healthy" } as const;

export function OrganizationList({
  search,
  onSearch,
  onOpen,
  onIncident,
}: {
  search: Search;
  onSearch: (change: Search) => void;
  onOpen: (organization: string) => void;
  onIncident: (organizations: string[]) => void;
}) {
  const t = useWords();
  const host = useHost();
  const filter = useFilter(search.filter, (filter) => onSearch({ filter }));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { views, ...kept } = useListViews();
  const hidden = new Set<ListColumn>(views.hidden);
  const [scheduling, setScheduling] = useState(false);
  const [giving, setGiving] = useState(false);
  const [choosing, setChoosing] = useState<string | null>(null);
  const request = {
    filter: filter.wanted ?? "",
    state: search.state ?? null,
    sort: search.sort ?? "name",
    descending: search.descending ?? false,
  } as const;
  const first = useRead("organizations", { ...request, offset: 0, limit: 200 }, { keep: true });
  const matching = first.data?.matching ?? 0;
  const counts = first.data?.counts;
  const closed = first.data?.closed ?? 0;

  const network = useNetwork();
  const { may, denied } = useMay();
  const adds = may("organizations");
  const people = useRead("people", {}, { keep: true, enabled: may("access") && selected.size > 0 });
  const teams = (people.data?.teams ?? []).filter(({ kind }) => kind === "staff" || kind === "work");
  const say = (thrown: unknown) => toast(told(asErrorView(thrown).what), t("common.close"));
  const rotate = useAction(async (organizations: string[]) => {
    await host.rotate({ scope: { kind: "organizations", organizations } });
    toast(t("organizations.rotateStarted", { count: organizations.length }), t("common.close"));
    setSelected(new Set());
  });
  const exported = useAction(async (only: string[]) => {
    const path = await host.pickSave("organizations.csv");
    if (path === null) return;
    // What was chosen by hand is written whatever the filter shows now.
    const { filter: text, state } = only.length > 0 ? { filter: "", state: null } : request;
    const written = await host.export({ list: { kind: "organizations", filter: text, state, only }, path });
    toast(t("organizations.exported", { count: written.rows, path: written.path }), t("common.close"));
  });
  const view = async (row: OrganizationRow) => {
    try {
      const { accounts } = await host.organization({ organization: row.id });
      const [account] = accounts;
      if (account === undefined) toast(t("organization.viewReason"), t("common.close"));
      else if (accounts.length === 1) await host.openReveal({ organization: row.id, account: account.id });
      else setChoosing(row.id);
    } catch (thrown) {
      say(thrown);
    }
  };
  const selectAll = async () => {
    const ids: string[] = [];
    for (let offset = 0; offset < matching; offset += 500) {
      const page = await host.organizations({ ...request, offset, limit: 500 });
      ids.push(...page.rows.map((row) => row.id));
    }
    setSelected(new Set(ids));
  };

  const empty = counts?.total === 0;
  const actions = (
    <>
      {empty ? null : (
        <Button
          icon={<IconFileExport size={16} />}
          busy={exported.busy}
          onClick={() => void exported.run([])}
          testId="export-csv"
        >
          {t("organizations.export")}
        </Button>
      )}
      {adds ? (
        <>
          <Button icon={<IconFileImport size={16} />} onClick={() => onSearch({ open: "import" })} testId="import-csv">
            {t("organizations.import")}
          </Button>
          <Button
            kind="primary"
            icon={<IconPlus size={16} />}
            onClick={() => onSearch({ open: "add" })}
            testId="add-organization"
          >
            {t("organizations.add")}
          </Button>
        </>
      ) : null}
    </>
  );

  return (
    <Page
      title={
        <Row gap={12}>
          <h1>{t("organizations.title")}</h1>
          <AsOf />
        </Row>
      }
      actions={empty ? undefined : actions}
      fixed
    >
      <Awaited view={first} rows={10} />
      {empty ? (
        <Empty
          icon={<IconBuildings size={36} stroke={1.25} />}
          title={t("organizations.emptyTitle")}
          action={adds ? actions : undefined}
          learn={<Learn topic="organizations" />}
        >
          {closed > 0 ? t("organizations.closed", { count: closed }) : t("organizations.empty")} {denied("organizations")}
        </Empty>
      ) : null}
      {counts && !empty ? (
        <>
          <ul className={css.numbers} aria-label={t("organizations.counts")}>
            {states.map((state) => (
              <li key={state}>
                <button
                  type="button"
                  className={css.number}
                  data-state={state}
                  data-testid={`count-${state}`}
                  aria-pressed={search.state === state}
                  onClick={() => onSearch({ state: search.state === state ? undefined : state })}
                >
                  <span className={css.figure} data-zero={counts[countOf[state]] === 0 || undefined}>
                    {counts[countOf[state]].toLocaleString()}
                  </span>{" "}
                  <span>{t(`state.${state}`)}</span>
                </button>
              </li>
            ))}
          </ul>
          <div className={css.tools}>
            <FilterField
              label={t("organizations.filter")}
              text={filter.text}
              onText={filter.setText}
              onDown={() => document.querySelector<HTMLElement>('[role="row"][tabindex="0"]')?.focus()}
              testId="organizations-filter"
            />
            <span className={css.shown} role="status">
              {t("organizations.rows", { shown: matching.toLocaleString(), total: counts.total.toLocaleString() })}
              {closed > 0 ? ` ${t("organizations.closed", { count: closed })}` : null}
            </span>
            <span className={css.hint}>{t("organizations.hint")}</span>
            <SavedViews
              saved={views.saved}
              error={kept.error}
              busy={kept.busy}
              onApply={({ filter: text, state, sort, descending, hidden: columns }) => {
                filter.setText(text);
                onSearch({ filter: text || undefined, state: state ?? undefined, sort, descending });
                void kept.save({ ...views, hidden: columns });
              }}
              onSave={(name) =>
                kept.save({ ...views, saved: [...views.saved, { name, ...request, hidden: views.hidden }] })
              }
              onForget={(gone) => void kept.save({ ...views, saved: views.saved.filter((each) => each !== gone) })}
            />
            <Popup label={t("organizations.columns")} icon={<IconColumns3 size={16} />}>
              <Stack gap={8}>
                {optionalColumns.map((column) => (
                  <Check
                    key={column}
                    label={t(`organizations.${column}`)}
                    checked={!hidden.has(column)}
                    onChange={(on) => {
                      const others = views.hidden.filter((each) => each !== column);
                      void kept.save({ ...views, hidden: on ? others : [...others, column] });
                    }}
                  />
                ))}
              </Stack>
            </Popup>
          </div>
          {matching === 0 ? (
            <Empty
              title={t("organizations.noMatch")}
              action={
                <Button
                  onClick={() => {
                    filter.setText("");
                    onSearch({ filter: undefined, state: undefined });
                  }}
                >
                  {t("organizations.clearFilter")}
                </Button>
              }
            >
              {t("organizations.noMatchMore")}
            </Empty>
          ) : (
            <OrganizationTable
              request={request}
              matching={matching}
              hidden={hidden}
              selected={selected}
              onSelected={setSelected}
              onSelectAll={() => void selectAll().catch(say)}
              onSort={(sort) => onSearch({ sort, descending: request.sort === sort ? !request.descending : false })}
              onOpen={onOpen}
              onView={(row) => {
                const why = denied("reveal");
                if (why === null) void view(row);
                else toast(why, t("common.close"));
              }}
              onRotate={(row) => {
                const why = denied("putAccount") ?? network.reason;
                if (why === null) void rotate.run([row.id]);
                else toast(why, t("common.close"));
              }}
            />
          )}
          <ErrorNotice error={rotate.error ?? exported.error} />
          {selected.size > 0 ? (
            <section className={css.bar} aria-label={t("organizations.selected", { count: selected.size })}>
              <span>{t("organizations.selected", { count: selected.size })}</span>
              <Button small kind="quiet" onClick={() => setSelected(new Set())}>
                {t("organizations.clear")}
              </Button>
              <Button
                small
                icon={<IconFileExport size={14} />}
                busy={exported.busy}
                onClick={() => void exported.run([...selected])}
                testId="export-selected"
              >
                {t("organizations.exportSelected")}
              </Button>
              <Button
                small
                icon={<IconCalendarTime size={14} />}
                reason={denied("putOrganization")}
                onClick={() => setScheduling(true)}
                testId="schedule-selected"
              >
                {t("organizations.schedule")}
              </Button>
              {teams.length > 0 ? (
                <Button
                  small
                  icon={<IconUsersGroup size={14} />}
                  onClick={() => setGiving(true)}
                  testId="access-selected"
                >
                  {t("access.giveChosen")}
                </Button>
              ) : null}
              <Button
                small
                icon={<IconUrgent size={14} />}
                reason={denied(incidentNeeds)}
                onClick={() => onIncident([...selected])}
                testId="incident-selected"
              >
                {t("incident.chosen")}
              </Button>
              <Button
                small
                kind="primary"
                icon={<IconRotateClockwise2 size={14} />}
                busy={rotate.busy}
                reason={denied("putAccount") ?? network.reason}
                testId="rotate-selected"
                onClick={() => void rotate.run([...selected])}
              >
                {t("organizations.rotate", { count: selected.size })}
              </Button>
            </section>
          ) : null}
        </>
      ) : null}
      {adds && search.open === "add" ? (
        <AddDialog onClose={() => onSearch({ open: undefined })} onAdded={onOpen} />
      ) : null}
      {adds && search.open === "import" ? <ImportDialog onClose={() => onSearch({ open: undefined })} /> : null}
      {scheduling ? (
        <ScheduleDialog
          organizations={[...selected]}
          onClose={(changed) => {
            setScheduling(false);
            if (changed) setSelected(new Set());
          }}
        />
      ) : null}
      {giving ? (
        <GiveAccessDialog
          organizations={[...selected]}
          teams={teams}
          onClose={(given) => {
            setGiving(false);
            if (given) setSelected(new Set());
          }}
        />
      ) : null}
      {choosing === null ? null : <ChooseAccount organization={choosing} onClose={() => setChoosing(null)} />}
    </Page>
  );
}
