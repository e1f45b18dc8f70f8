//! Whose turn it is: accounts by the moment from which they may be taken up, the most late first. O(log n) each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Accounts that wait for their turn. Times are unix milliseconds.
#[derive(Debug, Clone)]
pub struct Queue<K> {
    at: BTreeMap<K, u64>,
    /// Of equal times the smaller key first, so that the order is the same everywhere.
    order: BTreeSet<(u64, K)>,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self { at: BTreeMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Ord + Clone> Queue<K> {
    /// Takes an account up, or gives it another time.
    pub fn put(&mut self, account: K, at_ms: u64) {
        self.remove(&account);
        self.order.insert((at_ms, account.clone()));
        self.at.insert(account, at_ms);
    }

    /// Takes an account up unless it waits already: its time stays.
    pub fn put_new(&mut self, account: K, at_ms: u64) {
        if !self.at.contains_key(&account) {
            self.put(account, at_ms);
        }
    }

    /// Takes an account out.
    pub fn remove(&mut self, account: &K) {
        if let Some((account, at_ms)) = self.at.remove_entry(account) {
            self.order.remove(&(at_ms, account));
        }
    }

    /// Takes out the most late of the accounts whose time has come.
    pub fn pop(&mut self, now_ms: u64) -> Option<K> {
        self.order.first().filter(|(at_ms, _)| *at_ms <= now_ms)?;
        let (_, account) = self.order.pop_first()?;
        self.at.remove(&account);
        Some(account)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }
}

/// Notices when the wall clock was set: it and a steady clock no longer go together. A suspend is none, as long as the
/// steady clock counts it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockWatch(Option<(u64, Duration)>);

impl ClockWatch {
    /// Between two looks clocks drift, or are slewed by a time service, by less than this.
    pub const DRIFT: Duration = Duration::from_mins(2);

    /// To be told both clocks regularly. After a jump every plan made by the wall clock is to be made anew.
    pub fn jumped(&mut self, wall_ms: u64, steady: Duration) -> bool {
        let Some((last_wall, last_steady)) = self.0.replace((wall_ms, steady)) else { return false };
        let expected = Duration::from_millis(last_wall).saturating_add(steady.saturating_sub(last_steady));
        expected.abs_diff(Duration::from_millis(wall_ms)) > Self::DRIFT
    }
}
