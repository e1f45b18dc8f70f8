// The emergency accounts without their secrets, and what is checked about them.

import { Button, Chip, Section } from "../../components";
import { type AccountView, type OrganizationView, useAction, useHost } from "../../host";
import { AccountMark, ErrorNotice, Name, useMay, useNetwork, useNow, When } from "../../parts";
import { relative, useWords } from "../../words";
import { Health } from "./Health";
import css from "./OrganizationDetail.module.css";

export function Accounts({
  organization,
  onHow,
  onConnect,
}: {
  organization: OrganizationView;
  onHow: () => void;
  onConnect: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const network = useNetwork();
  const look = useAction(() => host.checkAccounts({ organization: organization.id }));
  return (
    <div className={css.columns}>
      <Section
        title={t("organization.accountsTitle")}
        flush
        actions={
          <Button
            small
            label={t("organization.lookNowMore")}
            busy={look.busy}
            reason={network.reason}
            onClick={() => void look.run()}
          >
            {t("organization.lookNow")}
          </Button>
        }
      >
        <ErrorNotice error={look.error} about={{ organization: organization.id }} onRetry={() => void look.run()} />
        <ul>
          {organization.accounts.map((account) => (
            <Account key={account.id} organization={organization.id} account={account} />
          ))}
        </ul>
      </Section>
      <Health organization={organization} onHow={onHow} onConnect={onConnect} />
    </div>
  );
}

function Account({ organization, account }: { organization: string; account: AccountView }) {
  const t = useWords();
  const host = useHost();
  const now = useNow();
  const view = useAction(() => host.openReveal({ organization, account: account.id }));
  const rotate = useAction(() => host.rotate({ scope: { kind: "account", organization, account: account.id } }));
  const repair = useAction(() => host.repairAccount({ organization, account: account.id }));
  const remove = useAction(() => host.forgetAccount({ organization, account: account.id }));
  const network = useNetwork();
  const { denied } = useMay();
  const writes = denied("putAccount") ?? network.reason;
  const failed = [view, rotate, repair, remove].find((each) => each.error !== null);
  const error = failed?.error ?? account.problem;
  const when = (at: number | null) => (at === null ? t("common.never") : relative(t, at, now));
  return (
    <li className={css.account}>
      <span className={css.user}>
        <Name>{account.userName}</Name>
      </span>
      <span className={css.acts}>
        {account.repairable ? (
          <Button
            small
            label={t("organization.repairAccount", { account: account.userName })}
            busy={repair.busy}
            reason={writes}
            onClick={() => void repair.run()}
            testId="repair-account"
          >
            {t("organization.repairShort")}
          </Button>
        ) : null}
        {account.created ? (
          <Button
            small
            label={t("organization.rotateAccount", { account: account.userName })}
            busy={rotate.busy}
            reason={writes}
            onClick={() => void rotate.run()}
          >
            {account.state === "unclear" ? t("organization.checkNow") : t("organization.rotateShort")}
          </Button>
        ) : (
          <Button
            small
            label={t("organization.removeAccount", { account: account.userName })}
            busy={remove.busy}
            reason={denied("drop")}
            onClick={() => void remove.run()}
            testId="remove-account"
          >
            {t("organization.removeShort")}
          </Button>
        )}
        <Button
          small
          label={t("organization.viewAccount", { account: account.userName })}
          busy={view.busy}
          reason={denied("reveal")}
          onClick={() => void view.run()}
        >
          {t("organization.viewShort")}
        </Button>
      </span>
      <span className={css.facts}>
        <AccountMark state={account.state} />
        <When at={account.rotatedAt}>{t("organization.rotated", { when: when(account.rotatedAt) })}</When>
        <When at={account.dueAt}>{t("organization.due", { when: when(account.dueAt) })}</When>
        {account.lastViewed ? (
          <When at={account.lastViewed.at}>
            {t("organization.viewed", { who: account.lastViewed.who, when: when(account.lastViewed.at) })}
          </When>
        ) : (
          <span>{t("organization.notViewed")}</span>
        )}
        {account.hasSecondFactor ? null : <Chip tone="waits">{t("organization.factorNo")}</Chip>}
      </span>
      {error === null ? null : (
        <div className={css.problem}>
          <ErrorNotice
            error={error}
            about={{ organization }}
            onRetry={failed === undefined ? () => void rotate.run() : () => void failed.run()}
          />
        </div>
      )}
    </li>
  );
}
