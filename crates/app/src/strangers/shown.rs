//! Strangers as they are shown: in words, in the health list, in the inbox, in the report of an incident.

use crate::api::*;
use crate::error::{Error, Result};
use crate::evidence::ReportedStranger;
use crate::records::{Bytes16, Organization, Stranger, item_text};
use crate::{App, audit};
use sha2::{Digest, Sha256};
use vitrine_entra::access::{METHODS_READ, OWNERS_READ};

/// One stranger in words: what it is, what it is called, of what.
pub(super) fn words(row: &Organization, stranger: &Stranger) -> String {
    let kind = match stranger.kind {
        StrangerKind::Certificate => "certificate",
        StrangerKind::Secret => "client secret",
        StrangerKind::Federated => "trusted identity of elsewhere",
        StrangerKind::Owner => "owner",
        StrangerKind::Phone => "phone",
        StrangerKind::Email => "e-mail address",
        StrangerKind::Authenticator => "Authenticator app",
        StrangerKind::Codes => "one-time codes",
        StrangerKind::Passkey => "passkey",
        StrangerKind::Pass => "temporary access pass",
        StrangerKind::Hello => "Windows Hello",
        StrangerKind::Platform => "platform credential",
        StrangerKind::Other => "sign-in method of an unknown kind",
    };
    let name = if stranger.name.is_empty() { String::new() } else { format!(" “{}”", stranger.name) };
    let account = stranger.account.as_ref().and_then(|item| row.account(item));
    let place = match stranger.place {
        StrangerPlace::Registration => "the connection's app registration",
        StrangerPlace::Principal => "the connection's service principal",
        StrangerPlace::Account => account.map_or("an account", |account| &account.user_name),
    };
    format!("{kind}{name} of {place}")
}

pub(super) fn in_words<'a>(row: &Organization, strangers: impl Iterator<Item = &'a Stranger>) -> String {
    strangers.map(|stranger| words(row, stranger)).collect::<Vec<_>>().join("; ")
}

/// What stands in a tenant, as a problem: what happened, what still holds, the next step.
pub(crate) fn problem(row: &Organization) -> Option<ErrorView> {
    let count = row.standing_strangers().count();
    let what = match count {
        0 => return None,
        1 => "The tenant lists a way in that Vitrine did not make",
        _ => "The tenant lists ways in that Vitrine did not make",
    };
    let what = format!("{what}: {}.", in_words(row, row.standing_strangers()));
    let next = "Look at each: remove it, or keep it with a reason if it is the customer's own.";
    let error = Error::new(ErrorClass::Refused, "strangers.found", what, next);
    Some(error.holds("Nothing was removed; the stored credentials still work.").into_view())
}

/// What the report of an incident says: what stands, what is kept, and what was removed since it began.
pub(crate) fn reported(row: &Organization, began_at: u64, names: &audit::Names) -> Vec<ReportedStranger> {
    let since = |stranger: &&Stranger| stranger.removed.as_ref().is_none_or(|(at, _)| *at >= began_at);
    let reported = |stranger: &Stranger| {
        let kept = row.kept.iter().find(|kept| kept.id == stranger.id && stranger.removed.is_none());
        ReportedStranger {
            what: words(row, stranger),
            found_at: Time(stranger.found_at),
            removed_at: stranger.removed.as_ref().map(|(at, _)| Time(*at)),
            removed_by: stranger.removed.as_ref().map(|(_, who)| who.clone()).filter(|who| !who.is_empty()),
            kept_by: kept.map(|kept| names.name(&kept.member)),
            reason: kept.map(|kept| kept.reason.clone()),
        }
    };
    row.strangers.iter().filter(since).map(reported).collect()
}

/// What could not be compared, as what keeps an incident open.
pub(crate) fn not_looked_at(row: &Organization) -> ErrorView {
    let unread = lines(row).into_iter().filter(|line| line.verdict == Verdict::Unknown).map(|line| line.words);
    let what = unread.collect::<Vec<_>>().join(" ");
    Error::new(ErrorClass::Refused, "strangers.not-looked-at", what, "Connect the tenant again, then try again.").into()
}

/// Names the set of strangers that stand: one more is another problem, which a snooze of the first does not hide.
pub(crate) fn digest(row: &Organization) -> Option<[u8; 8]> {
    let mut ids: Vec<Bytes16> = row.standing_strangers().map(|stranger| stranger.id).collect();
    ids.sort_unstable();
    let hash: [u8; 32] = Sha256::digest(ids.concat()).into();
    hash.first_chunk().copied().filter(|_| !ids.is_empty())
}

/// The lines of the health list: what was compared, what was not.
pub(crate) fn lines(row: &Organization) -> Vec<HealthLine> {
    if row.tenant.is_none() {
        return Vec::new();
    }
    let compared = row.compared;
    let line = |check, read: Option<bool>, of: &dyn Fn(StrangerKind) -> bool, what: &str, lacks: &str| {
        let standing: Vec<&Stranger> = row.standing_strangers().filter(|stranger| of(stranger.kind)).collect();
        let kept = row.strangers.iter().filter(|stranger| stranger.removed.is_none() && of(stranger.kind)).count();
        let kept = kept.saturating_sub(standing.len());
        let (verdict, words) = match read {
            _ if !standing.is_empty() => {
                (Verdict::Bad, format!("Not made by Vitrine: {}.", in_words(row, standing.into_iter())))
            }
            None => (Verdict::Unknown, format!("{what} were not compared yet.")),
            Some(false) => (
                Verdict::Unknown,
                format!("{what} are not looked at: the connection lacks {lacks}. Connect the tenant again to give it."),
            ),
            Some(true) if kept > 0 => {
                (Verdict::Good, format!("{what} are those that Vitrine made, and {kept} that a person answers for."))
            }
            Some(true) => (Verdict::Good, format!("{what} are those that Vitrine made, and no others.")),
        };
        HealthLine {
            check,
            account: None,
            user_name: None,
            verdict,
            checked_at: compared.map(|compared| Time(compared.at)),
            words,
        }
    };
    let keys = |kind| matches!(kind, StrangerKind::Certificate | StrangerKind::Secret);
    let owners = |kind| matches!(kind, StrangerKind::Owner | StrangerKind::Federated);
    let methods = |kind| !keys(kind) && !owners(kind);
    let mut lines = vec![
        line(
            HealthCheck::KeyList,
            compared.map(|seen| seen.keys),
            &keys,
            "The connection's keys",
            "the right to read itself",
        ),
        line(
            HealthCheck::Owners,
            compared.map(|seen| seen.owners),
            &owners,
            "The connection's owners and trusted identities",
            &format!("the permission {OWNERS_READ}"),
        ),
    ];
    if row.laps.is_some() {
        let lacks = format!("the permission {METHODS_READ}");
        let read = compared.map(|seen| seen.methods);
        lines.push(line(HealthCheck::SignInMethods, read, &methods, "The accounts' sign-in methods", &lacks));
    }
    lines
}

/// Those that stand, and those that a person answers for.
pub(crate) async fn views(app: &App, row: &Organization) -> Result<Vec<StrangerView>> {
    let standing = || row.strangers.iter().filter(|stranger| stranger.removed.is_none());
    if standing().next().is_none() {
        return Ok(Vec::new());
    }
    let session = app.session().await?;
    let names = audit::Names::of(app, &session).await?;
    let view = |stranger: &Stranger| {
        let kept = row.kept.iter().find(|kept| kept.id == stranger.id);
        StrangerView {
            id: item_text(&stranger.id),
            kind: stranger.kind,
            place: stranger.place,
            user_name: stranger.account.as_ref().and_then(|item| row.account(item)).map(|own| own.user_name.clone()),
            name: stranger.name.clone(),
            found_at: Time(stranger.found_at),
            kept: kept.map(|kept| KeptView {
                who: names.name(&kept.member),
                at: Time(kept.at),
                reason: kept.reason.clone(),
            }),
            keepable: keepable(stranger.kind),
            needs_admin: !own_key(stranger),
        }
    };
    Ok(standing().map(view).collect())
}

fn own_key(stranger: &Stranger) -> bool {
    (stranger.kind, stranger.place) == (StrangerKind::Certificate, StrangerPlace::Registration)
}

/// Nothing but Vitrine has to sign in as the connection: a key, a secret or an identity of elsewhere there is nobody's to
/// answer for.
pub(super) fn keepable(kind: StrangerKind) -> bool {
    !matches!(kind, StrangerKind::Certificate | StrangerKind::Secret | StrangerKind::Federated)
}
