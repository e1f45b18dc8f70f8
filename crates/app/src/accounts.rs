//! What an account's sealed item means for its row in the index, and back for the rotation's decider; when it is due.

use crate::records::{Account, Bytes16, Bytes32, Laps, Organization, Phase};
use vitrine_rotation::{CandidateId, ChangedAt, Claim, DeviceId, Lease, Pending, SendMark, Stored, is_misdated};
use vitrine_vault::items::{AccountItem, Attention, Candidate, CandidateState, Credential};

/// How long a candidate that was given up stays readable.
pub(crate) const KEPT_MS: u64 = 30 * 24 * 3600 * 1000;

/// Brings the row of an account up to what its item says.
pub(crate) fn show_in(row: &mut Organization, item: &Bytes16, account: &AccountItem) {
    if row.account(item).is_none() {
        row.accounts.push(Account::new(*item));
    }
    let Some(shown) = row.account_mut(item) else { return };
    shown.user_name.clone_from(&account.user_name);
    let rotated_at = account.current.as_ref().map(|current| current.set_at_ms);
    if shown.rotated_at != rotated_at {
        // What was the candidate is the current value now. Set in one step, its age is not known.
        shown.made_at = shown.pending_since.filter(|_| account.pending.is_none());
        // Whoever saw the candidate has seen what is current now.
        shown.rotate_by = shown.rotate_by.filter(|by| shown.made_at.is_none_or(|made_at| by.seen_at >= made_at));
    }
    shown.rotated_at = rotated_at;
    shown.verified_at = account.verified_at_ms;
    shown.previous_since = account.previous.as_ref().map(|previous| previous.set_at_ms);
    shown.pending_since = account.pending.as_ref().map(|pending| pending.made_at_ms);
    shown.has_second_factor = account.totp.is_some();
    shown.phase = phase(account);
    shown.need = match account.attention {
        Some(Attention::NeedsPerson(need)) => need,
        Some(Attention::ChangedOutside) | None => 0,
    };
    shown.created = account.object_id.is_some();
    shown.unsent = shown.unsent.filter(|unsent| shown.pending_since == Some(*unsent));
}

fn phase(account: &AccountItem) -> Phase {
    match (&account.attention, &account.pending, &account.current) {
        (Some(Attention::ChangedOutside), ..) => Phase::ChangedOutside,
        (Some(Attention::NeedsPerson(_)), ..) => Phase::NeedsPerson,
        (None, _, None) => Phase::Creating,
        (None, Some(Candidate { state: CandidateState::Unclear, .. }), _) => Phase::Unclear,
        (None, Some(_), _) => Phase::Rotating,
        (None, None, Some(_)) => Phase::Steady,
    }
}

/// Says of every account when it is due, by what its row says of it.
pub(crate) fn schedule(row: &mut Organization, organization: &Bytes32, now: u64) {
    let Organization { laps, accounts, .. } = row;
    for account in accounts {
        account.due_at = due_at(account, laps.as_ref(), organization, now);
        account.told_overdue &= account.due_at.is_some_and(|at| at <= now);
    }
}

fn due_at(account: &Account, laps: Option<&Laps>, organization: &Bytes32, now: u64) -> Option<u64> {
    match (account.pending_since, account.rotated_at, laps) {
        // Waits for a person's decision, and falls due when it was repaired.
        _ if account.phase == Phase::ChangedOutside => None,
        // Only an admin can go on with it.
        (_, None, _) if !account.created => None,
        // Begun, and left with LAPS.
        (Some(_), _, None) if account.phase == Phase::Creating => None,
        // What is unfinished is due at once, whatever clock dated it.
        (Some(made_at), ..) => Some(made_at.min(now)),
        (None, Some(rotated_at), Some(laps)) => Some(next(account, rotated_at, laps, organization, now)),
        (None, None, Some(laps)) => Some(laps.enabled_at),
        (None, _, None) => None,
    }
}

/// When the next rotation is due: by the interval, or sooner by a view, and outside of the organization's blackout.
/// Accounts of one hour are spread over the time before it, so that two thousand tenants do not fall due in one second.
fn next(account: &Account, rotated_at: u64, laps: &Laps, organization: &Bytes32, now: u64) -> u64 {
    let seed = u64::from_be_bytes(*account.item.first_chunk().unwrap_or(&[0; 8]))
        ^ u64::from_be_bytes(*organization.first_chunk().unwrap_or(&[0; 8]));
    // Dated by a clock that was wrong, or is now: due, once, and dated well from then on.
    let due = |from: u64, at: u64| if is_misdated(from, now) { now } else { at };
    let by_interval = due(rotated_at, laps.due_at(rotated_at, seed));
    let by_view = account.rotate_by.map_or(u64::MAX, |by| due(by.seen_at, by.at));
    laps.free_at(by_interval.min(by_view))
}

/// The account as the decider sees it, on this device. `row` knows what the item does not tell: whether this device sent
/// the candidate.
pub(crate) fn stored(account: &AccountItem, row: &Organization, item: &Bytes16, device: DeviceId) -> Stored {
    Stored::load(changed(account), pending(account, row, item, device))
}

/// The same for a state that is already known in this process.
pub(crate) fn refreshed(
    stored: Stored,
    account: &AccountItem,
    row: &Organization,
    item: &Bytes16,
    device: DeviceId,
) -> Stored {
    stored.refreshed(changed(account), pending(account, row, item, device))
}

fn changed(account: &AccountItem) -> Option<ChangedAt> {
    account.last_password_change.as_deref().map(ChangedAt::new)
}

fn pending(account: &AccountItem, row: &Organization, item: &Bytes16, device: DeviceId) -> Option<(Pending, SendMark)> {
    let candidate = account.pending.as_ref()?;
    let lease = Lease::from_ms(candidate.claim.lease_ms).unwrap_or(Lease::DEFAULT);
    let claim = Claim { device: DeviceId::from_bytes(candidate.claim.device), lease };
    let known_unsent = row.account(item).and_then(|account| account.unsent) == Some(candidate.made_at_ms);
    let mark = if known_unsent && claim.device == device { SendMark::Unsent } else { SendMark::MaybeSent };
    Some((Pending { candidate: CandidateId::new(candidate.made_at_ms), claim }, mark))
}

/// The candidate becomes what opens the account; what opened it before stays beside it.
pub(crate) fn commit(account: &mut AccountItem, value: &str, now: u64) {
    let Some(candidate) = account.pending.take() else { return };
    let current = Credential { password: candidate.password, set_at_ms: now, origin: candidate.origin };
    account.previous = account.current.replace(current);
    account.last_password_change = Some(value.to_owned());
    account.verified_at_ms = Some(now);
    account.attention = None;
}

/// Keeps a candidate that was refused readable, and frees its place.
pub(crate) fn give_up(account: &mut AccountItem, now: u64) {
    if let Some(candidate) = account.pending.take() {
        account.remember(candidate.password, now.saturating_add(KEPT_MS));
    }
}
