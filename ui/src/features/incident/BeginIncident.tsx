import { useState } from "react";
import { Button, NumberField, Options, Row, Section, Select, Stack, TextField } from "../../components";
import { type IncidentScope, useAction, useHost, useRead } from "../../host";
import { ErrorNotice } from "../../parts";
import { isolated, useWords } from "../../words";

const dayMs = 24 * 3_600_000;
type Kind = IncidentScope["kind"];

/** `chosen`: ids of organizations that were ticked in the list before coming here; none where there were none. */
export function BeginIncident({ chosen }: { chosen: readonly string[] }) {
  const t = useWords();
  const host = useHost();
  const [kind, setKind] = useState<Kind>(chosen.length > 0 ? "organizations" : "everything");
  const [tag, setTag] = useState("");
  const [member, setMember] = useState("");
  const [days, setDays] = useState(30);
  const [today] = useState(() => Date.now());
  const [reason, setReason] = useState("");
  const people = useRead("people", {}).data?.members.filter((each) => each.standing !== "removed") ?? [];
  const kinds: Kind[] = [
    ...(chosen.length > 0 ? (["organizations"] as const) : []),
    "everything",
    "viewed",
    // Alone, what this person can read is everything.
    ...(people.length > 1 ? (["person"] as const) : []),
    "tag",
  ];
  const scopes: Record<Kind, IncidentScope> = {
    organizations: { kind: "organizations", organizations: [...chosen] },
    everything: { kind: "everything" },
    viewed: { kind: "viewed", since: Math.max(0, today - days * dayMs) },
    person: { kind: "person", member },
    tag: { kind: "tag", tag: tag.trim() },
  };
  const scope = scopes[kind];
  const nobody = kind === "person" && member === "";
  const covered = useRead("incidentScope", { scope }, { keep: true, enabled: !nobody });
  const begin = useAction(() => host.beginIncident({ scope, reason: reason.trim() }));
  const { organizations, accounts } = (nobody ? undefined : covered.data) ?? { organizations: 0, accounts: 0 };
  const why = nobody ? t("incident.personNone") : organizations === 0 ? t("incident.nothing") : reason.trim() === "" ? t("incident.reasonMissing") : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (why === null) void begin.run();
      }}
    >
      <Stack gap={24}>
        <Section title={t("incident.scope")}>
          <Stack>
            <Options
              label={t("incident.scope")}
              hideLabel
              value={kind}
              onChange={setKind}
              options={kinds.map((value) => ({
                value,
                label: t(`incident.scopes.${value}`),
                hint: t(`incident.scopesMore.${value}`),
                testId: `incident-${value}`,
              }))}
            />
            {kind === "tag" ? (
              <TextField label={t("incident.tag")} value={tag} onChange={setTag} maxLength={100} testId="incident-tag-name" />
            ) : null}
            {kind === "person" ? (
              <Select
                label={t("incident.person")}
                value={member}
                options={[
                  { value: "", label: t("incident.personNone") },
                  ...people.map(({ id, name }) => ({ value: id, label: isolated(name) })),
                ]}
                onChange={setMember}
                testId="incident-member"
              />
            ) : null}
            {kind === "viewed" ? (
              <NumberField label={t("incident.days")} value={days} onChange={setDays} min={1} max={3650} />
            ) : null}
            <p aria-live="polite" data-testid="incident-covers">
              {nobody ? "" : t("incident.covers", { organizations: organizations.toLocaleString(), count: accounts })}
            </p>
          </Stack>
        </Section>
        <TextField
          label={t("incident.reason")}
          hint={t("incident.reasonHint")}
          value={reason}
          onChange={setReason}
          maxLength={200}
          testId="incident-reason"
        />
        <ErrorNotice error={begin.error} />
        <Row>
          <Button submit kind="primary" busy={begin.busy} reason={why} testId="incident-begin">
            {t("incident.begin", { count: organizations })}
          </Button>
        </Row>
      </Stack>
    </form>
  );
}
