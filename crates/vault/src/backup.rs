//! The backup container: everything of a vault that is already sealed or signed, in one file that can be written and
//! read as a stream. Its digest at the end tells a file that was cut short from one that was altered; what the content
//! may be trusted for is decided by the signatures inside, as everywhere.
//!
//! `magic, frame*`, a frame being `kind (1) || length (4, big end first) || bytes`. The first frame is the header, the
//! last one counts and digests all before it. No file is opened here: bytes go out of [`BackupWriter`] and into
//! [`BackupReader`].

use crate::SUITE;
use crate::account::MAX_BOX;
use crate::cbor::{self, CborError, Reader, Writer};
use crate::derive::info;
use crate::object::MAX_OBJECT;
use crate::sheet::MAX_SHEET;
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 16] = b"vitrine backup 1";
const LABEL: &str = "vitrine/1/backup";
const FRAME: usize = 5;
/// Most bytes of one ledger entry.
pub const MAX_ENTRY: usize = 1024 * 1024;
const MAX_HEADER: usize = 2048;
const MAX_HOME: usize = 1024;
const MAX_END: usize = 128;

const HEADER: u8 = 1;
const ENROLMENT: u8 = 2;
const SHEET: u8 = 3;
const ENTRY: u8 = 4;
const OBJECT: u8 = 5;
const END: u8 = 6;

/// What stands at the head of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupHeader {
    /// The member whose enrolment blob follows.
    pub member: [u8; 16],
    /// Ledger id of the MSP.
    pub genesis: [u8; 32],
    /// When it was written, in Unix milliseconds; shown, never trusted.
    pub made_at_ms: u64,
    /// Address of the home.
    pub home: String,
}

/// One record of a backup, in the order they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The first record.
    Header(BackupHeader),
    /// The enrolment blob of the member.
    Enrolment(Vec<u8>),
    /// The sheet blob of the firm.
    Sheet(Vec<u8>),
    /// A signed ledger entry, as received.
    Entry(Vec<u8>),
    /// A sealed object, as received.
    Object(Vec<u8>),
    /// The end: the digest fits, nothing is missing.
    End(Summary),
}

/// What a whole backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Entries.
    pub entries: u64,
    /// Objects.
    pub objects: u64,
}

/// Why a backup was not written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// Not a backup of Vitrine.
    #[error("this file is no Vitrine backup")]
    NotABackup,
    /// The file ends before its end record.
    #[error(
        "the backup was cut short after {bytes} bytes; its first {entries} entries and {objects} objects are there"
    )]
    Truncated {
        /// Bytes that were read.
        bytes: u64,
        /// Entries before the cut.
        entries: u64,
        /// Objects before the cut.
        objects: u64,
    },
    /// Digest or counts do not fit.
    #[error("the backup was altered: its digest does not fit")]
    Digest,
    /// A record that is none, too long or out of place.
    #[error("the backup is damaged at byte {at}")]
    Damaged {
        /// Where the record starts.
        at: u64,
    },
    /// Of a suite this build does not know.
    #[error("the backup was written by another version (suite {suite})")]
    Suite {
        /// What the header says.
        suite: u8,
    },
    /// Header or end record that do not read.
    #[error("the backup is damaged: {0}")]
    Format(#[from] CborError),
    /// A record too long to be written.
    #[error("a record of {length} bytes does not fit a backup")]
    TooLarge {
        /// Its length.
        length: usize,
    },
}

impl BackupError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotABackup => "vault.backup-none",
            Self::Truncated { .. } => "vault.backup-truncated",
            Self::Digest => "vault.backup-digest",
            Self::Damaged { .. } | Self::Format(_) => "vault.backup-damaged",
            Self::Suite { .. } => "vault.suite-unknown",
            Self::TooLarge { .. } => "vault.backup-too-large",
        }
    }
}

fn most(kind: u8) -> Option<usize> {
    Some(match kind {
        HEADER => MAX_HEADER,
        ENROLMENT => MAX_BOX,
        SHEET => MAX_SHEET,
        ENTRY => MAX_ENTRY,
        OBJECT => MAX_OBJECT,
        END => MAX_END,
        _ => return None,
    })
}

/// Writes a backup. Each call gives the bytes to append to the file.
pub struct BackupWriter {
    digest: Sha256,
    summary: Summary,
}

impl BackupWriter {
    /// Starts a backup: the writer, and the first bytes.
    pub fn start(header: &BackupHeader) -> Result<(Self, Vec<u8>), BackupError> {
        let mut writer =
            Self { digest: Sha256::new().chain_update(info(LABEL, &[])), summary: Summary { entries: 0, objects: 0 } };
        if header.home.len() > MAX_HOME {
            return Err(BackupError::TooLarge { length: header.home.len() });
        }
        writer.digest.update(MAGIC);
        let content = Writer::document(|map| {
            map.uint(1, SUITE);
            map.bytes(2, &header.member);
            map.bytes(3, &header.genesis);
            map.uint(4, header.made_at_ms);
            map.text(5, &header.home);
        });
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&writer.frame(HEADER, &content)?);
        Ok((writer, bytes))
    }

    fn frame(&mut self, kind: u8, content: &[u8]) -> Result<Vec<u8>, BackupError> {
        let too_large = BackupError::TooLarge { length: content.len() };
        if most(kind).is_none_or(|most| content.len() > most) {
            return Err(too_large);
        }
        let length = u32::try_from(content.len()).map_err(|_| too_large)?;
        let frame = [&[kind], &length.to_be_bytes()[..], content].concat();
        self.digest.update(&frame);
        Ok(frame)
    }

    /// The enrolment blob of the member.
    pub fn enrolment(&mut self, blob: &[u8]) -> Result<Vec<u8>, BackupError> {
        self.frame(ENROLMENT, blob)
    }

    /// The sheet blob of the firm.
    pub fn sheet(&mut self, blob: &[u8]) -> Result<Vec<u8>, BackupError> {
        self.frame(SHEET, blob)
    }

    /// A ledger entry, as received.
    pub fn entry(&mut self, entry: &[u8]) -> Result<Vec<u8>, BackupError> {
        let frame = self.frame(ENTRY, entry)?;
        self.summary.entries += 1;
        Ok(frame)
    }

    /// An object, as received.
    pub fn object(&mut self, object: &[u8]) -> Result<Vec<u8>, BackupError> {
        let frame = self.frame(OBJECT, object)?;
        self.summary.objects += 1;
        Ok(frame)
    }

    /// The last bytes. A file without them is a backup that was cut short.
    pub fn finish(self) -> Vec<u8> {
        let content = Writer::document(|map| {
            map.uint(1, self.summary.entries);
            map.uint(2, self.summary.objects);
            map.bytes(3, &self.digest.finalize());
        });
        let length = u32::try_from(content.len()).expect("the end record has some fifty bytes");
        [&[END], &length.to_be_bytes()[..], &content].concat()
    }
}

/// Reads a backup as its bytes come in; holds at most one record and what was fed beyond it.
pub struct BackupReader {
    buffer: Vec<u8>,
    taken: usize,
    at: u64,
    digest: Sha256,
    summary: Summary,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Magic,
    Header,
    Records,
    Ended,
}

impl Default for BackupReader {
    fn default() -> Self {
        Self::new()
    }
}

impl BackupReader {
    /// A reader at the start of a file.
    pub fn new() -> Self {
        Self {
            buffer: Vec::new(),
            taken: 0,
            at: 0,
            digest: Sha256::new().chain_update(info(LABEL, &[])),
            summary: Summary { entries: 0, objects: 0 },
            stage: Stage::Magic,
        }
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes `count` bytes of what was fed, if they are all there.
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let taken = self.buffer.get(self.taken..)?.get(..count)?;
        self.taken += count;
        self.at += count as u64;
        Some(taken)
    }

    /// The next record, or `None` until more is fed.
    pub fn next_record(&mut self) -> Result<Option<Record>, BackupError> {
        if self.stage == Stage::Magic {
            let fed = &self.buffer[self.taken..];
            let seen = fed.len().min(MAGIC.len());
            // Refused at the first wrong byte, so that a file of another kind is not read to its end.
            if fed[..seen] != MAGIC[..seen] {
                return Err(BackupError::NotABackup);
            }
            if self.take(MAGIC.len()).is_none() {
                return Ok(None);
            }
            self.digest.update(MAGIC);
            self.stage = Stage::Header;
        }
        let at = self.at;
        let damaged = BackupError::Damaged { at };
        let Some(head) = self.buffer[self.taken..].first_chunk::<FRAME>().copied() else {
            let is_over = self.stage == Stage::Ended && self.taken < self.buffer.len();
            return if is_over { Err(damaged) } else { Ok(None) };
        };
        let [kind, length @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| damaged)?;
        let in_place = match self.stage {
            Stage::Header => kind == HEADER,
            Stage::Records => kind != HEADER,
            Stage::Magic | Stage::Ended => false,
        };
        if !in_place || most(kind).is_none_or(|most| length > most) {
            return Err(damaged);
        }
        let Some(frame) = self.take(FRAME + length) else { return Ok(None) };
        let (frame, content) = (frame.to_vec(), frame[FRAME..].to_vec());
        if kind == END {
            self.stage = Stage::Ended;
            return self.check_end(&content).map(|summary| Some(Record::End(summary)));
        }
        self.digest.update(&frame);
        Ok(Some(match kind {
            HEADER => {
                self.stage = Stage::Records;
                Record::Header(read_header(&content)?)
            }
            ENROLMENT => Record::Enrolment(content),
            SHEET => Record::Sheet(content),
            ENTRY => {
                self.summary.entries += 1;
                Record::Entry(content)
            }
            _ => {
                self.summary.objects += 1;
                Record::Object(content)
            }
        }))
    }

    fn check_end(&self, content: &[u8]) -> Result<Summary, BackupError> {
        let (summary, digest) = cbor::decode(content, MAX_END, |reader| {
            reader.map(|map| {
                let summary =
                    Summary { entries: map.required(1, Reader::uint)?, objects: map.required(2, Reader::uint)? };
                Ok((summary, map.required(3, Reader::array::<32>)?))
            })
        })?;
        let own: [u8; 32] = self.digest.clone().finalize().into();
        if digest == own && summary == self.summary { Ok(summary) } else { Err(BackupError::Digest) }
    }

    /// To be called when the file has ended: whether the end record was seen and nothing follows it.
    pub fn finish(&self) -> Result<Summary, BackupError> {
        let Summary { entries, objects } = self.summary;
        match self.stage {
            Stage::Ended if self.taken == self.buffer.len() => Ok(self.summary),
            Stage::Ended => Err(BackupError::Damaged { at: self.at }),
            Stage::Magic => Err(BackupError::NotABackup),
            Stage::Header | Stage::Records => {
                let bytes = self.at + (self.buffer.len() - self.taken) as u64;
                Err(BackupError::Truncated { bytes, entries, objects })
            }
        }
    }
}

/// Reads a whole backup that is in memory.
pub fn read_all(bytes: &[u8]) -> Result<Vec<Record>, BackupError> {
    let mut reader = BackupReader::new();
    reader.feed(bytes);
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push(record);
    }
    reader.finish().map(|_| records)
}

fn read_header(content: &[u8]) -> Result<BackupHeader, BackupError> {
    let (suite, header) = cbor::decode(content, MAX_HEADER, |reader| {
        reader.map(|map| {
            let suite = map.required(1, Reader::uint::<u8>)?;
            let header = BackupHeader {
                member: map.required(2, Reader::array)?,
                genesis: map.required(3, Reader::array)?,
                made_at_ms: map.required(4, Reader::uint)?,
                home: map.required(5, |reader| reader.text(MAX_HOME))?.to_owned(),
            };
            Ok((suite, header))
        })
    })?;
    if suite == SUITE { Ok(header) } else { Err(BackupError::Suite { suite }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn header() -> BackupHeader {
        BackupHeader { member: [1; 16], genesis: [2; 32], made_at_ms: 3, home: "this computer".into() }
    }

    fn backup() -> Vec<u8> {
        let (mut writer, mut bytes) = BackupWriter::start(&header()).unwrap();
        bytes.extend(writer.enrolment(b"enrolment").unwrap());
        bytes.extend(writer.sheet(b"sheet").unwrap());
        bytes.extend(writer.entry(b"genesis").unwrap());
        bytes.extend(writer.object(b"object").unwrap());
        bytes.extend(writer.entry(b"put").unwrap());
        bytes.extend(writer.finish());
        bytes
    }

    #[test]
    fn a_backup_reads_back_record_by_record() {
        let expected = vec![
            Record::Header(header()),
            Record::Enrolment(b"enrolment".to_vec()),
            Record::Sheet(b"sheet".to_vec()),
            Record::Entry(b"genesis".to_vec()),
            Record::Object(b"object".to_vec()),
            Record::Entry(b"put".to_vec()),
            Record::End(Summary { entries: 2, objects: 1 }),
        ];
        assert_eq!(read_all(&backup()).unwrap(), expected);

        let mut reader = BackupReader::new();
        let mut records = Vec::new();
        for byte in backup() {
            reader.feed(&[byte]);
            records.extend(reader.next_record().unwrap());
        }
        assert_eq!(reader.finish().unwrap(), Summary { entries: 2, objects: 1 });
        assert_eq!(records, expected);
    }

    #[test]
    fn a_backup_cut_short_anywhere_says_so() {
        let backup = backup();
        for length in 0..backup.len() {
            let error = read_all(&backup[..length]).unwrap_err();
            let expected = if length < MAGIC.len() { "vault.backup-none" } else { "vault.backup-truncated" };
            assert_eq!(error.code(), expected, "{length}: {error}");
        }
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let backup = backup();
        for index in 0..backup.len() {
            let mut changed = backup.clone();
            changed[index] ^= 1;
            assert!(read_all(&changed).is_err(), "byte {index}");
        }
    }

    #[test]
    fn bytes_after_the_end_and_a_file_of_another_kind_are_refused() {
        for more in [&b"x"[..], b"longer than a frame"] {
            let longer = [&backup()[..], more].concat();
            assert!(matches!(read_all(&longer), Err(BackupError::Damaged { .. })));
        }
        assert_eq!(read_all(b"PK\x03\x04 some archive").unwrap_err(), BackupError::NotABackup);
    }

    #[test]
    fn a_record_that_claims_4_gib_is_refused_before_it_is_awaited() {
        let (_, mut bytes) = BackupWriter::start(&header()).unwrap();
        bytes.extend([ENTRY, 0xff, 0xff, 0xff, 0xff]);
        let mut reader = BackupReader::new();
        reader.feed(&bytes);
        assert!(matches!(reader.next_record(), Ok(Some(Record::Header(_)))));
        assert!(matches!(reader.next_record(), Err(BackupError::Damaged { .. })));
    }

    #[test]
    fn an_oversized_record_is_not_written() {
        let (mut writer, _) = BackupWriter::start(&header()).unwrap();
        assert_eq!(writer.entry(&vec![0; MAX_ENTRY + 1]).unwrap_err(), BackupError::TooLarge { length: MAX_ENTRY + 1 });
    }
}
