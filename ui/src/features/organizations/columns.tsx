// What stands in the table, column by column.

import { columnVisibilityFeature, createColumnHelper, tableFeatures } from "@tanstack/react-table";
import type { OrganizationRow } from "../../host";
import { Name, StateMark, WhenInRow } from "../../parts";
import css from "./OrganizationList.module.css";

export const features = tableFeatures({ columnVisibilityFeature });
const helper = createColumnHelper<typeof features, OrganizationRow>();

export const columns = helper.columns([
  helper.accessor("name", { cell: ({ row }) => (
      <span className={css.name}>
        <Name>{row.original.name}</Name>
      </span>
    ) }),
  helper.accessor("domain", { cell: ({ row }) => (
      <span className={css.soft}>
        <Name>{row.original.domain}</Name>
      </span>
    ) }),
  helper.accessor("state", { cell: ({ row }) => <StateMark state={row.original.state} /> }),
  helper.accessor("lastRotation", {
    cell: ({ row }) =>
      row.original.lastRotation === null ? null : (
        <span className={css.soft}>
          <WhenInRow at={row.original.lastRotation} />
        </span>
      ),
  }),
  helper.accessor("nextRotation", {
    cell: ({ row }) =>
      row.original.nextRotation === null ? null : (
        <span className={css.soft}>
          <WhenInRow at={row.original.nextRotation} due />
        </span>
      ),
  }),
]);

export type Column = "name" | "domain" | "state" | "lastRotation" | "nextRotation";
export const sortable = ["name", "state", "lastRotation", "nextRotation"] as const;
export type Sortable = (typeof sortable)[number];
export const isSortable = (column: string): column is Sortable => (sortable as readonly string[]).includes(column);
export const optionalColumns = ["domain", "lastRotation", "nextRotation"] as const;

export const widths: Record<Column, string> = {
  name: "minmax(140px, 1.7fr)",
  domain: "minmax(120px, 1.6fr)",
  state: "128px",
  lastRotation: "164px",
  nextRotation: "164px",
};
