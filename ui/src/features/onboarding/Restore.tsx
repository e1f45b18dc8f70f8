// Restoring a vault into an empty data folder: with the kit, the safe sheet, or shares of it.

import { useState } from "react";
import { Button, Options, Row } from "../../components";
import { type StatusView, useAction, useHost } from "../../host";
import { NewPassphrase, Passphrase, PathField, type Strength } from "../../parts";
import { useWords } from "../../words";
import { FirstRunForm, useFileFallback } from "./FirstRunForm";

/** As many holders as a sheet can have. */
const MOST_SHARES = 16;

export function Restore({ status, onBack }: { status: StatusView; onBack: () => void }) {
  const t = useWords();
  const host = useHost();
  const [file, setFile] = useState("");
  const [paper, setPaper] = useState<"kit" | "sheet" | "shares">("kit");
  const [secretCode, setSecretCode] = useState("");
  const [vaultCode, setVaultCode] = useState("");
  const [sheetCode, setSheetCode] = useState("");
  const [shares, setShares] = useState<readonly string[]>(["", ""]);
  const [passphrase, setPassphrase] = useState("");
  const [repeat, setRepeat] = useState("");
  const [strength, setStrength] = useState<Strength>(null);
  const fallback = useFileFallback(status);
  const [fresh, setFresh] = useState("");

  const given = shares.filter((code) => code.trim() !== "");
  const restore = useAction(() =>
    host.restore({
      file: file.trim(),
      paper:
        paper === "kit"
          ? { kind: "kit", secretCode, vaultCode }
          : paper === "sheet"
            ? { kind: "sheet", code: sheetCode }
            : { kind: "shares", codes: given },
      passphrase,
      newPassphrase: paper === "kit" && fresh !== "" ? fresh : null,
      acceptFileFallback: fallback.accepted,
    }),
  );
  // What was strong enough beside a keychain may not be so beside a file; asked for only once that is known.
  const stronger = paper === "kit" && (restore.error?.code === "restore.weak-passphrase" || fresh !== "");
  const codes = {
    autoComplete: "off",
    mono: true,
    anyCase: true,
  } as const;
  const ready =
    file.trim() !== "" &&
    passphrase !== "" &&
    fallback.settled &&
    (paper === "kit"
      ? secretCode.trim() !== "" &&
        vaultCode.trim() !== "" &&
        (!stronger || (strength?.enough === true && repeat === fresh))
      : (paper === "sheet" ? sheetCode.trim() !== "" : given.length >= 2) && strength?.enough === true && repeat === passphrase);
  return (
    <FirstRunForm
      name="restore"
      title={t("restore.title")}
      lead={t("restore.lead")}
      onBack={onBack}
      fallback={fallback}
      error={restore.error}
      working={restore.busy ? t("restore.working") : null}
      submit={{ words: t("restore.submit"), ready, run: () => void restore.run() }}
    >
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
          { value: "shares", label: t("restore.shares"), hint: t("restore.sharesMore"), testId: "restore-shares" },
        ]}
      />
      {paper === "kit" ? (
        <>
          <Passphrase
            {...codes}
            label={t("restore.secretCode")}
            hint={t("restore.codeHint")}
            value={secretCode}
            onChange={setSecretCode}
            testId="restore-secret-code"
          />
          <Passphrase
            {...codes}
            label={t("restore.vaultCode")}
            value={vaultCode}
            onChange={setVaultCode}
            testId="restore-vault-code"
          />
          <Passphrase
            label={t("restore.oldPassphrase")}
            value={passphrase}
            onChange={setPassphrase}
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
          {paper === "sheet" ? (
            <Passphrase
              {...codes}
              label={t("restore.sheetCode")}
              hint={t("restore.codeHint")}
              value={sheetCode}
              onChange={setSheetCode}
              testId="restore-sheet-code"
            />
          ) : (
            <>
              {shares.map((code, place) => (
                <Passphrase
                  {...codes}
                  key={`share-${place + 1}`}
                  label={t("restore.shareCode", { number: place + 1 })}
                  {...(place === 0 ? { hint: t("restore.codeHint") } : {})}
                  value={code}
                  onChange={(typed) => setShares(shares.map((each, index) => (index === place ? typed : each)))}
                  testId={`restore-share-${place + 1}`}
                />
              ))}
              <Row>
                <Button onClick={() => setShares([...shares, ""])} reason={shares.length < MOST_SHARES ? null : t("restore.allShares")} testId="restore-more">
                  {t("restore.anotherShare")}
                </Button>
              </Row>
            </>
          )}
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
    </FirstRunForm>
  );
}
