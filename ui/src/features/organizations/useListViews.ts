import { useState } from "react";
import { type ListViews, useAction, useHost, useRead } from "../../host";

const none: ListViews = { hidden: [], saved: [] };

/** How this device shows the list: seen at once, kept by Rust, and read back from there. */
export function useListViews() {
  const host = useHost();
  const kept = useRead("listViews", {});
  const [wanted, setWanted] = useState<ListViews | null>(null);
  const { run, busy, error } = useAction(async (views: ListViews) => {
    setWanted(views);
    try {
      await host.setListViews({ views });
      await kept.refetch();
    } finally {
      setWanted(null);
    }
  });
  return { views: wanted ?? kept.data ?? none, save: run, busy, error };
}
