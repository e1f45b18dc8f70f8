//! The index as a Merkle B+tree, without any I/O: an operation that misses a page says which, its caller loads it and
//! asks again. Nothing is changed before every page an operation needs is at hand, so asking again is safe.
//!
//! Every link to a page carries the hash of its sealed bytes, and the root record carries the link to the topmost page.
//! So one authentic root record vouches for every page: a page swapped, altered, or put back from an earlier day does
//! not match its link and is named.

use std::{collections::HashMap, sync::Arc};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    page::{LOW, Page, TARGET},
    seal::PageSeal,
};

/// Plaintext that is wiped when dropped: keys may be names, values may hold keys.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// Page number of the root record.
pub(super) const ROOT_PAGE: u64 = 0;

/// Decrypted pages of level 0 kept for the next read: 32 MiB at most, and as little as was read. With room for less than
/// the names of 100,000 organizations (21 MiB), each list and each keystroke of a search would read all of them again.
const LEAVES_KEPT: usize = 4_096;

/// The one form of a page that a parent accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Number of the page.
    pub(super) page: u64,
    /// Generation it was sealed in.
    generation: u64,
    /// SHA-256 of its sealed bytes.
    hash: [u8; 32],
}

const LINK_SIZE: usize = 48;

impl Link {
    /// A page that was changed since the last commit, and is therefore not sealed yet.
    fn unsealed(page: u64) -> Self {
        Self { page, generation: 0, hash: [0; 32] }
    }

    fn encode(&self) -> [u8; LINK_SIZE] {
        let mut bytes = [0; LINK_SIZE];
        bytes[..8].copy_from_slice(&self.page.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.generation.to_le_bytes());
        bytes[16..].copy_from_slice(&self.hash);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LINK_SIZE] = bytes.try_into().ok()?;
        let (page, rest) = bytes.split_first_chunk()?;
        let (generation, rest) = rest.split_first_chunk()?;
        Some(Self {
            page: u64::from_le_bytes(*page),
            generation: u64::from_le_bytes(*generation),
            hash: rest.try_into().ok()?,
        })
    }
}

/// What vouches for the whole tree.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Root {
    /// Rises by one with every commit that changes the index.
    generation: u64,
    /// The next page number; a tree uses no number twice.
    next_page: u64,
    /// Rows in the map.
    rows: u64,
    /// Level of the topmost page.
    height: u8,
    /// The topmost page; none while the map is empty.
    top: Option<Link>,
}

const ROOT_LAYOUT: u8 = 1;

impl Root {
    fn empty(generation: u64) -> Self {
        Self { generation, next_page: ROOT_PAGE + 1, rows: 0, height: 0, top: None }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![ROOT_LAYOUT, self.height];
        for number in [self.generation, self.next_page, self.rows] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend(self.top.iter().flat_map(Link::encode));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let ([ROOT_LAYOUT, height], rest) = bytes.split_first_chunk()? else { return None };
        let (generation, rest) = rest.split_first_chunk()?;
        let (next_page, rest) = rest.split_first_chunk()?;
        let (rows, rest) = rest.split_first_chunk()?;
        Some(Self {
            generation: u64::from_le_bytes(*generation),
            next_page: u64::from_le_bytes(*next_page),
            rows: u64::from_le_bytes(*rows),
            height: *height,
            top: if rest.is_empty() { None } else { Some(Link::decode(rest)?) },
        })
    }
}

/// Why an operation could not be done yet, or at all.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// This page has to be loaded and [supplied](Tree::supply) first.
    Need(Need),
    /// The page is not what its parent says.
    Damaged(u64),
}

/// A page to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// The form of it that is accepted.
    pub(super) link: Link,
    level: u8,
}

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Rising keys.
    Forward,
    /// Falling keys.
    Backward,
}

/// Rows of one page that lie within a scan, and where it goes on.
pub(super) struct Stretch {
    page: Arc<Page>,
    from: usize,
    to: usize,
    /// Bound of the rest of the scan (first key of what follows, or key before which it lies); none at the end.
    pub(super) rest: Option<Bytes>,
}

impl Stretch {
    /// The rows, in the direction of the scan.
    pub(super) fn rows(&self, direction: Direction) -> impl Iterator<Item = (&[u8], &[u8])> {
        let count = self.to - self.from;
        (0..count).map(move |step| {
            let row = match direction {
                Direction::Forward => self.from + step,
                Direction::Backward => self.to - 1 - step,
            };
            (self.page.key(row), self.page.value(row))
        })
    }
}

/// What a commit has to store: sealed pages (the root record among them), and pages to remove.
#[derive(Default)]
pub(in super::super) struct Sealed {
    /// Page number and sealed bytes.
    pub(in super::super) pages: Vec<(u64, Vec<u8>)>,
    /// Numbers of pages that are no longer part of the tree.
    pub(in super::super) freed: Vec<u64>,
}

/// An ordered map of byte strings, of which only the pages in use are in memory. Pages are wiped when dropped.
pub(super) struct Tree {
    /// As last committed.
    committed: Root,
    /// With the changes since.
    root: Root,
    /// Pages as committed.
    clean: HashMap<u64, Arc<Page>>,
    /// How many of them are of level 0.
    clean_leaves: usize,
    /// Pages changed since the last commit.
    dirty: HashMap<u64, Arc<Page>>,
    freed: Vec<u64>,
    /// No root record of this tree is stored yet.
    fresh: bool,
}

impl Tree {
    /// An empty tree, not stored yet, whose first commit will be of the generation after `generation`.
    pub(super) fn empty(generation: u64) -> Self {
        Self::of(Root::empty(generation), true)
    }

    fn of(root: Root, fresh: bool) -> Self {
        Self {
            fresh,
            committed: root.clone(),
            root,
            clean: HashMap::new(),
            clean_leaves: 0,
            dirty: HashMap::new(),
            freed: Vec::new(),
        }
    }

    /// The tree that a stored root record names; `None` if the record is not authentic.
    pub(super) fn open(record: &[u8], seal: &dyn PageSeal) -> Option<Self> {
        let (generation, sealed) = record.split_first_chunk()?;
        let generation = u64::from_le_bytes(*generation);
        let root = Root::decode(&seal.open(ROOT_PAGE, generation, sealed)?)?;
        // The clear number only says how to open the record; the sealed one counts.
        (root.generation == generation).then(|| Self::of(root, false))
    }

    /// Generation of the last commit.
    pub(super) fn generation(&self) -> u64 {
        self.committed.generation
    }

    /// Rows in the map, with the changes since the last commit.
    pub(super) fn len(&self) -> u64 {
        self.root.rows
    }

    /// Accepts a page that was asked for, if it is the very one its link names.
    pub(super) fn supply(&mut self, need: &Need, sealed: &[u8], seal: &dyn PageSeal) -> Result<(), Stop> {
        let Need { link, level } = need;
        let damaged = Stop::Damaged(link.page);
        if Sha256::digest(sealed).as_slice() != link.hash {
            return Err(damaged);
        }
        let Some(page) = seal.open(link.page, link.generation, sealed).and_then(Page::decode) else {
            return Err(damaged);
        };
        if page.level() != *level || page.len() == 0 {
            return Err(damaged);
        }
        self.keep(link.page, Arc::new(page));
        Ok(())
    }

    /// Lets go of leaves if too many are held. Between operations only: within one it would drop what was just asked
    /// for. Links above the leaves stay; they are about a hundredth of the tree.
    pub(super) fn trim(&mut self) {
        if self.clean_leaves > LEAVES_KEPT {
            self.clean.retain(|_, page| page.level() > 0);
            self.clean_leaves = 0;
        }
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &[u8]) -> Result<Option<Bytes>, Stop> {
        let Some(leaf) = self.descend(key)?.map(|path| path.leaf) else { return Ok(None) };
        Ok(leaf.find(key).ok().map(|row| wiped(leaf.value(row))))
    }

    /// The next rows of a scan of the keys from `start` (inclusive) to `end` (exclusive; none: no end).
    pub(super) fn stretch(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
        direction: Direction,
    ) -> Result<Option<Stretch>, Stop> {
        let Some(top) = self.root.top else { return Ok(None) };
        // The keys that may stand below the page at hand: [low, high).
        let (mut low, mut high) = (Bytes::default(), None::<Bytes>);
        let mut page = self.page(&top, self.root.height)?;
        while page.level() > 0 {
            let child = match (direction, end) {
                (Direction::Forward, _) => page.child(start),
                (Direction::Backward, Some(end)) => page.lower_bound(end).saturating_sub(1),
                (Direction::Backward, None) => page.len() - 1,
            };
            if child > 0 {
                low = wiped(page.key(child));
            }
            if child + 1 < page.len() {
                high = Some(wiped(page.key(child + 1)));
            }
            page = self.page(&link_in(page, child)?, page.level() - 1)?;
        }
        let from = page.lower_bound(start);
        let to = end.map_or(page.len(), |end| page.lower_bound(end)).max(from);
        let rest = match direction {
            Direction::Forward => high.filter(|high| end.is_none_or(|end| high.as_slice() < end)),
            Direction::Backward => Some(low).filter(|low| low.as_slice() > start),
        };
        Ok(Some(Stretch { page: Arc::clone(page), from, to, rest }))
    }

    /// Sets the value of a key.
    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Stop> {
        let Some(path) = self.descend(key)? else {
            let page = self.new_page(Page::new(0, [(key, value)]));
            self.root.top = Some(Link::unsealed(page));
            self.root.height = 0;
            self.root.rows = 1;
            return Ok(());
        };
        let (page, appended) = match path.leaf.find(key) {
            // Nothing to seal and store again.
            Ok(row) if path.leaf.value(row) == value => return Ok(()),
            Ok(row) => (path.leaf.splice(row..row + 1, &[(key, value)]), false),
            Err(row) => {
                self.root.rows += 1;
                (path.leaf.splice(row..row, &[(key, value)]), row > 0 && row == path.leaf.len())
            }
        };
        self.replace(path, page.split(appended));
        Ok(())
    }

    /// Removes a key; false if it was not there.
    pub(super) fn delete(&mut self, key: &[u8]) -> Result<bool, Stop> {
        let Some(Path { steps, leaf_page, leaf }) = self.descend(key)? else { return Ok(false) };
        let Ok(row) = leaf.find(key) else { return Ok(false) };

        // Staged, because a neighbour on the way up may still have to be loaded.
        let mut staged = Vec::new();
        let mut freed = Vec::new();
        let (mut number, mut page) = (leaf_page, leaf.splice(row..row + 1, &[]));
        for Step { number: parent_number, page: parent, child } in steps.into_iter().rev() {
            let parent = if page.len() == 0 {
                freed.push(number);
                without_child(&parent, child)
            } else if let Some((left, right)) = self.join(&parent, child, &page)? {
                let joined = Page::new(page.level(), left.page.rows().chain(right.page.rows()));
                staged.push((left.number, joined));
                freed.push(right.number);
                without_child(&parent, right.child)
            } else {
                staged.push((number, page));
                Page::clone(&parent)
            };
            (number, page) = (parent_number, parent);
        }

        for (number, page) in staged {
            self.dirty.insert(number, Arc::new(page));
        }
        for number in freed {
            self.free(number);
        }
        self.root.rows -= 1;
        self.set_top(number, page);
        Ok(true)
    }

    /// Seals every changed page under the next generation, children before the parents that name their hashes.
    /// Nothing if nothing was changed.
    pub(super) fn seal(&mut self, seal: &dyn PageSeal) -> Sealed {
        if self.root == self.committed && self.dirty.is_empty() && !self.fresh {
            return Sealed::default();
        }
        self.root.generation = self.committed.generation + 1;
        let mut pages = Vec::with_capacity(self.dirty.len() + 1);
        if let Some(top) = self.root.top
            && self.dirty.contains_key(&top.page)
        {
            self.root.top = Some(self.seal_page(top.page, seal, &mut pages));
        }
        let mut record = self.root.generation.to_le_bytes().to_vec();
        record.extend(seal.seal(ROOT_PAGE, self.root.generation, &self.root.encode()));
        pages.push((ROOT_PAGE, record));
        Sealed { pages, freed: self.freed.clone() }
    }

    /// The changes are durable.
    pub(super) fn settle(&mut self) {
        self.fresh = false;
        self.committed = self.root.clone();
        for number in std::mem::take(&mut self.freed) {
            self.let_go(number);
        }
        for (number, page) in std::mem::take(&mut self.dirty) {
            self.keep(number, page);
        }
    }

    /// The changes are given up.
    pub(super) fn discard(&mut self) {
        self.root = self.committed.clone();
        self.dirty.clear();
        self.freed.clear();
    }

    /// True if the stored root record is the one this tree was last committed with.
    pub(super) fn same_commit(&self, other: &Self) -> bool {
        self.committed == other.committed
    }

    fn keep(&mut self, number: u64, page: Arc<Page>) {
        self.let_go(number);
        self.clean_leaves += usize::from(page.level() == 0);
        self.clean.insert(number, page);
    }

    fn let_go(&mut self, number: u64) {
        if let Some(page) = self.clean.remove(&number) {
            self.clean_leaves -= usize::from(page.level() == 0);
        }
    }

    fn page(&self, link: &Link, level: u8) -> Result<&Arc<Page>, Stop> {
        self.dirty.get(&link.page).or_else(|| self.clean.get(&link.page)).ok_or(Stop::Need(Need { link: *link, level }))
    }

    fn descend(&self, key: &[u8]) -> Result<Option<Path>, Stop> {
        let Some(mut link) = self.root.top else { return Ok(None) };
        let mut steps = Vec::with_capacity(usize::from(self.root.height));
        let mut page = self.page(&link, self.root.height)?;
        while page.level() > 0 {
            let child = page.child(key);
            steps.push(Step { number: link.page, page: Arc::clone(page), child });
            link = link_in(page, child)?;
            page = self.page(&link, page.level() - 1)?;
        }
        Ok(Some(Path { steps, leaf_page: link.page, leaf: Arc::clone(page) }))
    }

    /// Puts the parts of a changed leaf in its place and carries splits up to the root.
    fn replace(&mut self, path: Path, mut parts: Vec<Page>) {
        let mut number = path.leaf_page;
        for Step { number: parent_number, page: parent, child } in path.steps.into_iter().rev() {
            let rows = self.store_parts(number, parts, parent.key(child));
            let rows: Vec<_> = rows.iter().map(|(key, link)| (key.as_slice(), link.as_slice())).collect();
            let appended = child + 1 == parent.len();
            parts = parent.splice(child..child + 1, &rows).split(appended);
            number = parent_number;
        }
        while parts.len() > 1 {
            self.root.height += 1;
            let rows = self.store_parts(number, parts, &[]);
            let page = Page::new(self.root.height, rows.iter().map(|(key, link)| (key.as_slice(), link.as_slice())));
            parts = page.split(false);
            number = self.root.next_page;
            self.root.next_page += 1;
        }
        if let Some(page) = parts.pop() {
            self.dirty.insert(number, Arc::new(page));
            self.root.top = Some(Link::unsealed(number));
        }
    }

    /// Stores the parts of what was page `number`, the first under its old number and separator, and returns the rows
    /// that link to them.
    fn store_parts(&mut self, number: u64, parts: Vec<Page>, separator: &[u8]) -> Vec<(Bytes, [u8; LINK_SIZE])> {
        let mut rows = Vec::with_capacity(parts.len());
        let mut last_key = Bytes::default();
        for (part, page) in parts.into_iter().enumerate() {
            let key = match (part, page.level()) {
                (0, _) => wiped(separator),
                (_, 0) => shortest_between(&last_key, page.key(0)),
                (_, _) => wiped(page.key(0)),
            };
            last_key = wiped(page.key(page.len() - 1));
            let number = if part == 0 {
                self.dirty.insert(number, Arc::new(page));
                number
            } else {
                self.new_page(page)
            };
            rows.push((key, Link::unsealed(number).encode()));
        }
        rows
    }

    /// The pair of neighbours that `page`, the `child` of `parent`, should become one with, if it is small and the two
    /// leave room to grow.
    fn join(&self, parent: &Page, child: usize, page: &Page) -> Result<Option<(Joined, Joined)>, Stop> {
        if page.size() >= LOW || parent.len() < 2 {
            return Ok(None);
        }
        let beside = if child + 1 < parent.len() { child + 1 } else { child - 1 };
        let neighbour = Arc::clone(self.page(&link_in(parent, beside)?, page.level())?);
        if page.size() + neighbour.size() > TARGET * 3 / 4 {
            return Ok(None);
        }
        let this = Joined { number: link_in(parent, child)?.page, child, page: Arc::new(page.clone()) };
        let other = Joined { number: link_in(parent, beside)?.page, child: beside, page: neighbour };
        Ok(Some(if child < beside { (this, other) } else { (other, this) }))
    }

    /// Makes `page` the topmost, or, if it links to one page alone, that page.
    fn set_top(&mut self, number: u64, page: Page) {
        if page.len() == 0 {
            self.free(number);
            self.root.top = None;
            self.root.height = 0;
            return;
        }
        self.root.height = page.level();
        let only = if page.level() > 0 && page.len() == 1 { Link::decode(page.value(0)) } else { None };
        self.dirty.insert(number, Arc::new(page));
        self.root.top = Some(Link::unsealed(number));
        if let Some(only) = only {
            self.free(number);
            self.root.top = Some(only);
            self.root.height -= 1;
        }
    }

    fn new_page(&mut self, page: Page) -> u64 {
        let number = self.root.next_page;
        self.root.next_page += 1;
        self.dirty.insert(number, Arc::new(page));
        number
    }

    fn free(&mut self, number: u64) {
        self.dirty.remove(&number);
        self.freed.push(number);
    }

    fn seal_page(&mut self, number: u64, seal: &dyn PageSeal, pages: &mut Vec<(u64, Vec<u8>)>) -> Link {
        let mut page = Arc::clone(&self.dirty[&number]);
        if page.level() > 0 {
            let changed: Vec<_> = (0..page.len())
                .filter_map(|row| Some((row, Link::decode(page.value(row))?.page)))
                .filter(|(_, child)| self.dirty.contains_key(child))
                .collect();
            let mut linked = Page::clone(&page);
            for (row, child) in changed {
                linked.overwrite(row, &self.seal_page(child, seal, pages).encode());
            }
            page = Arc::new(linked);
            self.dirty.insert(number, Arc::clone(&page));
        }
        let generation = self.root.generation;
        let sealed = seal.seal(number, generation, page.bytes());
        let hash = Sha256::digest(&sealed).into();
        pages.push((number, sealed));
        Link { page: number, generation, hash }
    }
}

/// The way from the top to the leaf of a key.
struct Path {
    steps: Vec<Step>,
    leaf_page: u64,
    leaf: Arc<Page>,
}

struct Step {
    number: u64,
    page: Arc<Page>,
    child: usize,
}

struct Joined {
    number: u64,
    child: usize,
    page: Arc<Page>,
}

fn link_in(page: &Page, row: usize) -> Result<Link, Stop> {
    // Only a page we sealed gets here, so a malformed link is our own fault; rebuilding the index heals it too.
    Link::decode(page.value(row)).ok_or(Stop::Damaged(ROOT_PAGE))
}

/// A parent without one child. The first link takes over the separator of a first link that goes, so that the first
/// separator of a page is always the lowest key that may stand below it.
fn without_child(parent: &Page, child: usize) -> Page {
    if child == 0 && parent.len() > 1 {
        parent.splice(0..2, &[(parent.key(0), parent.value(1))])
    } else {
        parent.splice(child..child + 1, &[])
    }
}

/// The shortest string above `left` and not above `right`, for `left < right`: short separators make wide pages.
fn shortest_between(left: &[u8], right: &[u8]) -> Bytes {
    let common = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    wiped(&right[..right.len().min(common + 1)])
}

fn wiped(bytes: &[u8]) -> Bytes {
    Zeroizing::new(bytes.to_vec())
}

#[cfg(test)]
mod tests;
