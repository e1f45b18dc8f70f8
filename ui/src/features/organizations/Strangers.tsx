// Ways into the tenant that Vitrine did not make. Each is removed or kept by a person who has it before their eyes;
// nothing goes by itself.

import { useState } from "react";
import { Button, Dialog, Mark, Row, Section, Small, TextField } from "../../components";
import { type OrganizationView, type StrangerView, useAction, useHost } from "../../host";
import { ErrorNotice, Name, useMay, useNetwork, When } from "../../parts";
import { useWords } from "../../words";
import css from "./OrganizationDetail.module.css";

export function Strangers({ organization }: { organization: OrganizationView }) {
  const t = useWords();
  return (
    <Section title={t("strangers.title")} lead={t("strangers.lead")} flush>
      <ul data-testid="strangers">
        {organization.strangers.map((stranger) => (
          <Line key={stranger.id} organization={organization.id} stranger={stranger} />
        ))}
      </ul>
    </Section>
  );
}

function Line({ organization, stranger }: { organization: string; stranger: StrangerView }) {
  const t = useWords();
  const { denied } = useMay();
  const network = useNetwork();
  const [asked, setAsked] = useState<"remove" | "keep" | null>(null);
  const kind = t(`strangers.kinds.${stranger.kind}`);
  const close = () => setAsked(null);
  return (
    <li className={`${css.line} ${css.acting}`} data-testid="stranger" data-kind={stranger.kind}>
      <Mark tone={stranger.kept === null ? "wrong" : "good"}>{kind}</Mark>
      <span className={css.soft}>
        <Name>{stranger.name}</Name>
        <Small>
          <Of stranger={stranger} />
        </Small>
        {stranger.kept === null ? null : (
          <Small>
            {t("strangers.keptBy", { who: stranger.kept.who })} <Name>{stranger.kept.reason}</Name>
          </Small>
        )}
      </span>
      <span className={css.right}>
        <When at={stranger.foundAt} />
        {stranger.keepable && stranger.kept === null ? (
          <Button
            small
            label={t("strangers.keepFor", { kind, name: stranger.name })}
            reason={denied("putOrganization")}
            onClick={() => setAsked("keep")}
            testId="stranger-keep"
          >
            {t("strangers.keep")}
          </Button>
        ) : null}
        <Button
          small
          label={t("strangers.removeFor", { kind, name: stranger.name })}
          reason={denied("putConnection") ?? network.reason}
          onClick={() => setAsked("remove")}
          testId="stranger-remove"
        >
          {t("strangers.remove")}
        </Button>
        {asked === "remove" ? <Remove organization={organization} stranger={stranger} onClose={close} /> : null}
        {asked === "keep" ? <Keep organization={organization} stranger={stranger} onClose={close} /> : null}
      </span>
    </li>
  );
}

function Of({ stranger }: { stranger: StrangerView }) {
  const t = useWords();
  return stranger.userName === null ? t(`strangers.places.${stranger.place}`) : <Name>{stranger.userName}</Name>;
}

type Asked = { organization: string; stranger: StrangerView; onClose: () => void };

function Remove({ organization, stranger, onClose }: Asked) {
  const t = useWords();
  const host = useHost();
  const remove = useAction(() => host.removeStrangers({ organization, strangers: [stranger.id] }));
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("strangers.removeTitle", { kind: t(`strangers.kinds.${stranger.kind}`) })}
      closeLabel={t("common.close")}
      onSubmit={() => void remove.run().then((done) => done && onClose())}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button submit kind="primary" busy={remove.busy} testId="stranger-remove-yes">
            {t("strangers.remove")}
          </Button>
        </>
      }
    >
      <Row>
        <Name>{stranger.name}</Name> <Of stranger={stranger} />
      </Row>
      <p>{t("strangers.removeMore")}</p>
      {stranger.needsAdmin ? <p>{t("strangers.removeAdmin")}</p> : null}
      <ErrorNotice error={remove.error} about={{ organization }} />
    </Dialog>
  );
}

function Keep({ organization, stranger, onClose }: Asked) {
  const t = useWords();
  const host = useHost();
  const [reason, setReason] = useState("");
  const keep = useAction(() => host.keepStranger({ organization, stranger: stranger.id, reason: reason.trim() }));
  const missing = reason.trim() === "" ? t("strangers.reasonMissing") : null;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("strangers.keepTitle", { kind: t(`strangers.kinds.${stranger.kind}`) })}
      closeLabel={t("common.close")}
      onSubmit={() => {
        if (missing === null) void keep.run().then((done) => done && onClose());
      }}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button submit kind="primary" busy={keep.busy} reason={missing} testId="stranger-keep-yes">
            {t("strangers.keep")}
          </Button>
        </>
      }
    >
      <Row>
        <Name>{stranger.name}</Name> <Of stranger={stranger} />
      </Row>
      <p>{t("strangers.keepMore")}</p>
      <TextField
        label={t("strangers.reason")}
        value={reason}
        onChange={setReason}
        maxLength={200}
        testId="stranger-reason"
      />
      <ErrorNotice error={keep.error} about={{ organization }} />
    </Dialog>
  );
}
