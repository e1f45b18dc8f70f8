// Where features meet: each screen gets from the address what it shows, and says where to go next.
// Here stands what the first moment needs; the other screens are in files that load when they are opened.

import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Button, Empty } from "../components";
import { OrganizationList } from "../features/organizations/OrganizationList";
import { useWords } from "../words";
import { useOpen } from "./useOpen";

const organizationsRoute = getRouteApi("/shell/organizations");

export function OrganizationsView() {
  const search = organizationsRoute.useSearch();
  const navigate = organizationsRoute.useNavigate();
  const go = useNavigate();
  const open = useOpen();
  return (
    <OrganizationList
      search={search}
      onSearch={(change) => void navigate({ search: (old) => ({ ...old, ...change }), replace: true })}
      onOpen={open}
      onIncident={(chosen) => void go({ to: "/incident", state: { chosen } })}
    />
  );
}

export function NotFound() {
  const t = useWords();
  const navigate = useNavigate();
  return (
    <Empty
      title={t("organization.unknown")}
      action={<Button onClick={() => void navigate({ to: "/organizations" })}>{t("organization.back")}</Button>}
    />
  );
}
