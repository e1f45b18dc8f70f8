// How to register a client id of one's own, and the field that takes it.

import { IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { Bones, Button, Mono, Row, TextField, toast } from "../../components";
import { asErrorView, type ClientIdCheck, useAction, useHost, useRead } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords, type Words } from "../../words";
import css from "./ConnectWizard.module.css";

/** What Microsoft said. A refusal is shown as the error that it is. */
const inWords = (t: Words, check: ClientIdCheck) =>
  check.kind === "unanswered"
    ? t("connect.clientCheck.unanswered", { what: check.error.what, next: check.error.next })
    : check.kind === "refused"
      ? check.error.what
      : t(`connect.clientCheck.${check.kind}`);

export function ClientIdHelp({ inSettings = false }: { inSettings?: boolean }) {
  const t = useWords();
  const host = useHost();
  const info = useRead("clientId", { check: false });
  const [typed, setTyped] = useState<string | null>(null);
  const save = useAction(async () => {
    const saved = await host.setClientId({ clientId: (typed ?? info.data?.clientId ?? "").trim() });
    toast(`${t("connect.clientSaved")} ${inWords(t, saved.check)}`, t("common.close"));
    await info.refetch();
  });
  if (info.error) return <ErrorNotice error={asErrorView(info.error)} />;
  if (info.data === undefined) return <Bones label={t("common.loading")} />;
  const { redirectUri, permissions, clientId, check } = info.data;
  return (
    <div className={inSettings ? css.plain : css.card}>
      {inSettings ? null : (
        <div>
          <h2>{t("connect.clientTitle")}</h2>
          <p className={css.soft}>{t("connect.clientLead")}</p>
        </div>
      )}
      <ol className={css.help}>
        <li>{t("connect.client1")}</li>
        <li>{t("connect.client2")}</li>
        <li>
          {t("connect.client3")}
          <Row>
            <Mono>{redirectUri}</Mono>
            <Button
              small
              icon={<IconCopy size={14} />}
              label={t("connect.copyRedirect")}
              onClick={() => void host.copyPlain(redirectUri).then(() => toast(t("common.copied"), t("common.close")))}
            >
              {t("common.copy")}
            </Button>
          </Row>
        </li>
        <li>{t("connect.client4")}</li>
        <li>
          {t("connect.client5")}
          <ul className={css.permissions}>
            {permissions.map((permission) => (
              <li key={permission.name}>
                <Mono wrap>{permission.name}</Mono>
                <span className={css.soft}>{permission.why}</span>
              </li>
            ))}
          </ul>
        </li>
        <li>{t("connect.client6")}</li>
      </ol>
      <form
        className={css.clientForm}
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <TextField
          label={t("connect.clientId")}
          value={typed ?? clientId ?? ""}
          onChange={setTyped}
          mono
          testId="client-id"
          placeholder="00000000-0000-0000-0000-000000000000"
        />
        <Button submit kind="primary" busy={save.busy} testId="client-id-save">
          {t("connect.clientSave")}
        </Button>
      </form>
      <ErrorNotice error={save.error ?? (check.kind === "refused" ? check.error : null)} />
      {clientId === null || check.kind === "refused" ? null : (
        <p className={css.soft} role="status" data-testid="client-id-check" data-check={check.kind}>
          {inWords(t, check)}
        </p>
      )}
    </div>
  );
}
