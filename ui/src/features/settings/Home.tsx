// The home of the vault: this device, or a backend. The operator's token passes through this window once, on its way in.

import { type ReactNode, useEffect, useRef, useState } from "react";
import {
  Button,
  Facts,
  goToPlace,
  Mark,
  type MarkTone,
  Mono,
  Notice,
  Row,
  Section,
  Stack,
  TextField,
  toast,
} from "../../components";
import { type BackendView, type ForkView, useAction, useHost, useRead } from "../../host";
import { Awaited, ErrorNotice, Passphrase, type Standing, standingOf, useMay, When } from "../../parts";
import { useWords } from "../../words";
import css from "./SettingsScreen.module.css";

const tones: Record<Standing, MarkTone> = { asking: "none", reached: "good", moving: "waits", unreached: "waits", wrong: "wrong" };

export function HomeSection() {
  const t = useWords();
  // The frame of the window asks for it again and again.
  const view = useRead("home", {});
  // What was pressed is gone once the home is another: eyes and keyboard are led to what stands there instead.
  const before = useRef<boolean | null>(null);
  const atBackend = view.data === undefined ? null : view.data.backend !== null;
  useEffect(() => {
    if (before.current !== null && atBackend !== before.current) goToPlace("home");
    before.current = atBackend;
  }, [atBackend]);
  const within = (children: ReactNode) => (
    <Section place="home" title={t("settings.home")} lead={t("home.lead")}>
      <Stack gap={16}>{children}</Stack>
    </Section>
  );
  if (view.error || view.data === undefined) return within(<Awaited view={view} rows={2} />);
  const { backend } = view.data;
  const again = () => void view.refetch();
  return within(backend === null ? <Here onMoved={again} /> : <There backend={backend} onChanged={again} />);
}

function Here({ onMoved }: { onMoved: () => void }) {
  const t = useWords();
  const [open, setOpen] = useState(false);
  const why = useMay().denied("home");
  return (
    <>
      <p>{t("home.device")}</p>
      <Row>
        <Button pressed={open} reason={why} onClick={() => setOpen(!open)} testId="home-begin">
          {t("home.begin")}
        </Button>
      </Row>
      {open ? <MoveForm address="" onMoved={onMoved} /> : null}
    </>
  );
}

function MoveForm({ address: known, onMoved }: { address: string; onMoved: () => void }) {
  const t = useWords();
  const host = useHost();
  const [address, setAddress] = useState(known);
  const [token, setToken] = useState("");
  const move = useAction(async () => {
    await host.moveHome({ address: address.trim(), token });
    setToken("");
    onMoved();
  });
  const missing = address.trim() === "" || token === "" ? t("home.missing") : null;
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === null) void move.run();
      }}
    >
      <TextField
        label={t("home.address")}
        hint={t("home.addressHint")}
        value={address}
        onChange={setAddress}
        testId="home-address"
        mono
      />
      <Passphrase
        label={t("home.token")}
        hint={t("home.tokenHint")}
        value={token}
        onChange={setToken}
        autoComplete="off"
        testId="home-token"
        mono
      />
      <p>{t("home.afterwards")}</p>
      <ErrorNotice here="home" error={move.error} />
      <Row>
        <Button submit kind="primary" busy={move.busy} reason={missing} testId="home-move">
          {t("home.move")}
        </Button>
      </Row>
    </form>
  );
}

function There({ backend, onChanged }: { backend: BackendView; onChanged: () => void }) {
  const t = useWords();
  const host = useHost();
  const [asks, setAsks] = useState(false);
  const why = useMay().denied("home");
  const sync = useAction(async () => {
    await host.sync({});
    onChanged();
  });
  const bringBack = useAction(async () => {
    await host.bringHome({});
    onChanged();
  });
  const now = standingOf(backend);
  const unchecked = <span data-testid="home-unchecked">{t("home.unchecked", { count: backend.unchecked })}</span>;
  const history = backend.unchecked > 0 ? [[t("home.history"), unchecked] as const] : [];
  return (
    <>
      {/* Two histories say all that the problem says, and more. */}
      {backend.problem && !(backend.fork && backend.problem.code === "home.forked") ? (
        <ErrorNotice here="home" error={backend.problem} onRetry={() => void sync.run()} />
      ) : null}
      {backend.fork ? <Fork fork={backend.fork} /> : null}
      <Facts
        facts={[
          [t("home.backend"), <Mono key="a">{backend.address}</Mono>],
          [t("home.id"), <Mono key="i">{backend.id}</Mono>],
          [
            t("home.standing"),
            <Mark key="s" tone={tones[now]} wrap>
              {t(`home.standings.${now}`)}
            </Mark>,
          ],
          [t("home.synced"), <When key="w" at={backend.syncedAt} />],
          [t("home.received"), t("home.entries", { count: backend.received })],
          ...history,
        ]}
      />
      {backend.problem ? null : <ErrorNotice here="home" error={sync.error} onRetry={() => void sync.run()} />}
      <Row>
        <Button busy={sync.busy} onClick={() => void sync.run()} testId="home-sync">
          {t("home.sync")}
        </Button>
        <Button pressed={asks} reason={why} onClick={() => setAsks(!asks)} testId="home-bring-back">
          {t("home.bringBack")}
        </Button>
      </Row>
      {asks ? (
        <Notice
          tone="waits"
          title={t("home.bringBackWhat")}
          actions={
            <Button kind="danger" busy={bringBack.busy} onClick={() => void bringBack.run()} testId="home-bring-back-submit">
              {t("home.bringBackNow")}
            </Button>
          }
        >
          <p>{t("home.bringBackLead")}</p>
          <ErrorNotice here="home" error={bringBack.error} />
        </Notice>
      ) : null}
    </>
  );
}

/** Both heads of a ledger that the home showed two histories of, and the proof to hand to somebody else. */
function Fork({ fork }: { fork: ForkView }) {
  const t = useWords();
  const host = useHost();
  const save = useAction(async () => {
    const path = await host.pickSave("proof.json");
    if (path === null) return;
    const saved = await host.saveProof({ path });
    toast(t("home.forkSaved", { path: saved.path }), t("common.close"));
  });
  const head = (seq: number, hash: string) => (
    <span key={hash}>
      {t("home.forkPlace", { seq })} <Mono wrap>{hash}</Mono>
    </span>
  );
  return (
    <Notice
      tone="wrong"
      title={t("home.fork", { what: fork.organizationName ?? t("home.forkVault") })}
      actions={
        <Button busy={save.busy} onClick={() => void save.run()} testId="home-save-proof">
          {t("home.forkSave")}
        </Button>
      }
    >
      <p>{t("home.forkLead")}</p>
      <Facts
        facts={[
          [t("home.forkOurs"), head(fork.oursSeq, fork.ours)],
          [t("home.forkTheirs"), head(fork.theirsSeq, fork.theirs)],
        ]}
      />
      <ErrorNotice error={save.error} />
    </Notice>
  );
}
