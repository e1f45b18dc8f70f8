// What is checked, in plain words, each with the way to put it right.

import { Button, Dialog, Mark, type MarkTone, Section } from "../../components";
import { type HealthLine, type OrganizationView, useAction, useHost } from "../../host";
import { ErrorNotice, Name, useMay, When } from "../../parts";
import { told, useWords } from "../../words";
import css from "./OrganizationDetail.module.css";

const tones: Record<HealthLine["verdict"], MarkTone> = {
  good: "good",
  bad: "wrong",
  warning: "waits",
  unknown: "unknown",
};

export function Health({
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
  const { may } = useMay();
  const connects = may("putConnection") ? onConnect : null;
  const writes = may("putAccount");
  const repair = useAction((account: string) => host.repairAccount({ organization: organization.id, account }));
  const rotate = useAction((account: string) =>
    host.rotate({ scope: { kind: "account", organization: organization.id, account } }),
  );
  /** What puts a line right; null where only a person outside can. */
  const fix = (line: HealthLine): (() => void) | null => {
    const account = organization.accounts.find((each) => each.id === line.account);
    const again = account === undefined || !writes ? null : () => void rotate.run(account.id);
    const mend = account?.repairable && writes ? () => void repair.run(account.id) : null;
    switch (line.check) {
      case "connection":
      case "certificate":
        return connects;
      case "accountExists":
      case "roleHeld":
        return mend;
      case "passwordVerified":
        return mend ?? (account?.state === "unclear" ? again : connects);
      case "sessionsEnded":
        // Sessions are ended after each rotation.
        return again;
      case "keyList":
      case "owners":
      case "signInMethods":
        // What was found stands above, each with its own answer; what is not looked at takes a permission.
        return line.verdict === "unknown" ? connects : null;
      case "secondFactor":
        return null;
    }
  };
  const about = [...new Set(organization.health.map((line) => line.userName))];
  return (
    <Section title={t("organization.health")} flush>
      <ErrorNotice error={repair.error ?? rotate.error} about={{ organization: organization.id }} />
      {about.map((userName) => (
        <div key={userName ?? "connection"}>
          {userName === null || about.length === 1 ? null : <p className={css.group}>
              <Name>{userName}</Name>
            </p>}
          <ul>
            {organization.health
              .filter((line) => line.userName === userName)
              .map((line) => (
                <Line key={`${line.check}-${line.account}`} line={line} onHow={onHow} onFix={fix(line)} />
              ))}
          </ul>
        </div>
      ))}
    </Section>
  );
}

function Line({ line, onHow, onFix }: { line: HealthLine; onHow: () => void; onFix: (() => void) | null }) {
  const t = useWords();
  const check = t(`organization.check.${line.check}`);
  const account = line.userName ?? t("organization.tenant");
  const wrong = line.verdict === "bad" || line.verdict === "warning";
  return (
    <li className={css.line}>
      <Mark tone={tones[line.verdict]}>{check}</Mark>
      <span className={css.soft}>{told(line.words)}</span>
      <span className={css.right}>
        {line.checkedAt === null ? null : <When at={line.checkedAt} />}
        {wrong && line.check === "secondFactor" ? (
          <Button small label={t("organization.howFor", { check, account })} onClick={onHow}>
            {t("organization.how")}
          </Button>
        ) : null}
        {wrong && onFix !== null ? (
          <Button small label={t("organization.fixFor", { check, account })} onClick={onFix}>
            {t("organization.fix")}
          </Button>
        ) : null}
      </span>
    </li>
  );
}

export function HowSecondFactor({ open, onClose, onView }: { open: boolean; onClose: () => void; onView: () => void }) {
  const t = useWords();
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t("organization.howTitle")}
      closeLabel={t("common.close")}
      actions={
        <>
          <Button onClick={onClose}>{t("common.close")}</Button>
          <Button kind="primary" onClick={onView}>
            {t("organization.view")}
          </Button>
        </>
      }
    >
      <ol className={css.steps}>
        <li>{t("organization.how1")}</li>
        <li>{t("organization.how2")}</li>
        <li>{t("organization.how3")}</li>
        <li>{t("organization.how4")}</li>
      </ol>
    </Dialog>
  );
}
