// Connecting a tenant: sign in, confirm which tenant it is, see what will be created, watch it happen. The state lives
// in Rust; leaving and coming back shows the same place.

import { useEffect, useRef } from "react";
import {
  BackLink,
  Bones,
  BusyBar,
  Button,
  Facts,
  Later,
  Mono,
  Notice,
  Page,
  Row,
  Small,
  Stack,
} from "../../components";
import {
  asErrorView,
  type ConnectPhase,
  type SignInPurpose,
  type SignInRoute,
  useAction,
  useHost,
  useRead,
} from "../../host";
import { ErrorNotice, Name } from "../../parts";
import { told, useWords } from "../../words";
import { ChooseRoute } from "./ChooseRoute";
import { ClientIdHelp } from "./ClientIdHelp";
import css from "./ConnectWizard.module.css";
import { Stages } from "./Stages";
import { Steps } from "./Steps";
import { WaitingForBrowser, WaitingForCode } from "./Waiting";

const stageOf: Record<ConnectPhase["kind"], number> = {
  idle: 0,
  starting: 0,
  waitingForBrowser: 0,
  waitingForCode: 0,
  confirmTenant: 1,
  plan: 2,
  working: 3,
  connected: 4,
  signedIn: 4,
  stopped: 3,
  failed: 0,
};

export function ConnectWizard({
  organization,
  purpose,
  onLeave,
  onLaps,
}: {
  organization: string;
  purpose: SignInPurpose;
  onLeave: () => void;
  onLaps: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const status = useRead("status", {});
  const connection = useRead("connectStatus", { organization });
  const whole = useRead("organization", { organization });
  // Only the person's own press opens the browser, and once.
  const openOnce = useRef(false);

  const start = useAction(async (route: SignInRoute) => {
    openOnce.current = route === "browser";
    await host.connect({ organization, route, purpose });
    await connection.refetch();
  });
  const confirm = useAction(async (tenantId: string) => {
    await host.confirmTenant({ organization, tenantId });
    await connection.refetch();
  });
  const apply = useAction(async () => {
    await host.applyPlan({ organization });
    await connection.refetch();
  });
  const cancel = useAction(async () => {
    await host.cancelConnect({ organization });
    await connection.refetch();
  });
  const openPage = useAction(() => host.openSignIn({ organization }));

  const phase = connection.data?.phase;
  const { run: openNow } = openPage;
  useEffect(() => {
    if (phase?.kind !== "waitingForBrowser" || !openOnce.current) return;
    openOnce.current = false;
    void openNow();
  }, [phase?.kind, openNow]);

  const name = connection.data?.organizationName ?? "";
  const back = (
    <BackLink onClick={onLeave}>
      <Name>{name}</Name>
    </BackLink>
  );
  const titles = { connect: "connect.title", accounts: "connect.titleAccounts", strangers: "connect.titleStrangers" } as const;
  const title = <h1>{t(titles[purpose], { name })}</h1>;
  if (connection.error)
    return (
      <Page above={back} title={title}>
        <ErrorNotice error={asErrorView(connection.error)} />
      </Page>
    );
  if (phase === undefined || status.data === undefined)
    return (
      <Page above={back} title={title}>
        <Bones label={t("common.loading")} />
      </Page>
    );

  const error = start.error ?? confirm.error ?? apply.error ?? cancel.error ?? openPage.error;
  const needsClient =
    (status.data.cloud.clientId === null && (phase.kind === "idle" || phase.kind === "failed")) ||
    start.error?.code === "connect.no-client-id";
  const cancelButton = (words: string) => (
    <Button busy={cancel.busy} onClick={() => void cancel.run()} testId="cancel-connect">
      {words}
    </Button>
  );

  const body = () => {
    if (needsClient) return <ClientIdHelp />;
    switch (phase.kind) {
      case "idle":
        return <ChooseRoute busy={start.busy} onChoose={(route) => void start.run(route)} />;
      case "starting":
        return (
          <div className={css.card}>
            <BusyBar label={t("connect.starting")} />
            <p role="status">{t("connect.starting")}</p>
            <Row>{cancelButton(t("connect.cancel"))}</Row>
          </div>
        );
      case "waitingForBrowser":
        return (
          <WaitingForBrowser
            url={phase.url}
            onOpen={() => void openPage.run()}
            cancel={cancelButton(t("connect.other"))}
          />
        );
      case "waitingForCode":
        return (
          <WaitingForCode
            organization={organization}
            name={name}
            phase={phase}
            onOpen={() => void openPage.run()}
            onBrowser={() => void start.run("browser")}
            cancel={cancelButton(t("connect.other"))}
          />
        );
      case "confirmTenant":
        return (
          <div className={css.card}>
            <h2>{t("connect.confirmTitle", { name })}</h2>
            <p className={css.soft}>{t("connect.confirmLead")}</p>
            <div className={css.found}>
              <Facts
                facts={[
                  [t("connect.tenant"), <strong key="n">
                      <Name>{phase.tenant.name}</Name>
                    </strong>],
                  [t("connect.domain"), <Name key="d">{phase.tenant.domain}</Name>],
                  [t("connect.initial"), <Name key="o">{phase.tenant.initialDomain}</Name>],
                  [t("connect.directory"), <Mono key="i">{phase.tenant.id}</Mono>],
                  [t("connect.signedInAs"), <Name key="a">{phase.signedInAs}</Name>],
                ]}
              />
            </div>
            <Row>
              <Button
                kind="primary"
                busy={confirm.busy}
                onClick={() => void confirm.run(phase.tenant.id)}
                testId="confirm-tenant"
              >
                {t("connect.confirmYes", { name })}
              </Button>
              <Button busy={cancel.busy} onClick={() => void cancel.run()} testId="confirm-no">
                {t("connect.confirmNo")}
              </Button>
            </Row>
          </div>
        );
      case "plan":
        return (
          <Stack gap={16}>
            <div>
              <h2>{t("connect.planTitle", { tenant: phase.tenant.name })}</h2>
              <p className={css.soft}>{t("connect.planLead")}</p>
            </div>
            {phase.notices.map((notice) => (
              <Notice key={notice} tone="waits" title={told(notice)} />
            ))}
            <Steps steps={phase.steps} withWhy />
            <div className={css.acts}>
              <Button kind="primary" busy={apply.busy} onClick={() => void apply.run()} testId="apply-plan">
                {t("connect.apply")}
              </Button>
              {cancelButton(t("common.cancel"))}
            </div>
          </Stack>
        );
      case "working":
        return (
          <Stack gap={16}>
            <div>
              <h2>{t("connect.workingTitle", { tenant: phase.tenant.name })}</h2>
              <p className={css.soft}>{t("connect.workingLead")}</p>
            </div>
            <Steps steps={phase.steps} progress />
            <div className={css.acts}>{cancelButton(t("connect.cancelSetUp"))}</div>
          </Stack>
        );
      case "connected":
        return (
          <Stack gap={16}>
            <Notice tone="good" title={t("connect.connectedTitle", { tenant: phase.tenant.name })} testId="connected">
              {t("connect.connectedLead")}
            </Notice>
            <Steps steps={phase.steps} />
            <div className={css.acts}>
              {(whole.data?.accounts.length ?? 0) === 0 ? (
                <>
                  <Button kind="primary" onClick={onLaps} testId="enable-laps-now">
                    {t("connect.enableNow")}
                  </Button>
                  <Button onClick={onLeave}>{t("connect.enableLater")}</Button>
                </>
              ) : (
                <Button kind="primary" onClick={onLeave}>
                  {t("laps.toOrganization", { name })}
                </Button>
              )}
            </div>
          </Stack>
        );
      case "signedIn":
        return (
          <Stack gap={16}>
            <Notice tone="good" title={t("connect.signedInTitle", { tenant: phase.tenant.name })}>
              {purpose === "strangers" ? t("connect.signedInStrangers") : t("connect.signedInLead")}{" "}
              {t("connect.signedInAs")}: <Name>{phase.signedInAs}</Name>
            </Notice>
            <Row>
              <Button
                kind="primary"
                onClick={purpose === "strangers" ? onLeave : onLaps}
                testId="signed-in-continue"
              >
                {t("common.continue")}
              </Button>
              <Button onClick={onLeave}>{t("laps.toOrganization", { name })}</Button>
            </Row>
          </Stack>
        );
      case "stopped":
        return (
          <Stack gap={16}>
            <Notice
              tone="waits"
              title={t("connect.stoppedTitle", { tenant: phase.tenant.name })}
              testId="connect-stopped"
            >
              {t("connect.stoppedLead")}
            </Notice>
            <Steps steps={phase.steps} ended />
            <Row>
              <Button kind="primary" busy={cancel.busy} onClick={() => void cancel.run()} testId="connect-again">
                {t("connect.goOn")}
              </Button>
              <Button onClick={() => void cancel.run().then(onLeave)}>{t("laps.toOrganization", { name })}</Button>
            </Row>
          </Stack>
        );
      case "failed":
        return (
          <Stack gap={16}>
            <h2>{t(phase.steps.length > 0 ? "connect.failedSetUp" : "connect.failedTitle")}</h2>
            <ErrorNotice error={phase.error} />
            {phase.steps.length > 0 ? (
              <>
                <Small>{t("connect.remains")}</Small>
                <Steps steps={phase.steps} ended />
              </>
            ) : null}
            <ChooseRoute busy={start.busy} onChoose={(route) => void start.run(route)} />
            <Row>
              <Button onClick={onLeave}>{t("laps.toOrganization", { name })}</Button>
            </Row>
          </Stack>
        );
    }
  };

  return (
    <Page above={back} title={title} place={phase.kind}>
      <div className={css.wizard} data-testid="connect-wizard" data-phase={phase.kind}>
        {purpose === "connect" ? <Stages at={stageOf[phase.kind]} /> : null}
        <ErrorNotice error={needsClient ? null : error} />
        {connection.data?.strongerSignIn && phase.kind !== "failed" ? (
          <Notice tone="waits" title={t("connect.stronger")}>
            {t("connect.strongerMore")}
          </Notice>
        ) : null}
        {body()}
        {connection.isFetching ? (
          <Later ms={2_000}>
            <BusyBar label={t("common.loading")} />
          </Later>
        ) : null}
      </div>
    </Page>
  );
}
