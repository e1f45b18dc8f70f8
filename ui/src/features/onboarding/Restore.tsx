// Restoring a vault into an empty data folder: from a backup file with the kit, the safe sheet or shares of it, or from the backend
// that is its home with the kit alone.

import { useState } from "react";
import { Button, Options, Row, TextField } from "../../components";
import { type StatusView, useAction, useHost } from "../../host";
import { NewPassphrase, Passphrase, PathField, useNewPassphrase } from "../../parts";
import { useWords } from "../../words";
import { FirstRunForm, useFileFallback } from "./FirstRunForm";

/** As many holders as a sheet can have. */
const MOST_SHARES = 16;

export function Restore({ status, onBack }: { status: StatusView; onBack: () => void }) {
  const t = useWords();
  const host = useHost();
  const [source, setSource] = useState<"file" | "home">("file");
  const [file, setFile] = useState("");
  const [address, setAddress] = useState("");
  const [chosen, setPaper] = useState<"kit" | "sheet" | "shares">("kit");
  // A backend keeps nothing for the others.
  const paper = source === "home" ? "kit" : chosen;
  const [secretCode, setSecretCode] = useState("");
  const [vaultCode, setVaultCode] = useState("");
  const [sheetCode, setSheetCode] = useState("");
  const [shares, setShares] = useState<readonly string[]>(["", ""]);
  /** The one the kit belongs to. */
  const [old, setOld] = useState("");
  const fresh = useNewPassphrase();
  const fallback = useFileFallback(status);

  const given = shares.filter((code) => code.trim() !== "");
  const restore = useAction(() =>
    host.restore({
      from: source === "file" ? { kind: "file", path: file.trim() } : { kind: "home", address: address.trim() },
      paper:
        paper === "kit"
          ? { kind: "kit", secretCode, vaultCode }
          : paper === "sheet"
            ? { kind: "sheet", code: sheetCode }
            : { kind: "shares", codes: given },
      passphrase: paper === "kit" ? old : fresh.value,
      newPassphrase: paper === "kit" && fresh.value !== "" ? fresh.value : null,
      acceptFileFallback: fallback.accepted,
    }),
  );
  // What was strong enough beside a keychain may not be so beside a file; asked for only once that is known.
  const stronger = paper === "kit" && (restore.error?.code === "restore.weak-passphrase" || fresh.value !== "");
  const codes = {
    autoComplete: "off",
    mono: true,
    anyCase: true,
  } as const;
  const paperReady =
    paper === "kit"
      ? secretCode.trim() !== "" && vaultCode.trim() !== "" && old !== ""
      : paper === "sheet"
        ? sheetCode.trim() !== ""
        : given.length >= 2;
  const ready =
    (source === "file" ? file : address).trim() !== "" &&
    paperReady &&
    ((paper === "kit" && !stronger) || fresh.ready) &&
    fallback.settled;
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
      <Options
        label={t("restore.from")}
        value={source}
        onChange={(next) => {
          setSource(next);
          fresh.put("");
        }}
        options={[
          { value: "file", label: t("restore.fromFile"), hint: t("restore.fromFileMore"), testId: "restore-from-file" },
          { value: "home", label: t("restore.fromHome"), hint: t("restore.fromHomeMore"), testId: "restore-from-home" },
        ]}
      />
      {source === "file" ? (
        <>
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
            onChange={(next) => {
              setPaper(next);
              fresh.put("");
            }}
            options={[
              { value: "kit", label: t("restore.kit"), hint: t("restore.kitMore"), testId: "restore-kit" },
              { value: "sheet", label: t("restore.sheet"), hint: t("restore.sheetMore"), testId: "restore-sheet" },
              { value: "shares", label: t("restore.shares"), hint: t("restore.sharesMore"), testId: "restore-shares" },
            ]}
          />
        </>
      ) : (
        <TextField
          label={t("restore.address")}
          hint={t("restore.addressHint")}
          value={address}
          onChange={setAddress}
          testId="restore-address"
        />
      )}
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
            value={old}
            onChange={setOld}
            testId="restore-passphrase"
          />
          {stronger ? (
            <NewPassphrase
              label={t("restore.strongerPassphrase")}
              typed={fresh.typed}
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
            typed={fresh.typed}
            testIds={["restore-passphrase", "restore-repeat"]}
          />
        </>
      )}
    </FirstRunForm>
  );
}
