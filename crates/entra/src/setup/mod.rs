//! Connecting a tenant: the app registration that the connection signs in as, found or created step by step.
//!
//! [`plan`] only reads and says what exists and what will be created, with permission and reason. [`run`] does what
//! the plan shows and nothing else; run again, it completes what an earlier run left half done and changes nothing
//! that is there. [`check`] proves the permissions by reads with the app's own certificate.

mod error;
mod keys;
mod permission;
mod plan;
mod proof;
mod run;
mod settle;

pub use error::SetupError;
pub use keys::{listed_certificate, remove_certificates};
pub use permission::{PERMISSIONS, Permission, ROLE_NAME};
pub use plan::{Grant, Plan, PlanRequest, PlannedStep, Premium, StepKind, Surprise, TenantFacts, Warning, plan};
pub use proof::{Evidence, PermissionCheck, check};
pub use run::{Progress, RunOptions, StepState, run};

pub(crate) use proof::explain;
pub(crate) use run::{kept, not_yet};
pub(crate) use settle::{PATIENCE, settle};

/// Name of the registration in the customer's tenant.
pub const APP_NAME: &str = "Vitrine emergency access";
