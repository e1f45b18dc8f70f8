//! Hearing that the home has something new, by its stream of events. What the stream says is believed no further than that the
//! home is asked once more; what is new is judged there as ever. So one that lies, is silent or never begins costs no more
//! than asking now and then does, which goes on beside it.

use super::backend::Backend;
use super::{POLL, numbers};
use crate::App;
use crate::failpoint::protected;
use crate::session::{Session, make};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};
use vitrine_ledger::Home;

/// A stream without a sign of life for so long is a dead one. A backend gives one every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// No stream is longer. A backend ends it sooner, so that whoever listens is asked anew who it is.
const LIFETIME: Duration = Duration::from_mins(15);
/// A stream that lasted so long was a good one: the next is opened soon.
const GOOD: Duration = Duration::from_mins(1);
/// Before the next stream, and after many that did not last.
const SOON: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_mins(2);
/// Between two wakes: what comes close together is fetched together.
const TOGETHER: Duration = Duration::from_millis(300);
/// No line of the stream is longer.
const LINE: usize = 128;

/// Listens while the session lives, as long as the home is a backend.
pub(super) fn listen(app: &App, session: &Arc<Session>) {
    if protected!("the home is listened to", false, true) {
        return;
    }
    let (this, own) = (app.clone(), session.clone());
    session.spawn(async move {
        let mut pause = SOON;
        loop {
            // Whoever opens the vault for one command is gone by then.
            if own.home.asked.subscribe().wait_for(|asked| *asked).await.is_err() {
                return;
            }
            if let Home::Device(_) = own.msp().home() {
                sleep(POLL).await;
                continue;
            }
            let begun = Instant::now();
            hear(&this, &own).await;
            pause = if begun.elapsed() >= GOOD { SOON } else { (2 * pause).min(LATE) };
            // Spread, so that those whom a backend lost do not come back all at once.
            sleep(pause.mul_f32(0.5 + f32::from(make::<1>()[0]) / 255.0)).await;
        }
    });
}

/// Hears one stream, up to its end.
async fn hear(app: &App, session: &Session) {
    let Ok(backend) = Backend::of(app, session).await else { return };
    let Ok(mut stream) = backend.events(LIFETIME).await else { return };
    let (mut lines, mut promised, mut pause) = (Lines::default(), 0, TOGETHER);
    while let Ok(Ok(Some(piece))) = timeout(SILENCE, stream.piece()).await {
        let Ok(told) = lines.read(&piece) else { return };
        let Ok(known) = numbers::highest(app).await else { return };
        let Some(number) = told.filter(|number| *number > known) else { continue };
        // What was promised before and is not there yet: the more of it, the less often it is asked for.
        pause = after_promise(known >= promised, pause);
        promised = number;
        session.home.hurry();
        // Not read meanwhile: what a backend has more to say waits with it.
        sleep(pause).await;
    }
}

/// How long nothing is heard after a wake. The longer, the more promises in a row were not kept, up to asking now and then.
fn after_promise(kept: bool, pause: Duration) -> Duration {
    if kept { TOGETHER } else { (2 * pause).min(POLL) }
}

/// The lines of a stream, one of which may be begun.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

/// A line that is longer than any.
#[derive(Debug, PartialEq, Eq)]
struct TooLong;

impl Lines {
    /// Reads on, and gives the newest number that was told by it.
    fn read(&mut self, piece: &[u8]) -> Result<Option<u64>, TooLong> {
        let mut told = None;
        for byte in piece {
            if *byte != b'\n' {
                if self.begun.len() == LINE {
                    return Err(TooLong);
                }
                self.begun.push(*byte);
                continue;
            }
            told = number(&self.begun).or(told);
            self.begun.clear();
        }
        Ok(told)
    }
}

/// The number in a line that tells one; signs of life and what is not known tell none.
fn number(line: &[u8]) -> Option<u64> {
    std::str::from_utf8(line).ok()?.strip_prefix("data:")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_number_is_told_however_the_stream_is_cut() {
        let stream = b"event: cursor\ndata: 7\n\n:\n\nevent: cursor\r\ndata: 12\r\n\r\nevent: else\ndata: nothing\n\n";
        for cut in 0..stream.len() {
            let (mut lines, (first, second)) = (Lines::default(), stream.split_at(cut));
            let told = (lines.read(first), lines.read(second));
            assert_eq!(told.1.map(|newest| newest.or(told.0.unwrap_or_default())), Ok(Some(12)), "{cut}");
            assert!(lines.begun.is_empty());
        }
        assert_eq!(Lines::default().read(b":\n\n:\n\n"), Ok(None));
    }

    #[test]
    fn a_line_without_an_end_is_not_kept() {
        let mut lines = Lines::default();
        assert_eq!(lines.read(&[b'x'; LINE]), Ok(None));
        assert_eq!(lines.read(b"x"), Err(TooLong));
        assert!(lines.begun.capacity() <= 2 * LINE);
    }

    #[test]
    fn promises_that_are_not_kept_cost_no_more_than_asking_now_and_then() {
        let mut pause = TOGETHER;
        for _ in 0..20 {
            pause = after_promise(false, pause);
        }
        assert_eq!(pause, POLL);
        assert_eq!(after_promise(true, pause), TOGETHER);
    }

    #[test]
    fn what_is_no_number_is_none() {
        for line in ["", "data", "data:", "data: -1", "data: 99999999999999999999", "event: 7", "data: 7 8"] {
            assert_eq!(number(line.as_bytes()), None, "{line}");
        }
        assert_eq!(number(&[0xff, 0xfe]), None);
        assert_eq!(number(b"data:18446744073709551615"), Some(u64::MAX));
    }
}
