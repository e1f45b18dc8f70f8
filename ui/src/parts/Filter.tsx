// The field that narrows a list: "/" leads into it, Escape empties it. What it holds is put into the address a little later
// than onto the screen, so that each key of a fast typist is not a page of its own.

import { IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent as Pressed, useEffect, useRef, useState } from "react";
import { TextField } from "../components";
import css from "./Filter.module.css";

/** The text of a filter, and what of it is wanted; `kept` is what the address holds, `onKeep` puts there what is. */
export function useFilter(kept: string | undefined, onKeep: (filter: string | undefined) => void) {
  const [text, setText] = useState(kept ?? "");
  const keep = useRef(onKeep);
  keep.current = onKeep;
  const wanted = text.trim() || undefined;
  useEffect(() => {
    // Where it stands there already, saying it again would take back a page that was chosen meanwhile.
    if (wanted === kept) return;
    const timer = setTimeout(() => keep.current(wanted), 300);
    return () => clearTimeout(timer);
  }, [wanted, kept]);
  return { text, setText, wanted };
}

export function FilterField({
  label,
  text,
  onText,
  onDown,
  testId,
}: {
  label: string;
  text: string;
  onText: (text: string) => void;
  /** Leads from the field into the list. */
  onDown?: () => void;
  testId: string;
}) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null;
      if (event.key !== "/" || (target && /^(input|textarea)$/i.test(target.tagName))) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  const within = (event: Pressed) => {
    if (event.key === "Escape") onText("");
    if (event.key === "ArrowDown" && onDown) {
      event.preventDefault();
      onDown();
    }
  };
  return (
    <div className={css.filter}>
      <TextField
        ref={field}
        label={label}
        hideLabel
        placeholder={label}
        icon={<IconSearch size={16} />}
        value={text}
        onChange={onText}
        testId={testId}
        onKeyDown={within}
      />
    </div>
  );
}
