// Restoring a vault into an empty data folder, with the kit or with the safe sheet.

import { IconArrowLeft } from "@tabler/icons-react";
import { useState } from "react";
import { BusyBar, Button, Check, Notice, Options, PassphraseField } from "../../components";
import { type StatusView, useAction, useHost } from "../../host";
import { ErrorNotice, NewPassphrase, PathField, type Strength } from "../../parts";
import { useWords } from "../../words";
import css from "./FirstRun.module.css";

export function Restore({ status, onBack }: { status: StatusView; onBack: () => void }) {
  const t = useWords();
  const host = useHost();
  const [file, setFile] = useState("");
  const [paper, setPaper] = useState<"kit" | "sheet">("kit");
  const [secretCode, setSecretCode] = useState("");
  const [vaultCode, setVaultCode] = useState("");
  const [sheetCode, setSheetCode] = useState("");
  const [passphrase, setPassphrase] = useState("");
  const [repeat, setRepeat] = useState("");
  const [strength, setStrength] = useState<Strength>(null);
  const [fresh, setFresh] = useState("");
  const [accept, setAccept] = useState(false);
  const noKeychain = status.deviceSecret === "noKeychain";

  const restore = useAction(() =>
    host.restore({
      file: file.trim(),
      paper: paper === "kit" ? { kind: "kit", secretCode, vaultCode } : { kind: "sheet", code: sheetCode },
      passphrase,
      newPassphrase: stronger ? fresh : null,
      acceptFileFallback: noKeychain && accept,
    }),
  );
  // What was strong enough beside a keychain may not be so beside a file; asked for only once that is known.
  const stronger = paper === "kit" && (restore.error?.code === "restore.weak-passphrase" || fresh !== "");
  const codes = {
    capsLockHint: "",
    showLabel: t("common.show"),
    hideLabel: t("common.hide"),
    autoComplete: "off",
    mono: true,
  } as const;
  const ready =
    file.trim() !== "" &&
    passphrase !== "" &&
    (!noKeychain || accept) &&
    (paper === "kit"
      ? secretCode.trim() !== "" &&
        vaultCode.trim() !== "" &&
        (!stronger || (strength?.enough === true && repeat === fresh))
      : sheetCode.trim() !== "" && strength?.enough === true && repeat === passphrase);
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void restore.run();
      }}
    >
      <div className={css.head}>
        <Button small kind="quiet" icon={<IconArrowLeft size={14} />} onClick={onBack}>
          {t("common.back")}
        </Button>
        <h1>{t("restore.title")}</h1>
        <p className={css.lead}>{t("restore.lead")}</p>
      </div>
      <div className={css.panel}>
        <PathField
          kind="file"
          label={t("restore.file")}
          value={file}
          onChange={setFile}
          testId="restore-file"
          autoFocus
        />
        <Options
          label={t("restore.paper")}
          value={paper}
          onChange={setPaper}
          options={[
            { value: "kit", label: t("restore.kit"), hint: t("restore.kitMore"), testId: "restore-kit" },
            { value: "sheet", label: t("restore.sheet"), hint: t("restore.sheetMore"), testId: "restore-sheet" },
          ]}
        />
        {paper === "kit" ? (
          <>
            <PassphraseField
              {...codes}
              label={t("restore.secretCode")}
              hint={t("restore.codeHint")}
              value={secretCode}
              onChange={setSecretCode}
              testId="restore-secret-code"
            />
            <PassphraseField
              {...codes}
              label={t("restore.vaultCode")}
              value={vaultCode}
              onChange={setVaultCode}
              testId="restore-vault-code"
            />
            <PassphraseField
              label={t("restore.oldPassphrase")}
              value={passphrase}
              onChange={setPassphrase}
              capsLockHint={t("common.capsLock")}
              showLabel={t("common.show")}
              hideLabel={t("common.hide")}
              testId="restore-passphrase"
            />
            {stronger ? (
              <NewPassphrase
                label={t("restore.strongerPassphrase")}
                repeatLabel={t("create.repeat")}
                value={fresh}
                repeat={repeat}
                onValue={setFresh}
                onRepeat={setRepeat}
                onStrength={setStrength}
                testIds={["restore-stronger", "restore-repeat"]}
              />
            ) : null}
          </>
        ) : (
          <>
            <PassphraseField
              {...codes}
              label={t("restore.sheetCode")}
              hint={t("restore.codeHint")}
              value={sheetCode}
              onChange={setSheetCode}
              testId="restore-sheet-code"
            />
            <NewPassphrase
              label={t("restore.newPassphrase")}
              repeatLabel={t("create.repeat")}
              value={passphrase}
              repeat={repeat}
              onValue={setPassphrase}
              onRepeat={setRepeat}
              onStrength={setStrength}
              testIds={["restore-passphrase", "restore-repeat"]}
            />
          </>
        )}
        {noKeychain ? (
          <Notice tone="wrong" title={t("create.noKeychain")}>
            <p>{t("create.noKeychainMore")}</p>
            <Check label={t("create.accept")} checked={accept} onChange={setAccept} testId="restore-accept-file" />
          </Notice>
        ) : null}
        <ErrorNotice error={restore.error} />
        {restore.busy ? <BusyBar label={t("restore.working")} /> : null}
        <Button submit kind="primary" large wide busy={restore.busy} testId="restore-submit">
          {t("restore.submit")}
        </Button>
      </div>
    </form>
  );
}
