//! Those who append stand in line: whoever's turn it is takes along what others brought meanwhile, into one transaction. A
//! commit, which waits for the disk, is then paid once for all of them and not by each; what does not stand of one of them is
//! undone by itself. Two replicas meet at the MSP's row in the database, as ever.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{AnyConnection, Connection};
use tokio::sync::oneshot;
use vitrine_ledger::LedgerId;

use super::Store;
use super::append::Piece;
use crate::problem::Problem;

/// Lanes of PostgreSQL, where MSPs need not wait for each other. SQLite has one writer, and one lane.
const LANES: usize = 16;
/// Pieces of one transaction, for the whole of which their MSP's row is locked.
const TOGETHER: usize = 64;

type Answer = Result<u64, Problem>;

pub(super) type Lanes = Arc<[Lane; LANES]>;

/// Who waits, and whose turn it is.
#[derive(Default)]
pub(super) struct Lane {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

struct Waiting {
    piece: Piece,
    tell: oneshot::Sender<Answer>,
}

impl Store {
    /// Waits for a turn, and for what came of it.
    pub(super) async fn in_line(&self, piece: Piece) -> Answer {
        let lane = if self.postgres { usize::from(piece.msp.as_bytes()[0]) % LANES } else { 0 };
        let (tell, told) = oneshot::channel();
        self.lanes[lane].waiting.lock().unwrap_or_else(PoisonError::into_inner).push(Waiting { piece, tell });
        // On its own: who hangs up takes nobody else's piece along. As many turns as pieces, so that none is left behind.
        tokio::spawn(self.clone().turn(lane));
        told.await.unwrap_or(Err(Problem::Database))
    }

    async fn turn(self, lane: usize) {
        let lane = &self.lanes[lane];
        let _turn = lane.turn.lock().await;
        let mut group = Vec::new();
        {
            let mut waiting = lane.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            // An earlier turn may have taken all. One MSP at a time: nobody locks two rows.
            let Some(msp) = waiting.first().map(|first| first.piece.msp) else { return };
            while group.len() < TOGETHER
                && let Some(next) = waiting.iter().position(|it| it.piece.msp == msp)
            {
                group.push(waiting.remove(next));
            }
        }
        let (pieces, tell): (Vec<_>, Vec<_>) = group.into_iter().map(|it| (it.piece, it.tell)).unzip();
        let answers = self.together(&pieces).await;
        for (place, tell) in tell.into_iter().enumerate() {
            let answer = answers.as_ref().map_err(Problem::clone).and_then(|answers| answers[place].clone());
            // Whoever asked may be gone.
            let _ = tell.send(answer);
        }
    }

    /// Pieces of one MSP in one transaction: an answer for each, or an error after which nothing of any of them stands.
    async fn together(&self, pieces: &[Piece]) -> Result<Vec<Answer>, Problem> {
        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let mut answers = Vec::with_capacity(pieces.len());
        for piece in pieces {
            answers.push(if pieces.len() == 1 {
                self.take(&mut tx, piece).await
            } else {
                self.apart(&mut tx, piece).await?
            });
        }
        if answers.iter().all(Result::is_err) {
            tx.rollback().await?;
            return Ok(answers);
        }
        if let (true, Some(piece)) = (self.postgres, pieces.first()) {
            // Delivered with the commit, and only then.
            notify(&mut tx, &piece.msp).await?;
        }
        tx.commit().await?;
        Ok(answers)
    }

    /// One piece, undone by itself where it does not stand.
    async fn apart(&self, tx: &mut AnyConnection, piece: &Piece) -> Result<Answer, Problem> {
        let mut own = tx.begin().await?;
        let answer = self.take(&mut own, piece).await;
        if answer.is_ok() {
            own.commit().await?;
        } else {
            own.rollback().await?;
        }
        Ok(answer)
    }
}

async fn notify(tx: &mut AnyConnection, msp: &LedgerId) -> Result<(), Problem> {
    sqlx::query("SELECT pg_notify('vitrine', $1)").bind(msp.to_string()).execute(tx).await?;
    Ok(())
}
