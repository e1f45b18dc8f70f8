// The frame of every window: host, words, components, cache, and which screen the state of the vault allows.

import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { Appearance, BusyBar, Components, clearToasts, closePalette, Later } from "../components";
import { Trouble } from "../features/trouble/Trouble";
import { Unlock } from "../features/unlock/Unlock";
import { UnlockForm } from "../features/unlock/UnlockForm";
import { asErrorView, type Host, HostProvider, makeQueries, useEvents, useRead } from "../host";
import { ErrorNotice } from "../parts";
import { useWords } from "../words";
import css from "./App.module.css";
import { Banners } from "./Banners";
import { useTouch } from "./useTouch";

const loadInside = async () => ({ default: (await import("./Inside")).Inside });
const Inside = lazy(loadInside);
// For a window of its own.
const QuickWindow = lazy(async () => ({ default: (await import("../features/quick/QuickWindow")).QuickWindow }));
// Seen once in the life of a vault.
const FirstRun = lazy(async () => ({ default: (await import("../features/onboarding/FirstRun")).FirstRun }));
const Joining = lazy(async () => ({ default: (await import("../features/onboarding/Joining")).Joining }));

export function App({ host, still = false }: { host: Host; still?: boolean }) {
  const [queries] = useState(makeQueries);
  return (
    <HostProvider host={host}>
      <QueryClientProvider client={queries}>
        <Components still={still} small={inReveal() || inQuick() || inTrouble()}>
          {inTrouble() ? <Trouble /> : <Gate />}
        </Components>
      </QueryClientProvider>
    </HostProvider>
  );
}

/** Which of the windows this is. It never changes while a window lives. */
const inReveal = () => location.hash.startsWith("#/reveal/");
const inQuick = () => location.hash === "#/quick";
const inTrouble = () => location.hash === "#/trouble";

/** While the vault is locked nothing of the router is mounted; the address stays, so that unlocking returns to it. */
function Gate() {
  const t = useWords();
  useEvents();
  useTouch();
  const status = useRead("status", {});
  const settings = useRead("settings", {}, { enabled: status.data !== undefined });
  const phase = status.data?.phase;
  const [path, setPath] = useState("");

  // While the passphrase is typed. Quick access needs none of it.
  useEffect(() => {
    if (!inQuick()) void loadInside();
  }, []);
  useEffect(() => {
    if (phase === "locked") {
      clearToasts();
      closePalette();
    }
  }, [phase]);

  let screen = (
    <Later>
      <div className={css.start}>
        <BusyBar label={t("common.loading")} />
      </div>
    </Later>
  );
  if (status.error) screen = <ErrorNotice error={asErrorView(status.error)} />;
  else if (status.data && inQuick())
    screen = <QuickWindow status={status.data} unlock={<UnlockForm status={status.data} />} />;
  else if (status.data && (phase === "unlocked" || inReveal())) screen = <Inside onScreen={setPath} />;
  else if (status.data && phase === "locked") screen = <Unlock status={status.data} />;
  else if (status.data && phase === "joining") screen = <Joining status={status.data} />;
  else if (status.data) {
    const toStart = () => {
      location.hash = "#/start";
    };
    screen = <FirstRun status={status.data} onCreated={toStart} />;
  }

  return (
    <>
      {settings.data ? (
        <Appearance theme={settings.data.settings.theme} density={settings.data.settings.density} />
      ) : null}
      <div className={css.frame}>
        {status.data ? <Banners status={status.data} path={path} brief={inReveal() || inQuick()} /> : null}
        <div className={css.screen}>
          <Suspense>{screen}</Suspense>
        </div>
      </div>
    </>
  );
}
