//! Audit logs, newest first.

use crate::catalog::role;
use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::odata;
use crate::tenant::Trait;

const READERS: &[&str] = &[role::REPORTS_READER, role::SECURITY_READER, role::GLOBAL_READER, role::GLOBAL_ADMIN];

pub(crate) fn sign_ins(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(READERS)?;
    if call.tenant().has(Trait::NoP1) {
        return Err(GraphError::no_premium());
    }
    let all = call.tenant().sign_ins.iter().rev().cloned().collect();
    odata::list(call, "auditLogs/signIns", all, None)
}

pub(crate) fn directory_audits(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(READERS)?;
    let all = call.tenant().audits.iter().rev().cloned().collect();
    odata::list(call, "auditLogs/directoryAudits", all, None)
}
