//! The admin's session: created by a sign-in, used while a tenant is connected, dropped afterwards. Never stored.

use super::error::SignInError;
use crate::cloud::Cloud;
use crate::graph::{Graph, GraphError, Priority};
use crate::http::Http;
use crate::id::{ClientId, TenantId, UserId};

/// A signed-in admin. No `Debug`, no `Clone`, nothing to store: dropping it zeroes its tokens.
pub struct AdminSession {
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
    pub(super) user_name: String,
    pub(super) display_name: String,
}

impl AdminSession {
    /// The tenant signed in to (`tid`).
    pub fn tenant_id(&self) -> TenantId { self.tenant }
    /// The account (`oid`).
    pub fn user_id(&self) -> UserId { self.user }
    /// The account's user principal name, for display.
    pub fn user_name(&self) -> &str { &self.user_name }
    /// The account's name, for display; may hold any text a tenant's user chose.
    pub fn display_name(&self) -> &str { &self.display_name }
    /// The cloud signed in to.
    pub fn cloud(&self) -> &Cloud { unimplemented!() }
    /// The client id signed in with.
    pub fn client_id(&self) -> ClientId { unimplemented!() }
    pub(crate) fn http(&self) -> &Http { unimplemented!() }
    /// Graph as this admin; requests are marked as those of a waiting person.
    pub fn graph(&self) -> Graph<'_> { unimplemented!() }
}
