//! A home that lies to a team: parts its members, keeps from one who was removed, puts other keys in the place of a member's,
//! stands between who invites and who joins, or looks at what travels.

use anyhow::{Context, Result, ensure};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use vitrine_entra_sim::{Effect, Fault, Sim};
use vitrine_kit::backend::{Backend, TOKEN, copy};
use vitrine_kit::evil::{Attack, EvilServer, Forgery, Lie, Mail, Name, Seen, Sort};
use vitrine_kit::wait::{PATIENCE, until};

use super::{FORKED, REFUSED};
use crate::backend::{self, moving_to};
use crate::bad_rotation::{FIRST, connected, fault};
use crate::canary::Canaries;
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, PASSPHRASE, Running, exit, text};
use crate::devices::{own_id, told};
use crate::people::{brought_in, invited, join, standing};

const DAY_MS: i64 = 24 * 3_600_000;
const SET_PASSWORD: &str = "PATCH /users/{user-id}";
const ROTATE: [&str; 4] = ["rotate", "Contoso", "--wait", "20"];

/// An owner whose vault is at a home that lies on request, and those whom she brought in.
pub(super) struct Team {
    pub(super) sim: Sim,
    pub(super) evil: EvilServer,
    /// Ends with this.
    _backend: Backend,
    pub(super) ada: Desk,
}

impl Team {
    pub(super) async fn make() -> Result<Self> {
        let (sim, ada) = connected(&["ea-1"]).await?;
        // Each command alone decides what is rotated.
        ada.does(["settings", "rotateWhenDue", "false"]).await?;
        let backend = backend::start().await?;
        let evil = EvilServer::before(&backend.url()).await?;
        moving_to(&ada, &evil.url()).ends(exit::DONE).await?;
        Ok(Self { sim, evil, _backend: backend, ada })
    }

    pub(super) async fn with(&self, name: &str, role: &str) -> Result<Desk> {
        let desk = Desk::at(&self.sim)?;
        brought_in(&self.ada, &desk, name, role).await?;
        Ok(desk)
    }

    pub(super) fn passwords_set(&self) -> u64 {
        self.sim.control().requests(CONTOSO, SET_PASSWORD)
    }

    /// A desk with a copy of what another one has now.
    pub(super) fn twin(&self, desk: &Desk) -> Result<Desk> {
        let twin = Desk::at(&self.sim)?;
        copy(&desk.vault(), &twin.vault())?;
        Ok(twin)
    }
}

/// Two members whom the home has parted, after each wrote something in a history of its own.
pub(super) struct Parted {
    pub(super) team: Team,
    pub(super) grace: Desk,
}

impl Parted {
    pub(super) async fn make() -> Result<Self> {
        let team = Team::make().await?;
        let grace = team.with("Grace Hopper", "technician").await?;
        team.evil.part(&own_id(&grace).await?);
        grace.does(["rotate", "Contoso"]).await?;
        // More than she wrote: no number tells the two apart.
        for notes in ["first", "second", "third", "fourth"] {
            team.ada.does(["org", "edit", "Contoso", "--notes", notes]).await?;
        }
        // Neither sees anything by the home alone: it tells each what continues what she has.
        team.ada.does(["sync"]).await?;
        grace.does(["sync"]).await?;
        Ok(Self { team, grace })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_16_row_17_two_members_who_are_parted_learn_it_from_the_tenant_and_by_the_first_word_of_each_other()
-> Result<()> {
    let Parted { team, grace } = Parted::make().await?;
    let Team { sim, evil, ada, .. } = &team;
    // Row 17: parted for ever, but the tenant is one. It says another time than this half of the vault.
    let (theirs, before) = (shown(&grace, "Contoso", FIRST, "current").await?, team.passwords_set());
    let rotated = ada.vitrine(ROTATE).passphrase(PASSPHRASE).end().await?;
    ensure!(rotated.status.code() != Some(exit::DONE), "{}", rotated.out);
    ensure!(rotated.out.contains("rotation.changed-outside") && rotated.out.contains("withholds"), "{}", rotated.out);
    ensure!(team.passwords_set() == before, "a password was sent over the one that the other half knows");
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &theirs), "the other half's password opens nothing");

    // Row 16: each is told once what the other one wrote. Neither takes anything of it, or writes on what she was caught with.
    evil.meet();
    let error = grace.refuses(["sync"], exit::INTEGRITY, FORKED).await?;
    ensure!(text(&error, "details")?.contains("there"), "{error}");
    writes_nothing(evil, &grace, &ROTATE).await?;
    ensure!(shown(&grace, "Contoso", FIRST, "current").await? == theirs, "what she has is gone");
    evil.attack(Attack::Forked);
    ada.refuses(["sync"], exit::INTEGRITY, FORKED).await?;
    writes_nothing(evil, ada, &["org", "edit", "Contoso", "--notes", "fifth"]).await?;
    let (file, vault) = (ada.path("proof.json").display().to_string(), text(&ada.does(["audit"]).await?, "vault")?);
    ada.does(["home", "proof", &file]).await?;
    let verify = ["audit", "verify", &file, "--genesis", &vault];
    let fork = Desk::alone()?.vitrine(verify).ends(exit::DONE).await?["fork"].take();
    ensure!(fork["ours"] != fork["theirs"] && text(&fork, "ours")?.len() == 64, "{fork}");
    Ok(())
}

async fn writes_nothing(evil: &EvilServer, desk: &Desk, arguments: &[&str]) -> Result<()> {
    let brought = evil.appends();
    let ended = desk.vitrine(arguments).passphrase(PASSPHRASE).end().await?;
    ensure!(ended.out.contains(FORKED), "it is not said why: {}", ended.out);
    ensure!(evil.appends() == brought, "it was brought something");
    Ok(())
}

/// What the inbox of a device says after two days of a home that answers and has nothing new, though a rotator works.
pub(super) async fn frozen(protection: Option<&str>) -> Result<Vec<String>> {
    let mut team = Team::make().await?;
    let night = team.with("Night Shift", "rotator").await?;
    let before = shown(&team.ada, "Contoso", FIRST, "current").await?;
    team.evil.part(&own_id(&team.ada).await?);
    night.does(["rotate", "Contoso"]).await?;
    ensure!(!team.sim.control().password_accepted(CONTOSO, FIRST, &before), "the rotator did nothing");

    // What the tenant says of it is another row's: here nobody but the home is heard.
    let unheard = Fault { tenant: Some(CONTOSO.to_owned()), operation: None, ..fault("", 0, None, 503) };
    team.sim.control().add_fault(Fault { effect: Effect::DropBefore, ..unheard });

    let ada = &mut team.ada;
    ada.use_program(crate::kill::program().await?);
    ada.set("VITRINE_CLOCK_FILE", ada.path("clock"));
    std::fs::write(ada.path("clock"), (2 * DAY_MS).to_string())?;
    if let Some(protection) = protection {
        ada.set("VITRINE_UNPROTECTED", protection);
    }
    ada.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    // The home answers, and says that nothing is new.
    let home = ada.vitrine(["sync"]).ends(exit::DONE).await?;
    ensure!(home["backend"]["problem"].is_null(), "{home}");
    let problems = ada.vitrine(["attention"]).ends(exit::DONE).await?["problems"].take();
    ada.vitrine(["lock"]).ends(exit::DONE).await?;
    problems.as_array().context("no problems")?.iter().map(|problem| text(problem, "error.code")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn row_18_a_home_that_says_for_ever_that_nothing_is_new_is_missed_by_what_a_rotator_should_have_written()
-> Result<()> {
    let problems = frozen(None).await?;
    ensure!(problems == ["attention.home-silent"], "{problems:?}");
    Ok(())
}

/// A team whose admin is told nothing yet of what the owner wrote last.
pub(super) struct Behind {
    pub(super) team: Team,
    pub(super) mary: Desk,
}

impl Behind {
    /// A technician was removed since.
    pub(super) async fn of_a_removal() -> Result<Self> {
        let team = Team::make().await?;
        let (_grace, mary) =
            (team.with("Grace Hopper", "technician").await?, team.with("Mary Jackson", "admin").await?);
        team.ada.does(["sync"]).await?;
        mary.does(["sync"]).await?;
        team.evil.mark();
        team.ada.does(["member", "remove", "Grace Hopper", "--reason", "left the firm"]).await?;
        team.ada.does(["incident", "retry"]).await?;
        Ok(Self { team, mary })
    }

    /// A technician came since.
    pub(super) async fn of_a_new_member() -> Result<Self> {
        let team = Team::make().await?;
        let mary = team.with("Mary Jackson", "admin").await?;
        team.ada.does(["sync"]).await?;
        mary.does(["sync"]).await?;
        team.evil.mark();
        team.with("Grace Hopper", "technician").await?;
        Ok(Self { team, mary })
    }

    /// The admin's device says what it was offered, and neither writes nor wraps a key because of it.
    async fn withstands(&self, name: &str, attack: Attack, code: &str, says: &str) -> Result<()> {
        let (evil, desk) = (&self.team.evil, self.team.twin(&self.mary)?);
        evil.attack(attack);
        let outcome = async {
            let error = desk.refuses(["sync"], exit::INTEGRITY, code).await?;
            ensure!(text(&error, "details")?.contains(says), "for another reason: {error}");
            let (set, brought) = (self.team.passwords_set(), evil.appends());
            for arguments in [&ROTATE[..], &["org", "add", "Adatum"], &["team", "add", "Night"]] {
                let ended = desk.vitrine(arguments).passphrase(PASSPHRASE).end().await?;
                ensure!(ended.status.code() != Some(exit::DONE), "{arguments:?} was done: {}", ended.out);
            }
            ensure!(self.team.passwords_set() == set, "a password was changed");
            ensure!(evil.appends() == brought, "it was brought something");
            shown(&desk, "Contoso", FIRST, "current").await.map(drop)
        };
        let outcome = outcome.await;
        evil.stop();
        outcome.with_context(|| name.to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_33_a_removal_that_is_hidden_from_an_admin_makes_her_wrap_nothing_to_who_was_removed() -> Result<()> {
    let behind = Behind::of_a_removal().await?;
    let dropped = |sort| Attack::Entries(Lie::Dropped, sort);
    behind.withstands("row_33_left_out", dropped(Sort::Msp), REFUSED, "was expected").await?;
    behind.withstands("row_33_epoch_left_out", dropped(Sort::Organization), REFUSED, "was expected").await?;
    behind.withstands("row_33_later", Attack::Entries(Lie::Swapped, Sort::Msp), REFUSED, "was expected").await?;
    let cut = Attack::EntriesCutShort(0, Sort::Msp);
    behind.withstands("row_33_not_given", cut, "home.entry-withheld", "there").await?;
    behind.withstands("row_33_held_back", Attack::MspHeldBack, REFUSED, "").await?;
    // The truth is taken as ever.
    behind.mary.does(["sync"]).await?;
    ensure!(standing(&behind.mary, "Grace Hopper").await? == "removed");
    behind.mary.does(["rotate", "Contoso"]).await?;
    Ok(())
}

/// What a device that stays open warns of.
pub(super) async fn warnings(desk: &Desk) -> Result<Vec<Value>> {
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    desk.vitrine(["sync"]).ends(exit::DONE).await?;
    let status = desk.vitrine(["status"]).ends(exit::DONE).await?;
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    Ok(status["warnings"].as_array().cloned().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn row_01_lp07_dl02_op05_another_key_in_the_place_of_a_members_is_refused_and_nothing_is_wrapped_to_it()
-> Result<()> {
    let behind = Behind::of_a_new_member().await?;
    let swapped = Attack::Entries(Lie::Key, Sort::Msp);
    behind.withstands("row_01_lp07_dl02_op05_swapped", swapped, REFUSED, "signature").await?;
    let keys = |name| Attack::MspForged(Forgery::Keys, name);
    behind.withstands("row_01_lp07_dl02_op05_replaced", keys(Name::Owner), REFUSED, "signature").await?;
    behind.withstands("row_01_lp07_dl02_op05_replaced", keys(Name::Stranger), REFUSED, "not valid here").await?;
    // Row 74: who was let in by somebody else is told to everybody at once, and stands in the list of what happened.
    let warned = warnings(&behind.mary).await?;
    let told = warned.iter().find(|warning| warning["code"] == "people.let-in");
    let told = text(told.with_context(|| format!("nobody is told: {warned:?}"))?, "what")?;
    ensure!(told.contains("Ada Byron") && told.contains("Grace Hopper"), "{told}");
    let audit = behind.mary.does(["audit", "--person", "Grace Hopper"]).await?;
    ensure!(audit.to_string().contains("memberAdded"), "{audit}");
    Ok(())
}

/// `join`, started and waiting.
async fn joining(desk: &Desk, name: &str, code: &str) -> Result<Running> {
    join(desk, name, code).start().await
}

/// The words of those who answered, as the owner's device has them after it asked the home.
pub(super) async fn answered(ada: &Desk) -> Result<Vec<(String, bool)>> {
    ada.does(["sync"]).await?;
    let list = ada.does(["member", "list"]).await?;
    let open = list["invitations"].as_array().context("no invitations")?;
    open.iter().map(|one| Ok((text(one, "name")?, !one["answer"].is_null()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn row_34_row_35_bw01_a_home_between_who_invites_and_who_joins_is_believed_by_neither() -> Result<()> {
    let team = Team::make().await?;
    let Team { sim, evil, ada, .. } = &team;
    // Row 34: what the invited one finds is not what was left for her.
    let (eve, grace) = (invited(ada, "Eve", "technician").await?, invited(ada, "Grace Hopper", "technician").await?);
    let desk = Desk::at(sim)?;
    evil.attack(Attack::LettersAltered(Mail::Offer));
    join(&desk, "Eve", &eve).refused(exit::USAGE, "join.code").await?;
    evil.attack(Attack::LettersOfAnother(Mail::Offer));
    join(&desk, "Grace Hopper", &grace).refused(exit::USAGE, "join.code").await?;
    evil.stop();

    // And back: what was answered is not what the owner is given. It is nobody's answer, and nobody is added by it.
    let running = joining(&desk, "Grace Hopper", &grace).await?;
    evil.attack(Attack::LettersAltered(Mail::Answer));
    let puts = || evil.seen().iter().filter(|seen| seen.method == "PUT" && seen.path.contains("/letters/")).count();
    until("the answer", PATIENCE, async || (puts() > 0).then_some(())).await?;
    let nobody = [("Eve".to_owned(), false), ("Grace Hopper".to_owned(), false)];
    ensure!(answered(ada).await? == nobody, "an answer that was altered is one");
    ada.refuses(["member", "add", "Grace Hopper", "--compared"], exit::USAGE, "people.no-answer").await?;
    evil.stop();
    ensure!(answered(ada).await?.contains(&("Grace Hopper".to_owned(), true)), "the true answer is none");
    // Row 35: her answer again, for whom it was not given.
    evil.attack(Attack::LettersOfAnother(Mail::Answer));
    ensure!(answered(ada).await?.contains(&("Eve".to_owned(), false)), "an answer was taken twice");
    evil.stop();
    ada.does(["member", "add", "Grace Hopper", "--compared"]).await?;
    running.end().await?.ended(exit::DONE)?;
    ada.does(["sync"]).await?;
    ensure!(standing(ada, "Grace Hopper").await? == "active");
    Ok(())
}

/// A team in which somebody joins while the home shows everybody but the owner what it wants.
pub(super) struct Joining {
    pub(super) team: Team,
}

impl Joining {
    /// After what the mark keeps, something was written that the code pins; and one account was rotated.
    pub(super) async fn make() -> Result<Self> {
        let team = Team::make().await?;
        team.with("Grace Hopper", "technician").await?;
        team.ada.does(["sync"]).await?;
        team.evil.mark();
        team.ada.does(["org", "add", "Fabrikam"]).await?;
        team.ada.does(["rotate", "Contoso"]).await?;
        team.evil.spare(&[&own_id(&team.ada).await?]);
        Ok(Self { team })
    }

    /// Joins under an attack that begins before the owner adds whoever answered.
    pub(super) async fn joins(&self, desk: &Desk, name: &str, attack: Attack) -> Result<Running> {
        let (ada, evil) = (&self.team.ada, &self.team.evil);
        let code = invited(ada, name, "technician").await?;
        let running = joining(desk, name, &code).await?;
        let hers = (name.to_owned(), true);
        until("an answer", PATIENCE, async || answered(ada).await.ok()?.contains(&hers).then_some(())).await?;
        evil.attack(attack);
        ada.does(["member", "add", name, "--compared"]).await?;
        Ok(running)
    }

    /// The desk of somebody who joined and was shown organizations as they stood at the mark.
    pub(super) async fn shown_older_organizations(&self) -> Result<Desk> {
        let desk = Desk::at(&self.team.sim)?;
        let running = self.joins(&desk, "Dorothy Vaughan", Attack::OrganizationsRolledBack).await?;
        running.end().await?.ended(exit::DONE)?;
        self.team.ada.does(["sync"]).await?;
        desk.does(["settings", "rotateWhenDue", "false"]).await?;
        desk.does(["sync"]).await?;
        Ok(desk)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_12_a_brand_new_device_is_shown_no_older_and_no_forged_history() -> Result<()> {
    let joining = Joining::make().await?;
    let (team, evil) = (&joining.team, &joining.team.evil);
    for (name, attack) in [
        ("row_12_rolled_back", Attack::RolledBack),
        ("row_02_bw01_lp01_op01_recovery_at_a_join", Attack::MspForged(Forgery::Recovery, Name::Owner)),
        ("row_09_op03_vault_at_a_join", Attack::VaultReplaced),
    ] {
        let desk = Desk::at(&team.sim)?;
        let mut running = joining.joins(&desk, name, attack).await?;
        let refused = told(&mut running, "join.other-history").await;
        running.kill().await?;
        evil.stop();
        refused.with_context(|| name.to_owned())?;
    }

    // Organizations that stand as they did before she came contradict nothing that she knows. What she views is as old as it
    // says; and whatever would come of it in a tenant, the tenant's own time stops.
    let desk = joining.shown_older_organizations().await?;
    let older = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(!team.sim.control().password_accepted(CONTOSO, FIRST, &older), "nothing was rolled back");
    let before = team.passwords_set();
    let rotated = desk.vitrine(ROTATE).passphrase(PASSPHRASE).end().await?;
    ensure!(rotated.out.contains("rotation.changed-outside") && rotated.out.contains("withholds"), "{}", rotated.out);
    ensure!(team.passwords_set() == before, "a password was sent over one that she was not shown");
    Ok(())
}

/// A certificate that an authority of the network made, in a folder of the desk; the authority's is the first.
fn certificate(desk: &Desk) -> Result<[std::path::PathBuf; 3]> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &authority)?;
    let paths = ["authority.pem", "certificate.pem", "key.pem"].map(|name| desk.path(name));
    for (path, text) in paths.iter().zip([authority.pem(), certificate.pem(), key.serialize_pem()]) {
        std::fs::write(path, text)?;
    }
    Ok(paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn row_46_a_network_that_opens_tls_reads_nothing_and_can_do_nothing_with_what_it_saw() -> Result<()> {
    let (sim, mut ada) = connected(&["ea-1"]).await?;
    ada.does(["settings", "rotateWhenDue", "false"]).await?;
    let backend = backend::start().await?;
    let [authority, certificate, key] = certificate(&ada)?;
    let evil = EvilServer::intercepting(&backend.url(), &certificate, &key).await?;
    // Whose authority this machine does not trust is not spoken with at all.
    moving_to(&ada, &evil.url()).refused(exit::UNREACHABLE, "home.unreachable").await?;
    ensure!(evil.seen().is_empty(), "something was said to a stranger");
    ada.set("VITRINE_EXTRA_CA", &authority);
    moving_to(&ada, &evil.url()).ends(exit::DONE).await?;
    let mut grace = Desk::at(&sim)?;
    grace.set("VITRINE_EXTRA_CA", &authority);
    brought_in(&ada, &grace, "Grace Hopper", "technician").await?;
    evil.mark();
    grace.does(["rotate", "Contoso"]).await?;
    let password = shown(&grace, "Contoso", FIRST, "current").await?;
    let id = text(&ada.does(["org", "list"]).await?, "rows.0.id")?;
    let code = invited(&ada, "Katherine Johnson", "technician").await?;

    let names = [
        ("passphrase", PASSPHRASE),
        ("password", &password),
        ("code of an invitation", &code),
        ("firm", "Northern Lights IT"),
        ("owner", "Ada Byron"),
        ("technician", "Grace Hopper"),
        ("organization", "Contoso"),
        ("account", FIRST),
        ("domain", CONTOSO),
        ("reason", "story"),
    ];
    let heard = evil.heard();
    let found = Canaries::of(&names).in_every_writing().found_in(&heard);
    ensure!(found.is_empty(), "{found:?} passed readable");
    // The search finds what is there: an id that everybody may see. And the operator's token, which lets somebody register a
    // vault of their own and opens none.
    let id = data_encoding::HEXLOWER.decode(id.as_bytes())?;
    ensure!(!Canaries::of(&[]).and_bytes("id", &id).found_in(&heard).is_empty(), "nothing was searched");
    ensure!(Canaries::of(&[("token", TOKEN)]).found_in(&heard) == ["token"], "the registration was not heard");

    ada.does(["sync"]).await?;
    // Again it changes nothing; and bent, nothing that a device signed is taken.
    evil.brings_again(false).await?;
    let synced = ada.does(["sync"]).await?;
    ensure!(synced["backend"]["received"] == 0 && synced["backend"]["problem"].is_null(), "{synced}");
    let bent = evil.brings_again(true).await?;
    // What is asked of a mailbox has no body that could be bent.
    let bends = |seen: &Seen| !seen.device.is_empty() && (seen.length > 0 || seen.path.contains("/changes/"));
    let signed: Vec<_> = bent.iter().filter(|(seen, _)| bends(seen)).collect();
    ensure!(signed.len() > 10, "{bent:?}");
    ensure!(signed.iter().all(|(_, status)| *status >= 400), "something bent was taken: {signed:?}");
    let synced = ada.does(["sync"]).await?;
    ensure!(synced["backend"]["received"] == 0 && synced["backend"]["problem"].is_null(), "{synced}");
    // Nor does it tell a device what is not so.
    evil.attack(Attack::OldHeads);
    grace.refuses(["sync"], exit::INTEGRITY, super::ROLLED_BACK).await?;
    Ok(())
}
