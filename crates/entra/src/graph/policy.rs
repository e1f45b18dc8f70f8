//! Policies that decide whether set-up can work.

/// State of a Conditional Access policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyState {
    /// In force.
    Enabled,
}

/// A Conditional Access policy, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionalAccessPolicy {}
