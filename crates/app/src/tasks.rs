//! Tasks that live as long as something else: the application, or a session of it.

use crate::lock;
use std::future::Future;
use std::sync::Mutex;
use tokio::task::{AbortHandle, JoinSet};

/// A set of running tasks.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    /// Runs `work` until it ends or the set does.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = lock(&self.0);
        // What ended is let go of here: an agent answers for months, a task for each caller.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work)
    }

    /// Those that run.
    #[cfg(test)]
    pub(crate) fn running(&self) -> usize {
        let mut tasks = lock(&self.0);
        while tasks.try_join_next().is_some() {}
        tasks.len()
    }

    /// Ends every task at its next wait.
    pub(crate) fn abort(&self) {
        lock(&self.0).abort_all();
    }

    /// Ends every task, each where it waits, and waits until all are gone with what they held.
    pub(crate) async fn end(&self) {
        let mut tasks = std::mem::take(&mut *lock(&self.0));
        tasks.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tasks_that_ended_are_let_go_of() {
        let tasks = Tasks::default();
        for _ in 0..1_000 {
            tasks.spawn(async {});
            tokio::task::yield_now().await;
        }
        let held = lock(&tasks.0).len();
        assert!(held < 10, "{held} tasks are held that ended long ago");
    }
}
