// Quick access: a few letters, then one key. Nothing secret is shown here; Rust finds, orders, copies and records.

import { IconBuilding, IconExternalLink, IconKey, IconLock, IconSearch, IconWindow } from "@tabler/icons-react";
import { type KeyboardEvent as Pressed, type ReactNode, useEffect, useRef, useState } from "react";
import { Bones, Key, TextField } from "../../components";
import {
  asErrorView,
  type QuickAccount,
  type QuickRow,
  useAction,
  useHost,
  useRead,
  type WhichValue,
} from "../../host";
import { AccountMark, AsOf, ErrorNotice, Name, StateMark, useNow } from "../../parts";
import { duration, relative, useWords, type Words } from "../../words";
import css from "./QuickWindow.module.css";

/** What a key does with the row that is chosen. */
type Act = "password" | "userName" | "code" | "open";

type Line = {
  key: string;
  /** The row of an account or organization, or none for a command. */
  row: QuickRow | null;
  words: ReactNode;
  run: (act: Act) => void;
};

/** What was done, or why it was not; a person reads it and a screen reader says it. */
type Said = { words: string; waits?: boolean; until?: number | null };

/** Which keys are held with Enter for what. */
const acts: readonly { act: Act; held: string; shortcut: string }[] = [
  { act: "password", held: "", shortcut: "Enter" },
  { act: "userName", held: "shift", shortcut: "Shift+Enter" },
  { act: "code", held: "control", shortcut: "Control+Enter" },
  { act: "open", held: "alt", shortcut: "Alt+Enter" },
];

const wordOf = (which: WhichValue) => (typeof which === "string" ? which : which.older ? "older" : "givenUp");

export function QuickAccess() {
  const t = useWords();
  const host = useHost();
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  // Given for one organization; another one asks again, so that no view is recorded under a reason that is not its own.
  const [reason, setReason] = useState({ organization: "", text: "" });
  const [said, setSaid] = useState<Said | null>(null);
  const [waiting, setWaiting] = useState<Act | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const why = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const found = useRead("quickAccess", { filter: query.trim() }, { keep: true });

  const copy = useAction(async (row: QuickRow, account: QuickAccount, act: Exclude<Act, "open">) => {
    const { clearsAt } = await host.copy({
      organization: row.organization,
      account: account.id,
      what:
        act === "password"
          ? { kind: "password", which: account.which }
          : { kind: act === "code" ? "oneTimeCode" : "userName" },
      reason: reason.text.trim(),
    });
    const left = clearsAt === null ? "" : duration(t, clearsAt - Date.now());
    const user = account.userName;
    const words =
      act === "userName"
        ? t("quick.copied.userName", { user })
        : act === "code"
          ? t("quick.copied.code", { user, duration: left })
          : account.order === null
            ? t("quick.copied.password", { user, duration: left })
            : t("quick.copied.one", { user, duration: left, which: t(`reveal.whichTitle.${wordOf(account.which)}`) });
    setSaid({ words, until: clearsAt });
  });
  const lead = useAction(async (organization: string | null) => {
    await host.openMain({ organization });
    await host.closeWindow();
  });
  const portal = useAction(async () => {
    await host.openPortal({});
    setSaid({ words: t("quick.portalOpened") });
  });
  const lock = useAction(() => host.lock({}));
  const doings = [copy, lead, portal, lock];
  const busy = doings.some((each) => each.busy);
  const error = doings.find((each) => each.error !== null)?.error ?? null;

  const onRow = (row: QuickRow) => (act: Act) => {
    const { account, organizationName: name } = row;
    if (act === "open") void lead.run(row.organization);
    else if (account === null) setSaid({ words: t("quick.noAccount", { name }), waits: true });
    else if (act === "code" && !account.hasSecondFactor)
      setSaid({ words: t("quick.noCode", { user: account.userName }), waits: true });
    else if (act !== "userName" && found.data?.reasonRequired && reason.text.trim() === "") {
      setSaid({ words: t(act === "code" ? "quick.reasonForCode" : "quick.reasonForPassword"), waits: true });
      why.current?.focus();
    } else void copy.run(row, account, act);
  };

  const typed = query.trim().toLowerCase();
  const commands = [
    { id: "main", label: t("quick.openMain"), Icon: IconWindow, run: () => void lead.run(null) },
    { id: "portal", label: t("quick.openPortal"), Icon: IconExternalLink, run: () => void portal.run() },
    { id: "lock", label: t("palette.lock"), Icon: IconLock, run: () => void lock.run() },
  ].filter(({ label }) => label.toLowerCase().includes(typed));
  const rows = found.data?.rows ?? [];
  const lines: Line[] = [
    ...rows.map((row) => ({
      key: [row.organization, row.account?.id, row.account && wordOf(row.account.which)].join("/"),
      row,
      words: <RowWords row={row} />,
      run: onRow(row),
    })),
    ...commands.map(({ id, label, Icon, run }) => ({
      key: id,
      row: null,
      words: (
        <>
          <Icon size={16} stroke={1.75} aria-hidden className={css.icon} />
          <span className={css.name}>{label}</span>
        </>
      ),
      run: (act: Act) => {
        if (act === "password") run();
      },
    })),
  ];
  // By what it is and not by its place: rows that move while a person looks must not move under the key.
  const at = Math.max(
    0,
    lines.findIndex(({ key }) => key === chosen),
  );
  const line = lines[at];
  const row = line?.row ?? null;
  const fresh = found.data !== undefined && !found.isPlaceholderData;
  if (fresh && chosen === null && line !== undefined) setChosen(line.key);
  const organization = row?.organization ?? "";
  if (organization !== "" && reason.organization !== organization) setReason({ organization, text: "" });

  const act = (wanted: Act) => {
    if (busy) return;
    for (const each of doings) each.clear();
    setSaid(null);
    // What is on the screen answers an older question: its first row may be another customer.
    if (fresh) line?.run(wanted);
    else setWaiting(wanted);
  };
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (waiting === null || (!fresh && !found.error)) return;
    setWaiting(null);
    if (fresh) latest.current(waiting);
  }, [waiting, fresh, found.error]);

  useEffect(() => {
    if (said?.until === undefined || said.until === null) return;
    const timer = setTimeout(() => setSaid(null), Math.max(0, said.until - Date.now()));
    return () => clearTimeout(timer);
  }, [said]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
    // What is said below takes its room from the list.
  }, [at, lines.length, said, error]);

  const pressed = (event: Pressed) => {
    if (event.nativeEvent.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && lines.length > 0) {
      event.preventDefault();
      setChosen(lines[(at + step + lines.length) % lines.length]?.key ?? null);
      setSaid(null);
    } else if (event.key === "Enter") {
      event.preventDefault();
      // The key that unlocked, still held, copies nothing.
      if (event.repeat) return;
      const control = event.ctrlKey || event.metaKey;
      const held = [control && "control", event.shiftKey && "shift", event.altKey && "alt"].filter(Boolean).join();
      const wanted = acts.find((each) => each.held === held);
      if (wanted) act(wanted.act);
    }
  };

  const shown = new Set(rows.map((row) => row.organization)).size;
  const more = (found.data?.matching ?? 0) - shown;
  return (
    <main className={css.window} data-testid="quick-access">
      <h1 className={css.title}>{t("quick.title")}</h1>
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions -- hears the keys of the two fields in it */}
      <div className={css.fields} onKeyDown={pressed}>
        <div className={css.search}>
          <IconSearch size={18} stroke={1.75} aria-hidden className={css.icon} />
          <input
            ref={search}
            type="text"
            role="combobox"
            aria-label={t("quick.search")}
            aria-expanded={lines.length > 0}
            aria-controls="quick-list"
            aria-autocomplete="list"
            aria-activedescendant={line === undefined ? undefined : `quick-${at}`}
            placeholder={t("quick.search")}
            value={query}
            onChange={(event) => {
              setQuery(event.currentTarget.value);
              setChosen(null);
              setWaiting(null);
              setSaid(null);
            }}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
            data-testid="quick-search"
          />
          <AsOf />
        </div>
        {found.data?.reasonRequired ? (
          <TextField
            ref={why}
            label={t("reveal.reason")}
            value={reason.text}
            onChange={(text) => setReason({ organization, text })}
            maxLength={200}
            testId="quick-reason"
          />
        ) : null}
      </div>
      <div ref={list} className={css.list}>
        {found.error ? (
          <ErrorNotice error={asErrorView(found.error)} onRetry={() => void found.refetch()} />
        ) : found.data === undefined ? (
          <Bones rows={5} label={t("common.loading")} />
        ) : rows.length === 0 ? (
          <p className={css.none} role="status" data-testid="quick-none">
            {found.data.total === 0 ? t("quick.empty") : t("quick.noMatch", { query: query.trim() })}
          </p>
        ) : null}
        <div id="quick-list" role="listbox" aria-label={t("quick.results")}>
          {lines.map(({ key, row: each, words }, index) => (
            /* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus --
               the field holds the focus and hears the keys */
            <div
              key={key}
              id={`quick-${index}`}
              role="option"
              aria-selected={index === at}
              className={css.line}
              data-command={each === null || undefined}
              data-testid={each === null ? `quick-${key}` : "quick-row"}
              data-name={each?.organizationName}
              data-user={each?.account?.userName}
              onClick={() => {
                setChosen(key);
                setSaid(null);
                if (each === null) lines[index]?.run("password");
                else search.current?.focus();
              }}
            >
              {words}
            </div>
          ))}
        </div>
        {more > 0 ? <p className={css.more}>{t("quick.more", { count: more })}</p> : null}
      </div>
      {error === null ? null : (
        <div className={css.error}>
          <ErrorNotice error={error} />
        </div>
      )}
      <p className={css.said} role="status" data-waits={said?.waits} data-testid="quick-said">
        {said?.words}
      </p>
      <div className={css.acts} role="group" aria-label={t("quick.acts.label")}>
        {acts.map((each) => (
          <button
            key={each.act}
            type="button"
            className={css.act}
            aria-keyshortcuts={each.shortcut}
            aria-disabled={line === undefined || (row === null && each.act !== "password")}
            onClick={() => act(each.act)}
            data-testid={`quick-${each.act}`}
          >
            {t(line?.row === null && each.act === "password" ? "quick.acts.run" : `quick.acts.${each.act}`)}
            <Key>{t(`quick.keys.${each.act}`)}</Key>
          </button>
        ))}
        <button type="button" className={css.act} aria-keyshortcuts="Escape" onClick={() => void host.closeWindow()}>
          {t("common.close")}
          <Key>{t("quick.keys.close")}</Key>
        </button>
      </div>
    </main>
  );
}

function RowWords({ row }: { row: QuickRow }) {
  const t = useWords();
  const now = useNow();
  const { account } = row;
  const Icon = account === null ? IconBuilding : IconKey;
  return (
    <>
      <Icon size={16} stroke={1.75} aria-hidden className={css.icon} />
      <span className={css.words}>
        <span className={css.name}>
          <Name>{row.organizationName}</Name>
        </span>
        <span className={css.user}>
          <Name>{account?.userName ?? row.domain}</Name>
        </span>
      </span>
      <span className={css.facts}>
        {account === null ? <StateMark state={row.state} /> : <AccountMark state={account.state} />}
        <span className={css.age}>{account === null ? t("quick.none") : age(t, account, now)}</span>
      </span>
    </>
  );
}

/** How old what would be copied is, and what is known of it. */
function age(t: Words, account: QuickAccount, now: number): string {
  const when = account.since === null ? t("common.never") : relative(t, account.since, now);
  if (account.order !== null)
    return t("quick.age.order", { order: account.order, which: t(`reveal.which.${wordOf(account.which)}`), when });
  if (account.verifiedAt !== null) return t("quick.age.verified", { when: relative(t, account.verifiedAt, now) });
  return t("quick.age.set", { when });
}
