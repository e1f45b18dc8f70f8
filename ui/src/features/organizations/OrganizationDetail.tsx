// One organization: how it stands, what to do next, and the way to its credentials.

import { IconCopy, IconExternalLink, IconKey, IconRotateClockwise2 } from "@tabler/icons-react";
import { useState } from "react";
import { BackLink, Bones, Button, Chip, Empty, IconButton, Notice, Page, Row, Tabs, toast } from "../../components";
import { asErrorView, type OrganizationView, useAction, useHost, useRead } from "../../host";
import { type Act, AsOf, ErrorNotice, Learn, Name, StateMark, useMay, useNetwork } from "../../parts";
import { useWords } from "../../words";
import { Access } from "./Access";
import { Accounts } from "./Accounts";
import { Activity } from "./Activity";
import { ChooseAccount } from "./ChooseAccount";
import { HowSecondFactor } from "./Health";
import css from "./OrganizationDetail.module.css";
import { OrganizationSettings } from "./OrganizationSettings";
import { Strangers } from "./Strangers";

/** What the next step needs of the role. */
const needs: Record<OrganizationView["nextStep"], Act> = {
  connect: "putConnection",
  finishConnect: "putConnection",
  reconnect: "putConnection",
  enableLaps: "putOrganization",
  rotate: "putAccount",
  repair: "putAccount",
  secondFactor: "putAccount",
  nothing: "putAccount",
};

export type DetailTab = "accounts" | "activity" | "access" | "settings";

export function OrganizationDetail({
  organization,
  tab,
  onTab,
  onConnect,
  onLaps,
  onBack,
}: {
  organization: string;
  tab: DetailTab;
  onTab: (tab: DetailTab) => void;
  onConnect: (purpose: "connect" | "accounts") => void;
  onLaps: () => void;
  onBack: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const whole = useRead("organization", { organization });
  const network = useNetwork();
  const { denied } = useMay();
  const [choosing, setChoosing] = useState(false);
  const [how, setHow] = useState(false);
  const view = useAction(async (of: OrganizationView) => {
    const [account] = of.accounts;
    if (of.accounts.length === 1 && account) await host.openReveal({ organization, account: account.id });
    else setChoosing(true);
  });
  const rotate = useAction(async (of: OrganizationView) => {
    await host.rotate({ scope: { kind: "organizations", organizations: [organization] } });
    toast(t("organization.rotateStarted", { name: of.name }), t("common.close"));
  });
  const check = useAction((of: OrganizationView) =>
    Promise.all(
      of.accounts
        .filter((account) => account.state === "unclear")
        .map((account) => host.rotate({ scope: { kind: "account", organization, account: account.id } })),
    ),
  );
  const mend = useAction((of: OrganizationView) =>
    Promise.all(
      of.accounts
        .filter((account) => account.repairable)
        .map((account) => host.repairAccount({ organization, account: account.id })),
    ),
  );
  const copyPage = useAction(async (of: OrganizationView) => {
    const [account] = of.accounts;
    if (account === undefined) return;
    const card = await host.card({ organization, account: account.id });
    await host.copyPlain(card.signInPage);
    toast(t("organization.signInCopied"), t("common.close"));
  });

  const openPage = useAction(() => host.openPortal({}));

  const back = <BackLink onClick={onBack}>{t("organization.back")}</BackLink>;
  if (whole.error)
    return (
      <Page above={back} title={<h1>{t("organizations.title")}</h1>}>
        <ErrorNotice error={asErrorView(whole.error)} onRetry={() => void whole.refetch()} />
      </Page>
    );
  const data = whole.data;
  if (data === undefined)
    return (
      <Page above={back} title={<h1>{"\u00a0"}</h1>}>
        <Bones label={t("common.loading")} />
      </Page>
    );

  const hasAccounts = data.accounts.length > 0;
  // What is unclear is looked at before anything is set up anew.
  const unclear = data.nextStep === "repair" && data.accounts.some((account) => account.state === "unclear");
  const changed = data.nextStep === "repair" && data.accounts.some((account) => account.repairable);
  const doNext: Record<OrganizationView["nextStep"], (() => void) | null> = {
    connect: () => onConnect("connect"),
    finishConnect: () => onConnect("connect"),
    reconnect: () => onConnect("connect"),
    enableLaps: onLaps,
    rotate: () => void rotate.run(data),
    repair: () => (unclear ? void check.run(data) : changed ? void mend.run(data) : onConnect("connect")),
    secondFactor: () => setHow(true),
    nothing: null,
  };
  const act = doNext[data.nextStep];
  const failed = [view, rotate, check, mend, openPage, copyPage].find((each) => each.error !== null);
  return (
    <Page
      above={back}
      title={
        <Row gap={12}>
          <h1 data-testid="organization-title">
            <Name>{data.name}</Name>
          </h1>
          <span data-testid="organization-state">
            <StateMark state={data.state} />
          </span>
          <AsOf />
          {data.tags.map((tag) => (
            <Chip key={tag}>
              <Name>{tag}</Name>
            </Chip>
          ))}
        </Row>
      }
      lead={data.tenant ? <Name>{data.tenant.domain}</Name> : null}
      actions={
        <>
          <Row gap={4} wrap={false}>
            <Button
              icon={<IconExternalLink size={16} />}
              busy={openPage.busy}
              reason={hasAccounts ? null : t("organization.viewReason")}
              onClick={() => void openPage.run()}
              testId="open-sign-in-page"
            >
              {t("organization.openSignInPage")}
            </Button>
            <IconButton
              label={t("organization.signInPage")}
              reason={hasAccounts ? null : t("organization.viewReason")}
              onClick={() => void copyPage.run(data)}
              testId="copy-sign-in-page"
            >
              <IconCopy size={16} />
            </IconButton>
          </Row>
          <Button
            icon={<IconRotateClockwise2 size={16} />}
            busy={rotate.busy}
            reason={denied("putAccount") ?? (hasAccounts ? network.reason : t("organization.rotateReason"))}
            onClick={() => void rotate.run(data)}
            testId="rotate-now"
          >
            {t("organization.rotate")}
          </Button>
          <Button
            kind="primary"
            icon={<IconKey size={16} />}
            busy={view.busy}
            reason={denied("reveal") ?? (hasAccounts ? null : t("organization.viewReason"))}
            onClick={() => void view.run(data)}
            testId="view-credentials"
          >
            {t("organization.view")}
          </Button>
        </>
      }
    >
      <ErrorNotice
        error={failed?.error ?? null}
        about={{ organization }}
        onRetry={failed === undefined ? undefined : () => void failed.run(data)}
      />
      {act === null ? null : (
        <div className={css.next} data-tone={data.state === "failed" ? "wrong" : undefined}>
          <span>{t(`organization.next.${data.nextStep}`)}</span>
          <Button
            kind={
              ["connect", "reconnect", "enableLaps", "finishConnect"].includes(data.nextStep)
                ? "primary"
                : "default"
            }
            small
            reason={denied(data.nextStep === "repair" && !unclear && !changed ? "putConnection" : needs[data.nextStep])}
            onClick={act}
            testId="next-step"
          >
            {unclear
              ? t("organization.checkNow")
              : changed
                ? t("organization.repairShort")
                : t(`organization.do.${data.nextStep as Exclude<OrganizationView["nextStep"], "nothing">}`)}
          </Button>
        </div>
      )}
      {data.unchecked ? (
        <Notice testId="history-unchecked" title={t("organization.unchecked")}>
          {t("organization.uncheckedMore")}
        </Notice>
      ) : null}
      {data.strangers.length > 0 ? <Strangers organization={data} /> : null}
      <Tabs
        label={t("organization.tabs")}
        value={tab}
        onChange={onTab}
        tabs={[
          {
            value: "accounts",
            label: t("organization.accounts"),
            content: hasAccounts ? (
              <Accounts
                organization={data}
                onHow={() => setHow(true)}
                onConnect={() => onConnect("connect")}
              />
            ) : (
              <Empty
                icon={<IconKey size={36} stroke={1.25} />}
                title={t("organization.noAccounts")}
                learn={<Learn topic="accounts" />}
                action={
                  data.tenant === null ? (
                    <Button
                      kind="primary"
                      reason={denied("putConnection")}
                      onClick={() => onConnect("connect")}
                      testId="connect-tenant"
                    >
                      {t("organization.do.connect")}
                    </Button>
                  ) : (
                    <Button kind="primary" reason={denied("putOrganization")} onClick={onLaps} testId="enable-laps">
                      {t("organization.do.enableLaps")}
                    </Button>
                  )
                }
              >
                {t("organization.noAccountsMore")}
              </Empty>
            ),
          },
          { value: "activity", label: t("organization.activity"), content: <Activity lines={data.activity} /> },
          { value: "access", label: t("organization.access"), content: <Access organization={data} /> },
          {
            value: "settings",
            label: t("organization.settings"),
            content: (
              <OrganizationSettings
                key={data.id}
                organization={data}
                onConnect={onConnect}
                onLaps={onLaps}
                onArchived={onBack}
              />
            ),
          },
        ]}
      />
      {choosing ? <ChooseAccount organization={organization} onClose={() => setChoosing(false)} /> : null}
      <HowSecondFactor
        open={how}
        onClose={() => setHow(false)}
        onView={() => {
          setHow(false);
          void view.run(data);
        }}
      />
    </Page>
  );
}
