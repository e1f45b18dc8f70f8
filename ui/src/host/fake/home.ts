// The home of the vault: this device, until it is moved to a backend that takes everything.

import type { BackendView, HomeView } from "../../generated/ipc";
import type { Host } from "../host";
import { refusal, type Stage } from "./stage";

const backendAt = (address: string): BackendView => ({
  address,
  id: "3f051eaab48d50b0700c15641ae0b7b4",
  moving: false,
  syncedAt: null,
  received: 0,
  unchecked: 0,
  problem: null,
  fork: null,
});

export function home(stage: Stage, options: { shared: boolean }) {
  const { emit, now, open } = stage;
  const held: { backend: BackendView | null } = {
    backend: options.shared ? { ...backendAt("https://vitrine.northwind.example"), syncedAt: now() - 40_000, received: 12 } : null,
  };
  const told = (): HomeView => {
    emit({ kind: "statusChanged" });
    return { backend: held.backend };
  };
  return {
    commands: {
      home: async (): Promise<HomeView> => {
        open();
        return { backend: held.backend };
      },
      moveHome: async ({ address }: Parameters<Host["moveHome"]>[0]): Promise<HomeView> => {
        open();
        if (!address.startsWith("https://"))
          throw refusal("home.address", "This is not the address of a backend.", "Give https://, host and, if need be, port.");
        held.backend = backendAt(address);
        return told();
      },
      bringHome: async (): Promise<HomeView> => {
        open();
        held.backend = null;
        return told();
      },
      saveProof: async ({ path }: Parameters<Host["saveProof"]>[0]) => {
        open();
        return { path };
      },
      sync: async (): Promise<HomeView> => {
        open();
        if (held.backend) held.backend = { ...held.backend, syncedAt: now(), problem: null, fork: null };
        return told();
      },
    },
    isShared: () => held.backend !== null,
    setBackend: (change: Partial<BackendView>) => {
      if (held.backend) held.backend = { ...held.backend, ...change };
      emit({ kind: "statusChanged" });
    },
  };
}
