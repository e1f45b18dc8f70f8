// One line of the table. Scrolling moves the lines that are there without drawing them again, which is why everything a
// line is given stays the same until something in it changes.

import { FlexRender, type Row } from "@tanstack/react-table";
import { type KeyboardEvent, memo } from "react";
import { RowCheck } from "../../components";
import type { OrganizationRow } from "../../host";
import { useWords } from "../../words";
import type { features } from "./columns";
import css from "./OrganizationList.module.css";

/** What a line asks of the table; the same object as long as the table is there. */
export type LineActs = {
  open: (organization: string) => void;
  toggle: (organization: string) => void;
  focused: (index: number) => void;
  pressed: (event: KeyboardEvent, index: number, row: OrganizationRow | undefined) => void;
};

export const OrganizationLine = memo(function OrganizationLine({
  index,
  top,
  height,
  grid,
  shown,
  row,
  selected,
  active,
  acts,
}: {
  index: number;
  top: number;
  height: number;
  grid: string;
  /** The columns that are shown, parted by spaces: also for a line whose organization has not come yet. */
  shown: string;
  row: Row<typeof features, OrganizationRow> | undefined;
  selected: boolean;
  active: boolean;
  acts: LineActs;
}) {
  const t = useWords();
  const data = row?.original;
  return (
    <div
      role="row"
      className={css.row}
      data-index={index}
      data-testid="organization-row"
      data-name={data?.name}
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      style={{ gridTemplateColumns: grid, height, position: "absolute", top, insetInline: 0 }}
      onClick={() => data && acts.open(data.id)}
      onFocus={() => acts.focused(index)}
      onKeyDown={(event) => acts.pressed(event, index, data)}
    >
      <div role="gridcell" className={css.cell}>
        {data ? (
          <RowCheck
            label={t("organizations.select", { name: data.name })}
            checked={selected}
            onChange={() => acts.toggle(data.id)}
            tabIndex={-1}
          />
        ) : null}
      </div>
      {row
        ? row.getVisibleCells().map((cell) => (
            <div key={cell.id} role="gridcell" className={css.cell} data-column={cell.column.id}>
              <FlexRender cell={cell} />
            </div>
          ))
        : shown.split(" ").map((column) => (
            <div key={column} role="gridcell" className={css.cell} data-column={column}>
              <span className={css.bone} />
            </div>
          ))}
    </div>
  );
});
