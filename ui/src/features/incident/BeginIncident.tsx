import { useState } from "react";
import { Button, NumberField, Options, Row, Section, Stack, TextField } from "../../components";
import { type IncidentScope, useAction, useHost, useRead } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";

const dayMs = 24 * 3_600_000;
const kinds = ["everything", "viewed", "tag"] as const;

export function BeginIncident() {
  const t = useWords();
  const host = useHost();
  const [kind, setKind] = useState<(typeof kinds)[number]>("everything");
  const [tag, setTag] = useState("");
  const [days, setDays] = useState(30);
  const [today] = useState(() => Date.now());
  const [reason, setReason] = useState("");
  const scope: IncidentScope =
    kind === "everything"
      ? { kind }
      : kind === "tag"
        ? { kind, tag: tag.trim() }
        : { kind, since: Math.max(0, today - days * dayMs) };
  const covered = useRead("incidentScope", { scope }, { keep: true });
  const begin = useAction(() => host.beginIncident({ scope, reason: reason.trim() }));
  const organizations = covered.data?.organizations ?? 0;
  const accounts = covered.data?.accounts ?? 0;
  const why = organizations === 0 ? t("incident.nothing") : reason.trim() === "" ? t("incident.reasonMissing") : null;
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
            {kind === "viewed" ? (
              <NumberField label={t("incident.days")} value={days} onChange={setDays} min={1} max={3650} />
            ) : null}
            <p aria-live="polite" data-testid="incident-covers">
              {t("incident.covers", { organizations: organizations.toLocaleString(), count: accounts })}
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
