//! One page of the index: sorted rows in one flat buffer, which is also its plaintext form.
//!
//! A page never changes: an edit makes a new page. That costs a copy of a few KiB, and in return no row is ever
//! moved inside a growing buffer, which would leave unwiped copies of key material behind.
//!
//! Layout: `level: u8`, then rows `key_len: u16, value_len: u16, key, value` (little-endian), keys strictly rising.
//! Level 0 holds rows of the map; a page of level n holds links to pages of level n - 1.

use std::ops::Range;

use zeroize::Zeroizing;

use super::seal::SEAL_OVERHEAD;

/// Pages are split above this many bytes. Sealed, such a page just fits an 8 KiB page of SQLite without overflow
/// (8,192 - 35 bytes of payload less the record header: <https://www.sqlite.org/fileformat2.html>, section 1.6).
pub(super) const TARGET: usize = 8_152 - SEAL_OVERHEAD;

/// Pages below this many bytes look for a neighbour to join.
pub(super) const LOW: usize = TARGET / 4;

/// Longest key, in bytes.
pub(super) const KEY_LIMIT: usize = 512;

/// Longest value, in bytes: a page of this one row, sealed, stays below 64 KiB.
pub(super) const VALUE_LIMIT: usize = 60 * 1024;

const ROW_HEADER: usize = 4;

/// Sorted rows. Wiped when dropped.
#[derive(Clone)]
pub(super) struct Page {
    bytes: Zeroizing<Vec<u8>>,
    /// Where each row begins.
    starts: Vec<u32>,
}

impl Page {
    /// A page of these rows, which must be in rising order of keys.
    pub(super) fn new<'a>(level: u8, rows: impl IntoIterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Self {
        let size = 1 + rows.clone().into_iter().map(|(key, value)| row_size(key, value)).sum::<usize>();
        let mut page = Self { bytes: Zeroizing::new(Vec::with_capacity(size)), starts: Vec::new() };
        page.bytes.push(level);
        for (key, value) in rows {
            page.push(key, value);
        }
        page
    }

    /// Reads an opened page strictly; `None` if these bytes are not a page.
    pub(super) fn decode(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        let mut starts = Vec::new();
        let mut at = 1;
        while at < bytes.len() {
            let start = u32::try_from(at).ok()?;
            let key_len = u16_at(&bytes, at)?;
            let value_len = u16_at(&bytes, at + 2)?;
            at += ROW_HEADER + usize::from(key_len) + usize::from(value_len);
            starts.push(start);
        }
        if at != bytes.len() {
            return None;
        }
        let page = Self { bytes, starts };
        let rising = (1..page.len()).all(|row| page.key(row - 1) < page.key(row));
        rising.then_some(page)
    }

    /// The plaintext form.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Distance to the rows of the map: 0 for a page that holds them.
    pub(super) fn level(&self) -> u8 {
        self.bytes[0]
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// Length of the plaintext form.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Key of a row below [`Page::len`].
    pub(super) fn key(&self, row: usize) -> &[u8] {
        let (key, _) = self.spans(row);
        &self.bytes[key]
    }

    /// Value of a row below [`Page::len`].
    pub(super) fn value(&self, row: usize) -> &[u8] {
        let (_, value) = self.spans(row);
        &self.bytes[value]
    }

    /// All rows in order.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> + Clone {
        (0..self.len()).map(|row| (self.key(row), self.value(row)))
    }

    /// Number of rows before `key`.
    pub(super) fn lower_bound(&self, key: &[u8]) -> usize {
        self.partition(|other| other < key)
    }

    /// Row of exactly this key, or where it would stand.
    pub(super) fn find(&self, key: &[u8]) -> Result<usize, usize> {
        let row = self.lower_bound(key);
        if row < self.len() && self.key(row) == key { Ok(row) } else { Err(row) }
    }

    /// The link to follow for `key`: the last whose separator is not above it.
    pub(super) fn child(&self, key: &[u8]) -> usize {
        self.partition(|separator| separator <= key).saturating_sub(1)
    }

    /// The same page with the rows of `range` replaced.
    pub(super) fn splice(&self, range: Range<usize>, rows: &[(&[u8], &[u8])]) -> Self {
        let from = self.start(range.start);
        let to = self.start(range.end);
        let added = rows.iter().map(|(key, value)| row_size(key, value)).sum::<usize>();
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.size() - (to - from) + added));
        bytes.extend_from_slice(&self.bytes[..from]);
        let mut page = Self { bytes, starts: Vec::with_capacity(self.len() - range.len() + rows.len()) };
        page.starts.extend_from_slice(&self.starts[..range.start]);
        for (key, value) in rows {
            page.push(key, value);
        }
        let moved = page.size();
        page.bytes.extend_from_slice(&self.bytes[to..]);
        page.starts.extend(self.starts[range.end..].iter().map(|start| small(*start as usize - to + moved)));
        page
    }

    /// Overwrites a value by one of the same length.
    pub(super) fn overwrite(&mut self, row: usize, value: &[u8]) {
        let (_, span) = self.spans(row);
        self.bytes[span].copy_from_slice(value);
    }

    /// Cuts the page in as many as it takes for each to be at most [`TARGET`] long or to hold a single row.
    /// Rows that arrive in order (`appended`) leave full pages behind; otherwise the halves are of like size.
    pub(super) fn split(self, appended: bool) -> Vec<Self> {
        if self.size() <= TARGET || self.len() < 2 {
            return vec![self];
        }
        let cut = if appended {
            self.len() - 1
        } else {
            let middle = self.size() / 2;
            self.starts.partition_point(|start| (*start as usize) < middle).clamp(1, self.len() - 1)
        };
        let left = Self::new(self.level(), (0..cut).map(|row| (self.key(row), self.value(row))));
        let right = Self::new(self.level(), (cut..self.len()).map(|row| (self.key(row), self.value(row))));
        let mut parts = left.split(false);
        parts.extend(right.split(false));
        parts
    }

    /// Where a row begins; the end for the row after the last.
    fn start(&self, row: usize) -> usize {
        self.starts.get(row).map_or(self.size(), |start| *start as usize)
    }

    fn partition(&self, before: impl Fn(&[u8]) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if before(self.key(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn spans(&self, row: usize) -> (Range<usize>, Range<usize>) {
        let start = self.start(row);
        let key = start + ROW_HEADER;
        let value = key + usize::from(u16::from_le_bytes([self.bytes[start], self.bytes[start + 1]]));
        (key..value, value..self.start(row + 1))
    }

    fn push(&mut self, key: &[u8], value: &[u8]) {
        let lengths = [short(key.len()), short(value.len())];
        self.starts.push(small(self.bytes.len()));
        self.bytes.extend(lengths.into_iter().flat_map(u16::to_le_bytes));
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
    }
}

fn row_size(key: &[u8], value: &[u8]) -> usize {
    ROW_HEADER + key.len() + value.len()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn short(len: usize) -> u16 {
    u16::try_from(len).expect("keys and values are checked against their limits before they reach a page")
}

fn small(at: usize) -> u32 {
    u32::try_from(at).expect("a page is split long before 4 GiB")
}
