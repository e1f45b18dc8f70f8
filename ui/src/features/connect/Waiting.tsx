// Waiting for the admin: in the browser of this machine, or with a code on another device.

import { IconBrowser, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { BusyBar, Button, Mono, Row, toast, Unseen } from "../../components";
import { type ConnectPhase, useAction, useHost } from "../../host";
import { ErrorNotice, useNow, useSpoken } from "../../parts";
import { duration, useWords } from "../../words";
import css from "./ConnectWizard.module.css";
import { QrCode } from "./QrCode";

export function WaitingForBrowser({ url, onOpen, cancel }: { url: string; onOpen: () => void; cancel: ReactNode }) {
  const t = useWords();
  const host = useHost();
  return (
    <div className={css.card}>
      <h2>{t("connect.waitingBrowser")}</h2>
      <BusyBar label={t("connect.waiting")} />
      <p className={css.soft} role="status">
        {t("connect.waitingBrowserMore")}
      </p>
      <div className={css.address}>
        <span className={css.label}>{t("connect.address")}</span>
        <span className={css.url} data-testid="sign-in-url" title={url}>
          {url}
        </span>
      </div>
      <Row>
        <Button kind="primary" icon={<IconBrowser size={16} />} onClick={onOpen} testId="open-browser">
          {t("connect.openBrowser")}
        </Button>
        <Button
          icon={<IconCopy size={16} />}
          onClick={() => void host.copyPlain(url).then(() => toast(t("common.copied"), t("common.close")))}
        >
          {t("connect.copyAddress")}
        </Button>
        {cancel}
      </Row>
    </div>
  );
}

/** In groups that a person can read aloud. */
const inGroups = (code: string) => {
  const plain = code.replace(/[^A-Za-z0-9]/g, "");
  const size = plain.length % 4 === 0 ? 4 : 3;
  return plain.match(new RegExp(`.{1,${size}}`, "g")) ?? [plain];
};

export function WaitingForCode({
  organization,
  name,
  phase,
  onOpen,
  onBrowser,
  cancel,
}: {
  organization: string;
  name: string;
  phase: Extract<ConnectPhase, { kind: "waitingForCode" }>;
  onOpen: () => void;
  onBrowser: () => void;
  cancel: ReactNode;
}) {
  const t = useWords();
  const host = useHost();
  const now = useNow(1000);
  const left = Math.max(0, phase.expiresAt - now);
  const said = useSpoken(left, (ms) => t("connect.expiresIn", { duration: duration(t, ms) }));
  const copy = useAction(async () => {
    await host.copyDeviceCode({ organization });
    toast(t("connect.codeCopied"), t("common.close"));
  });
  return (
    <div className={css.card}>
      <div className={css.codeLayout}>
        <ol className={css.howTo}>
          <li>
            <span>{t("connect.codeStep1")}</span>
            <span className={css.uri} data-testid="verification-uri">
              <Mono wrap>{phase.verificationUri}</Mono>
            </span>
          </li>
          <li>
            <span>{t("connect.codeStep2")}</span>
            <code className={css.code} data-testid="device-code" data-code={phase.userCode}>
              <Unseen>{phase.userCode}</Unseen>
              <span aria-hidden="true">
                {inGroups(phase.userCode).map((group, index) => (
                  <span key={index}>{group}</span>
                ))}
              </span>
            </code>
          </li>
          <li>
            <span>{t("connect.codeStep3", { name })}</span>
          </li>
        </ol>
        <figure className={css.figure}>
          <QrCode modules={phase.qr} label={t("connect.qr", { address: phase.verificationUri })} />
          <figcaption className={css.soft}>{t("connect.qrHint")}</figcaption>
        </figure>
      </div>
      <Row>
        <Button
          kind="primary"
          icon={<IconBrowser size={16} />}
          busy={copy.busy}
          testId="open-browser"
          onClick={() =>
            void copy.run().then((copied) => {
              if (copied) onOpen();
            })
          }
        >
          {t("connect.openBrowserCode")}
        </Button>
        <Button icon={<IconCopy size={16} />} onClick={() => void copy.run()} testId="copy-device-code">
          {t("connect.copyCode")}
        </Button>
        {cancel}
      </Row>
      <ErrorNotice error={copy.error} />
      <div>
        <BusyBar label={t("connect.waiting")} />
        <p className={css.left}>
          <span role="status">{t("connect.waiting")}.</span>{" "}
          {left === 0 ? t("connect.expired") : t("connect.expiresIn", { duration: duration(t, left) })}
        </p>
        <Unseen live>{said}</Unseen>
      </div>
      {/* A tenant that blocks device codes tells the admin's screen alone; here it looks like waiting. */}
      <p className={css.soft}>
        {t("connect.codeBlocked")}{" "}
        <button type="button" className={css.link} onClick={onBrowser} data-testid="code-blocked">
          {t("connect.codeBlockedGo")}
        </button>
      </p>
    </div>
  );
}
