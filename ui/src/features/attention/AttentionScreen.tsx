// What needs a person, over all organizations: what, since when, and the next step as a press.

import { IconChecks } from "@tabler/icons-react";
import { useState } from "react";
import { Button, Empty, Page, Row, Stack } from "../../components";
import { useRead } from "../../host";
import { AsOf, Awaited, FilterField, Learn, useFilter } from "../../parts";
import { useWords } from "../../words";
import css from "./AttentionScreen.module.css";
import { Problem } from "./Problem";

/** Problems that are read at first, and at most: the filter finds the rest. */
const page = 100;
const most = 500;

/** Time alone ends a snooze, and makes what is due overdue. */
const look = 30_000;

export type AttentionSearch = { filter?: string | undefined; snoozed?: boolean | undefined };

export function AttentionScreen({
  search,
  onSearch,
  onOpen,
  onRotation,
}: {
  search: AttentionSearch;
  onSearch: (change: AttentionSearch) => void;
  onOpen: (organization: string) => void;
  onRotation: () => void;
}) {
  const t = useWords();
  const filter = useFilter(search.filter, (filter) => onSearch({ filter }));
  const [limit, setLimit] = useState(page);
  const snoozed = search.snoozed ?? false;
  const view = useRead("attention", { filter: filter.wanted ?? "", snoozed, limit }, { keep: true, refetchMs: look });

  const { problems, matching, open, snoozed: aside } = view.data ?? { problems: [], matching: 0, open: 0, snoozed: 0 };
  const nothing = view.data !== undefined && open === 0 && aside === 0;
  return (
    <Page
      title={
        <Row gap={12}>
          <h1>{t("attention.title")}</h1>
          <AsOf />
        </Row>
      }
      lead={t("attention.lead")}
      actions={
        <Button onClick={onRotation} testId="to-rotation">
          {t("attention.toRotation")}
        </Button>
      }
    >
      <Awaited view={view} rows={8} />
      {nothing ? (
        <Empty
          icon={<IconChecks size={36} stroke={1.25} />}
          title={t("attention.emptyTitle")}
          learn={<Learn topic="attention" />}
        >
          {t("attention.empty")}
        </Empty>
      ) : null}
      {view.data && !nothing ? (
        <Stack>
          <div className={css.tools}>
            <FilterField
              label={t("attention.filter")}
              text={filter.text}
              onText={filter.setText}
              testId="attention-filter"
            />
            <Row gap={4} wrap={false}>
              <Button
                pressed={!snoozed}
                onClick={() => onSearch({ snoozed: undefined })}
                testId="attention-open"
              >
                {t("attention.open", { count: open })}
              </Button>
              <Button pressed={snoozed} onClick={() => onSearch({ snoozed: true })} testId="attention-snoozed">
                {t("attention.snoozed", { count: aside })}
              </Button>
            </Row>
            <span className={css.shown} role="status">
              {filter.wanted === undefined ? null : t("attention.found", { count: matching })}
            </span>
          </div>
          {problems.length === 0 ? (
            <Nothing
              snoozed={snoozed}
              filtered={filter.wanted !== undefined}
              onClear={() => {
                filter.setText("");
                onSearch({ filter: undefined });
              }}
              onOpen={() => onSearch({ snoozed: undefined })}
            />
          ) : (
            <ul className={css.list} aria-label={t(snoozed ? "attention.listSnoozed" : "attention.list")}>
              {problems.map((problem) => (
                <Problem key={problem.id} problem={problem} onOpen={onOpen} />
              ))}
            </ul>
          )}
          {matching > problems.length ? (
            limit < most ? (
              <Button onClick={() => setLimit(most)} testId="more-problems">
                {t("attention.more", { count: matching - problems.length })}
              </Button>
            ) : (
              <p className={css.shown}>{t("attention.filterMore", { count: matching - problems.length })}</p>
            )
          ) : null}
        </Stack>
      ) : null}
    </Page>
  );
}

function Nothing({
  snoozed,
  filtered,
  onClear,
  onOpen,
}: {
  snoozed: boolean;
  filtered: boolean;
  onClear: () => void;
  onOpen: () => void;
}) {
  const t = useWords();
  if (filtered)
    return (
      <Empty title={t("attention.noMatch")} action={<Button onClick={onClear}>{t("organizations.clearFilter")}</Button>}>
        {t("attention.noMatchMore")}
      </Empty>
    );
  return snoozed ? (
    <Empty title={t("attention.noneSnoozed")} action={<Button onClick={onOpen}>{t("attention.backToOpen")}</Button>} />
  ) : (
    <Empty title={t("attention.emptyTitle")}>{t("attention.emptyOpen")}</Empty>
  );
}
