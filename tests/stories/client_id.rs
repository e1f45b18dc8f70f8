//! The client id of the first sign-in is asked about when it is entered: a person learns at once, and from Microsoft's
//! own answer, that it is wrong or how its registration is.

use anyhow::{Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{RegisteredClient, Sim};

use crate::cloud::{self, CONTOSO};
use crate::desk::{Desk, PASSPHRASE, exit, text};

/// A desk whose client id is what a person enters.
async fn start() -> Result<(Sim, Desk)> {
    let sim = cloud::start().await?;
    let mut desk = Desk::at(&sim)?;
    desk.unset("VITRINE_CLIENT_ID");
    desk.init().await?;
    Ok((sim, desk))
}

fn register(sim: &Sim, client_id: &str, public_flows: bool, home_tenant: Option<&str>) {
    sim.control().register_client(RegisteredClient {
        client_id: client_id.to_owned(),
        name: "Northern Lights IT".to_owned(),
        native_redirects: vec!["http://localhost".to_owned()],
        spa_redirects: Vec::new(),
        public_flows,
        home_tenant: home_tenant.map(str::to_owned),
    });
}

/// What is in use, without a word to Microsoft: the file itself.
fn saved(desk: &Desk) -> String {
    std::fs::read_to_string(desk.vault().join("config.toml")).unwrap_or_default()
}

#[tokio::test]
async fn a_good_client_id_is_known_and_then_confirmed_by_a_sign_in() -> Result<()> {
    let (sim, desk) = start().await?;
    let first = desk.vitrine(["connect", "Contoso", "--device-code", "--tenant", CONTOSO, "--yes"]);
    desk.does(["org", "add", "Contoso"]).await?;
    first.passphrase(PASSPHRASE).refused(exit::USAGE, "connect.no-client-id").await?;

    let entered = desk.vitrine(["client-id", sim.client_id()]).ends(exit::DONE).await?;
    ensure!(entered["clientId"] == sim.client_id() && entered["check"]["kind"] == "known", "{entered}");
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let mut running =
        desk.vitrine(["connect", "Contoso", "--device-code", "--tenant", CONTOSO, "--yes"]).start().await?;
    cloud::answer(&sim, &mut running, &cloud::admin(&sim, CONTOSO)?, crate::browser::Will::Agree).await?;
    running.end().await?.ended(exit::DONE)?;
    let shown = desk.vitrine(["client-id"]).ends(exit::DONE).await?;
    ensure!(shown["check"]["kind"] == "signedIn", "{shown}");
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    Ok(())
}

#[tokio::test]
async fn a_client_id_that_microsoft_refuses_is_not_taken_and_the_reason_said() -> Result<()> {
    const STRANGE: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
    const NOT_PUBLIC: &str = "11111111-aaaa-4bbb-8ccc-000000000002";
    const AT_HOME: &str = "11111111-aaaa-4bbb-8ccc-000000000003";
    let (sim, desk) = start().await?;
    register(&sim, NOT_PUBLIC, false, None);
    register(&sim, AT_HOME, true, Some(CONTOSO));
    desk.vitrine(["client-id", sim.client_id()]).ends(exit::DONE).await?;
    let before = saved(&desk);
    for (client_id, code, next) in [
        (STRANGE, "client-id.not-found", "Application (client) ID"),
        (NOT_PUBLIC, "client-id.public-client-off", "Allow public client flows"),
        (AT_HOME, "client-id.single-tenant", "any organizational directory"),
    ] {
        let error = desk.vitrine(["client-id", client_id]).refused(exit::REFUSED, code).await?;
        ensure!(text(&error, "next")?.contains(next), "{error}");
        ensure!(text(&error, "holds")?.contains("not changed"), "{error}");
        ensure!(saved(&desk) == before, "{client_id} was saved");
    }
    for nonsense in ["", "x", "\u{202e}", "11111111-aaaa-4bbb-8ccc"] {
        desk.vitrine(["client-id", nonsense]).refused(exit::USAGE, "connect.client-id").await?;
    }
    // One that was good and is switched off later says so when it is asked about.
    register(&sim, sim.client_id(), false, None);
    let shown = desk.vitrine(["client-id"]).ends(exit::DONE).await?;
    ensure!(shown["check"]["kind"] == "refused", "{shown}");
    ensure!(shown["check"]["error"]["code"] == "client-id.public-client-off", "{shown}");
    Ok(())
}

#[tokio::test]
async fn without_a_network_a_client_id_is_taken_and_said_to_be_unchecked() -> Result<()> {
    let (sim, mut desk) = start().await?;
    // Nobody listens there.
    desk.set("VITRINE_CLOUD_LOGIN", "http://127.0.0.1:9");
    desk.set("VITRINE_CLOUD_GRAPH", "http://127.0.0.1:9");
    let entered: Value = desk.vitrine(["client-id", sim.client_id()]).ends(exit::DONE).await?;
    ensure!(entered["clientId"] == sim.client_id(), "{entered}");
    ensure!(entered["check"]["kind"] == "unanswered", "{entered}");
    ensure!(entered["check"]["error"]["code"] == "network.no-connection", "{entered}");
    ensure!(saved(&desk).contains(sim.client_id()), "it was not saved");
    Ok(())
}
