// Enabling LAPS: names, one or two accounts, interval; an account that exists is taken over only after asking.

import { useEffect, useState } from "react";
import {
  BackLink,
  Bones,
  BusyBar,
  Button,
  Check,
  Mark,
  type MarkTone,
  Notice,
  Options,
  Page,
  Row,
  Section,
  Stack,
  TextField,
} from "../../components";
import { asErrorView, type LapsAccountOutcome, type LapsOutcome, useAction, useHost, useRead } from "../../host";
import { ErrorNotice, IntervalField, Name } from "../../parts";
import { useWords } from "../../words";
import css from "./EnableLaps.module.css";

const tones: Record<LapsOutcome, MarkTone> = {
  created: "good",
  adopted: "good",
  alreadyKept: "good",
  askAdopt: "waits",
  failed: "wrong",
};

export function EnableLaps({
  organization,
  onLeave,
  onSignIn,
}: {
  organization: string;
  onLeave: () => void;
  onSignIn: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const whole = useRead("organization", { organization });
  const plan = useRead("lapsPlan", { organization });
  const [count, setCount] = useState<"1" | "2">("2");
  const [names, setNames] = useState<[string, string] | null>(null);
  const [hours, setHours] = useState<number | null>(null);
  const [adopt, setAdopt] = useState<readonly string[]>([]);
  const [outcomes, setOutcomes] = useState<readonly LapsAccountOutcome[] | null>(null);

  const proposed = plan.data?.suggestedNames;
  useEffect(() => {
    if (proposed !== undefined) setNames((typed) => typed ?? [proposed[0] ?? "", proposed[1] ?? ""]);
  }, [proposed]);

  const interval = hours ?? plan.data?.intervalHours ?? 24;
  const wanted = (names ?? ["", ""]).slice(0, Number(count)).map((name) => name.trim());
  const enable = useAction(async (taken: readonly string[]) => {
    const answer = await host.enableLaps({ organization, names: wanted, intervalHours: interval, adopt: [...taken] });
    setOutcomes(answer.accounts);
  });

  const name = whole.data?.name ?? "";
  const back = (
    <BackLink onClick={onLeave}>
      <Name>{name}</Name>
    </BackLink>
  );
  const title = <h1>{t("laps.enableTitle", { name })}</h1>;
  const failure = whole.error ?? plan.error;
  if (failure)
    return (
      <Page narrow above={back} title={title}>
        <ErrorNotice error={asErrorView(failure)} about={{ organization }} onRetry={() => void plan.refetch()} />
        <Row>
          <Button onClick={onLeave}>{t("laps.toOrganization", { name })}</Button>
        </Row>
      </Page>
    );
  if (plan.data === undefined || names === null)
    return (
      <Page narrow above={back} title={title}>
        <Bones label={t("common.loading")} />
      </Page>
    );

  if (outcomes !== null) {
    const asks = outcomes.filter((each) => each.outcome === "askAdopt").map((each) => each.name);
    const bad = outcomes.some((each) => each.outcome === "failed");
    return (
      <Page narrow above={back} title={<h1>{t("laps.resultTitle", { name })}</h1>} place="outcome">
        <div className={css.column}>
          <ul className={css.outcomes}>
            {outcomes.map((each) => (
              <li key={each.name} data-testid="laps-outcome" data-outcome={each.outcome}>
                <span className={css.user}>
                  <Name>{`${each.name}@${plan.data.domain}`}</Name>
                </span>
                <Mark tone={tones[each.outcome]}>{t(`laps.outcome.${each.outcome}`)}</Mark>
                {each.error === null ? null : (
                  <div className={css.wide}>
                    <ErrorNotice error={each.error} />
                  </div>
                )}
              </li>
            ))}
          </ul>
          {asks.map((each) => (
            <Notice key={each} tone="wrong" title={t("laps.adoptTitle", { name: each })}>
              <p>{t("laps.adoptMore")}</p>
              <Check
                label={t("laps.adopt", { name: each })}
                checked={adopt.includes(each)}
                onChange={(on) => setAdopt(on ? [...adopt, each] : adopt.filter((other) => other !== each))}
                testId={`laps-adopt-${each}`}
              />
            </Notice>
          ))}
          {asks.length === 0 && !bad ? <Notice tone="good" title={t("laps.resultGood")} /> : null}
          <ErrorNotice error={enable.error} />
          <Row>
            {asks.length > 0 ? (
              <Button
                kind="danger"
                busy={enable.busy}
                reason={adopt.length === 0 ? t("laps.adoptTitle", { name: asks.join(", ") }) : null}
                testId="laps-adopt-submit"
                onClick={() => void enable.run(adopt)}
              >
                {t("laps.adoptGo", { names: (adopt.length > 0 ? adopt : asks).join(", ") })}
              </Button>
            ) : null}
            {bad ? (
              <Button busy={enable.busy} onClick={() => void enable.run(adopt)}>
                {t("laps.retry")}
              </Button>
            ) : null}
            <Button kind={asks.length === 0 ? "primary" : "default"} onClick={onLeave} testId="laps-done">
              {t("laps.toOrganization", { name })}
            </Button>
          </Row>
        </div>
      </Page>
    );
  }

  const ready = wanted.every((each) => each !== "") && new Set(wanted).size === wanted.length;
  return (
    <Page narrow above={back} title={title} lead={t("laps.enableLead")} place="form">
      <form
        className={css.column}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && plan.data.sessionAlive) void enable.run([]);
        }}
      >
        {plan.data.sessionAlive ? null : (
          <Notice
            tone="waits"
            title={t("laps.needsSession")}
            actions={
              <Button kind="primary" small onClick={onSignIn} testId="laps-sign-in">
                {t("laps.signIn")}
              </Button>
            }
          >
            {t("laps.needsSessionMore", { name })}
          </Notice>
        )}
        <div className={css.panel}>
          <Stack gap={16}>
            <div>
              <h2 className={css.question}>{t("laps.accounts")}</h2>
              <Options
                label={t("laps.accounts")}
                hideLabel
                value={count}
                onChange={setCount}
                options={[
                  { value: "2", label: t("laps.two"), testId: "laps-two" },
                  { value: "1", label: t("laps.one"), testId: "laps-one" },
                ]}
              />
            </div>
            {wanted.map((_, index) => (
              <TextField
                key={index}
                label={t("laps.name", { number: index + 1 })}
                hint={index === 0 ? t("laps.domainHint", { domain: plan.data.domain }) : undefined}
                value={names[index] ?? ""}
                onChange={(typed) => setNames(index === 0 ? [typed, names[1]] : [names[0], typed])}
                suffix={`@${plan.data.domain}`}
                mono
                maxLength={64}
                testId={`laps-name-${index + 1}`}
              />
            ))}
            <div className={css.narrow}>
              <IntervalField value={interval} onChange={setHours} testId="laps-interval" />
            </div>
          </Stack>
        </div>
        <Section title={t("laps.what")}>
          <ol className={css.what}>
            <li>{t("laps.what1")}</li>
            <li>{t("laps.what2")}</li>
            <li>{t("laps.what3")}</li>
          </ol>
        </Section>
        <ErrorNotice error={enable.error} about={{ organization }} onRetry={() => void enable.run([])} />
        {enable.busy ? <BusyBar label={t("laps.working")} /> : null}
        <Row>
          <Button
            submit
            kind="primary"
            busy={enable.busy}
            reason={plan.data.sessionAlive ? null : t("laps.needsSession")}
            testId="laps-submit"
          >
            {t("laps.submit", { count: wanted.length })}
          </Button>
          <Button onClick={onLeave}>{t("common.later")}</Button>
        </Row>
      </form>
    </Page>
  );
}
