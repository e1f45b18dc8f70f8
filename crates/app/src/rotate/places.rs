//! Places: how many organizations are worked on at once, and who waits for whom.
//!
//! What has begun goes before what has not, so that a rotation is never left unfinished for long by those that queue
//! behind it; and whoever waits long for an answer works on without a place, so that tenants which answer do not wait
//! for tenants which do not.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Whoever waits longer gives its place away. Several times what Microsoft takes for an answer when it is well.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The places of a session.
pub(crate) struct Places {
    work: Arc<Semaphore>,
    /// Answers waited for without a place, as many as there are places: no more than twice their number is ever asked.
    slow: Arc<Semaphore>,
}

/// A place among those that work at once, held or given away for a while.
pub(super) struct Place {
    work: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(crate) fn new(count: u32) -> Self {
        let count = usize::try_from(count).unwrap_or(1);
        Self { work: Arc::new(Semaphore::new(count)), slow: Arc::new(Semaphore::new(count)) }
    }

    /// Waits for a first place. One stands here for all that have not begun, so that no more than one of them is before
    /// those that come back.
    pub(super) async fn begin(&self) -> Place {
        let mut place = Place { work: self.work.clone(), slow: self.slow.clone(), held: None };
        place.come_back().await;
        place
    }
}

impl Place {
    /// Gives the place to somebody else.
    pub(super) fn leave(&mut self) {
        self.held = None;
    }

    /// Waits for a place again.
    pub(super) async fn come_back(&mut self) {
        if self.held.is_none() {
            // It is never closed.
            self.held = self.work.clone().acquire_owned().await.ok();
        }
    }

    /// Waits for what another side answers to, the place given away meanwhile if that takes long.
    pub(super) async fn answered<T>(&mut self, answer: impl Future<Output = T>) -> T {
        tokio::pin!(answer);
        if let Ok(answered) = tokio::time::timeout(PATIENCE, &mut answer).await {
            return answered;
        }
        let Ok(slow) = self.slow.clone().try_acquire_owned() else { return answer.await };
        self.leave();
        let answered = answer.await;
        drop(slow);
        self.come_back().await;
        answered
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::sync::Mutex;
    use std::task::Poll;

    /// Polls once.
    async fn waits(future: &mut (impl Future + Unpin)) -> bool {
        std::future::poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())).await
    }

    #[tokio::test]
    async fn a_tenant_that_does_not_answer_holds_no_place() {
        let places = Places::new(1);
        let (mut sick, (answer, answered)) = (places.begin().await, tokio::sync::oneshot::channel());
        let mut hangs = Box::pin(sick.answered(answered));
        let mut healthy = Box::pin(places.begin());
        assert!(waits(&mut hangs).await && waits(&mut healthy).await, "two work in one place");
        let healthy = tokio::time::timeout(Duration::from_mins(1), async {
            tokio::select! {
                _ = &mut hangs => None,
                place = &mut healthy => Some(place),
            }
        });
        let healthy = healthy.await.ok().flatten();
        assert!(healthy.is_some(), "the healthy tenant waits for the sick one");
        drop(healthy);
        answer.send("late").unwrap();
        assert_eq!((&mut hangs).await, Ok("late"));
        drop(hangs);
        assert!(sick.held.is_some() && places.slow.available_permits() == 1);
    }

    #[tokio::test]
    async fn what_has_begun_goes_before_what_has_not() {
        let (places, order) = (Places::new(1), Mutex::new(Vec::new()));
        let mut begun = places.begin().await;
        let mut line = Box::pin(async {
            for name in ["first", "second", "third"] {
                let _place = places.begin().await;
                crate::lock(&order).push(name);
            }
        });
        assert!(waits(&mut line).await, "two work in one place");
        begun.leave();
        let mut back = Box::pin(async {
            begun.come_back().await;
            crate::lock(&order).push("begun");
            begun.leave();
        });
        // Only who stood in line already is before it.
        assert!(waits(&mut back).await);
        tokio::join!(line, back);
        assert_eq!(*crate::lock(&order), ["first", "begun", "second", "third"]);
    }
}
