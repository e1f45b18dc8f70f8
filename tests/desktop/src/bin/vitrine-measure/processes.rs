//! What a program and all that it started cost, by `/proc`.

use std::fs;

const MIB: f64 = 1024.0 * 1024.0;
/// Ticks of processor time in a second, which Linux promises to programs.
const TICKS: f64 = 100.0;

/// One process as `/proc` shows it.
struct Process {
    id: u32,
    parent: u32,
    group: u32,
    ticks: u64,
}

fn all() -> Vec<Process> {
    let ids = fs::read_dir("/proc").into_iter().flatten().flatten();
    ids.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name may hold spaces and brackets; what follows the last one does not.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        let small = |place: usize| u32::try_from(number(place)?).ok();
        Some(Process { id, parent: small(1)?, group: small(2)?, ticks: number(11)? + number(12)? })
    })
    .collect()
}

/// A program that leads a process group of its own, and whatever descends from it or stayed in its group.
fn family(leader: u32) -> Vec<Process> {
    let mut rest = all();
    let mut family: Vec<Process> = Vec::new();
    loop {
        let (found, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|process| {
            process.id == leader || process.group == leader || family.iter().any(|member| member.id == process.parent)
        });
        rest = others;
        if found.is_empty() {
            return family;
        }
        family.extend(found);
    }
}

/// Proportional share of memory in MiB: shared pages are divided among those who share them.
fn pss(id: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or_default() * 1024.0 / MIB
}

/// Memory of all processes of a program.
pub(crate) fn memory(leader: u32) -> f64 {
    family(leader).iter().map(|process| pss(process.id)).sum()
}

/// Memory of the program's first process alone.
pub(crate) fn own_memory(leader: u32) -> f64 {
    pss(leader)
}

/// Processor seconds of all processes of a program so far.
#[allow(clippy::cast_precision_loss, reason = "no machine runs for 2^52 ticks")]
pub(crate) fn cpu(leader: u32) -> f64 {
    family(leader).iter().map(|process| process.ticks as f64).sum::<f64>() / TICKS
}
