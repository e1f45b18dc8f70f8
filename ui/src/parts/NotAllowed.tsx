// In place of a screen that the person's role does not open: who may do it.

import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Empty } from "../components";
import { useWords } from "../words";
import { type Act, useMay } from "./may";

export function NotAllowed({ act, action }: { act: Act; action?: ReactNode }) {
  const t = useWords();
  const { denied } = useMay();
  return (
    <Empty icon={<IconLock size={36} stroke={1.25} />} title={t("may.title")} action={action}>
      {denied(act)}
    </Empty>
  );
}
