// Which teams may open an organization. Owners and admins give access, and take it away with what that means said first.

import { useState } from "react";
import { Button, Dialog, Row, Section } from "../../components";
import { type AccessLevel, type AccessView, type OrganizationView, useAction, useHost, useRead } from "../../host";
import { ErrorNotice, Name, useBackend, useMay } from "../../parts";
import { useWords } from "../../words";
import css from "./Access.module.css";

export function Access({ organization }: { organization: OrganizationView }) {
  const t = useWords();
  const { may } = useMay();
  const people = useRead("people", {}, { keep: true, enabled: may("access") });
  const without = (people.data?.teams ?? []).filter(
    ({ id, kind }) => (kind === "staff" || kind === "work") && !organization.access.some(({ team }) => team === id),
  );
  return (
    <Section title={t("access.title")} lead={t("access.lead")} flush>
      <ul>
        {organization.access.map((given) => (
          <Given key={given.team} organization={organization} given={given} />
        ))}
        {may("access")
          ? without.map(({ id, name }) => <Missing key={id} organization={organization.id} team={id} name={name} />)
          : null}
      </ul>
    </Section>
  );
}

/** Asks Rust for it; what the page shows follows by itself. */
function useSet(organization: string, team: string) {
  const host = useHost();
  return useAction(async (level: AccessLevel | null) => {
    await host.setAccess({ organization, team, level });
  });
}

function Given({ organization, given }: { organization: OrganizationView; given: AccessView }) {
  const t = useWords();
  const { may } = useMay();
  const [taking, setTaking] = useState(false);
  const set = useSet(organization.id, given.team);
  const name = given.name;
  const { reason } = useBackend();
  const changeable = may("access") && (given.kind === "staff" || given.kind === "work");
  const take = async () => {
    if (await set.run(null)) setTaking(false);
  };
  return (
    <li className={css.line} data-testid="access" data-team={name} data-level={given.level}>
      <span className={css.team}>
        <Name>{name}</Name>
      </span>
      <span className={css.level}>{t(`access.levels.${given.level}`)}</span>
      {changeable ? (
        <Button small reason={reason} onClick={() => setTaking(true)} testId="take-access">
          {t("access.take", { name })}
        </Button>
      ) : null}
      <Dialog
        open={taking}
        onClose={() => setTaking(false)}
        title={t("access.takeTitle", { name, organization: organization.name })}
        closeLabel={t("common.close")}
        actions={
          <>
            <Button onClick={() => setTaking(false)}>{t("common.cancel")}</Button>
            <Button kind="danger" busy={set.busy} reason={reason} onClick={() => void take()} testId="take-access-go">
              {t("access.takeGo", { name, organization: organization.name })}
            </Button>
          </>
        }
      >
        <p>{t("access.takeMore")}</p>
        <ErrorNotice error={set.error} onRetry={() => void take()} />
      </Dialog>
    </li>
  );
}

function Missing({ organization, team, name }: { organization: string; team: string; name: string }) {
  const t = useWords();
  const set = useSet(organization, team);
  const { reason } = useBackend();
  return (
    <li className={css.line}>
      <span className={css.team}>
        <Name>{name}</Name>
      </span>
      <span className={css.level}>{t("access.levels.none")}</span>
      <Row gap={8}>
        <Button small busy={set.busy} reason={reason} onClick={() => void set.run("read")} testId="give-read">
          {t("access.giveRead", { name })}
        </Button>
        <Button small busy={set.busy} reason={reason} onClick={() => void set.run("full")} testId="give-full">
          {t("access.giveFull", { name })}
        </Button>
      </Row>
      <div className={css.wide}>
        <ErrorNotice error={set.error} />
      </div>
    </li>
  );
}
