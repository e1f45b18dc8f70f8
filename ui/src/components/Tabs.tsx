import { Tabs as MantineTabs } from "@mantine/core";
import type { ReactNode } from "react";
import css from "./Tabs.module.css";

export function Tabs<Value extends string>({
  label,
  value,
  onChange,
  tabs,
}: {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  tabs: readonly { value: Value; label: string; content: ReactNode }[];
}) {
  return (
    <MantineTabs
      value={value}
      onChange={(next) => next !== null && onChange(next as Value)}
      keepMounted={false}
      classNames={{ tab: css.tab, list: css.list }}
    >
      <MantineTabs.List aria-label={label}>
        {tabs.map((tab) => (
          <MantineTabs.Tab key={tab.value} value={tab.value}>
            {tab.label}
          </MantineTabs.Tab>
        ))}
      </MantineTabs.List>
      {tabs.map((tab) => (
        <MantineTabs.Panel key={tab.value} value={tab.value} pt={20}>
          {tab.content}
        </MantineTabs.Panel>
      ))}
    </MantineTabs>
  );
}
