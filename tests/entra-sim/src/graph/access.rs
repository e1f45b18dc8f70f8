//! Directory roles: who may act on whom (sections 2.4 and 2.5 of the reference).

use crate::catalog::role;
use crate::graph::call::Call;
use crate::graph::error::GraphError;
use crate::tenant::Tenant;

/// Roles whose holders only a Privileged Authentication Administrator or a Global Administrator may touch.
fn protected(role: &str) -> bool {
    // Everything the table does not open to lower administrators, unknown (custom) roles included.
    !matches!(
        role,
        role::USER_ADMIN
            | role::HELPDESK_ADMIN
            | role::AUTH_ADMIN
            | role::REPORTS_READER
            | role::GLOBAL_READER
            | role::SECURITY_READER
    )
}

/// Whether `caller` may change sensitive properties of `target` (password, enabled, user name), delete or restore it.
pub(crate) fn may_act_on(tenant: &Tenant, caller: &str, target: &str) -> bool {
    let mine = tenant.roles_of(caller);
    let has = |r: &str| mine.contains(&r);
    if has(role::GLOBAL_ADMIN) || has(role::PRIVILEGED_AUTH_ADMIN) {
        return true;
    }
    let theirs = tenant.roles_of(target);
    if theirs.iter().any(|r| protected(r)) {
        return false;
    }
    if has(role::USER_ADMIN) {
        return true;
    }
    (has(role::AUTH_ADMIN) || has(role::HELPDESK_ADMIN)) && !theirs.contains(&role::USER_ADMIN)
}

impl Call<'_> {
    /// Refuses a person who holds none of these roles. Applications are judged by their permissions alone.
    pub(crate) fn need_role(&self, any_of: &[&str]) -> Result<(), GraphError> {
        if !self.caller.delegated || self.tenant().holds(&self.caller.id, any_of) {
            Ok(())
        } else {
            Err(GraphError::denied())
        }
    }

    /// Refuses a caller, person or application, who may not act on `target`.
    pub(crate) fn need_power_over(&self, target: &str) -> Result<(), GraphError> {
        if may_act_on(self.tenant(), &self.caller.id, target) { Ok(()) } else { Err(GraphError::denied()) }
    }
}
