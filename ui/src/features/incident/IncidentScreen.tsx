// An incident: what somebody may know is replaced. Begun here with its scope and reason, then watched until nothing is
// left. The order belongs to Rust and goes on without this screen.

import { Page } from "../../components";
import { useRead } from "../../host";
import { Awaited, incidentNeeds, NotAllowed, useMay } from "../../parts";
import { useWords } from "../../words";
import { BeginIncident } from "./BeginIncident";
import { IncidentBoard } from "./IncidentBoard";

export function IncidentScreen({
  chosen,
  onOpen,
}: {
  chosen: readonly string[];
  onOpen: (organization: string) => void;
}) {
  const t = useWords();
  const { may } = useMay();
  const view = useRead("incident", {}, { keep: true });
  if (view.data?.incident) return <IncidentBoard incident={view.data.incident} onOpen={onOpen} />;
  return (
    <Page title={<h1>{t("incident.title")}</h1>} lead={t("incident.lead")} narrow>
      <Awaited view={view} />
      {view.data ? may(incidentNeeds) ? <BeginIncident chosen={chosen} /> : <NotAllowed act={incidentNeeds} /> : null}
    </Page>
  );
}
