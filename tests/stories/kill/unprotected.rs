//! That these stories see what they are for: with a protection switched off in the real process (`protected!` in
//! `crates/app`), the same kill leaves what the same checks refuse. And the program that ships has no such switch.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result, ensure};

use super::backup::Kept;
use super::certificates::{agent, beside, with_an_old_certificate};
use super::instants::{Errand, Instant};
use super::rotation::rotating;
use super::{Lane, desk, program};
use crate::cloud;
use crate::desk::{self, PASSPHRASE, exit};

const SWITCH: &str = "VITRINE_UNPROTECTED";

fn first_pass(point: &str) -> Instant {
    Instant::Point { name: point.to_owned(), pass: 1 }
}

fn without(protection: &str, errand: Errand) -> Errand {
    errand.with(SWITCH, protection)
}

/// A rotation without this protection, killed here, locks the account out.
async fn locks_out(protection: &str, point: &str) -> Result<()> {
    let sim = cloud::with_fleet(1).await?;
    let lane = Lane::make(&sim, &AtomicUsize::new(0), &["emergency"]).await?;
    let errand = without(protection, rotating(&lane));
    ensure!(errand.killed_at(&sim, &lane.tenants(), &first_pass(point)).await?, "{point} never came");
    let seen = lane.customer.is_open(&sim, &lane.desk).await;
    let said = seen.err().with_context(|| format!("without this nobody notices anything: {protection}"))?;
    ensure!(said.to_string().starts_with("no stored value opens"), "{said:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_was_not_stored_before_it_was_sent_is_noticed() -> Result<()> {
    locks_out("a candidate is stored before it is sent", "rotate.send.after").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_was_thrown_away_for_an_unproved_one_is_noticed() -> Result<()> {
    locks_out("the value before is kept", "rotate.prepare.after").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_was_written_over_the_one_before_is_noticed() -> Result<()> {
    let sim = cloud::start().await?;
    let mut kept = Kept::make(&sim).await?;
    let errand = without("the backup before is kept", kept.changing());
    ensure!(errand.killed_at(&sim, &[], &first_pass("backup.head")).await?, "no backup was written");
    ensure!(kept.restored(&sim).await.is_err(), "half a backup was restored");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_thrown_away_for_an_unknown_one_is_noticed() -> Result<()> {
    let sim = cloud::with_fleet(1).await?;
    let desk = desk(&sim).await?;
    desk.init().await?;
    let customer = with_an_old_certificate(&sim, &desk, &AtomicUsize::new(0)).await?;
    let errand = without("the certificate before is kept", agent(&desk));
    let (tenants, instant) = ([customer.tenant.as_str()], first_pass("certificate.stored"));
    ensure!(beside(&desk, errand.killed_at(&sim, &tenants, &instant)).await?, "nothing was renewed");
    let rotated = desk.vitrine(["rotate", &customer.organization]).passphrase(PASSPHRASE).end().await?;
    ensure!(rotated.status.code() != Some(exit::DONE), "a certificate that the tenant never saw signed in");
    Ok(())
}

#[tokio::test]
async fn the_program_that_ships_has_neither_points_nor_switches() -> Result<()> {
    for name in ["VITRINE_FAILPOINT", "VITRINE_CLOCK_FILE", SWITCH] {
        let has = |program: &Path| -> Result<bool> {
            let mut grep = Command::new("grep");
            Ok(grep.args(["--quiet", "--text", "--fixed-strings", name]).arg(program).status()?.success())
        };
        ensure!(has(&program().await?)?, "{name} is not found where it is");
        ensure!(!has(&desk::program()?)?, "{name} is in the program");
    }
    Ok(())
}
