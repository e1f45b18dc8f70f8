//! What lies at an unguessable address: the two letters of an invitation, and the enrolment blobs that recovery kits ask
//! for. The address is stored as a hash, so that this database alone opens none of them.

use sqlx::Connection;
use vitrine_ledger::wire::{Enrolment, EnrolmentBlob, Invitation, Letter, Locator};
use vitrine_ledger::{Action, LedgerId, MemberId, allowed};

use super::{Store, damaged, fixed, signed, unsigned};
use crate::problem::Problem;
use crate::signed::{Caller, Standing, standing};

/// No invitation waits longer: two weeks.
const MAX_LIFETIME_S: u32 = 14 * 24 * 3600;
/// Most invitations of one MSP at once.
const MAX_INVITATIONS: i64 = 1000;
/// How long an object that no item names is kept.
const KEEP_OBJECTS_MS: u64 = 30 * 24 * 3_600_000;

impl Store {
    /// Opens a mailbox, by somebody who may add devices: members who may add others are among them. The same words again
    /// change nothing.
    pub(crate) async fn invite(
        &self,
        caller: &Caller,
        locator: &Locator,
        invitation: &Invitation,
        now_ms: u64,
    ) -> Result<(), Problem> {
        self.check_inviter(caller).await?;
        let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM invitations WHERE msp = $1")
            .bind(caller.msp.as_bytes().to_vec())
            .fetch_one(&self.pool)
            .await?;
        if open >= MAX_INVITATIONS {
            return Err(Problem::Quota);
        }
        let lifetime_ms = u64::from(invitation.lifetime_s.min(MAX_LIFETIME_S)) * 1000;
        let made = sqlx::query(
            "INSERT INTO invitations (locator, msp, expires_ms, letter, answer) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
        )
        .bind(locator.hash().to_vec())
        .bind(caller.msp.as_bytes().to_vec())
        .bind(signed(now_ms + lifetime_ms))
        .bind(invitation.letter.as_bytes().to_vec())
        .bind(Vec::<u8>::new())
        .execute(&self.pool)
        .await?;
        if made.rows_affected() == 1 {
            return Ok(());
        }
        let row = self.invitation(locator).await?;
        let same = row.is_some_and(|row| row.msp == caller.msp && row.letter == invitation.letter.as_bytes());
        if same { Ok(()) } else { Err(Problem::Taken) }
    }

    /// What was left in a mailbox, for those who may open one.
    pub(crate) async fn answer_of(&self, caller: &Caller, locator: &Locator) -> Result<Option<Letter>, Problem> {
        self.check_inviter(caller).await?;
        let row = self.invitation(locator).await?.filter(|row| row.msp == caller.msp).ok_or(Problem::NotFound)?;
        if row.answer.is_empty() { Ok(None) } else { letter(row.answer).map(Some) }
    }

    /// The first letter, for the invited person.
    pub(crate) async fn letter(&self, locator: &Locator, now_ms: u64) -> Result<Letter, Problem> {
        let row = self.invitation(locator).await?.ok_or(Problem::NotFound)?;
        if row.expires_ms <= now_ms {
            return Err(Problem::InvitationExpired);
        }
        letter(row.letter)
    }

    /// Answers, once. The same answer again changes nothing; another one finds the invitation used.
    pub(crate) async fn answer(&self, locator: &Locator, answer: &Letter, now_ms: u64) -> Result<(), Problem> {
        let written =
            sqlx::query("UPDATE invitations SET answer = $2 WHERE locator = $1 AND expires_ms > $3 AND answer = $4")
                .bind(locator.hash().to_vec())
                .bind(answer.as_bytes().to_vec())
                .bind(signed(now_ms))
                .bind(Vec::<u8>::new())
                .execute(&self.pool)
                .await?;
        if written.rows_affected() == 1 {
            return Ok(());
        }
        let row = self.invitation(locator).await?.ok_or(Problem::NotFound)?;
        match row {
            row if row.answer == answer.as_bytes() => Ok(()),
            row if row.answer.is_empty() => Err(Problem::InvitationExpired),
            _ => Err(Problem::InvitationUsed),
        }
    }

    /// Puts the caller's enrolment blob in the place of the one before. One signed earlier than that never does, so
    /// nobody brings an old blob back by sending its request again.
    pub(crate) async fn enrol(&self, caller: &Caller, locator: &Locator, blob: &EnrolmentBlob) -> Result<(), Problem> {
        let msp = self.msp(&caller.msp).await?.ok_or(Problem::Device)?;
        let Some(Standing::Member(_)) = standing(&msp, &caller.author) else { return Err(Problem::NotAllowed) };
        let written = sqlx::query(
            "INSERT INTO enrolments (msp, member, locator, blob, written_s) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (msp, member) DO UPDATE SET locator = excluded.locator, blob = excluded.blob,
                written_s = excluded.written_s
             WHERE enrolments.written_s <= excluded.written_s",
        )
        .bind(caller.msp.as_bytes().to_vec())
        .bind(caller.author.member.as_bytes().to_vec())
        .bind(locator.hash().to_vec())
        .bind(blob.as_bytes().to_vec())
        .bind(signed(caller.created_s))
        .execute(&self.pool)
        .await;
        match written {
            Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
                Err(Problem::Taken)
            }
            Err(error) => Err(error.into()),
            Ok(done) if done.rows_affected() == 1 => Ok(()),
            Ok(_) => Err(Problem::Taken),
        }
    }

    /// What lies at the address of a kit.
    pub(crate) async fn enrolment(&self, locator: &Locator) -> Result<Enrolment, Problem> {
        let row: Option<(Vec<u8>, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT msp, member, blob FROM enrolments WHERE locator = $1")
                .bind(locator.hash().to_vec())
                .fetch_optional(&self.pool)
                .await?;
        let (msp, member, blob) = row.ok_or(Problem::NotFound)?;
        Ok(Enrolment {
            msp: LedgerId::from_bytes(fixed(msp)?),
            member: MemberId::from_bytes(fixed(member)?),
            blob: EnrolmentBlob::new(blob).map_err(|_| damaged())?,
        })
    }

    /// Drops what has had its time. Any replica may do it, at any time.
    pub(crate) async fn sweep(&self, now_ms: u64) -> Result<(), Problem> {
        sqlx::query("DELETE FROM invitations WHERE expires_ms < $1")
            .bind(signed(now_ms.saturating_sub(u64::from(MAX_LIFETIME_S) * 1000)))
            .execute(&self.pool)
            .await?;
        let before = signed(now_ms.saturating_sub(KEEP_OBJECTS_MS));
        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        // Locks the MSPs first, as appending does.
        sqlx::query(
            "UPDATE msps SET bytes = bytes - (
                SELECT COALESCE(SUM(LENGTH(objects.object)), 0) FROM objects
                JOIN ledgers ON ledgers.ledger = objects.ledger
                WHERE ledgers.msp = msps.msp AND objects.released_ms > 0 AND objects.released_ms < $1)",
        )
        .bind(before)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM objects WHERE released_ms > 0 AND released_ms < $1")
            .bind(before)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn check_inviter(&self, caller: &Caller) -> Result<(), Problem> {
        let msp = self.msp(&caller.msp).await?.ok_or(Problem::Device)?;
        match standing(&msp, &caller.author) {
            Some(Standing::Member(role)) if allowed(role, Action::OwnDevices) => Ok(()),
            _ => Err(Problem::NotAllowed),
        }
    }

    async fn invitation(&self, locator: &Locator) -> Result<Option<Row>, Problem> {
        let row: Option<Columns> =
            sqlx::query_as("SELECT msp, expires_ms, letter, answer FROM invitations WHERE locator = $1")
                .bind(locator.hash().to_vec())
                .fetch_optional(&self.pool)
                .await?;
        let Some((msp, expires_ms, letter, answer)) = row else { return Ok(None) };
        Ok(Some(Row { msp: LedgerId::from_bytes(fixed(msp)?), expires_ms: unsigned(expires_ms)?, letter, answer }))
    }
}

/// MSP, end, letter, answer.
type Columns = (Vec<u8>, i64, Vec<u8>, Vec<u8>);

struct Row {
    msp: LedgerId,
    expires_ms: u64,
    letter: Vec<u8>,
    answer: Vec<u8>,
}

fn letter(bytes: Vec<u8>) -> Result<Letter, Problem> {
    Letter::new(bytes).map_err(|_| damaged())
}
