import { useEffect, useRef } from "react";
import { Button, Dialog, Key } from "../components";
import { useRead } from "../host";
import { useWords } from "../words";
import css from "./App.module.css";

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** `?` lists the shortcuts, Ctrl or Cmd + L locks. */
export function useShortcuts(acts: { onHelp: () => void; onLock: () => void }) {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "l") {
        event.preventDefault();
        latest.current.onLock();
      } else if (event.key === "?" && !typing(event.target)) {
        event.preventDefault();
        latest.current.onHelp();
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

export function Shortcuts({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useWords();
  const quick = useRead("settings", {}, { enabled: open }).data?.shortcut === "on";
  const lines = (rows: readonly (readonly [string, readonly string[]])[]) =>
    rows.map(([words, keys]) => (
      <div key={words} style={{ display: "contents" }}>
        <dt>{words}</dt>
        <dd>
          {keys.map((key) => (
            <Key key={key}>{key}</Key>
          ))}
        </dd>
      </div>
    ));
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t("shortcuts.title")}
      closeLabel={t("common.close")}
      actions={<Button onClick={onClose}>{t("common.close")}</Button>}
    >
      <h3>{t("shortcuts.any")}</h3>
      <dl className={css.keys}>
        {lines([
          [t("shortcuts.palette"), ["Ctrl", "K"]],
          [t("shortcuts.list"), ["?"]],
          [t("shortcuts.lock"), ["Ctrl", "L"]],
          ...(quick ? ([[t("shortcuts.quick"), ["Ctrl", "Shift", "Space"]]] as const) : []),
        ])}
      </dl>
      <h3>{t("shortcuts.inList")}</h3>
      <dl className={css.keys}>
        {lines([
          [t("shortcuts.filter"), ["/"]],
          [t("shortcuts.rows"), ["↑", "↓"]],
          [t("shortcuts.open"), ["Enter"]],
          [t("shortcuts.view"), ["L"]],
          [t("shortcuts.rotate"), ["R"]],
          [t("shortcuts.select"), ["Space"]],
        ])}
      </dl>
    </Dialog>
  );
}
