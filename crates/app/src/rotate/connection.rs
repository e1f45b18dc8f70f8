//! The connection that the rotations of a tenant share: one sign-in for both accounts. It lives in the organization's
//! task alone and goes with it, at the latest when the vault is locked.

use crate::error::Result;
use crate::records::Organization;
use crate::session::Session;
use crate::{App, connect, journal};
use std::sync::Arc;
use vitrine_entra::Connection;
use vitrine_ledger::ObjectHash;

/// A connection is as good as the stored item it was made of: another certificate or registration needs another one.
#[derive(Default)]
pub(crate) struct Shared(Option<(ObjectHash, Arc<Connection>)>);

impl Shared {
    /// The connection as it is stored now. Asked for anew after each wait: the certificate may have been renewed.
    pub(crate) async fn current(
        &mut self,
        app: &App,
        session: &Session,
        row: &Organization,
    ) -> Result<Arc<Connection>> {
        let item = row.connection_item.ok_or_else(connect::not_connected)?;
        let stored = journal::object_named(row, &item)?;
        if let Some((made_of, connection)) = &self.0
            && *made_of == stored
        {
            return Ok(connection.clone());
        }
        let connection = Arc::new(connect::connection(app, session, row).await?);
        self.0 = Some((stored, connection.clone()));
        Ok(connection)
    }
}
