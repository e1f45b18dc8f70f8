//! Policies that decide whether set-up and sign-in can work. `Policy.Read.All`.

use super::call::Graph;
use super::error::GraphError;
use crate::pace::Service;
use serde::Deserialize;

/// A Conditional Access policy, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionalAccessPolicy {
    /// Its id.
    pub id: String,
    /// Its name; may hold any text.
    #[serde(default)]
    pub display_name: Option<String>,
    /// `enabled`, `disabled`, `enabledForReportingButNotEnforced`.
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    conditions: Option<Conditions>,
    #[serde(default)]
    grant_controls: Option<GrantControls>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conditions {
    #[serde(default)]
    authentication_flows: Option<AuthenticationFlows>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticationFlows {
    #[serde(default)]
    transfer_methods: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GrantControls {
    #[serde(default)]
    built_in_controls: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityDefaults {
    #[serde(default)]
    is_enabled: Option<bool>,
}

impl ConditionalAccessPolicy {
    /// Whether it is in force and blocks device code sign-in (for whom it applies).
    pub fn blocks_device_code(&self) -> bool {
        let flows = self.conditions.as_ref().and_then(|c| c.authentication_flows.as_ref());
        // A flag set, written as words with commas.
        let device = flows
            .and_then(|f| f.transfer_methods.as_deref())
            .is_some_and(|m| m.split(',').any(|word| word.trim().eq_ignore_ascii_case("deviceCodeFlow")));
        let controls = self.grant_controls.as_ref().and_then(|g| g.built_in_controls.as_deref()).unwrap_or_default();
        let blocks = controls.iter().any(|c| c.eq_ignore_ascii_case("block"));
        self.state.as_deref() == Some("enabled") && device && blocks
    }
}

impl Graph<'_> {
    /// Whether security defaults are on.
    pub async fn security_defaults(&self) -> Result<bool, GraphError> {
        let policy: SecurityDefaults =
            self.read(self.get("/policies/identitySecurityDefaultsEnforcementPolicy", &[])).await?;
        Ok(policy.is_enabled.unwrap_or(false))
    }

    /// Conditional Access policies; one request per second and tenant.
    pub async fn conditional_access_policies(&self) -> Result<Vec<ConditionalAccessPolicy>, GraphError> {
        self.list(self.get("/identity/conditionalAccess/policies", &[]).of(Service::Policies)).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_policy_in_force_that_blocks_device_code_counts() {
        let policy = |state: &str, methods: &str, control: &str| {
            let text = format!(
                r#"{{"id":"1","state":"{state}","conditions":{{"authenticationFlows":{{"transferMethods":"{methods}"}}}},"grantControls":{{"builtInControls":["{control}"]}}}}"#
            );
            serde_json::from_str::<ConditionalAccessPolicy>(&text).unwrap().blocks_device_code()
        };
        assert!(policy("enabled", "deviceCodeFlow,authenticationTransfer", "block"));
        assert!(!policy("enabledForReportingButNotEnforced", "deviceCodeFlow", "block"));
        assert!(!policy("enabled", "authenticationTransfer", "block"));
        assert!(!policy("enabled", "deviceCodeFlow", "mfa"));
        assert!(
            !serde_json::from_str::<ConditionalAccessPolicy>(
                r#"{"id":"1","state":"enabled","conditions":null,"grantControls":null}"#
            )
            .unwrap()
            .blocks_device_code()
        );
    }
}
