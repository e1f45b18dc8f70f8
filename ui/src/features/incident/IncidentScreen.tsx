// An incident: what somebody may know is replaced. Begun here with its scope and reason, then watched until nothing is
// left. The order belongs to Rust and goes on without this screen.

import { Bones, Page } from "../../components";
import { asErrorView, useRead } from "../../host";
import { ErrorNotice, incidentNeeds, NotAllowed, useMay } from "../../parts";
import { useWords } from "../../words";
import { BeginIncident } from "./BeginIncident";
import { IncidentBoard } from "./IncidentBoard";

export function IncidentScreen({ onOpen }: { onOpen: (organization: string) => void }) {
  const t = useWords();
  const { may } = useMay();
  const view = useRead("incident", {}, { keep: true });
  if (view.data?.incident) return <IncidentBoard incident={view.data.incident} onOpen={onOpen} />;
  return (
    <Page title={<h1>{t("incident.title")}</h1>} lead={t("incident.lead")} narrow>
      <ErrorNotice error={view.error ? asErrorView(view.error) : null} />
      {view.isPending ? <Bones label={t("common.loading")} /> : null}
      {view.data ? may(incidentNeeds) ? <BeginIncident /> : <NotAllowed act={incidentNeeds} /> : null}
    </Page>
  );
}
