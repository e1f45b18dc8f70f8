//! Faults: which request is to go wrong, and how.

use serde::{Deserialize, Serialize};

use crate::rng::SeededRng;

/// A rule. A request that meets `tenant` and `operation` and survives `skip`, `times` and `probability` suffers `effect`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Tenant id or any of its domains; absent means every tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Method and path template, such as `PATCH /users/{user-id}` or `POST /oauth2/v2.0/token`; a trailing `*` matches any
    /// ending; absent means every operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How many matching requests pass before the rule bites: 2 means from the third call on.
    #[serde(default)]
    pub skip: u32,
    /// How often it bites; absent means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Share of requests it bites, 0 to 1, drawn from the seeded numbers; absent means 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What happens.
    pub effect: Effect,
}

/// What a fault does to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "kind")]
pub enum Effect {
    /// Answers later, by so many milliseconds of real time.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Answers 429; without `retryAfter` there is no such header, as Conditional Access does.
    Throttle {
        /// Seconds.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// Answers with this status and Graph error code; nothing is applied.
    Status {
        /// HTTP status, 400 to 599.
        status: u16,
        /// Graph's `error.code`, by default one that fits the status.
        #[serde(default)]
        code: Option<String>,
        /// Seconds in a `Retry-After` header.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// The token endpoint refuses with this AADSTS number.
    SignInError {
        /// AADSTS number.
        code: u32,
    },
    /// Closes the connection before anything is applied.
    DropBefore,
    /// Applies the request, then closes the connection without an answer: the case that rotation must survive.
    DropAfter,
    /// Never answers, and applies nothing.
    Hang,
    /// Applies the request and never answers.
    HangAfter,
}

/// A rule with its counters.
#[derive(Debug, Clone)]
pub(crate) struct Armed {
    pub(crate) fault: Fault,
    seen: u32,
    bitten: u32,
}

impl Armed {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { fault, seen: 0, bitten: 0 }
    }

    /// How often this rule bit, if it is for this operation of this tenant, both named as in the rule.
    pub(crate) fn bitten_for(&self, tenant: &str, operation: &str) -> u32 {
        let named = |name: &Option<String>, asked: &str| name.as_deref() == Some(asked);
        let meant = named(&self.fault.tenant, tenant) && named(&self.fault.operation, operation);
        if meant { self.bitten } else { 0 }
    }

    /// Counts the request and says whether the rule bites. `names` are the tenant's id and domains.
    pub(crate) fn bites(&mut self, names: &[String], operation: &str, rng: &mut SeededRng) -> bool {
        let f = &self.fault;
        let tenant = f.tenant.as_ref().is_none_or(|t| names.iter().any(|n| n.eq_ignore_ascii_case(t)));
        let named = f.operation.as_ref().is_none_or(|o| match o.strip_suffix('*') {
            Some(start) => operation.starts_with(start),
            None => operation == o,
        });
        if !tenant || !named {
            return false;
        }
        self.seen += 1;
        if self.seen <= f.skip || f.times.is_some_and(|t| self.bitten >= t) {
            return false;
        }
        if f.probability.is_some_and(|p| !rng.chance(p)) {
            return false;
        }
        self.bitten += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Armed {
        Armed::new(serde_json::from_str(json).expect("a rule"))
    }

    #[test]
    fn a_rule_bites_the_named_call_only() {
        let mut rng = SeededRng::new(1);
        let mut r = rule(r#"{"operation":"PATCH /users/{user-id}","skip":1,"times":1,"effect":{"kind":"drop-after"}}"#);
        let hits: Vec<bool> = (0..4).map(|_| r.bites(&[], "PATCH /users/{user-id}", &mut rng)).collect();
        assert_eq!(hits, [false, true, false, false]);
        assert!(!r.bites(&[], "GET /users/{user-id}", &mut rng));
    }

    #[test]
    fn a_rule_for_one_tenant_leaves_others_alone() {
        let mut rng = SeededRng::new(1);
        let mut r = rule(r#"{"tenant":"contoso.onmicrosoft.com","effect":{"kind":"hang"}}"#);
        assert!(!r.bites(&["fabrikam.onmicrosoft.com".into()], "x", &mut rng));
        assert!(r.bites(&["Contoso.onmicrosoft.com".into()], "x", &mut rng));
    }

    #[test]
    fn an_unknown_effect_is_refused() {
        assert!(serde_json::from_str::<Fault>(r#"{"effect":{"kind":"explode"}}"#).is_err());
    }
}
