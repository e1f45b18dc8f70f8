// How the accounts of one organization are rotated: how often, in which hours not, after a view, how passwords are made.

import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { Button, Check, Choice, IconButton, NumberField, Row, Small, TextField, TimeField, toast } from "../../components";
import { type BlackoutWindow, type LapsView, useAction, useHost } from "../../host";
import { ErrorNotice, IntervalField, useMay } from "../../parts";
import { useWords, weekday } from "../../words";
import css from "./Schedule.module.css";

const week = [0, 1, 2, 3, 4, 5, 6] as const;
const workdays: BlackoutWindow = { days: 0b0011111, from: 8 * 60, to: 18 * 60 };
const after = ["keep", "inOneHour", "now"] as const;

/** What a person changed: the rest may have been changed elsewhere since this form opened, and stays so. */
function differing<Fields extends object>(before: Fields, after: Fields): Partial<Fields> {
  const was = new Map(Object.entries(before));
  const differs = ([name, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(was.get(name));
  return Object.fromEntries(Object.entries(after).filter(differs)) as Partial<Fields>;
}

export function Schedule({ organization, laps, actions }: { organization: string; laps: LapsView; actions: ReactNode }) {
  const t = useWords();
  const host = useHost();
  const [hours, setHours] = useState(laps.intervalHours);
  const [afterView, setAfterView] = useState(laps.afterView);
  const [blackout, setBlackout] = useState(laps.blackout);
  const [zone, setZone] = useState(laps.zone ?? "");
  const [length, setLength] = useState(laps.passwordLength);
  const [alike, setAlike] = useState(laps.lookAlikes);
  const filled = {
    intervalHours: hours,
    afterView,
    blackout,
    zone: zone.trim(),
    passwordLength: length,
    lookAlikes: alike,
  };
  const [saved, setSaved] = useState(filled);
  const why = useMay().denied("putOrganization");
  const save = useAction(async () => {
    await host.setSchedule({ organizations: [organization], schedule: differing(saved, filled) });
    setSaved(filled);
    toast(t("common.saved"), t("common.close"));
  });
  const change = (at: number, window: BlackoutWindow) =>
    setBlackout(blackout.map((old, place) => (place === at ? window : old)));
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (why === null) void save.run();
      }}
    >
      <IntervalField value={hours} onChange={setHours} testId="schedule-interval" />
      <Choice
        label={t("schedule.afterView")}
        hint={t(`schedule.afterViewHint.${afterView}`)}
        value={afterView}
        onChange={setAfterView}
        options={after.map((value) => ({ value, label: t(`schedule.afterViews.${value}`) }))}
      />
      <fieldset className={css.blackout}>
        <legend>{t("schedule.blackout")}</legend>
        <Small>{t("schedule.blackoutHint")}</Small>
        {blackout.map((window, at) => (
          <Window
            key={at}
            number={at + 1}
            window={window}
            onChange={(next) => change(at, next)}
            onRemove={() => setBlackout(blackout.filter((_, place) => place !== at))}
          />
        ))}
        <Row>
          <Button
            small
            icon={<IconPlus size={16} />}
            onClick={() => setBlackout([...blackout, workdays])}
            testId="schedule-add-window"
          >
            {t("schedule.addWindow")}
          </Button>
        </Row>
        {blackout.length === 0 ? null : (
          <TextField
            label={t("schedule.zone")}
            hint={t("schedule.zoneHint")}
            placeholder={Intl.DateTimeFormat().resolvedOptions().timeZone}
            value={zone}
            onChange={setZone}
            maxLength={64}
            testId="schedule-zone"
          />
        )}
      </fieldset>
      <NumberField
        label={t("schedule.length")}
        hint={t("settings.range", { min: 16, max: 128, unit: t("schedule.characters") })}
        unit={t("schedule.characters")}
        value={length}
        onChange={setLength}
        min={16}
        max={128}
      />
      <Check label={t("schedule.lookAlikes")} checked={alike} onChange={setAlike} />
      <ErrorNotice error={save.error} />
      <Row>
        <Button submit busy={save.busy} reason={why} testId="schedule-save">
          {t("schedule.save")}
        </Button>
        {actions}
      </Row>
    </form>
  );
}

function Window({
  number,
  window,
  onChange,
  onRemove,
}: {
  number: number;
  window: BlackoutWindow;
  onChange: (window: BlackoutWindow) => void;
  onRemove: () => void;
}) {
  const t = useWords();
  return (
    <div className={css.window} role="group" aria-label={t("schedule.window", { number })}>
      <div className={css.days}>
        {week.map((day) => (
          <Check
            key={day}
            label={weekday(day)}
            checked={(window.days & (1 << day)) !== 0}
            onChange={() => onChange({ ...window, days: window.days ^ (1 << day) })}
          />
        ))}
      </div>
      <TimeField label={t("schedule.from")} minute={window.from} onChange={(from) => onChange({ ...window, from })} />
      <TimeField
        label={t("schedule.to")}
        // The end of the day and the beginning of the next are one moment on a clock.
        minute={window.to % (24 * 60)}
        onChange={(to) => onChange({ ...window, to: to === 0 ? 24 * 60 : to })}
      />
      <IconButton label={t("schedule.removeWindow", { number })} onClick={onRemove}>
        <IconTrash size={16} />
      </IconButton>
    </div>
  );
}
