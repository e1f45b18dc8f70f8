// A passphrase or a code to be typed, with the words that every such field has.

import { PassphraseField, type PassphraseFieldProps } from "../components";
import { useWords } from "../words";

type Props = Omit<PassphraseFieldProps, "capsLockHint" | "showLabel" | "hideLabel"> & {
  /** Capitals and small letters are alike in it: nobody has to hear of caps lock. */
  anyCase?: boolean;
};

export function Passphrase({ anyCase = false, ...field }: Props) {
  const t = useWords();
  return (
    <PassphraseField
      {...field}
      capsLockHint={anyCase ? "" : t("common.capsLock")}
      showLabel={t("common.show")}
      hideLabel={t("common.hide")}
    />
  );
}
