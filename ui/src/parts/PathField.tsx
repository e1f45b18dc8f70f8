import { Button, TextField } from "../components";
import { useHost } from "../host";
import { useWords } from "../words";
import css from "./PathField.module.css";

/** A path to type or to choose in the system's own dialog. */
export function PathField({
  label,
  value,
  onChange,
  kind,
  testId,
  autoFocus,
}: {
  label: string;
  value: string;
  onChange: (path: string) => void;
  kind: "save" | "folder" | "file";
  testId: string;
  autoFocus?: boolean;
}) {
  const t = useWords();
  const host = useHost();
  const choose = async () => {
    const path =
      kind === "folder"
        ? await host.pickFolder()
        : kind === "file"
          ? await host.pickFile()
          : await host.pickSave(value.split(/[\\/]/).at(-1) ?? "");
    if (path !== null) onChange(path);
  };
  return (
    <div className={css.path}>
      <TextField label={label} value={value} onChange={onChange} testId={testId} autoFocus={autoFocus ?? false} />
      <Button onClick={() => void choose()} testId={`${testId}-choose`}>
        {t("common.choose")}
      </Button>
    </div>
  );
}
