//! The connection's certificate from its first day to its last: renewed by itself before it ends, replaced by an admin
//! where it has ended, and at no instant without one that signs in.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{ApplicationView, Effect, Fault, Sim, TenantChange};
use vitrine_kit::wait::{PATIENCE, until};

use crate::cloud::{self, CONTOSO};
use crate::desk::{Desk, PASSPHRASE, exit};

const EMERGENCY: &str = "emergency@contoso.onmicrosoft.com";
const ADD: &str = "POST /applications/{application-id}/addKey";
const REMOVE: &str = "POST /applications/{application-id}/removeKey";

/// A vault whose one connection has a certificate of so many days.
async fn connected(days: &str) -> Result<(Sim, Desk)> {
    let sim = cloud::start().await?;
    let mut desk = Desk::at(&sim)?;
    desk.set("VITRINE_CERTIFICATE_DAYS", days);
    desk.init().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["emergency"]).await?;
    desk.set("VITRINE_CERTIFICATE_DAYS", "730");
    Ok((sim, desk))
}

fn registration(sim: &Sim) -> Result<ApplicationView> {
    let mut ours = sim.control().applications(CONTOSO);
    ensure!(ours.len() == 1, "{ours:?}");
    ours.pop().context("no registration")
}

/// What the health list says of the certificate.
async fn health(desk: &Desk) -> Result<Value> {
    let organization = desk.does(["org", "show", "Contoso"]).await?;
    let lines = organization["health"].as_array().context("no health")?;
    lines.iter().find(|line| line["check"] == "certificate").cloned().context("no line of the certificate")
}

/// The connection works: a rotation signs in with it.
async fn rotates(sim: &Sim, desk: &Desk) -> Result<()> {
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1 && rotated["failed"] == 0, "{rotated}");
    cloud::one_value_opens(sim, desk, "Contoso", CONTOSO, EMERGENCY).await
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_renewed_while_the_vault_is_open() -> Result<()> {
    let (sim, desk) = connected("30").await?;
    let before = registration(&sim)?.certificates;
    ensure!(before.len() == 1, "{before:?}");
    let line = health(&desk).await?;
    ensure!(line["verdict"] == "warning", "{line}");
    ensure!(line["words"].as_str().is_some_and(|words| words.contains("29 days left")), "{line}");
    let status = desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    ensure!(status["certificates"]["ending"] == 1, "{status}");
    until("another certificate alone in the tenant", PATIENCE, async || {
        let now = registration(&sim).ok()?.certificates;
        (now.len() == 1 && now != before).then_some(())
    })
    .await?;
    until("the health list without a warning", PATIENCE, async || {
        let line = health(&desk).await.ok()?;
        (line["verdict"] == "good").then_some(())
    })
    .await?;
    let status = desk.vitrine(["status"]).ends(exit::DONE).await?;
    ensure!(status["certificates"]["ending"] == 0 && status["certificates"]["ended"] == 0, "{status}");
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    rotates(&sim, &desk).await?;
    ensure!(sim.control().requests(CONTOSO, ADD) == 1, "added more than once");
    Ok(())
}

#[tokio::test]
async fn a_renewal_whose_answers_are_lost_settles_and_the_connection_works_throughout() -> Result<()> {
    let (sim, desk) = connected("30").await?;
    let before = registration(&sim)?.certificates;
    for operation in [ADD, REMOVE] {
        let fault = Fault {
            tenant: Some(CONTOSO.to_owned()),
            operation: Some(operation.to_owned()),
            skip: 0,
            times: Some(1),
            probability: None,
            effect: Effect::DropAfter,
        };
        sim.control().add_fault(fault);
    }
    for _ in 0..2 {
        desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
        until("the old certificate gone from the tenant", PATIENCE, async || {
            (!registration(&sim).ok()?.certificates.contains(&before[0])).then_some(())
        })
        .await?;
        desk.vitrine(["lock"]).ends(exit::DONE).await?;
        rotates(&sim, &desk).await?;
    }
    ensure!(registration(&sim)?.certificates.len() == 1, "{:?}", registration(&sim)?);
    Ok(())
}

#[tokio::test]
async fn a_refused_renewal_keeps_the_old_certificate_and_says_what_to_do() -> Result<()> {
    let (sim, desk) = connected("30").await?;
    let before = registration(&sim)?.certificates;
    let refused =
        Effect::Status { status: 400, code: Some("CredentialInvalidLifetimeAsPerAppPolicy".into()), retry_after: None };
    sim.control().add_fault(Fault {
        tenant: Some(CONTOSO.to_owned()),
        operation: Some(ADD.to_owned()),
        skip: 0,
        times: None,
        probability: None,
        effect: refused,
    });
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    until("the reason in the health list", PATIENCE, async || {
        let line = health(&desk).await.ok()?;
        line["words"].as_str()?.contains("policy for apps").then_some(())
    })
    .await?;
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    ensure!(registration(&sim)?.certificates == before, "the tenant's list changed");
    rotates(&sim, &desk).await
}

#[tokio::test]
async fn connecting_again_replaces_a_certificate_that_has_ended() -> Result<()> {
    let (sim, desk) = connected("1").await?;
    let before = registration(&sim)?;
    let end_certificates = Some(before.app_id.clone());
    let change = TenantChange { tenant: CONTOSO.to_owned(), end_certificates, ..TenantChange::default() };
    sim.control().change_tenant(&change).map_err(anyhow::Error::msg)?;
    let ended = desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE).end().await?;
    ensure!(ended.status.code() != Some(exit::DONE), "a certificate that has ended signs in: {}", ended.out);
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &[]).await?;
    let now = registration(&sim)?;
    ensure!(now.app_id == before.app_id && now.certificates.len() == 1, "{now:?}");
    ensure!(now.certificates != before.certificates, "the one that has ended is still there");
    ensure!(health(&desk).await?["verdict"] == "good", "{}", health(&desk).await?);
    rotates(&sim, &desk).await
}
