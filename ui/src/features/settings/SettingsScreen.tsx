// Settings of this device. Each is saved at once and read back; what an admin fixed is shown as fixed.

import type { ReactNode } from "react";
import { useEffect, useRef, useState } from "react";
import {
  Bones,
  Button,
  Chip,
  Choice,
  Facts,
  goToPlace,
  Mono,
  Notice,
  NumberField,
  Page,
  PageIndex,
  Row,
  Section,
  Stack,
  Toggle,
  toast,
} from "../../components";
import { asErrorView, type Settings, type ShortcutState, useAction, useHost, useRead } from "../../host";
import { type Act, ErrorNotice, NewPassphrase, Passphrase, useMay, useNewPassphrase, When } from "../../parts";
import { useWords } from "../../words";
import type { SettingsSection } from "./sections";
import css from "./SettingsScreen.module.css";
import { HomeSection } from "./Home";
import { PapersSection } from "./Papers";
import { WebhookSection } from "./Webhook";

type Numbers = "lockAfterMinutes" | "revealSeconds" | "clipboardSeconds";
type Switches =
  | "lockWithSession"
  | "lockOnSuspend"
  | "closeToTray"
  | "lockOnClose"
  | "askReason"
  | "rotateWhenDue"
  | "remindWhenDue"
  | "quickShortcut";

/** As they stand on the page. */
const parts = [
  "lock",
  "viewing",
  "rotation",
  "quick",
  "appearance",
  "webhook",
  "devices",
  "passphrase",
  "papers",
  "backup",
  "home",
  "cloud",
  "about",
] as const;

/** A rule of the firm, which its switch here changes for everybody. */
const firms: Partial<Record<Switches, Act>> = { askReason: "policy" };

export function SettingsScreen({
  backup,
  kit,
  sheet,
  client,
  devices,
  section,
  onArrived,
}: {
  /** Setting the backup folder. */
  backup: ReactNode;
  /** Saving the recovery kit. */
  kit: ReactNode;
  /** Saving the safe sheet. */
  sheet: ReactNode;
  /** Registering and entering the client id. */
  client: ReactNode;
  /** The devices of whoever looks. */
  devices: ReactNode;
  /** Where a person wants to go. */
  section: SettingsSection | undefined;
  onArrived: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const view = useRead("settings", {});
  const status = useRead("status", {});
  const { denied } = useMay();
  const [open, setOpen] = useState<"backup" | "client" | null>(null);
  const [asked, setAsked] = useState<SettingsSection | undefined>(undefined);
  const save = useAction(async (settings: Settings) => {
    await host.setSettings({ settings });
    await view.refetch();
  });
  const ready = view.data !== undefined && status.data !== undefined;
  const arrived = useRef(onArrived);
  arrived.current = onArrived;
  useEffect(() => {
    if (!ready || section === undefined) return;
    if (section === "backup" || section === "client") setOpen(section);
    setAsked(section);
    goToPlace(section === "kit" || section === "sheet" ? "papers" : section === "client" ? "cloud" : section);
    arrived.current();
  }, [ready, section]);
  const backUp = useAction(async () => {
    await host.backupNow({});
    toast(t("settings.backupDone"), t("common.close"));
  });
  if (view.error)
    return (
      <Page narrow title={<h1>{t("settings.title")}</h1>}>
        <ErrorNotice error={asErrorView(view.error)} />
      </Page>
    );
  if (view.data === undefined || status.data === undefined)
    return (
      <Page narrow title={<h1>{t("settings.title")}</h1>}>
        <Bones rows={10} label={t("common.loading")} />
      </Page>
    );

  const settings = view.data.settings;
  const fixed = (name: keyof Settings) => view.data.fixed.includes(name);
  const put = (change: Partial<Settings>) => void save.run({ ...settings, ...change });
  const mark = (name: keyof Settings) => (fixed(name) ? <Chip>{t("settings.fixed")}</Chip> : undefined);
  const number = (name: Numbers, min: number, max: number, unit: string) => (
    <NumberSetting
      key={name}
      label={t(name === "lockAfterMinutes" ? "settings.lockAfter" : `settings.${name}`)}
      unit={unit}
      min={min}
      max={max}
      value={settings[name]}
      fixed={fixed(name)}
      note={mark(name)}
      onSave={(value) => put({ [name]: value })}
    />
  );
  const flip = (name: Switches) => {
    const act = firms[name];
    const why = act === undefined ? null : denied(act);
    return (
      <Toggle
        key={name}
        label={t(`settings.${name}`)}
        hint={mark(name) ?? why}
        checked={settings[name]}
        disabled={fixed(name) || why !== null}
        onChange={(on) => put({ [name]: on })}
        testId={`setting-${name}`}
      />
    );
  };
  const toggleOpen = (which: typeof open) => setOpen(open === which ? null : which);
  const { backup: backupNow, cloud } = status.data;
  return (
    <Page
      narrow
      title={<h1>{t("settings.title")}</h1>}
      lead={t("settings.lead")}
      index={<PageIndex label={t("settings.index")} parts={parts.map((part) => [part, t(`settings.${part}`)])} />}
    >
      <ErrorNotice error={save.error} />
      <Section place="lock" title={t("settings.lock")} lead={t("settings.lockLead")}>
        <Stack gap={16}>
          {number("lockAfterMinutes", 1, 720, t("settings.minutes"))}
          {flip("lockWithSession")}
          {flip("lockOnSuspend")}
          {flip("closeToTray")}
          {flip("lockOnClose")}
        </Stack>
      </Section>
      <Section place="viewing" title={t("settings.viewing")}>
        <Stack gap={16}>
          {flip("askReason")}
          {number("revealSeconds", 10, 300, t("settings.seconds"))}
          {number("clipboardSeconds", 5, 300, t("settings.seconds"))}
        </Stack>
      </Section>
      <Section place="rotation" title={t("settings.rotation")}>
        <Stack gap={16}>
          {flip("rotateWhenDue")}
          {flip("remindWhenDue")}
        </Stack>
      </Section>
      <Section place="quick" title={t("settings.quick")} lead={t("settings.quickLead")}>
        <Stack gap={16}>
          {flip("quickShortcut")}
          <QuickElsewhere shortcut={view.data.shortcut} />
        </Stack>
      </Section>
      <Section place="appearance" title={t("settings.appearance")}>
        <Stack gap={16}>
          <Choice
            label={t("settings.theme")}
            hint={mark("theme")}
            value={settings.theme}
            disabled={fixed("theme")}
            options={(["system", "light", "dark", "contrast"] as const).map((value) => ({
              value,
              label: t(`settings.themes.${value}`),
            }))}
            onChange={(theme) => put({ theme })}
          />
          <Choice
            label={t("settings.density")}
            hint={mark("density")}
            value={settings.density}
            disabled={fixed("density")}
            options={(["compact", "comfortable"] as const).map((value) => ({
              value,
              label: t(`settings.densities.${value}`),
            }))}
            onChange={(density) => put({ density })}
          />
        </Stack>
      </Section>
      <WebhookSection />
      {devices}
      <ChangePassphrase />
      <PapersSection kit={kit} sheet={sheet} asked={asked} />
      <Section place="backup" title={t("settings.backup")} lead={t("settings.backupLead")}>
        <Stack gap={16}>
          {backupNow ? (
            <>
              {backupNow.problem ? <ErrorNotice error={backupNow.problem} /> : null}
              <Facts
                facts={[
                  [t("settings.backupFolder"), backupNow.folder ?? t("common.none")],
                  ...(backupNow.file ? ([[t("settings.backupFile"), backupNow.file]] as const) : []),
                  [
                    t("settings.backupWritten"),
                    <span key="w">
                      <When at={backupNow.writtenAt} />
                      {backupNow.writtenAt === null
                        ? ""
                        : ` · ${t(backupNow.current ? "settings.backupCurrent" : "settings.backupBehind")}`}
                    </span>,
                  ],
                ]}
              />
            </>
          ) : null}
          <ErrorNotice error={backUp.error} onRetry={() => void backUp.run()} />
          <Row>
            {backupNow?.folder ? (
              <Button busy={backUp.busy} onClick={() => void backUp.run()} testId="backup-now">
                {t("settings.backupNow")}
              </Button>
            ) : null}
            <Button pressed={open === "backup"} onClick={() => toggleOpen("backup")}>
              {t("banner.backupAction")}
            </Button>
          </Row>
          {open === "backup" ? backup : null}
        </Stack>
      </Section>
      <HomeSection />
      <Section place="cloud" title={t("settings.cloud")}>
        <Stack gap={16}>
          <Facts
            facts={[
              [t("settings.cloudName"), cloudName(t, cloud.name)],
              [t("settings.loginHost"), <Mono key="l">{cloud.loginHost}</Mono>],
              [t("settings.graphHost"), <Mono key="g">{cloud.graphHost}</Mono>],
              [
                t("settings.client"),
                cloud.clientId === null ? t("settings.clientNone") : <Mono key="c">{cloud.clientId}</Mono>,
              ],
            ]}
          />
          <Row>
            <Button pressed={open === "client"} onClick={() => toggleOpen("client")}>
              {t(cloud.clientId === null ? "settings.clientHow" : "settings.clientChange")}
            </Button>
          </Row>
          {open === "client" ? client : null}
        </Stack>
      </Section>
      <Section place="about" title={t("settings.about")}>
        <Facts
          facts={[
            [t("settings.version"), status.data.version],
            [t("settings.dataFolder"), status.data.dataFolder],
            [t("settings.deviceSecret"), t(`settings.places.${status.data.deviceSecret}`)],
            [t("settings.title"), t("settings.file", { file: view.data.file })],
          ]}
        />
      </Section>
    </Page>
  );
}

/** Where the keys do not open quick access: why, and what opens it all the same. */
function QuickElsewhere({ shortcut }: { shortcut: ShortcutState }) {
  const t = useWords();
  const host = useHost();
  if (shortcut !== "wayland" && shortcut !== "taken") return null;
  const command = "vitrine-desktop --quick-access";
  return (
    <Notice tone="waits" title={t(`settings.quickKeys.${shortcut}`)} testId="quick-elsewhere">
      <p>{t("settings.quickBind")}</p>
      <Row>
        <Mono wrap>{command}</Mono>
        <Button
          small
          onClick={() => void host.copyPlain(command).then(() => toast(t("common.copied"), t("common.close")))}
        >
          {t("common.copy")}
        </Button>
      </Row>
    </Notice>
  );
}

const clouds = ["global", "usGovL4", "usGovL5", "china", "custom"] as const;
const cloudName = (t: ReturnType<typeof useWords>, name: string) => {
  const known = clouds.find((cloud) => cloud === name);
  return known === undefined ? name : t(`settings.clouds.${known}`);
};

/** Saved when the person leaves the field or presses Enter, not at every key. */
function NumberSetting({
  label,
  unit,
  min,
  max,
  value,
  fixed,
  note,
  onSave,
}: {
  label: string;
  unit: string;
  min: number;
  max: number;
  value: number;
  fixed: boolean;
  note: ReactNode;
  onSave: (value: number) => void;
}) {
  const t = useWords();
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setTyped(value);
  }
  const save = () => {
    if (typed !== value && typed >= min && typed <= max) onSave(typed);
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- hears that its field was left
    <form
      onBlur={save}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <NumberField
        label={label}
        hint={note ?? t("settings.range", { min, max, unit })}
        unit={unit}
        min={min}
        max={max}
        value={typed}
        onChange={setTyped}
        disabled={fixed}
        line
      />
    </form>
  );
}

function ChangePassphrase() {
  const t = useWords();
  const host = useHost();
  const [current, setCurrent] = useState("");
  const next = useNewPassphrase();
  const change = useAction(async () => {
    await host.changePassphrase({ current, new: next.value });
    setCurrent("");
    next.put("");
    toast(t("settings.changed"), t("common.close"));
  });
  const ready = current !== "" && next.ready;
  return (
    <Section place="passphrase" title={t("settings.passphrase")} lead={t("settings.passphraseLead")}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void change.run();
        }}
      >
        <Passphrase
          label={t("settings.current")}
          value={current}
          onChange={setCurrent}
          testId="passphrase-current"
        />
        <NewPassphrase
          label={t("settings.new")}
          repeatLabel={t("settings.repeat")}
          typed={next.typed}
          testIds={["passphrase-new", "passphrase-repeat"]}
        />
        <ErrorNotice error={change.error} />
        <Row>
          <Button submit busy={change.busy} testId="passphrase-change">
            {t("settings.change")}
          </Button>
        </Row>
      </form>
    </Section>
  );
}
