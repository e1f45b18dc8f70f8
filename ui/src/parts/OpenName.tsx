// An organization's name that leads to it.

import { Name } from "./Name";
import { useWords } from "../words";
import css from "./OpenName.module.css";

export function OpenName({ name, onOpen }: { name: string; onOpen: () => void }) {
  const t = useWords();
  return (
    <button type="button" className={css.name} aria-label={t("rotation.open", { name })} onClick={onOpen}>
      <Name>{name}</Name>
    </button>
  );
}
