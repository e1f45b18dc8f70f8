//! Windows of a blackout as people write them: `mon-fri 08:00-18:00`, `sat,sun 00:00-24:00`, `daily 22:00-06:00`.

use std::str::FromStr;

use vitrine_app::api::BlackoutWindow;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAILY: &str = "daily";

/// A window that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Typed(pub(crate) BlackoutWindow);

impl FromStr for Typed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let strange = || format!("{text:?} is no window: write it like \"mon-fri 08:00-18:00\"");
        let (days, hours) = text.trim().split_once(char::is_whitespace).ok_or_else(strange)?;
        let (from, to) = hours.trim().split_once('-').ok_or_else(strange)?;
        let window = (|| Some(BlackoutWindow { days: self::days(days)?, from: minute(from)?, to: minute(to)? }))();
        window.map(Self).ok_or_else(strange)
    }
}

/// Bits of the days, Monday first.
fn days(text: &str) -> Option<u8> {
    if text.eq_ignore_ascii_case(DAILY) {
        return Some(0b111_1111);
    }
    text.split(',').try_fold(0, |bits, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        // From Friday to Monday goes over the week's end.
        let length = (last + 7 - first) % 7;
        Some((0..=length).fold(bits, |bits, step| bits | 1 << ((first + step) % 7)))
    })
}

fn day(text: &str) -> Option<usize> {
    DAYS.iter().position(|day| text.eq_ignore_ascii_case(day))
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok())?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 24 && minutes < 60).then(|| hours * 60 + minutes).filter(|minute| *minute <= 1440)
}

/// A window in words.
pub(crate) fn in_words(window: BlackoutWindow) -> String {
    let BlackoutWindow { days, from, to } = window;
    let named = |day: usize| days & (1 << day) != 0;
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for day in (0..7).filter(|day| named(*day)) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => runs.push((day, day)),
        }
    }
    let days = match runs.as_slice() {
        [(0, 6)] => DAILY.to_owned(),
        runs => {
            let run = |&(first, last): &(usize, usize)| {
                if first == last { DAYS[first].to_owned() } else { format!("{}-{}", DAYS[first], DAYS[last]) }
            };
            runs.iter().map(run).collect::<Vec<_>>().join(",")
        }
    };
    format!("{days} {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_read_as_it_is_written() {
        for (text, days, from, to) in [
            ("mon-fri 08:00-18:00", 0b001_1111, 480, 1080),
            ("daily 22:00-06:00", 0b111_1111, 1320, 360),
            ("sat,sun 00:00-24:00", 0b110_0000, 0, 1440),
            ("fri-mon 0:05-1:00", 0b111_0001, 5, 60),
            ("TUE 08:00 - 09:00", 0b000_0010, 480, 540),
        ] {
            assert_eq!(Typed::from_str(text), Ok(Typed(BlackoutWindow { days, from, to })), "{text}");
        }
        for text in [
            "",
            "mon",
            "08:00-18:00",
            "mon 8-18",
            "mon 08:00-25:00",
            "day 08:00-09:00",
            "mon 24:01-01:00",
            "mon +8:00-09:00",
        ] {
            assert!(Typed::from_str(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for window in ["mon-fri 08:00-18:00", "daily 22:00-06:00", "mon,wed,fri-sun 00:00-24:00"] {
            assert_eq!(Typed::from_str(window).map(|typed| in_words(typed.0)).as_deref(), Ok(window));
        }
    }
}
