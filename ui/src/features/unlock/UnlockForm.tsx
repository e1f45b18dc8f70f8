// The field that opens the vault, with what a wrong entry leads to: the same in the main window and in quick access.

import { useEffect, useRef, useState } from "react";
import { BusyBar, Button, Later, Notice, Small, Stack } from "../../components";
import { type StatusView, useAction, useHost } from "../../host";
import { ErrorNotice, Passphrase, useNow } from "../../parts";
import { duration, useWords } from "../../words";
import css from "./Unlock.module.css";

export function UnlockForm({ status }: { status: StatusView }) {
  const t = useWords();
  const host = useHost();
  const [passphrase, setPassphrase] = useState("");
  // When another try is accepted; 0 when one is accepted now.
  const [opensAt, setOpensAt] = useState(0);
  const now = useNow(250, opensAt > 0);
  const field = useRef<HTMLInputElement>(null);
  const left = opensAt === 0 ? 0 : Math.max(1, opensAt - now);

  const unlock = useAction(async () => {
    await host.unlock({ passphrase });
    setPassphrase("");
  });

  useEffect(() => setOpensAt(status.retryInMs > 0 ? Date.now() + status.retryInMs : 0), [status.retryInMs]);
  useEffect(() => {
    if (opensAt === 0) return;
    const timer = setTimeout(() => setOpensAt(0), opensAt - Date.now());
    return () => clearTimeout(timer);
  }, [opensAt]);
  // For whoever measures how long a start takes: from here on typing arrives.
  useEffect(() => {
    if (document.activeElement === field.current) performance.mark("passphrase-focused");
  }, []);
  // A wrong entry stays, selected: one key replaces it, and a typing slip can be looked at.
  useEffect(() => {
    if (unlock.error === null) return;
    if (unlock.error.retryInMs) setOpensAt(Date.now() + unlock.error.retryInMs);
    field.current?.focus();
    field.current?.select();
  }, [unlock.error]);

  return (
    <>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (left === 0 && passphrase !== "" && !unlock.busy) void unlock.run();
        }}
      >
        <Stack gap={8}>
          <Passphrase
            ref={field}
            label={t("unlock.passphrase")}
            value={passphrase}
            onChange={setPassphrase}
            testId="unlock-passphrase"
            autoFocus
          />
          <Button
            submit
            kind="primary"
            wide
            large
            busy={unlock.busy}
            testId="unlock-submit"
            reason={left > 0 ? t("unlock.delay", { duration: duration(t, left) }) : null}
          >
            {left > 0 ? t("unlock.delay", { duration: duration(t, left) }) : t("unlock.submit")}
          </Button>
          {unlock.busy ? (
            <Later>
              <BusyBar label={t("unlock.working")} />
              <Small>{t("unlock.working")}</Small>
            </Later>
          ) : null}
        </Stack>
      </form>
      <div className={css.below} data-testid="unlock-error">
        <ErrorNotice error={unlock.error} />
        {status.deviceSecret === "missing" ? (
          <Notice tone="wrong" title={t("unlock.missingTitle")}>
            {t("unlock.missing")}
          </Notice>
        ) : null}
      </div>
    </>
  );
}
