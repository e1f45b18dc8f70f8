// Joining a team: the code of an invitation, a name for the others, and a passphrase of one's own. The code lives in the
// field alone and is gone from it once it was taken.

import { useState } from "react";
import { TextArea, TextField } from "../../components";
import { type StatusView, useAction, useHost } from "../../host";
import { NewPassphrase, useNewPassphrase } from "../../parts";
import { useWords } from "../../words";
import { FirstRunForm, useFileFallback } from "./FirstRunForm";

export function Join({ status, onBack, onJoined }: { status: StatusView; onBack: () => void; onJoined: () => void }) {
  const t = useWords();
  const host = useHost();
  const [code, setCode] = useState("");
  const [person, setPerson] = useState("");
  const passphrase = useNewPassphrase();
  const fallback = useFileFallback(status);
  const join = useAction(async () => {
    await host.join({
      code: code.trim(),
      personName: person.trim(),
      passphrase: passphrase.value,
      acceptFileFallback: fallback.accepted,
    });
    setCode("");
    onJoined();
  });
  const ready = code.trim() !== "" && passphrase.ready && fallback.settled;
  return (
    <FirstRunForm
      name="join"
      title={t("join.title")}
      lead={t("join.lead")}
      onBack={onBack}
      fallback={fallback}
      error={join.error}
      working={join.busy ? t("join.working") : null}
      submit={{ words: t("join.submit"), ready, run: () => void join.run() }}
    >
      <TextArea
        label={t("join.code")}
        hint={t("join.codeHint")}
        value={code}
        onChange={setCode}
        rows={6}
        maxLength={4096}
        mono
        testId="join-code"
        autoFocus
      />
      <TextField
        label={t("create.person")}
        hint={t("join.personHint")}
        value={person}
        onChange={setPerson}
        maxLength={100}
        testId="join-person"
      />
      <NewPassphrase
        label={t("join.passphrase")}
        typed={passphrase.typed}
        testIds={["join-passphrase", "join-repeat"]}
      />
    </FirstRunForm>
  );
}
