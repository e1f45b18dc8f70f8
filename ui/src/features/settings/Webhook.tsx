// The webhook of this device. Its address passes through this window once, on its way in; the signing secret never does.

import { type ReactNode, useState } from "react";
import {
  
  Button,
  Check,
  Facts,
  Mark,
  type MarkTone,
  Mono,
  Notice,
  Row,
  Section,
  Stack,
  toast,
} from "../../components";
import {
  
  type MessageKind,
  useAction,
  useHost,
  useRead,
  type WebhookStanding,
  type WebhookState,
  type WebhookTestView,
} from "../../host";
import { Awaited, ErrorNotice, Passphrase, When } from "../../parts";
import { duration, told, useWords } from "../../words";
import css from "./SettingsScreen.module.css";

const kinds = [
  "rotated",
  "overdue",
  "failed",
  "changedOutside",
  "strangersFound",
  "viewed",
] as const satisfies readonly MessageKind[];
const tones: Record<WebhookStanding, MarkTone> = {
  new: "none",
  arriving: "good",
  failing: "wrong",
  switchedOff: "off",
};
/** While something waits its number is worth a look. */
const LOOK_MS = 3_000;

export function WebhookSection() {
  const t = useWords();
  const view = useRead("webhook", {}, { refetchMs: LOOK_MS });
  const within = (children: ReactNode) => (
    <Section place="webhook" title={t("settings.webhook")} lead={t("webhook.lead")}>
      <Stack gap={16}>{children}</Stack>
    </Section>
  );
  if (view.error || view.data === undefined) return within(<Awaited view={view} rows={3} />);
  const { webhook } = view.data;
  const again = () => void view.refetch();
  return within(webhook === null ? <NoWebhook onSet={again} /> : <SetWebhook webhook={webhook} onChanged={again} />);
}

function NoWebhook({ onSet }: { onSet: () => void }) {
  const t = useWords();
  const [open, setOpen] = useState(false);
  return (
    <>
      <p>{t("webhook.none")}</p>
      <Row>
        <Button pressed={open} onClick={() => setOpen(!open)} testId="webhook-begin">
          {t("webhook.begin")}
        </Button>
      </Row>
      {open ? <WebhookForm known={null} onSaved={onSet} /> : null}
    </>
  );
}

function SetWebhook({ webhook, onChanged }: { webhook: WebhookState; onChanged: () => void }) {
  const t = useWords();
  const host = useHost();
  const [open, setOpen] = useState<"change" | "remove" | null>(null);
  const [tested, setTested] = useState<WebhookTestView | null>(null);
  const toggle = (which: typeof open) => setOpen(open === which ? null : which);
  const test = useAction(async () => {
    setTested(null);
    setTested(await host.testWebhook({}));
    onChanged();
  });
  const copy = useAction(async () => {
    const { clearsAt } = await host.copyWebhookSecret({});
    const left = clearsAt === null ? 0 : clearsAt - Date.now();
    toast(t("webhook.secretCopied", { duration: duration(t, left) }), t("common.close"));
  });
  const remove = useAction(async () => {
    await host.removeWebhook({});
    onChanged();
  });
  return (
    <>
      {webhook.problem ? <ErrorNotice error={webhook.problem} onRetry={() => void test.run()} /> : null}
      <Facts
        facts={[
          [t("webhook.receiver"), <Mono key="r">{webhook.receiver}</Mono>],
          [
            t("webhook.standing"),
            <Mark key="s" tone={tones[webhook.standing]}>
              {t(`webhook.standings.${webhook.standing}`)}
            </Mark>,
          ],
          [t("webhook.tells"), webhook.kinds.map((kind) => t(`webhook.kinds.${kind}`)).join(" · ")],
          [t("webhook.names"), t(webhook.names ? "webhook.namesSent" : "webhook.namesKept")],
          [t("webhook.delivered"), <When key="d" at={webhook.deliveredAt} />],
          [
            t("webhook.waiting"),
            <span key="w">
              {t("webhook.messages", { count: webhook.waiting })}
              {webhook.nextTryAt === null ? null : (
                <>
                  {" · "}
                  <When at={webhook.nextTryAt} />
                </>
              )}
            </span>,
          ],
          [t("webhook.dropped"), t("webhook.messages", { count: webhook.dropped })],
        ]}
      />
      <ErrorNotice error={test.error} onRetry={() => void test.run()} />
      <ErrorNotice error={copy.error} onRetry={() => void copy.run()} />
      <TestNotice tested={tested} />
      <Row>
        <Button busy={test.busy} onClick={() => void test.run()} testId="webhook-test">
          {t("webhook.test")}
        </Button>
        <Button busy={copy.busy} onClick={() => void copy.run()} testId="webhook-copy">
          {t("webhook.copySecret")}
        </Button>
        <Button pressed={open === "change"} onClick={() => toggle("change")} testId="webhook-change">
          {t("webhook.change")}
        </Button>
        <Button pressed={open === "remove"} onClick={() => toggle("remove")} testId="webhook-remove">
          {t("webhook.remove")}
        </Button>
      </Row>
      {open === "change" ? (
        <WebhookForm
          known={webhook}
          onSaved={() => {
            setOpen(null);
            setTested(null);
            onChanged();
          }}
        />
      ) : null}
      {open === "remove" ? (
        <Notice
          tone="waits"
          title={t("webhook.removeWhat", { receiver: webhook.receiver })}
          actions={
            <Button kind="danger" busy={remove.busy} onClick={() => void remove.run()} testId="webhook-remove-submit">
              {t("webhook.removeNow", { receiver: webhook.receiver })}
            </Button>
          }
        >
          <p>{t("webhook.removeLoses", { count: webhook.waiting })}</p>
          <ErrorNotice error={remove.error} />
        </Notice>
      ) : null}
    </>
  );
}

/** What the receiver said, to whoever pressed for it. */
function TestNotice({ tested }: { tested: WebhookTestView | null }) {
  const t = useWords();
  if (tested === null) return <p role="status" className={css.quiet} />;
  const { receiver, status, answer, problem } = tested;
  const said = answer === "" ? null : <Mono>{told(answer)}</Mono>;
  if (problem !== null)
    return (
      <>
        <ErrorNotice error={problem} />
        {said}
      </>
    );
  return (
    <Notice tone="good" loud testId="webhook-tested" title={t("webhook.tested", { receiver, status })}>
      {said}
    </Notice>
  );
}

function WebhookForm({ known, onSaved }: { known: WebhookState | null; onSaved: () => void }) {
  const t = useWords();
  const host = useHost();
  const [address, setAddress] = useState("");
  const [chosen, setChosen] = useState<readonly MessageKind[]>(known?.kinds ?? kinds);
  const [names, setNames] = useState(known?.names ?? false);
  const [newSecret, setNewSecret] = useState(false);
  const save = useAction(async () => {
    await host.setWebhook({ address: address === "" ? null : address, kinds: [...chosen], names, newSecret });
    setAddress("");
    onSaved();
  });
  const missing =
    known === null && address === "" ? t("webhook.addressMissing") : chosen.length === 0 ? t("webhook.kindMissing") : null;
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === null) void save.run();
      }}
    >
      <Passphrase
        label={t("webhook.address")}
        hint={t(known === null ? "webhook.addressHint" : "webhook.addressKept")}
        value={address}
        onChange={setAddress}
        autoComplete="off"
        testId="webhook-address"
        mono
      />
      <fieldset className={css.choices}>
        <legend>{t("webhook.tells")}</legend>
        {kinds.map((kind) => (
          <Check
            key={kind}
            label={t(`webhook.kinds.${kind}`)}
            checked={chosen.includes(kind)}
            onChange={(on) => setChosen(kinds.filter((each) => (each === kind ? on : chosen.includes(each))))}
            testId={`webhook-kind-${kind}`}
          />
        ))}
      </fieldset>
      <Check
        label={t("webhook.sendNames")}
        hint={t(names ? "webhook.namesSent" : "webhook.namesKept")}
        checked={names}
        onChange={setNames}
        testId="webhook-names"
      />
      {known === null ? null : (
        <Check
          label={t("webhook.newSecret")}
          hint={t("webhook.newSecretHint")}
          checked={newSecret}
          onChange={setNewSecret}
          testId="webhook-new-secret"
        />
      )}
      <ErrorNotice error={save.error} />
      <Row>
        <Button submit kind="primary" busy={save.busy} reason={missing} testId="webhook-save">
          {t(known === null ? "webhook.set" : "webhook.save")}
        </Button>
      </Row>
    </form>
  );
}
