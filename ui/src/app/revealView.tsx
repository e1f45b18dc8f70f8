// The one screen of the reveal window.

import { getRouteApi } from "@tanstack/react-router";
import { RevealWindow } from "../features/credentials/RevealWindow";

const route = getRouteApi("/reveal/$organization/$account");

export function RevealView() {
  const { organization, account } = route.useParams();
  return <RevealWindow organization={organization} account={account} />;
}
