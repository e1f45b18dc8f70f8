import { Mark, type MarkTone } from "../components";
import type { AccountState, OrganizationState } from "../host";
import { useWords } from "../words";

const organizationTones: Record<OrganizationState, MarkTone> = {
  healthy: "good",
  due: "waits",
  failed: "wrong",
  notConnected: "off",
};

export const StateMark = ({ state }: { state: OrganizationState }) => {
  const t = useWords();
  return <Mark tone={organizationTones[state]}>{t(`state.${state}`)}</Mark>;
};

const accountTones: Record<AccountState, MarkTone> = {
  fresh: "good",
  creating: "busy",
  rotating: "busy",
  due: "waits",
  unclear: "unknown",
  changedOutside: "wrong",
  needsPerson: "wrong",
  disabled: "wrong",
  roleGone: "wrong",
  renamed: "wrong",
  gone: "wrong",
};

export const AccountMark = ({ state }: { state: AccountState }) => {
  const t = useWords();
  return <Mark tone={accountTones[state]}>{t(`account.${state}`)}</Mark>;
};
