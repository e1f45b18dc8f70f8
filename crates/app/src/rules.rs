//! The rules by which an organization's accounts are rotated: how often, in which hours not, what a view asks for, how
//! passwords are made. Checks what a person wants, and turns what is stored into what decides.

use crate::App;
use crate::api::*;
use crate::error::{Error, Result};
use crate::journal::Change;
use crate::records::{Laps, parse_organization};
use crate::rotate::{self, LocalTime};
use crate::session::Session;
use jiff::tz::TimeZone;
use vitrine_rotation::{Blackout, BlackoutError, Interval, Window, due_outside};
use vitrine_vault::items::{self, LapsSettings};
use vitrine_vault::password::PasswordPolicy;

const HOUR_S: u64 = 3600;
/// Bytes of the longest name of a time zone that is stored.
const LONGEST_ZONE: usize = 64;

pub(crate) async fn set(app: &App, request: SetScheduleRequest) -> Result<ScheduleSetView> {
    // Nothing is begun where it could not be stored anywhere.
    let wanted = checked(request.schedule)?;
    let session = app.session().await?;
    let alone = request.organizations.len() == 1;
    let mut view = ScheduleSetView { changed: 0, failed: Vec::new() };
    for organization in request.organizations {
        match change(app, &session, &organization, &wanted).await {
            Ok(()) => view.changed += 1,
            Err(error) if alone => return Err(error),
            Err(error) => view.failed.push(ScheduleFailure { organization, error: error.into_view() }),
        }
    }
    // What rests until the end of a blackout may be free now.
    rotate::end_rests(app);
    app.tell(Event::OrganizationsChanged);
    Ok(view)
}

async fn change(app: &App, session: &Session, organization: &str, wanted: &ScheduleChange) -> Result<()> {
    let id = parse_organization(organization)?;
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(&id).await?;
    let before = opened.row.laps.clone().ok_or_else(|| {
        Error::usage("laps.off", "LAPS is not enabled for this organization.", "Enable it first.")
            .holds("Its schedule is unchanged.")
    })?;
    let after = before.with(wanted);
    if after == before {
        return Ok(());
    }
    let (name, what) = (opened.row.name.clone(), after.instead_of(&before));
    opened.row.laps = Some(after);
    change.put_profile(&mut opened).await?;
    change.note(Action::ScheduleChanged, Some((&id, &name)), None, Some(what)).await?;
    change.save(opened).await?;
    change.commit().await
}

/// Refuses a change that leaves no schedule, and says what can be used.
fn checked(mut wanted: ScheduleChange) -> Result<ScheduleChange> {
    if let Some(hours) = wanted.interval_hours {
        check_interval(hours)?;
    }
    if let Some(windows) = &wanted.blackout {
        blackout(windows).map_err(refused)?;
    }
    if let Some(name) = wanted.zone.as_mut().filter(|name| !name.is_empty()) {
        let known = TimeZone::get(name.trim()).ok();
        let known = known.as_ref().and_then(|zone| zone.iana_name()).filter(|name| name.len() <= LONGEST_ZONE);
        // As the database writes it, whatever case it was typed in.
        *name = known.map(str::to_owned).ok_or_else(|| {
            Error::usage(
                "rotation.zone",
                format!("There is no time zone {name:?}."),
                "Name one like Europe/Zurich or America/New_York, or none for this machine's own.",
            )
        })?;
    }
    if let Some(length) = wanted.password_length {
        PasswordPolicy::new(length, false).map_err(|error| {
            Error::usage(
                error.code(),
                format!("Passwords of {length} characters cannot be made."),
                format!("Use {} to {} characters; 32 is usual.", PasswordPolicy::SHORTEST, items::MAX_PASSWORD),
            )
        })?;
    }
    Ok(wanted)
}

/// Refuses an interval out of bounds.
pub(crate) fn check_interval(hours: u32) -> Result<()> {
    Interval::from_seconds(u64::from(hours) * HOUR_S).map(drop).map_err(|error| {
        let most = Interval::LONGEST.as_seconds() / HOUR_S;
        Error::usage(
            error.code(),
            format!("An interval of {hours} hours cannot be used."),
            format!("Use 1 to {most} hours; 24 is usual."),
        )
    })
}

fn blackout(windows: &[BlackoutWindow]) -> Result<Blackout, BlackoutError> {
    let windows = windows.iter().map(|window| Window::new(window.days, window.from, window.to));
    Blackout::new(windows.collect::<Result<_, _>>()?)
}

fn refused(error: BlackoutError) -> Error {
    let (what, next) = match &error {
        BlackoutError::Days => ("A window names no day of the week.".to_owned(), "Name days from Monday to Sunday."),
        BlackoutError::Minutes => {
            ("A window has no length, or a time that no day has.".to_owned(), "Use times from 00:00 to 24:00.")
        }
        BlackoutError::TooMany { given } => {
            (format!("{given} windows are more than anybody oversees."), "Use at most 16.")
        }
        BlackoutError::CoversTheDay { minutes } => (
            format!("These windows last {} h {} min without a break.", minutes / 60, minutes % 60),
            "Leave at least two hours of every day free, so that passwords can be rotated then.",
        ),
    };
    Error::usage(error.code(), what, next)
}

impl From<AfterView> for vitrine_rotation::AfterView {
    fn from(after_view: AfterView) -> Self {
        match after_view {
            AfterView::Keep => Self::Keep,
            AfterView::InOneHour => Self::InOneHour,
            AfterView::Now => Self::Now,
        }
    }
}

impl Laps {
    /// Those of an organization that said nothing else.
    pub(crate) fn new(interval_hours: u32, enabled_at: u64) -> Self {
        let policy = PasswordPolicy::default();
        Self {
            interval_hours,
            enabled_at,
            after_view: AfterView::Keep,
            blackout: Vec::new(),
            zone: None,
            password_length: policy.length(),
            look_alikes: policy.look_alikes(),
        }
    }

    fn with(&self, wanted: &ScheduleChange) -> Self {
        let zone = wanted.zone.clone().map(|zone| Some(zone).filter(|zone| !zone.is_empty()));
        Self {
            interval_hours: wanted.interval_hours.unwrap_or(self.interval_hours),
            enabled_at: self.enabled_at,
            after_view: wanted.after_view.unwrap_or(self.after_view),
            blackout: wanted.blackout.clone().unwrap_or_else(|| self.blackout.clone()),
            zone: zone.unwrap_or_else(|| self.zone.clone()),
            password_length: wanted.password_length.unwrap_or(self.password_length),
            look_alikes: wanted.look_alikes.unwrap_or(self.look_alikes),
        }
    }

    /// What is other than before, for whoever reads the history: a schedule that was loosened is found there.
    fn instead_of(&self, before: &Self) -> String {
        let mut parts = Vec::new();
        if self.interval_hours != before.interval_hours {
            parts.push(format!("every {} h instead of {} h", self.interval_hours, before.interval_hours));
        }
        if self.after_view != before.after_view {
            parts.push(match self.after_view {
                AfterView::Keep => "kept after a view".to_owned(),
                AfterView::InOneHour => "rotated an hour after a view".to_owned(),
                AfterView::Now => "rotated right after a view".to_owned(),
            });
        }
        if (&self.blackout, &self.zone) != (&before.blackout, &before.zone) {
            parts.push(if self.blackout.is_empty() { "no blackout" } else { "another blackout" }.to_owned());
        }
        if (self.password_length, self.look_alikes) != (before.password_length, before.look_alikes) {
            let alike = if self.look_alikes { "with" } else { "without" };
            parts.push(format!("passwords of {} characters, {alike} look-alikes", self.password_length));
        }
        parts.join("; ")
    }

    /// As they are stored with the organization.
    pub(crate) fn settings(&self, account_names: Vec<String>) -> LapsSettings {
        let window =
            |window: &BlackoutWindow| items::BlackoutWindow { days: window.days, from: window.from, to: window.to };
        LapsSettings {
            interval_s: u64::from(self.interval_hours) * HOUR_S,
            account_names,
            policy: self.policy(),
            after_view: match self.after_view {
                AfterView::Keep => items::AfterView::Keep,
                AfterView::InOneHour => items::AfterView::InOneHour,
                AfterView::Now => items::AfterView::Now,
            },
            windows: self.blackout.iter().map(window).collect(),
            zone: self.zone.clone(),
        }
    }

    /// From what is stored.
    pub(crate) fn from_settings(settings: LapsSettings, enabled_at: u64) -> Self {
        let window =
            |window: items::BlackoutWindow| BlackoutWindow { days: window.days, from: window.from, to: window.to };
        Self {
            interval_hours: u32::try_from(settings.interval_s / HOUR_S).unwrap_or(24),
            enabled_at,
            after_view: match settings.after_view {
                items::AfterView::Keep => AfterView::Keep,
                items::AfterView::InOneHour => AfterView::InOneHour,
                items::AfterView::Now => AfterView::Now,
            },
            blackout: settings.windows.into_iter().map(window).collect(),
            zone: settings.zone,
            password_length: settings.policy.length(),
            look_alikes: settings.policy.look_alikes(),
        }
    }

    pub(crate) fn view(&self) -> LapsView {
        LapsView {
            interval_hours: self.interval_hours,
            enabled_at: Time(self.enabled_at),
            after_view: self.after_view,
            blackout: self.blackout.clone(),
            zone: self.zone.clone(),
            password_length: self.password_length,
            look_alikes: self.look_alikes,
        }
    }

    /// When the next rotation is due by the interval.
    pub(crate) fn due_at(&self, rotated_at: u64, seed: u64) -> u64 {
        // An interval out of bounds cannot be stored; a day is what a person would expect.
        let interval = Interval::from_seconds(u64::from(self.interval_hours) * HOUR_S).unwrap_or(Interval::DEFAULT);
        due_outside(rotated_at, interval, seed, &self.hours(), &self.local())
    }

    /// The first moment from this one on in which something may be rotated by itself.
    pub(crate) fn free_at(&self, at: u64) -> u64 {
        self.hours().free_at(at, &self.local())
    }

    fn hours(&self) -> Blackout {
        // Windows that leave no time cannot be stored here; stored elsewhere, they must not end rotation.
        blackout(&self.blackout).unwrap_or_default()
    }

    fn local(&self) -> LocalTime {
        LocalTime::named(self.zone.as_deref())
    }

    /// How passwords are made. A length out of bounds cannot be stored.
    pub(crate) fn policy(&self) -> PasswordPolicy {
        PasswordPolicy::new(self.password_length, self.look_alikes).unwrap_or_default()
    }
}
