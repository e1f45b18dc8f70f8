//! What the people of a firm wait for when they share its vault: the whole application at both ends, a real backend between.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};
use tempfile::TempDir;
use tokio::time::{Duration, sleep};
use vitrine_app::App;
use vitrine_app::api::{
    AccessLevel, ApproveMemberRequest, EdgeSecret, ErrorView, GiveAccessRequest, InviteRequest, JoinRequest,
    MakeTeamRequest, MemberStanding, MoveHomeRequest, OrganizationRequest, OrganizationsRequest, PeopleRequest,
    PeopleView, Phase, Role, StatusRequest, SyncRequest,
};
use vitrine_app::synthetic::{self, Place};
use vitrine_vault::SecretText;

use crate::load::{Server, TOKEN};
use crate::row::Row;
use crate::vaults;

/// Organizations of the first sync, of the new team, and of the vault that is a year old.
const MANY: u32 = 10_000;
const GIVEN: u32 = 2_000;
const OLD: u32 = 20;
/// Rotations of each account in a year.
const YEAR: u32 = 730;
/// The peer, as the requirements give it (10,000 items).
const PEER: (&str, f64) = ("bw sync and bw list (figure of another day, not run here)", 19.1);

/// Measures what members wait for.
pub(crate) async fn measure(server: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let many = Firm::at(server, MANY, 0).await?;
    let (_grace, first) = many.first_sync().await?;
    rows.push(Row::measured("S8", "10,000 organizations, from the keys to a usable list", (first, "s"), PEER, 0.125));
    many.owner.shut_down();

    let firm = Firm::at(server, GIVEN, 0).await?;
    let ids = firm.organizations().await?;
    let (few, rest) = ids.split_at(ids.len() / 10);
    let team = firm.team("Night").await?;
    let (few, rest) = (firm.give(&team, few).await?, firm.give(&team, rest).await?);
    let what = "access for a new team, an organization: of 1,800";
    rows.push(Row::measured("G5", what, (rest * 1e3, "ms"), ("of 200", few * 1e3), 1.5));
    let wrap = ("one wrap of keys, by the requirements", 0.03);
    rows.push(Row::compared("G5", "access for a new team, an organization", (rest * 1e3, "ms"), wrap));
    firm.owner.shut_down();

    let fresh = Firm::at(server, OLD, 0).await?;
    let (_grace, young) = fresh.first_sync().await?;
    fresh.owner.shut_down();
    let old = Firm::at(server, OLD, YEAR).await?;
    let (_grace, aged) = old.first_sync().await?;
    old.owner.shut_down();
    let what = "first sync after a year: 20 organizations, 730 rotations an account";
    rows.push(Row::measured("G8", what, (aged, "s"), ("ours, fresh", young), 1.5));
    Ok(rows)
}

/// An owner with many customers, whose vault has its home at a backend.
struct Firm {
    /// Ends with this.
    server: Server,
    owner: App,
    folder: TempDir,
    organizations: u32,
}

fn secret(text: &str) -> EdgeSecret {
    EdgeSecret(SecretText::new(text.to_owned()))
}

fn plain(ErrorView { what, details, .. }: ErrorView) -> anyhow::Error {
    details.map_or_else(|| anyhow!("{what}"), |details| anyhow!("{what} ({details})"))
}

impl Firm {
    async fn at(program: &Path, organizations: u32, rotations: u32) -> Result<Self> {
        let begun = Instant::now();
        let (server, folder) = (Server::start(program, None)?, tempfile::tempdir()?);
        let owner = vaults::living(&folder.path().join("owner")).await?;
        vaults::found(&owner).await?;
        synthetic::fill(&owner, 0, organizations, 2).await?;
        let firm = Self { server, owner, folder, organizations };
        if rotations > 0 {
            for organization in firm.organizations().await? {
                let view =
                    firm.owner.call(OrganizationRequest { organization: organization.clone() }).await.map_err(plain)?;
                for account in view.accounts {
                    let place = Place { organization: organization.clone(), account: account.id };
                    synthetic::rotate(&firm.owner, &place, rotations).await?;
                }
            }
        }
        let moving = MoveHomeRequest { address: firm.server.url(), token: secret(TOKEN) };
        firm.owner.call(moving).await.map_err(plain)?;
        eprintln!("a firm of {organizations} customers was made and moved in {:.0} s", begun.elapsed().as_secs_f64());
        Ok(firm)
    }

    async fn organizations(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        loop {
            let request = OrganizationsRequest {
                offset: u32::try_from(ids.len())?,
                limit: 500,
                ..OrganizationsRequest::default()
            };
            let page = self.owner.call(request).await.map_err(plain)?;
            if page.rows.is_empty() {
                return Ok(ids);
            }
            ids.extend(page.rows.into_iter().map(|row| row.id));
        }
    }

    async fn team(&self, name: &str) -> Result<String> {
        let people = self.owner.call(MakeTeamRequest { name: name.to_owned(), members: Vec::new() }).await;
        let team = people.map_err(plain)?.teams.into_iter().find(|team| team.name == name);
        Ok(team.context("no team")?.id)
    }

    /// Seconds for each of them.
    async fn give(&self, team: &str, organizations: &[String]) -> Result<f64> {
        let (organizations, level) = (organizations.to_vec(), AccessLevel::Full);
        let (many, begun) = (u32::try_from(organizations.len())?, Instant::now());
        let request = GiveAccessRequest { organizations, team: team.to_owned(), level };
        self.owner.call(request).await.map_err(plain)?;
        Ok(begun.elapsed().as_secs_f64() / f64::from(many))
    }

    async fn people(&self) -> Result<PeopleView> {
        self.owner.call(SyncRequest {}).await.map_err(plain)?;
        self.owner.call(PeopleRequest {}).await.map_err(plain)
    }

    /// Brings a technician in. Seconds from the keys, which an owner gives, until everything is in the list.
    async fn first_sync(&self) -> Result<(App, f64)> {
        let request = InviteRequest { name: "Grace".into(), role: Role::Technician, team: None, hours: 1, copy: false };
        let invited = self.owner.call(request).await.map_err(plain)?;
        let grace = vaults::living(&self.folder.path().join("grace")).await?;
        let joining = JoinRequest {
            code: invited.code.context("no code")?,
            person_name: "Grace".into(),
            passphrase: secret(vaults::PASSPHRASE),
            accept_file_fallback: true,
        };
        grace.call(joining).await.map_err(plain)?;
        while self.people().await?.invitations.first().is_none_or(|invitation| invitation.answer.is_none()) {
            sleep(Duration::from_millis(100)).await;
        }
        let approval = ApproveMemberRequest { invitation: invited.invitation, compared: true };
        self.owner.call(approval).await.map_err(plain)?;
        while grace.call(StatusRequest {}).await.map_err(plain)?.phase != Phase::Unlocked {
            sleep(Duration::from_millis(20)).await;
        }
        let active = |people: &PeopleView| {
            let standing = people.members.iter().find(|member| !member.you).map(|member| member.standing);
            standing == Some(MemberStanding::Active)
        };
        while !active(&self.people().await?) {
            sleep(Duration::from_millis(20)).await;
        }
        let begun = Instant::now();
        loop {
            grace.call(SyncRequest {}).await.map_err(plain)?;
            let list = OrganizationsRequest { limit: 50, ..OrganizationsRequest::default() };
            let list = grace.call(list).await.map_err(plain)?;
            if list.matching == self.organizations {
                let took = begun.elapsed().as_secs_f64();
                ensure!(list.closed == 0 && list.rows.iter().all(|row| row.accounts == 2), "not everything came");
                return Ok((grace, took));
            }
        }
    }
}
