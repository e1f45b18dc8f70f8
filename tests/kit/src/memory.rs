//! The memory of another process, searched as a debugger of the same machine would. Only pages that are there are read: a
//! web view reserves far more addresses than any machine has memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};

const PAGE: u64 = 4096;
/// Pages that are looked up, and read, at once.
const AT_ONCE: u64 = 1024;
/// Bit of an entry of `/proc/PID/pagemap`: the page is in memory.
const PRESENT: u64 = 1 << 63;

/// How often each of these stands in what the process (its folder in `/proc`) may write. It should be stopped or at rest.
/// Another user's process can be read by root alone.
pub fn count(process: &Path, wanted: &[Vec<u8>]) -> Result<Vec<usize>> {
    let maps = fs::read_to_string(process.join("maps"))?;
    let pages = File::open(process.join("pagemap"))?;
    let memory = File::open(process.join("mem")).context("reading another process needs root")?;
    let longest = wanted.iter().map(Vec::len).max().unwrap_or(0);
    let mut found = vec![0; wanted.len()];
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let range = words.next().and_then(|range| range.split_once('-'));
        let (Some((from, to)), Some(mode)) = (range, words.next()) else { continue };
        let (from, to) = (u64::from_str_radix(from, 16)? / PAGE, u64::from_str_radix(to, 16)? / PAGE);
        if !mode.starts_with("rw") {
            continue;
        }
        // What stands across the end of one piece is found with the next.
        let mut before = Vec::new();
        for first in (from..to).step_by(usize::try_from(AT_ONCE)?) {
            let piece = read(&pages, &memory, first, (to - first).min(AT_ONCE))?;
            let bytes = [before, piece].concat();
            for (wanted, found) in wanted.iter().zip(&mut found) {
                *found += occurrences(&bytes, wanted);
            }
            // Shorter than any of them by one, so that nothing is counted twice.
            before = bytes[bytes.len().saturating_sub(longest.saturating_sub(1))..].to_vec();
            let whole = |wanted: &Vec<u8>| occurrences(&before, wanted);
            for (found, again) in found.iter_mut().zip(wanted.iter().map(whole)) {
                *found -= again;
            }
        }
    }
    Ok(found)
}

/// The pages that are there, of so many; what lies between them counts as nothing.
fn read(pages: &File, memory: &File, first: u64, count: u64) -> Result<Vec<u8>> {
    let mut entries = vec![0; usize::try_from(count * 8)?];
    // A mapping that went away meanwhile holds nothing.
    if pages.read_exact_at(&mut entries, first * 8).is_err() {
        return Ok(Vec::new());
    }
    let mut bytes = Vec::new();
    for (page, entry) in (first..).zip(entries.as_chunks::<8>().0) {
        if u64::from_ne_bytes(*entry) & PRESENT != 0 {
            let at = bytes.len();
            bytes.resize(at + usize::try_from(PAGE)?, 0);
            if memory.read_exact_at(&mut bytes[at..], page * PAGE).is_err() {
                bytes.truncate(at);
            }
        }
    }
    Ok(bytes)
}

fn occurrences(bytes: &[u8], wanted: &[u8]) -> usize {
    let Some(first) = wanted.first() else { return 0 };
    // The first byte alone rules most places out; the whole comparison is rare.
    bytes.iter().enumerate().filter(|(at, byte)| *byte == first && bytes[*at..].starts_with(wanted)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_holds_is_found_in_it_once_for_each_place() -> Result<()> {
        // Put together at run time, so that the program's own text does not hold it.
        let text = ["a canary", "of this process", "alone"].join(" and ");
        let held = [text.clone(), text.clone()];
        let absent: Vec<u8> = text.bytes().map(|byte| byte ^ 1).rev().collect();
        let found = count(Path::new("/proc/self"), &[text.as_bytes().to_vec(), absent])?;
        assert!(found[0] > held.len(), "{found:?}");
        Ok(())
    }
}
