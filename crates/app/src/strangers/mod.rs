//! Strangers: ways into a tenant's connection and accounts that Vitrine did not make. Whoever had the connection's key
//! could have put in a key of their own, and whoever was signed in to an account a phone; so what the tenant lists is
//! compared with the vault, once a day and whenever an incident replaces what somebody knew.
//!
//! Nothing is taken away that was not shown and named. What a person answers for is kept in the organization's own item,
//! signed, so that every device knows it; what can sign in as the connection nobody can answer for.

mod answered;
mod shown;

pub(crate) use answered::{keep, remove};
pub(crate) use shown::{digest, lines, not_looked_at, problem, reported, views};

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::journal::{self, Change};
use crate::records::{self, Bytes16, Bytes32, Compared, KeptWay, Organization, Stranger, encode};
use crate::session::Session;
use crate::webhook::What;
use crate::{App, certificates, connect, drift, organizations};
use sha2::{Digest, Sha256};
use shown::in_words;
use vitrine_entra::access::{self, Place, Way, WayKind};
use vitrine_entra::graph::GraphErrorKind;
use vitrine_entra::{GraphError, KeyId, Priority, UserId};
use vitrine_vault::items::ConnectionItem;

/// Strangers that are remembered of one tenant. Whoever plants more hides nothing: the rest shows when these are gone.
const MOST: usize = 100;
/// Of a name that somebody gave.
const LONGEST_NAME: usize = 200;
/// How long one that was removed is remembered, for the report of an incident.
const REMEMBERED_MS: u64 = 90 * 24 * 3600 * 1000;
const MOST_KEPT: usize = 16;
/// Why one-time codes are kept that a person stored the key of.
const CODES_STORED: &str = "Its key is stored here";

/// A way in with the account that it opens.
struct Found {
    stranger: Stranger,
    way: Way,
}

/// What a tenant lists, as far as the connection may read it.
struct Listed {
    at: u64,
    keys: Option<Vec<Way>>,
    owners: Option<Vec<Way>>,
    methods: Option<Vec<(Bytes16, Way)>>,
    /// Accounts whose one-time codes somebody stored here.
    coded: Vec<Bytes16>,
}

/// Compares what the tenant lists with the vault, and remembers what it does not know. Answers all of that.
pub(crate) async fn compare(app: &App, session: &Session, id: &Bytes32, priority: Priority) -> Result<()> {
    look(app, session, id, priority).await.map(|_| ())
}

async fn look(app: &App, session: &Session, id: &Bytes32, priority: Priority) -> Result<Vec<Found>> {
    let row = organizations::load(app, id).await?;
    let item = connect::connection_item(app, session, &row).await?.ok_or_else(connect::not_connected)?;
    let listed = match list(app, session, &row, priority).await {
        Ok(listed) => listed,
        Err(Trouble::Tenant(error)) => return Err(drift::refused(app, session, id, error).await),
        Err(Trouble::Own(error)) => return Err(error),
    };
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    // A renewal may have put in a certificate meanwhile: the vault had it before the tenant.
    let now = change.connection(&opened).await?;
    let found = strange(&listed, &[&item, &now]);
    let same = |tenant: &records::Tenant| (tenant.certificate_made_at, tenant.certificate_before);
    // What was listed while the old certificate still signed in says nothing of what its holder did afterwards.
    let settled = row.tenant.as_ref().map(same) == opened.row.tenant.as_ref().map(same);
    let mut news = merge(&mut opened.row, &found, &listed, app.now_ms());
    // Whoever stored their key has answered for them.
    let ours = own_codes(&opened.row, &listed.coded);
    if !ours.is_empty() && session.may(vitrine_ledger::Action::PutOrganization) {
        news.retain(|stranger| !ours.contains(&stranger.id));
        let (at, member) = (app.now_ms(), *session.author.member.as_bytes());
        let kept = |id| KeptWay { id, at, member, reason: CODES_STORED.to_owned() };
        opened.row.kept.extend(ours.into_iter().map(kept));
        change.put_profile(&mut opened).await?;
    }
    opened.row.compared = settled.then(|| listed.compared());
    if !news.is_empty() {
        let name = opened.row.name.clone();
        let words = in_words(&opened.row, news.iter());
        change.note(Action::StrangersFound, Some((id, &name)), None, Some(words)).await?;
        let told = news.iter().map(|stranger| (stranger.kind, stranger.account)).collect();
        change.tell(&opened, None, What::StrangersFound(told)).await?;
    }
    change.save(opened).await?;
    change.commit().await?;
    app.tell(Event::OrganizationsChanged);
    Ok(found)
}

/// Why a list could not be had.
enum Trouble {
    Tenant(GraphError),
    Own(Error),
}

impl From<GraphError> for Trouble {
    fn from(error: GraphError) -> Self {
        Self::Tenant(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

async fn list(app: &App, session: &Session, row: &Organization, priority: Priority) -> Result<Listed, Trouble> {
    let at = app.now_ms();
    let connection = connect::connection(app, session, row).await?;
    let keys = readable(access::read_keys(&connection, priority).await)?;
    let owners = readable(access::read_owners(&connection, priority).await)?;
    let (mut methods, mut coded) = (Some(Vec::new()), Vec::new());
    for account in row.accounts.iter().filter(|account| account.created && row.laps.is_some()) {
        let item = journal::read_account(app, session, row, &account.item).await?;
        let Some(user) = item.object_id.map(UserId::from_bytes) else { continue };
        if item.totp.is_some() {
            coded.push(account.item);
        }
        // No password is kept while the tenant is asked.
        drop(item);
        let read = match access::read_methods(&connection, user, priority).await {
            // Deleted, it opens nothing; that is a finding of its own.
            Err(error) if error.kind() == GraphErrorKind::Absent => continue,
            read => readable(read)?,
        };
        match (read, &mut methods) {
            (Some(read), Some(all)) => all.extend(read.into_iter().map(|way| (account.item, way))),
            (None, _) => methods = None,
            (Some(_), None) => {}
        }
    }
    Ok(Listed { at, keys, owners, methods, coded })
}

/// One-time codes that are taken for those whose key is stored here: the only ones that their account has, the first time that
/// any are seen there. What takes their place later is another way in, and a stranger.
fn own_codes(row: &Organization, coded: &[Bytes16]) -> Vec<Bytes16> {
    let of = |account: &Bytes16| {
        let codes = row.strangers.iter().filter(|it| it.kind == StrangerKind::Codes && it.account == Some(*account));
        let kept = codes.clone().any(|codes| row.kept.iter().any(|kept| kept.id == codes.id));
        let mut standing = codes.filter(|codes| codes.removed.is_none());
        match (standing.next(), standing.next()) {
            (Some(only), None) if !kept => Some(only.id),
            _ => None,
        }
    };
    if row.kept.len() >= MOST_KEPT { Vec::new() } else { coded.iter().filter_map(of).collect() }
}

/// What the connection may not read is not looked at, and said so; it must never pass for fine.
fn readable<T>(read: Result<T, GraphError>) -> Result<Option<T>, GraphError> {
    use GraphErrorKind::{LicenceMissing, PermissionOrRoleMissing, ServiceRefused};
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if matches!(error.kind(), PermissionOrRoleMissing | ServiceRefused | LicenceMissing) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Listed {
    fn compared(&self) -> Compared {
        let (keys, owners, methods) = (self.keys.is_some(), self.owners.is_some(), self.methods.is_some());
        Compared { at: self.at, keys, owners, methods }
    }

    /// Whether the list that a stranger would stand on was read.
    fn tells_of(&self, kind: StrangerKind) -> bool {
        match kind {
            StrangerKind::Certificate | StrangerKind::Secret => self.keys.is_some(),
            StrangerKind::Owner | StrangerKind::Federated => self.owners.is_some(),
            _ => self.methods.is_some(),
        }
    }
}

/// What of it the vault does not know: every way in but its own certificates and the accounts' passwords.
fn strange(listed: &Listed, items: &[&ConnectionItem]) -> Vec<Found> {
    let ours = |way: &Way| {
        let certificates = || items.iter().flat_map(|item| item.certificates());
        way.is_own_key()
            && match way.thumbprint {
                Some(thumbprint) => certificates().any(|known| certificates::thumbprint(known) == thumbprint),
                None => way.id.parse::<KeyId>().is_ok_and(|id| {
                    certificates().any(|known| known.key_id.is_some_and(|known| KeyId::from_bytes(known) == id))
                }),
            }
    };
    let keys = listed.keys.iter().flatten().filter(|way| protected!("the key list is compared", !ours(way), false));
    let owners = listed.owners.iter().flatten().filter(|_| protected!("the owners are compared", true, false));
    let methods = listed.methods.iter().flatten();
    let methods = methods.filter(|_| protected!("the sign-in methods are compared", true, false));
    let of_connection = keys.chain(owners).map(|way| (None, way));
    let found = of_connection.chain(methods.map(|(account, way)| (Some(*account), way)));
    found.map(|(account, way)| Found { stranger: stranger(account, way, listed.at), way: way.clone() }).collect()
}

fn stranger(account: Option<Bytes16>, way: &Way, found_at: u64) -> Stranger {
    let (kind, place) = (kind(way.kind), place(way.place));
    let mut hash = Sha256::new();
    // Nothing about these types can fail to be encoded.
    hash.update(encode(&(kind, place, account, &way.id, way.thumbprint)).unwrap_or_default().as_slice());
    let hash: [u8; 32] = hash.finalize().into();
    Stranger {
        id: hash.first_chunk().copied().unwrap_or_default(),
        kind,
        place,
        account,
        name: way.name.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect(),
        found_at,
        removed: None,
    }
}

/// Brings the row up to what was found: what is new stands from now on, what is listed no more is gone by itself, what
/// could not be read stays as it was. Answers what is new.
fn merge(row: &mut Organization, found: &[Found], listed: &Listed, now: u64) -> Vec<Stranger> {
    let there = |id: &Bytes16| found.iter().any(|found| found.stranger.id == *id);
    let known = |strangers: &[Stranger], id: &Bytes16| {
        strangers.iter().any(|stranger| stranger.removed.is_none() && stranger.id == *id)
    };
    let strangers = &mut row.strangers;
    for gone in strangers.iter_mut().filter(|stranger| stranger.removed.is_none() && !there(&stranger.id)) {
        if listed.tells_of(gone.kind) {
            gone.removed = Some((now, String::new()));
        }
    }
    let new: Vec<Stranger> =
        found.iter().map(|found| found.stranger.clone()).filter(|new| !known(strangers, &new.id)).collect();
    strangers.retain(|stranger| stranger.removed.as_ref().is_none_or(|(at, _)| at.saturating_add(REMEMBERED_MS) > now));
    // The newest of what was removed, after all that stands.
    strangers.sort_by_key(|stranger| stranger.removed.as_ref().map(|(at, _)| std::cmp::Reverse(*at)));
    strangers.splice(0..0, new.iter().cloned());
    strangers.truncate(MOST);
    new
}

fn kind(kind: WayKind) -> StrangerKind {
    match kind {
        WayKind::Certificate => StrangerKind::Certificate,
        WayKind::Secret => StrangerKind::Secret,
        WayKind::Federated => StrangerKind::Federated,
        WayKind::Owner => StrangerKind::Owner,
        WayKind::Phone => StrangerKind::Phone,
        WayKind::Email => StrangerKind::Email,
        WayKind::Authenticator => StrangerKind::Authenticator,
        WayKind::Codes => StrangerKind::Codes,
        WayKind::Passkey => StrangerKind::Passkey,
        WayKind::Pass => StrangerKind::Pass,
        WayKind::Hello => StrangerKind::Hello,
        WayKind::Platform => StrangerKind::Platform,
        WayKind::Other => StrangerKind::Other,
    }
}

fn place(place: Place) -> StrangerPlace {
    match place {
        Place::Registration => StrangerPlace::Registration,
        Place::Principal => StrangerPlace::Principal,
        Place::Account(_) => StrangerPlace::Account,
    }
}

#[cfg(test)]
mod tests {
    use super::shown::keepable;
    use super::*;

    fn way(kind: WayKind, id: &str) -> Way {
        Way { kind, place: Place::Registration, id: id.into(), name: "Name\n".into(), thumbprint: None }
    }

    fn found(ways: &[Way]) -> Vec<Found> {
        ways.iter().map(|way| Found { stranger: stranger(None, way, 1), way: way.clone() }).collect()
    }

    fn row() -> Organization {
        crate::tests::plain_row()
    }

    fn listed(owners: bool) -> Listed {
        let (keys, methods, coded) = (Some(Vec::new()), Some(Vec::new()), Vec::new());
        Listed { at: 1, keys, owners: owners.then(Vec::new), methods, coded }
    }

    #[test]
    fn one_time_codes_whose_key_is_stored_are_ours_the_first_time_and_alone() {
        let (mut row, account) = (row(), [7; 16]);
        let codes = |id: &str| Found {
            stranger: stranger(Some(account), &way(WayKind::Codes, id), 1),
            way: way(WayKind::Codes, id),
        };
        merge(&mut row, &[codes("a"), codes("b")], &listed(true), 10);
        assert!(own_codes(&row, &[account]).is_empty(), "one of two may be anybody's");
        merge(&mut row, &[codes("a")], &listed(true), 11);
        assert!(own_codes(&row, &[]).is_empty(), "nobody stored a key");
        let ours = own_codes(&row, &[account]);
        assert_eq!(ours, [codes("a").stranger.id]);
        row.kept.push(KeptWay { id: ours[0], at: 12, member: [1; 16], reason: CODES_STORED.into() });
        merge(&mut row, &[codes("c")], &listed(true), 13);
        assert!(own_codes(&row, &[account]).is_empty(), "what took their place is a stranger");
        assert_eq!(row.standing_strangers().count(), 1);
    }

    #[test]
    fn what_could_not_be_read_stays_and_what_is_listed_no_more_is_gone() {
        let (mut row, ways) = (row(), [way(WayKind::Owner, "a"), way(WayKind::Secret, "b")]);
        assert_eq!(merge(&mut row, &found(&ways), &listed(true), 10).len(), 2);
        assert_eq!(row.standing_strangers().count(), 2);
        assert!(merge(&mut row, &found(&ways), &listed(true), 11).is_empty(), "what was known is no news");
        // Without the permission the owners are not seen; that does not mean that they are gone.
        merge(&mut row, &[], &listed(false), 12);
        let standing: Vec<StrangerKind> = row.standing_strangers().map(|stranger| stranger.kind).collect();
        assert_eq!(standing, [StrangerKind::Owner]);
        merge(&mut row, &[], &listed(true), 13);
        assert_eq!(row.standing_strangers().count(), 0);
        // Back again, it is news again.
        assert_eq!(merge(&mut row, &found(&ways[..1]), &listed(true), 14).len(), 1);
    }

    #[test]
    fn what_is_kept_is_one_thing_and_not_another_that_looks_like_it() {
        let mut row = row();
        let ways = [
            way(WayKind::Owner, "a"),
            way(WayKind::Owner, "b"),
            Way { thumbprint: Some([1; 32]), ..way(WayKind::Owner, "a") },
        ];
        merge(&mut row, &found(&ways), &listed(true), 10);
        let before = digest(&row);
        row.kept.push(KeptWay { id: stranger(None, &ways[0], 1).id, at: 1, member: [0; 16], reason: "Ours".into() });
        assert_eq!(row.standing_strangers().count(), 2);
        assert!(digest(&row) != before && digest(&row).is_some());
        let of_account = stranger(Some([1; 16]), &ways[0], 1);
        assert_ne!(of_account.id, stranger(None, &ways[0], 1).id);
        assert!(row.strangers.iter().all(|stranger| stranger.name == "Name"), "a name breaks no line");
    }

    #[test]
    fn nobody_answers_for_what_signs_in_as_the_connection() {
        use StrangerKind::{Certificate, Codes, Federated, Owner, Phone, Secret};
        assert!([Certificate, Secret, Federated].into_iter().all(|kind| !keepable(kind)));
        assert!([Owner, Phone, Codes].into_iter().all(keepable));
    }
}
