// The command palette.

import { Spotlight, spotlight } from "@mantine/spotlight";
import type { ReactNode } from "react";
import css from "./Palette.module.css";

export type PaletteAction = {
  id: string;
  label: string;
  hint?: string;
  icon?: ReactNode;
  keys?: string;
  run: () => void;
};

export const openPalette = () => spotlight.open();
export const closePalette = () => spotlight.close();

export function CommandPalette({
  groups,
  query,
  onQuery,
  placeholder,
  nothing,
  label,
}: {
  groups: readonly { group: string; actions: readonly PaletteAction[] }[];
  query: string;
  onQuery: (query: string) => void;
  placeholder: string;
  nothing: string;
  label: string;
}) {
  const wanted = query.trim().toLowerCase().split(/\s+/);
  const shown = groups
    .map(({ group, actions }) => ({
      group,
      actions: actions.filter((action) => {
        const text = `${action.label} ${action.hint ?? ""}`.toLowerCase();
        return wanted.every((word) => text.includes(word));
      }),
    }))
    .filter(({ actions }) => actions.length > 0);
  return (
    <Spotlight.Root
      query={query}
      onQueryChange={onQuery}
      shortcut={["mod + K"]}
      clearQueryOnClose
      maxHeight={420}
      scrollable
      transitionProps={{ duration: 80 }}
      classNames={{ content: css.content, body: css.body }}
      attributes={{ content: { "aria-label": label } }}
    >
      <Spotlight.Search placeholder={placeholder} aria-label={label} classNames={{ input: css.search }} />
      <Spotlight.ActionsList>
        {shown.length === 0 ? <Spotlight.Empty>{nothing}</Spotlight.Empty> : null}
        {shown.map(({ group, actions }) => (
          <Spotlight.ActionsGroup key={group} label={group}>
            {actions.map((action) => (
              <Spotlight.Action key={action.id} onClick={action.run} className={css.action}>
                <span className={css.icon}>{action.icon}</span>
                <span className={css.label}>{action.label}</span>
                <span className={css.hint}>{action.keys ?? action.hint}</span>
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        ))}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
