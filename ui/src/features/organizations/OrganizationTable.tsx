// The virtual table: only what is seen is asked from Rust and drawn, so that 10,000 rows feel like ten.

import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { RowCheck, Unseen } from "../../components";
import { type ListColumn, type OrganizationRow, useRead, useReads } from "../../host";
import { useWords } from "../../words";
import { type Column, columns, features, isSortable, type Sortable, widths } from "./columns";
import { type LineActs, OrganizationLine } from "./OrganizationLine";
import css from "./OrganizationList.module.css";

const pageSize = 200;
const headHeight = 34;
/** In a low window the rows scroll with the page rather than in a slit. */
const lowest = 160;

type Request = { filter: string; state: OrganizationRow["state"] | null; sort: Sortable; descending: boolean };

export function OrganizationTable({
  request,
  matching,
  hidden,
  selected,
  onSelected,
  onSelectAll,
  onSort,
  onOpen,
  onView,
  onRotate,
}: {
  request: Request;
  matching: number;
  hidden: ReadonlySet<ListColumn>;
  selected: ReadonlySet<string>;
  onSelected: (selected: ReadonlySet<string>) => void;
  onSelectAll: () => void;
  onSort: (column: Sortable) => void;
  onOpen: (organization: string) => void;
  onView: (row: OrganizationRow) => void;
  onRotate: (row: OrganizationRow) => void;
}) {
  const t = useWords();
  const density = useRead("settings", {}).data?.settings.density;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const rowHeight = density === "comfortable" ? 40 : 32;

  const virtual = useVirtualizer({
    count: matching,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    // The header stays above the rows.
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
    initialRect: { width: 900, height: 640 },
  });
  useEffect(() => {
    virtual.measure();
  }, [virtual, rowHeight]);

  const items = virtual.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = items.at(-1)?.index ?? 0;
  const pages = useMemo(() => {
    const list: number[] = [];
    for (let page = Math.floor(from / pageSize); page <= Math.floor(to / pageSize); page++) list.push(page);
    return list;
  }, [from, to]);
  const answers = useReads(
    "organizations",
    pages.map((page) => ({ ...request, offset: page * pageSize, limit: pageSize })),
  );
  const rowAt = (index: number): OrganizationRow | undefined =>
    answers[pages.indexOf(Math.floor(index / pageSize))]?.rows[index % pageSize];
  // Whole pages, so that scrolling within them makes nothing anew.
  const loaded = useMemo(() => answers.flatMap((page) => page?.rows ?? []), [answers]);

  const visibility = useMemo(() => Object.fromEntries([...hidden].map((column) => [column, false])), [hidden]);
  const table = useTable({
    features,
    columns,
    data: loaded,
    getRowId: (row) => row.id,
    state: { columnVisibility: visibility },
  });
  const { rowsById } = table.getRowModel();
  const shown = table.getVisibleLeafColumns();
  const names = shown.map((column) => column.id).join(" ");
  const grid = ["36px", ...shown.map((column) => widths[column.id as Column])].join(" ");

  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelected(next);
  };
  const move = (index: number) => {
    const next = Math.max(0, Math.min(matching - 1, index));
    setActive(next);
    virtual.scrollToIndex(next);
    // The row may have to be drawn first.
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus());
  };
  const pressed = (event: KeyboardEvent, index: number, row: OrganizationRow | undefined) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 320) / rowHeight) - 2);
    const places: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + step,
      PageUp: index - step,
      Home: 0,
      End: matching - 1,
    };
    if (event.target !== event.currentTarget) return;
    const place = places[event.key];
    const key = event.key.toLowerCase();
    if (place !== undefined) move(place);
    else if (row === undefined) return;
    else if (key === "enter") onOpen(row.id);
    else if (key === "l") onView(row);
    else if (key === "r") onRotate(row);
    else if (key === " ") toggle(row.id);
    else return;
    event.preventDefault();
  };
  const now: LineActs = { open: onOpen, toggle, focused: setActive, pressed };
  const latest = useRef(now);
  latest.current = now;
  const [acts] = useState<LineActs>(() => ({
    open: (organization) => latest.current.open(organization),
    toggle: (organization) => latest.current.toggle(organization),
    focused: (index) => latest.current.focused(index),
    pressed: (event, index, row) => latest.current.pressed(event, index, row),
  }));

  const allSelected = matching > 0 && selected.size >= matching;
  return (
    <div className={css.frame} style={{ minHeight: Math.min(lowest, headHeight + matching * rowHeight + 2) }}>
      <Unseen live>
        {t("organizations.sortedBy", {
          column: t(`organizations.${request.sort}`),
          direction: t(request.descending ? "organizations.descending" : "organizations.ascending"),
        })}
      </Unseen>
      <div
        className={css.table}
        ref={scroller}
        role="grid"
        aria-label={t("organizations.title")}
        aria-rowcount={matching + 1}
        aria-multiselectable="true"
        data-testid="organizations-table"
      >
        <div role="rowgroup" className={css.head}>
          <div role="row" className={css.row} aria-rowindex={1} style={{ gridTemplateColumns: grid }} data-head>
            <div role="columnheader" className={css.cell}>
              <RowCheck
                label={t("organizations.selectAll", { count: matching })}
                checked={allSelected}
                some={selected.size > 0 && !allSelected}
                onChange={(on) => (on ? onSelectAll() : onSelected(new Set()))}
              />
            </div>
            {shown.map((column) => {
              const sorted = request.sort === column.id;
              const Arrow = request.descending ? IconArrowDown : IconArrowUp;
              return (
                <div
                  key={column.id}
                  role="columnheader"
                  className={css.cell}
                  data-column={column.id}
                  aria-sort={sorted ? (request.descending ? "descending" : "ascending") : undefined}
                >
                  {isSortable(column.id) ? (
                    <button type="button" className={css.sort} onClick={() => onSort(column.id as Sortable)}>
                      {t(`organizations.${column.id}`)}
                      {sorted ? <Arrow size={14} aria-hidden /> : null}
                    </button>
                  ) : (
                    t(`organizations.${column.id as Column}`)
                  )}
                </div>
              );
            })}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const id = rowAt(item.index)?.id;
            return (
              <OrganizationLine
                key={item.key}
                index={item.index}
                top={item.start - headHeight}
                height={rowHeight}
                grid={grid}
                shown={names}
                row={id === undefined ? undefined : rowsById[id]}
                selected={id !== undefined && selected.has(id)}
                active={item.index === Math.min(active, matching - 1)}
                acts={acts}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
