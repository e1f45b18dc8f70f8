// What creating, joining and restoring share: the way back, one panel, the question about a missing keychain, one button.

import { IconArrowLeft } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { BusyBar, Button, Check, Notice } from "../../components";
import type { ErrorView, StatusView } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";
import css from "./FirstRun.module.css";

/** Whether the device secret would lie in a file for want of a keychain, and whether the person accepted that. */
export function useFileFallback(status: StatusView) {
  const [accepted, accept] = useState(false);
  const needed = status.deviceSecret === "noKeychain";
  return { needed, accepted: needed && accepted, accept, settled: !needed || accepted };
}

export function FirstRunForm({
  title,
  lead,
  onBack,
  children,
  fallback,
  error,
  working,
  submit,
  name,
}: {
  title: string;
  lead: string;
  onBack: () => void;
  children: ReactNode;
  fallback: ReturnType<typeof useFileFallback>;
  error: ErrorView | null;
  /** What is being done, while it is. */
  working: string | null;
  submit: { words: string; ready: boolean; run: () => void };
  /** First part of the test ids. */
  name: "create" | "join" | "restore";
}) {
  const t = useWords();
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (submit.ready) submit.run();
      }}
    >
      <div className={css.head}>
        <Button small kind="quiet" icon={<IconArrowLeft size={14} />} onClick={onBack} testId={`${name}-back`}>
          {t("common.back")}
        </Button>
        <h1>{title}</h1>
        <p className={css.lead}>{lead}</p>
      </div>
      <div className={css.panel}>
        {children}
        {fallback.needed ? (
          <Notice tone="waits" title={t("create.noKeychain")}>
            <p>{t("create.noKeychainMore")}</p>
            <Check
              label={t("create.accept")}
              checked={fallback.accepted}
              onChange={fallback.accept}
              testId={`${name}-accept-file`}
            />
          </Notice>
        ) : null}
        <ErrorNotice error={error} />
        {working === null ? null : <BusyBar label={working} />}
        <Button submit kind="primary" large wide busy={working !== null} testId={`${name}-submit`}>
          {submit.words}
        </Button>
      </div>
    </form>
  );
}
