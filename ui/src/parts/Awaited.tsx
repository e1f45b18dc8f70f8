import { Bones } from "../components";
import { asErrorView } from "../host";
import { useWords } from "../words";
import { ErrorNotice } from "./ErrorNotice";

/** What stands in the place of an answer: its shape until it is there, and why it does not come. */
export function Awaited({
  view: { error, isPending, refetch },
  rows = 6,
}: {
  view: { error: Error | null; isPending: boolean; refetch: () => unknown };
  rows?: number;
}) {
  const t = useWords();
  return (
    <>
      <ErrorNotice error={error === null ? null : asErrorView(error)} onRetry={() => void refetch()} />
      {isPending ? <Bones rows={rows} label={t("common.loading")} /> : null}
    </>
  );
}
