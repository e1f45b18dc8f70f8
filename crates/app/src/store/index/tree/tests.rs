//! The tree against a model, and against somebody who edits its pages, without any database.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// Seals nothing: whatever is noticed here is noticed by the links alone.
struct NoSeal;

impl PageSeal for NoSeal {
    fn seal(&self, _: u64, _: u64, plaintext: &[u8]) -> Vec<u8> {
        plaintext.to_vec()
    }

    fn open(&self, _: u64, _: u64, sealed: &[u8]) -> Option<Bytes> {
        Some(wiped(sealed))
    }
}

type Disk = BTreeMap<u64, Vec<u8>>;
type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// A tree and the pages it has committed.
struct Bench {
    tree: Tree,
    disk: Disk,
    reads: usize,
    writes: usize,
}

impl Bench {
    fn new() -> Self {
        Self { tree: Tree::empty(0), disk: Disk::new(), reads: 0, writes: 0 }
    }

    fn filled(rows: u32) -> Self {
        let mut bench = Self::new();
        for number in 0..rows {
            // Scattered keys, and a value like that of an account: id, names, states.
            bench.put(&number.wrapping_mul(2_654_435_761).to_be_bytes(), &[7; 150]);
        }
        bench.commit();
        bench
    }

    fn run<T>(&mut self, operation: impl FnMut(&mut Tree) -> Result<T, Stop>) -> T {
        self.attempt(operation).unwrap()
    }

    fn attempt<T>(&mut self, mut operation: impl FnMut(&mut Tree) -> Result<T, Stop>) -> Result<T, Stop> {
        self.tree.trim();
        loop {
            match operation(&mut self.tree) {
                Err(Stop::Need(need)) => {
                    self.reads += 1;
                    let page = self.disk.get(&need.link.page).ok_or(Stop::Damaged(need.link.page))?;
                    self.tree.supply(&need, page, &NoSeal)?;
                }
                done => return done,
            }
        }
    }

    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.run(|tree| tree.put(key, value));
    }

    fn delete(&mut self, key: &[u8]) -> bool {
        self.run(|tree| tree.delete(key))
    }

    fn commit(&mut self) {
        let sealed = self.tree.seal(&NoSeal);
        self.writes += sealed.pages.len();
        for number in sealed.freed {
            self.disk.remove(&number);
        }
        self.disk.extend(sealed.pages);
        self.tree.settle();
    }

    /// Forgets what is in memory.
    fn reopen(&mut self) {
        self.tree = match self.disk.get(&ROOT_PAGE) {
            Some(record) => Tree::open(record, &NoSeal).unwrap(),
            None => Tree::empty(0),
        };
        (self.reads, self.writes) = (0, 0);
    }

    fn scan(&mut self, start: &[u8], end: Option<&[u8]>, direction: Direction) -> Result<Rows, Stop> {
        let (mut start, mut end) = (start.to_vec(), end.map(<[u8]>::to_vec));
        let mut rows = Vec::new();
        while let Some(stretch) = self.attempt(|tree| tree.stretch(&start, end.as_deref(), direction))? {
            rows.extend(stretch.rows(direction).map(|(key, value)| (key.to_vec(), value.to_vec())));
            match (stretch.rest, direction) {
                (None, _) => break,
                (Some(rest), Direction::Forward) => start = rest.to_vec(),
                (Some(rest), Direction::Backward) => end = Some(rest.to_vec()),
            }
        }
        Ok(rows)
    }

    /// Checks every page below the root record and that no page lies about unused. After a commit.
    fn check(&self) {
        let mut seen = BTreeSet::from([ROOT_PAGE]);
        let mut rows = 0;
        if let Some(top) = &self.tree.root.top {
            self.check_page(top, self.tree.root.height, &[], None, &mut seen, &mut rows);
        }
        assert_eq!(rows, self.tree.len());
        assert!(self.disk.is_empty() || self.disk.keys().copied().eq(seen), "a page is stored that nothing links to");
    }

    fn check_page(
        &self,
        link: &Link,
        level: u8,
        low: &[u8],
        high: Option<&[u8]>,
        seen: &mut BTreeSet<u64>,
        rows: &mut u64,
    ) {
        let sealed = &self.disk[&link.page];
        assert!(seen.insert(link.page));
        assert_eq!(Sha256::digest(sealed).as_slice(), link.hash);
        let page = Page::decode(wiped(sealed)).unwrap();
        assert_eq!(page.level(), level);
        assert!(page.len() > 0);
        assert!(page.size() <= TARGET || page.len() == 1);
        assert!(low <= page.key(0));
        assert!(high.is_none_or(|high| page.key(page.len() - 1) < high));
        if level == 0 {
            *rows += page.len() as u64;
            return;
        }
        assert_eq!(page.key(0), low, "the first separator is the lowest key that may stand below");
        for row in 0..page.len() {
            let high = if row + 1 < page.len() { Some(page.key(row + 1)) } else { high };
            self.check_page(&Link::decode(page.value(row)).unwrap(), level - 1, page.key(row), high, seen, rows);
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Put(Vec<u8>, usize),
    Delete(usize),
    DeleteRange(u8, u8),
    Commit,
    Discard,
    Reopen,
    Scan(Vec<u8>, Option<Vec<u8>>, bool),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    // Few letters, so that keys meet, are prefixes of each other, and share long beginnings.
    prop_oneof![
        4 => prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255), any::<u8>()], 1..4),
        1 => (prop::collection::vec(Just(9u8), 500..511), any::<u8>()).prop_map(|(mut key, last)| { key.push(last); key }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (key(), prop_oneof![10 => 0usize..400, 3 => 400usize..3000, 1 => 3000usize..60_000])
            .prop_map(|(key, len)| Act::Put(key, len)),
        5 => any::<usize>().prop_map(Act::Delete),
        1 => any::<(u8, u8)>().prop_map(|(a, b)| Act::DeleteRange(a.min(b), a.max(b))),
        2 => Just(Act::Commit),
        1 => Just(Act::Discard),
        1 => Just(Act::Reopen),
        2 => (key(), prop::option::of(key()), any::<bool>()).prop_map(|(start, end, back)| Act::Scan(start, end, back)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tree_behaves_like_an_ordered_map(acts in prop::collection::vec(act(), 1..300)) {
        let mut bench = Bench::new();
        let mut model = BTreeMap::<Vec<u8>, Vec<u8>>::new();
        let mut durable = model.clone();
        for (turn, act) in acts.into_iter().enumerate() {
            match act {
                Act::Put(key, len) => {
                    let value = vec![turn.to_le_bytes()[0]; len];
                    bench.put(&key, &value);
                    model.insert(key, value);
                },
                Act::Delete(pick) => {
                    let key = model.keys().nth(pick % model.len().max(1)).cloned().unwrap_or_default();
                    prop_assert_eq!(bench.delete(&key), model.remove(&key).is_some());
                },
                Act::DeleteRange(from, to) => {
                    let keys: Vec<_> = model.range(vec![from]..vec![to]).map(|(key, _)| key.clone()).collect();
                    for key in keys {
                        prop_assert!(bench.delete(&key));
                        model.remove(&key);
                    }
                },
                Act::Commit => {
                    bench.commit();
                    bench.check();
                    durable.clone_from(&model);
                },
                Act::Discard => {
                    bench.tree.discard();
                    model.clone_from(&durable);
                },
                Act::Reopen => {
                    bench.reopen();
                    model.clone_from(&durable);
                },
                Act::Scan(start, end, back) => {
                    let direction = if back { Direction::Backward } else { Direction::Forward };
                    let mut expected: Vec<_> = model
                        .iter()
                        .filter(|(key, _)| **key >= start && end.as_ref().is_none_or(|end| *key < end))
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect();
                    if back {
                        expected.reverse();
                    }
                    prop_assert_eq!(bench.scan(&start, end.as_deref(), direction).unwrap(), expected);
                    for (key, value) in model.iter().take(3) {
                        let found = bench.run(|tree| tree.value(key)).unwrap();
                        prop_assert_eq!(found.as_slice(), value.as_slice());
                    }
                },
            }
            prop_assert_eq!(bench.tree.len(), model.len() as u64);
        }
        bench.commit();
        bench.check();
        let all: Vec<_> = model.into_iter().collect();
        prop_assert_eq!(bench.scan(&[], None, Direction::Forward).unwrap(), all);
    }

    #[test]
    fn no_bytes_make_a_page_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(page) = Page::decode(wiped(&bytes)) {
            prop_assert_eq!(page.bytes(), bytes.as_slice());
            let again = Page::new(page.level(), page.rows());
            prop_assert_eq!(again.bytes(), bytes.as_slice());
        }
        let _ = Tree::open(&bytes, &NoSeal);
    }
}

#[test]
fn work_of_one_read_and_one_change_follows_the_depth_of_the_tree_alone() {
    for (rows, depth) in [(100, 2), (10_000, 3), (100_000, 3)] {
        let mut bench = Bench::filled(rows);
        let key = 77_u32.wrapping_mul(2_654_435_761).to_be_bytes();
        bench.reopen();
        assert!(bench.run(|tree| tree.value(&key)).is_some());
        assert!(bench.reads <= depth, "{rows} rows: a cold read took {} pages", bench.reads);
        bench.reopen();
        bench.put(&key, &[8; 150]);
        bench.commit();
        assert!(bench.reads <= depth && bench.writes <= depth + 1, "{rows} rows: {} pages written", bench.writes);
        bench.reopen();
        bench.delete(&key);
        bench.commit();
        assert!(bench.reads <= 2 * depth && bench.writes <= depth + 1, "{rows} rows: {} pages written", bench.writes);
    }
}

#[test]
fn work_of_a_list_follows_the_rows_it_shows() {
    let mut pages = Vec::new();
    for rows in [10_000, 100_000] {
        let mut bench = Bench::filled(rows);
        bench.reopen();
        assert_eq!(bench.scan(&[], None, Direction::Forward).unwrap().len(), rows as usize);
        pages.push(bench.reads);
        bench.reopen();
        let first = bench.run(|tree| tree.stretch(&[], None, Direction::Forward)).unwrap();
        assert!(first.rows(Direction::Forward).count() > 10);
        assert!(bench.reads <= 3, "the first page of a list took {} pages", bench.reads);
    }
    assert!(pages[1] <= 11 * pages[0], "ten times the rows took {pages:?} pages");
}

#[test]
fn memory_of_a_long_scan_is_bounded() {
    // Ten rows a page.
    let mut bench = Bench::new();
    for number in 0..50_000_u32 {
        bench.put(&number.to_be_bytes(), &[7; 780]);
    }
    bench.commit();
    bench.reopen();
    let mut start = Vec::new();
    while let Some(stretch) = bench.run(|tree| tree.stretch(&start, None, Direction::Forward)) {
        assert!(bench.tree.clean_leaves <= LEAVES_KEPT + 1);
        let Some(rest) = stretch.rest else { break };
        start = rest.to_vec();
    }
    assert!(bench.reads > LEAVES_KEPT);
}

#[test]
fn rows_put_in_order_leave_full_pages() {
    let mut bench = Bench::new();
    for number in 0..10_000_u32 {
        bench.put(&number.to_be_bytes(), &[7; 150]);
    }
    bench.commit();
    let stored: usize = bench.disk.values().map(Vec::len).sum();
    assert!(stored < 10_000 * 158 * 105 / 100, "{stored} bytes stored");
}

#[test]
fn rows_deleted_give_their_pages_back() {
    let mut bench = Bench::filled(10_000);
    let before = bench.disk.len();
    for number in 100..10_000_u32 {
        assert!(bench.delete(&number.wrapping_mul(2_654_435_761).to_be_bytes()));
    }
    bench.commit();
    bench.check();
    assert!(bench.disk.len() < before / 10, "{} of {before} pages stay", bench.disk.len());
}

#[test]
fn two_pages_exchanged_are_noticed() {
    let mut bench = Bench::filled(1_000);
    let pages: Vec<_> = bench.disk.keys().copied().filter(|page| *page != ROOT_PAGE).collect();
    let (first, second) = (bench.disk[&pages[0]].clone(), bench.disk[&pages[1]].clone());
    bench.disk.insert(pages[0], second);
    bench.disk.insert(pages[1], first);
    bench.reopen();
    assert!(matches!(bench.scan(&[], None, Direction::Forward), Err(Stop::Damaged(_))));
}

#[test]
fn any_page_put_back_from_an_earlier_commit_is_noticed() {
    let mut bench = Bench::filled(1_000);
    let key = 5_u32.wrapping_mul(2_654_435_761).to_be_bytes();
    let old = bench.disk.clone();
    bench.put(&key, b"new");
    bench.commit();
    let new = bench.disk.clone();
    let changed: Vec<_> = new.keys().filter(|page| old[page] != new[page]).copied().collect();
    assert!(changed.len() >= 3);
    for page in changed {
        bench.disk.clone_from(&new);
        bench.disk.insert(page, old[&page].clone());
        bench.reopen();
        // The root record of yesterday names pages of yesterday.
        assert!(matches!(bench.attempt(|tree| tree.value(&key)), Err(Stop::Damaged(_))), "page {page}");
    }
}

#[test]
fn every_flipped_byte_and_every_cut_is_noticed() {
    let mut bench = Bench::filled(200);
    let whole = bench.disk.clone();
    for (page, bytes) in whole.iter().filter(|(page, _)| **page != ROOT_PAGE) {
        for at in (0..bytes.len()).step_by(97) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            for edited in [flipped, bytes[..at].to_vec()] {
                bench.disk.clone_from(&whole);
                bench.disk.insert(*page, edited);
                bench.reopen();
                assert_eq!(bench.scan(&[], None, Direction::Backward), Err(Stop::Damaged(*page)));
            }
        }
    }
}
