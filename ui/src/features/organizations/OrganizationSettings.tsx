// Name, notes and tags; the connected tenant; LAPS; taking the organization out of the list.

import { useState } from "react";
import {
  Button,
  Dialog,
  Facts,
  Mono,
  Row,
  Section,
  Small,
  TextArea,
  TextField,
  toast,
} from "../../components";
import { type OrganizationView, useAction, useHost } from "../../host";
import { ErrorNotice, Name, useMay, When } from "../../parts";
import { day, typeable, useWords } from "../../words";
import css from "./OrganizationDetail.module.css";
import { Schedule } from "./Schedule";
import { TurnOffLaps } from "./TurnOffLaps";

export function OrganizationSettings({
  organization,
  onConnect,
  onLaps,
  onArchived,
}: {
  organization: OrganizationView;
  onConnect: (purpose: "connect" | "accounts") => void;
  onLaps: () => void;
  onArchived: () => void;
}) {
  const t = useWords();
  const { may, denied } = useMay();
  const { tenant } = organization;
  return (
    <div className={css.columns}>
      <Details organization={organization} />
      <Laps organization={organization} onConnect={onConnect} onLaps={onLaps} />
      {tenant === null ? null : (
        <Section
          title={t("organization.tenant")}
          lead={t("organization.tenantLead")}
          actions={
            <Button small reason={denied("putConnection")} onClick={() => onConnect("connect")}>
              {t("organization.repairConnection")}
            </Button>
          }
        >
          <Facts
            facts={[
              [t("organization.tenantName"), <Name key="name">{tenant.name}</Name>],
              [t("organization.tenantDomain"), <Name key="domain">{tenant.domain}</Name>],
              [t("organization.tenantInitial"), <Name key="initial">{tenant.initialDomain}</Name>],
              [t("organization.tenantId"), <Mono key="id">{tenant.id}</Mono>],
              [t("organization.appId"), <Mono key="app">{tenant.appId}</Mono>],
              [t("organization.connectedAt"), <When key="at" at={tenant.connectedAt} />],
              [t("organization.certificate"), day(tenant.certificateEndsAt)],
            ]}
          />
        </Section>
      )}
      {may("organizations") ? <Archive organization={organization} onArchived={onArchived} /> : null}
    </div>
  );
}

function Details({ organization }: { organization: OrganizationView }) {
  const t = useWords();
  const host = useHost();
  const [name, setName] = useState(organization.name);
  const [notes, setNotes] = useState(organization.notes);
  const [tags, setTags] = useState(organization.tags.join(", "));
  const why = useMay().denied("putOrganization");
  const save = useAction(async () => {
    await host.editOrganization({
      organization: organization.id,
      name: name.trim(),
      notes,
      tags: tags
        .split(",")
        .map((tag) => tag.trim())
        .filter(Boolean),
    });
    toast(t("common.saved"), t("common.close"));
  });
  return (
    <Section title={t("organization.details")}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (why === null) void save.run();
        }}
      >
        <TextField label={t("organization.nameLabel")} value={name} onChange={setName} maxLength={100} />
        <TextArea label={t("organization.notes")} value={notes} onChange={setNotes} maxLength={2000} />
        <TextField label={t("organization.tags")} hint={t("organization.tagsHint")} value={tags} onChange={setTags} />
        <ErrorNotice error={save.error} />
        <Row>
          <Button submit busy={save.busy} reason={why}>
            {t("organization.saveDetails")}
          </Button>
        </Row>
      </form>
    </Section>
  );
}

function Laps({
  organization,
  onConnect,
  onLaps,
}: {
  organization: OrganizationView;
  onConnect: (purpose: "connect" | "accounts") => void;
  onLaps: () => void;
}) {
  const t = useWords();
  const [off, setOff] = useState(false);
  const { may, denied } = useMay();
  const puts = may("putOrganization");
  if (organization.laps === null)
    return (
      <Section title={t("organization.laps")}>
        <Row apart>
          <span>{t("organization.lapsOff")}</span>
          {organization.tenant === null ? (
            <Button reason={denied("putConnection")} onClick={() => onConnect("connect")}>
              {t("organization.do.connect")}
            </Button>
          ) : (
            <Button reason={denied("putOrganization")} onClick={onLaps}>
              {t("organization.do.enableLaps")}
            </Button>
          )}
        </Row>
      </Section>
    );
  return (
    <Section title={t("organization.laps")}>
      <Schedule
        organization={organization.id}
        laps={organization.laps}
        actions={
          puts ? (
            <>
              {organization.accounts.length < 2 ? (
                <Button onClick={onLaps}>{t("organization.addAccounts")}</Button>
              ) : null}
              <Button onClick={() => setOff(true)} testId="turn-off-laps">
                {t("organization.turnOff")}
              </Button>
            </>
          ) : null
        }
      />
      <TurnOffLaps
        open={off}
        organization={organization}
        onClose={() => setOff(false)}
        onSignIn={() => onConnect("accounts")}
      />
    </Section>
  );
}

function Archive({ organization, onArchived }: { organization: OrganizationView; onArchived: () => void }) {
  const t = useWords();
  const host = useHost();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  // Nobody can type a mark that is not seen.
  const name = typeable(organization.name);
  const archive = useAction(async () => {
    await host.archiveOrganization({ organization: organization.id, typedName: typed === name ? organization.name : typed });
    toast(t("organization.archived", { name }), t("common.close"));
    onArchived();
  });
  return (
    <Section title={t("organization.archive")}>
      <Row apart>
        <Small>{t("organization.archiveLead")}</Small>
        <Button onClick={() => setOpen(true)}>{t("organization.archive")}</Button>
      </Row>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={t("organization.archiveGo", { name })}
        closeLabel={t("common.close")}
        onSubmit={() => {
          if (typed === name) void archive.run();
        }}
        actions={
          <>
            <Button onClick={() => setOpen(false)}>{t("common.cancel")}</Button>
            <Button
              submit
              kind="danger"
              busy={archive.busy}
              reason={typed === name ? null : t("organization.archiveType", { name })}
            >
              {t("organization.archiveGo", { name })}
            </Button>
          </>
        }
      >
        <p>{t("organization.archiveLead")}</p>
        <TextField label={t("organization.archiveType", { name })} value={typed} onChange={setTyped} autoFocus />
        <ErrorNotice error={archive.error} />
      </Dialog>
    </Section>
  );
}
