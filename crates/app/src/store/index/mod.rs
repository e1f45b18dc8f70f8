//! The local index: an ordered map of byte strings in sealed pages, for what a device has accepted and for the names
//! and states it shows. This file brings pages from and to the database; `tree` decides what they mean.

mod page;
mod seal;
mod tree;

use std::ops::ControlFlow;

use sqlx::SqliteConnection;
use zeroize::Zeroizing;

pub(super) use self::tree::Sealed;
use self::{
    page::{KEY_LIMIT, VALUE_LIMIT},
    tree::{Need, ROOT_PAGE, Stop, Tree},
};
pub use self::{
    seal::{PageSeal, SEAL_OVERHEAD},
    tree::Direction,
};
use super::{StoreError, database::signed};

/// Bytes of a long value in one row: one part fills one page.
const PART: usize = 7_900;

/// A range of keys.
#[derive(Clone)]
pub struct Span {
    start: Zeroizing<Vec<u8>>,
    end: Option<Zeroizing<Vec<u8>>>,
}

impl Span {
    /// Every key.
    pub fn all() -> Self {
        Self { start: Zeroizing::default(), end: None }
    }

    /// The keys that begin with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        // The first key after them: the prefix with its last byte that can rise raised, and the rest cut off.
        let mut end = prefix.to_vec();
        while end.last() == Some(&u8::MAX) {
            end.pop();
        }
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        let end = (!end.is_empty()).then(|| Zeroizing::new(end));
        Self { start: Zeroizing::new(prefix.to_vec()), end }
    }

    /// The keys from `start` (inclusive) to `end` (exclusive).
    pub fn between(start: &[u8], end: &[u8]) -> Self {
        Self { start: Zeroizing::new(start.to_vec()), end: Some(Zeroizing::new(end.to_vec())) }
    }

    /// The part of this span from `start` (inclusive) on, as for the next page of a list.
    #[must_use]
    pub fn from(mut self, start: &[u8]) -> Self {
        if start > self.start.as_slice() {
            self.start = Zeroizing::new(start.to_vec());
        }
        self
    }

    /// The part of this span before `end` (exclusive), as for the page before.
    #[must_use]
    pub fn before(mut self, end: &[u8]) -> Self {
        if self.end.as_ref().is_none_or(|old| end < old.as_slice()) {
            self.end = Some(Zeroizing::new(end.to_vec()));
        }
        self
    }
}

/// One row of the index, wiped when dropped.
pub struct Row {
    /// The key.
    pub key: Zeroizing<Vec<u8>>,
    /// The value.
    pub value: Zeroizing<Vec<u8>>,
}

/// How many pages the index has read from and written to the database since it was unlocked: growth is tested by
/// counts, not by time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexCounts {
    /// Pages loaded, decrypted and checked.
    pub pages_read: u64,
    /// Pages sealed and stored, root records among them.
    pub pages_written: u64,
}

/// The index of an open database; without a seal it is locked.
#[derive(Default)]
pub(super) struct Index {
    open: Option<Open>,
    counts: IndexCounts,
}

struct Open {
    seal: Box<dyn PageSeal>,
    /// `None`: the root record is damaged, and only a reset helps.
    tree: Option<Tree>,
}

impl Index {
    /// Unlocks the index of the database. If its root record is damaged it stays unlocked for a reset.
    pub(super) async fn unlock(
        &mut self,
        connection: &mut SqliteConnection,
        seal: Box<dyn PageSeal>,
    ) -> Result<(), StoreError> {
        self.counts = IndexCounts::default();
        self.open = Some(Open { seal, tree: None });
        self.reload(connection).await
    }

    /// Drops the seal and every decrypted page.
    pub(super) fn lock(&mut self) {
        self.open = None;
    }

    /// Pages read and written since the unlock.
    pub(super) fn counts(&self) -> IndexCounts {
        self.counts
    }

    /// Generation of the last commit.
    pub(super) fn generation(&self) -> Result<u64, StoreError> {
        Ok(self.tree()?.generation())
    }

    /// Number of rows.
    pub(super) fn len(&self) -> Result<u64, StoreError> {
        Ok(self.tree()?.len())
    }

    /// Reads the root record again, after a transaction of which nobody knows how it ended.
    pub(super) async fn reload(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let before = open.tree.take();
        let damaged = StoreError::PageDamaged { page: ROOT_PAGE };
        let tree = match load(connection, ROOT_PAGE).await? {
            Some(record) => Tree::open(&record, open.seal.as_ref()).ok_or(damaged)?,
            // Whoever removes the root record must not make a device believe that it has accepted nothing yet.
            None if is_unused(connection).await? => Tree::empty(0),
            None => return Err(damaged),
        };
        open.tree = Some(match before {
            Some(mut before) if before.same_commit(&tree) => {
                before.discard();
                before
            }
            _ => tree,
        });
        Ok(())
    }

    /// The value of a key.
    pub(super) async fn value(
        &mut self,
        connection: &mut SqliteConnection,
        key: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.run(connection, |tree| tree.value(key)).await
    }

    /// Shows the rows of a span to `visit`, page by page, without keeping or copying them.
    pub(super) async fn scan(
        &mut self,
        connection: &mut SqliteConnection,
        span: &Span,
        direction: Direction,
        mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut span = span.clone();
        loop {
            let end = span.end.as_ref().map(|end| end.as_slice());
            let Some(stretch) = self.run(connection, |tree| tree.stretch(&span.start, end, direction)).await? else {
                return Ok(());
            };
            if stretch.rows(direction).try_for_each(|(key, value)| visit(key, value)).is_break() {
                return Ok(());
            }
            match (stretch.rest, direction) {
                (None, _) => return Ok(()),
                (Some(rest), Direction::Forward) => span.start = rest,
                (Some(rest), Direction::Backward) => span.end = Some(rest),
            }
        }
    }

    /// At most `limit` rows of a span.
    pub(super) async fn range(
        &mut self,
        connection: &mut SqliteConnection,
        span: &Span,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        if limit == 0 {
            return Ok(rows);
        }
        self.scan(connection, span, direction, |key, value| {
            rows.push(Row { key: Zeroizing::new(key.to_vec()), value: Zeroizing::new(value.to_vec()) });
            if rows.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
        Ok(rows)
    }

    /// Sets the value of a key, in memory until [`Index::seal`].
    pub(super) async fn put(
        &mut self,
        connection: &mut SqliteConnection,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), StoreError> {
        if key.is_empty() || key.len() > KEY_LIMIT || value.len() > VALUE_LIMIT {
            return Err(StoreError::RowTooLarge { key_limit: KEY_LIMIT, value_limit: VALUE_LIMIT });
        }
        self.run(connection, |tree| tree.put(key, value)).await
    }

    /// Sets a value of any length, cut in parts that stand below `key`, a zero and their number.
    pub(super) async fn put_long(
        &mut self,
        connection: &mut SqliteConnection,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), StoreError> {
        let mut count = 0;
        // An empty value is one empty part, so that it differs from none.
        let empty = value.is_empty().then_some(value);
        for part in value.chunks(PART).chain(empty) {
            self.put(connection, &part_key(key, count), part).await?;
            count += 1;
        }
        // A longer value before this one leaves parts behind.
        while self.delete(connection, &part_key(key, count)).await? {
            count += 1;
        }
        Ok(())
    }

    /// The value that [`Index::put_long`] set.
    pub(super) async fn long_value(
        &mut self,
        connection: &mut SqliteConnection,
        key: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let parts = Span::between(&part_key(key, 0), &part_key(key, u32::MAX));
        let mut pieces = Vec::new();
        self.scan(connection, &parts, Direction::Forward, |_, part| {
            pieces.push(Zeroizing::new(part.to_vec()));
            ControlFlow::Continue(())
        })
        .await?;
        // Joined in one piece of the right size: a buffer that grows leaves unwiped copies behind.
        let mut value = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
        for piece in &pieces {
            value.extend_from_slice(piece);
        }
        Ok((!pieces.is_empty()).then_some(value))
    }

    /// Removes a key, in memory until [`Index::seal`]; false if it was not there.
    pub(super) async fn delete(&mut self, connection: &mut SqliteConnection, key: &[u8]) -> Result<bool, StoreError> {
        self.run(connection, |tree| tree.delete(key)).await
    }

    /// Starts the index anew, with a generation above `floor` and above the last one known. The caller removes the
    /// stored pages.
    pub(super) fn reset(&mut self, floor: u64) -> Result<(), StoreError> {
        let open = self.open.as_mut().ok_or(StoreError::IndexLocked)?;
        let last = open.tree.as_ref().map_or(0, Tree::generation);
        open.tree = Some(Tree::empty(last.max(floor)));
        Ok(())
    }

    /// Seals what was changed, for the caller to store.
    pub(super) fn seal(&mut self) -> Sealed {
        let Some(Open { seal, tree: Some(tree) }) = &mut self.open else { return Sealed::default() };
        let sealed = tree.seal(seal.as_ref());
        self.counts.pages_written += sealed.pages.len() as u64;
        sealed
    }

    /// The stored pages are durable.
    pub(super) fn settle(&mut self) {
        if let Some(tree) = self.open.as_mut().and_then(|open| open.tree.as_mut()) {
            tree.settle();
        }
    }

    fn tree(&self) -> Result<&Tree, StoreError> {
        let open = self.open.as_ref().ok_or(StoreError::IndexLocked)?;
        open.tree.as_ref().ok_or(StoreError::PageDamaged { page: ROOT_PAGE })
    }

    /// Runs an operation of the tree, loading the pages it asks for.
    async fn run<T>(
        &mut self,
        connection: &mut SqliteConnection,
        mut operation: impl FnMut(&mut Tree) -> Result<T, Stop>,
    ) -> Result<T, StoreError> {
        let open = self.open.as_mut().ok_or(StoreError::IndexLocked)?;
        let tree = open.tree.as_mut().ok_or(StoreError::PageDamaged { page: ROOT_PAGE })?;
        tree.trim();
        loop {
            let need: Need = match operation(tree) {
                Ok(done) => return Ok(done),
                Err(Stop::Need(need)) => need,
                Err(Stop::Damaged(page)) => return Err(StoreError::PageDamaged { page }),
            };
            let page = need.link.page;
            self.counts.pages_read += 1;
            let sealed = load(connection, page).await?.ok_or(StoreError::PageDamaged { page })?;
            tree.supply(&need, &sealed, open.seal.as_ref()).map_err(|_| StoreError::PageDamaged { page })?;
        }
    }
}

fn part_key(key: &[u8], part: u32) -> Vec<u8> {
    [key, &[0], &part.to_be_bytes()].concat()
}

async fn load(connection: &mut SqliteConnection, page: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sqlx::query_scalar("SELECT bytes FROM pages WHERE id = ?").bind(signed(page)?);
    Ok(row.fetch_optional(connection).await?)
}

/// True as long as nothing was ever accepted, and so an index cannot have been stored.
async fn is_unused(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let unused = sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM entries) AND NOT EXISTS (SELECT 1 FROM pages)");
    Ok(unused.fetch_one(connection).await?)
}
