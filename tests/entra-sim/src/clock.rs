//! Text forms of simulated time. Time itself is real time plus an offset kept by the `World`.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// Unix milliseconds of the machine's clock.
pub(crate) fn real_now_ms() -> i64 {
    millis(OffsetDateTime::now_utc())
}

fn at(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// Graph's form, whole seconds: `2026-01-01T02:02:12Z`.
pub(crate) fn graph_time(ms: i64) -> String {
    at(ms).format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")).unwrap_or_default()
}

/// The token endpoint's form: `2026-01-01 02:02:12Z`.
pub(crate) fn login_time(ms: i64) -> String {
    at(ms).format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z")).unwrap_or_default()
}

/// RFC 9110 form for the `Date` header.
pub(crate) fn http_date(ms: i64) -> String {
    at(ms)
        .format(format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        ))
        .unwrap_or_default()
}

/// Reads an RFC 3339 time; `None` if it is not one.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_to_the_second() {
        assert_eq!(parse_time(&graph_time(1_767_225_732_000)), Some(1_767_225_732_000));
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
