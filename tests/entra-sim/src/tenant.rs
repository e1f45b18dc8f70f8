//! One simulated directory: domains, users, applications, service principals, roles, policies, logs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::{self, role};
use crate::rng::SeededRng;

/// What sets a tenant apart from the plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trait {
    /// The portal demands a second factor from everybody, emergency accounts included.
    MandatoryMfa,
    /// Conditional Access blocks the device code flow (AADSTS53003).
    DeviceCodeBlocked,
    /// No Entra ID P1: sign-in logs and Conditional Access are refused.
    NoP1,
    /// No managed domain at all, the initial one is federated too: passwords cannot be set here.
    FederatedOnly,
    /// Nobody can consent to an application (AADSTS90094).
    ConsentRefused,
    /// The app management policy forbids client secrets.
    SecretsRefused,
    /// A proof of possession must name Azure AD Graph, as an older version of Microsoft's page says.
    OlderProofAudience,
    /// A refresh token does not answer a claims challenge: AADSTS50076, the person must sign in with the claims.
    ChallengeNeedsPerson,
    /// Whoever creates an application becomes its owner, administrators of applications too.
    CreatorOwns,
}

/// A user of the directory. Passwords are kept as they are: this is a simulator, its users do not exist.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) upn: String,
    pub(crate) display_name: String,
    pub(crate) mail_nickname: String,
    pub(crate) enabled: bool,
    pub(crate) usage_location: Option<String>,
    pub(crate) password: String,
    pub(crate) former_passwords: Vec<String>,
    pub(crate) force_change: bool,
    pub(crate) password_policies: Option<String>,
    pub(crate) password_changed_ms: i64,
    /// What readers see until `0`: the change before, so that the proof can lag behind the change.
    pub(crate) proof_lag: Option<(i64, i64)>,
    pub(crate) sessions_valid_from_ms: i64,
    pub(crate) created_ms: i64,
    pub(crate) visible_from_ms: i64,
    pub(crate) deleted_ms: Option<i64>,
    pub(crate) synced: bool,
    pub(crate) job_title: Option<String>,
    pub(crate) other_mails: Vec<String>,
    pub(crate) mobile_phone: Option<String>,
    pub(crate) business_phones: Vec<String>,
    pub(crate) methods: Methods,
    pub(crate) wrong_passwords: u32,
    pub(crate) lockouts: u32,
    pub(crate) locked_until_ms: i64,
}

/// The sign-in methods of a user besides the password.
#[derive(Debug, Clone, Default)]
pub(crate) struct Methods {
    pub(crate) totp: Option<TotpMethod>,
    pub(crate) phone: Option<(String, String)>,
    pub(crate) fido2: Vec<Passkey>,
    pub(crate) pass: Option<AccessPass>,
}

#[derive(Debug, Clone)]
pub(crate) struct TotpMethod {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) created_ms: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Passkey {
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) aa_guid: String,
    pub(crate) created_ms: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct AccessPass {
    pub(crate) id: String,
    pub(crate) once: bool,
    pub(crate) start_ms: i64,
    pub(crate) lifetime_minutes: i64,
    pub(crate) created_ms: i64,
}

/// An application registered in this tenant.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) display_name: String,
    pub(crate) audience: String,
    pub(crate) public_flows: bool,
    pub(crate) native_redirects: Vec<String>,
    pub(crate) spa_redirects: Vec<String>,
    pub(crate) web_redirects: Vec<String>,
    pub(crate) required_access: Value,
    pub(crate) tags: Vec<String>,
    pub(crate) notes: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) keys: Vec<Key>,
    pub(crate) secrets: Vec<Secret>,
    /// Object ids of users and service principals.
    pub(crate) owners: Vec<String>,
    pub(crate) federated: Vec<Federated>,
    pub(crate) created_ms: i64,
    pub(crate) visible_from_ms: i64,
    pub(crate) deleted_ms: Option<i64>,
}

/// A certificate of an application.
#[derive(Debug, Clone)]
#[allow(clippy::struct_field_names, reason = "`keyId` is Microsoft's name")]
pub(crate) struct Key {
    pub(crate) key_id: String,
    pub(crate) der: Vec<u8>,
    pub(crate) display_name: Option<String>,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    /// The token endpoint learns of a new certificate later than the directory does.
    pub(crate) known_from_ms: i64,
}

/// A client secret of an application.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) key_id: String,
    pub(crate) text: String,
    pub(crate) display_name: Option<String>,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
}

/// An identity of elsewhere that may sign in as an application.
#[derive(Debug, Clone)]
pub(crate) struct Federated {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
}

#[derive(Debug, Clone)]
pub(crate) struct ServicePrincipal {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) display_name: String,
    pub(crate) enabled: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) owner_tenant: String,
    /// Credentials and owners of its own, beside those of its application.
    pub(crate) keys: Vec<Key>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) owners: Vec<String>,
    pub(crate) visible_from_ms: i64,
    pub(crate) deleted_ms: Option<i64>,
}

/// An application permission granted to a service principal.
#[derive(Debug, Clone)]
pub(crate) struct AppRoleAssignment {
    pub(crate) id: String,
    pub(crate) app_role_id: String,
    pub(crate) principal: String,
    pub(crate) resource: String,
    pub(crate) created_ms: i64,
    pub(crate) visible_from_ms: i64,
}

/// Delegated permissions granted to a client, for all users (`principal` is `None`) or one.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) principal: Option<String>,
    pub(crate) resource: String,
    pub(crate) scope: String,
}

#[derive(Debug, Clone)]
pub(crate) struct RoleAssignment {
    pub(crate) id: String,
    pub(crate) role: String,
    pub(crate) principal: String,
    pub(crate) visible_from_ms: i64,
    /// A removed assignment stays in answers until then.
    pub(crate) gone_from_ms: Option<i64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) name: String,
    pub(crate) initial: bool,
    pub(crate) default: bool,
    pub(crate) federated: bool,
}

/// The directory.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domains: Vec<Domain>,
    pub(crate) traits: BTreeSet<Trait>,
    pub(crate) admin_id: String,
    pub(crate) users: Vec<User>,
    pub(crate) applications: Vec<Application>,
    pub(crate) principals: Vec<ServicePrincipal>,
    pub(crate) app_roles: Vec<AppRoleAssignment>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) roles: Vec<RoleAssignment>,
    pub(crate) banned_words: Vec<String>,
    /// What its Conditional Access policies are called, if not as Microsoft's templates are.
    pub(crate) policy_name: Option<String>,
    /// A delegated permission that tokens are issued without.
    pub(crate) withheld: Option<String>,
    pub(crate) method_states: Vec<(String, bool)>,
    pub(crate) passkey_attestation: bool,
    pub(crate) operations: Vec<(String, String, Value)>,
    pub(crate) audits: Vec<Value>,
    pub(crate) sign_ins: Vec<Value>,
    /// Tokens issued without an answer to this claims challenge are refused.
    pub(crate) claims_challenge: Option<String>,
    /// Refresh tokens older than this end with AADSTS70043.
    pub(crate) sign_in_frequency_ms: Option<i64>,
}

impl Tenant {
    /// A fresh directory with one Global Administrator, one administrator of applications and one person without a role.
    pub(crate) fn new(rng: &mut SeededRng, name: &str, slug: &str, traits: &[Trait], now_ms: i64, small: bool) -> Self {
        let traits: BTreeSet<Trait> = traits.iter().copied().collect();
        let federated = traits.contains(&Trait::FederatedOnly);
        let initial = format!("{slug}.onmicrosoft.com");
        let mut domains = vec![Domain { name: initial.clone(), initial: true, default: small, federated }];
        if !small {
            domains.push(Domain { name: format!("{slug}.example"), initial: false, default: true, federated });
        }
        let mut tenant = Self {
            id: rng.guid(),
            name: name.to_owned(),
            domains,
            traits,
            admin_id: String::new(),
            users: Vec::new(),
            applications: Vec::new(),
            principals: vec![ServicePrincipal {
                id: rng.guid(),
                app_id: catalog::GRAPH_APP_ID.to_owned(),
                display_name: "Microsoft Graph".to_owned(),
                enabled: true,
                tags: Vec::new(),
                owner_tenant: catalog::MICROSOFT_TENANT.to_owned(),
                keys: Vec::new(),
                secrets: Vec::new(),
                owners: Vec::new(),
                visible_from_ms: 0,
                deleted_ms: None,
            }],
            app_roles: Vec::new(),
            grants: Vec::new(),
            roles: Vec::new(),
            banned_words: vec![slug.to_owned()],
            policy_name: None,
            withheld: None,
            method_states: [
                ("Fido2", true),
                ("MicrosoftAuthenticator", true),
                ("Sms", false),
                ("TemporaryAccessPass", true),
                ("SoftwareOath", true),
                ("Voice", false),
                ("Email", false),
                ("X509Certificate", false),
            ]
            .map(|(id, on)| (id.to_owned(), on))
            .to_vec(),
            passkey_attestation: false,
            operations: Vec::new(),
            audits: Vec::new(),
            sign_ins: Vec::new(),
            claims_challenge: None,
            sign_in_frequency_ms: None,
        };
        // Federated users sign in at their own provider in truth; here too their password only opens this simulator.
        let admin = tenant.add_user(rng, &format!("admin@{initial}"), "Demo Admin", now_ms - 90_000_000);
        if tenant.traits.contains(&Trait::MandatoryMfa) {
            let secret = data_encoding::BASE32_NOPAD.encode(&rng.bytes(20));
            let id = rng.guid();
            if let Some(user) = tenant.user_mut(&admin) {
                user.methods.totp = Some(TotpMethod { id, secret, created_ms: now_ms - 90_000_000 });
            }
        }
        tenant.assign(rng, role::GLOBAL_ADMIN, &admin);
        tenant.admin_id = admin;
        if !small {
            let apps = tenant.add_user(rng, &format!("apps@{initial}"), "Application Admin", now_ms - 90_000_000);
            tenant.assign(rng, role::APPLICATION_ADMIN, &apps);
            tenant.add_user(rng, &format!("person@{initial}"), "Ordinary Person", now_ms - 90_000_000);
        }
        tenant
    }

    pub(crate) fn add_user(&mut self, rng: &mut SeededRng, upn: &str, name: &str, now_ms: i64) -> String {
        let id = rng.guid();
        self.users.push(User {
            id: id.clone(),
            upn: upn.to_owned(),
            display_name: name.to_owned(),
            mail_nickname: upn.split('@').next().unwrap_or_default().to_owned(),
            enabled: true,
            usage_location: Some("US".to_owned()),
            password: rng.password(),
            former_passwords: Vec::new(),
            force_change: false,
            password_policies: None,
            password_changed_ms: now_ms,
            proof_lag: None,
            sessions_valid_from_ms: now_ms,
            created_ms: now_ms,
            visible_from_ms: 0,
            deleted_ms: None,
            synced: false,
            job_title: None,
            other_mails: Vec::new(),
            mobile_phone: None,
            business_phones: Vec::new(),
            methods: Methods::default(),
            wrong_passwords: 0,
            lockouts: 0,
            locked_until_ms: 0,
        });
        id
    }

    pub(crate) fn assign(&mut self, rng: &mut SeededRng, role: &str, principal: &str) {
        let id = rng.token(24);
        self.roles.push(RoleAssignment {
            id,
            role: role.to_owned(),
            principal: principal.to_owned(),
            visible_from_ms: 0,
            gone_from_ms: None,
        });
    }

    pub(crate) fn has(&self, t: Trait) -> bool {
        self.traits.contains(&t)
    }

    pub(crate) fn initial_domain(&self) -> &str {
        self.domains.iter().find(|d| d.initial).map_or("", |d| d.name.as_str())
    }

    pub(crate) fn domain(&self, name: &str) -> Option<&Domain> {
        self.domains.iter().find(|d| d.name.eq_ignore_ascii_case(name))
    }

    /// A live user by object id or user name.
    pub(crate) fn user(&self, key: &str) -> Option<&User> {
        self.users.iter().find(|u| u.deleted_ms.is_none() && (u.id == key || u.upn.eq_ignore_ascii_case(key)))
    }

    pub(crate) fn user_mut(&mut self, key: &str) -> Option<&mut User> {
        self.users.iter_mut().find(|u| u.deleted_ms.is_none() && (u.id == key || u.upn.eq_ignore_ascii_case(key)))
    }

    pub(crate) fn application(&self, key: &str) -> Option<&Application> {
        self.applications.iter().find(|a| a.deleted_ms.is_none() && (a.id == key || a.app_id == key))
    }

    pub(crate) fn principal(&self, key: &str) -> Option<&ServicePrincipal> {
        self.principals.iter().find(|p| p.deleted_ms.is_none() && (p.id == key || p.app_id == key))
    }

    pub(crate) fn graph_principal_id(&self) -> &str {
        self.principals.iter().find(|p| p.app_id == catalog::GRAPH_APP_ID).map_or("", |p| p.id.as_str())
    }

    /// Roles in force for a principal: a removed one is off at once, although lists may still show it.
    pub(crate) fn roles_of(&self, principal: &str) -> Vec<&str> {
        self.roles
            .iter()
            .filter(|r| r.principal == principal && r.gone_from_ms.is_none())
            .map(|r| r.role.as_str())
            .collect()
    }

    pub(crate) fn holds(&self, principal: &str, any_of: &[&str]) -> bool {
        self.roles_of(principal).iter().any(|r| any_of.contains(r))
    }

    /// Whether `client` (a service principal) may act with `scope` for `user`.
    pub(crate) fn granted(&self, client: &str, user: &str, scope: &str) -> bool {
        self.grants.iter().any(|g| {
            g.client == client
                && g.principal.as_deref().is_none_or(|p| p == user)
                && g.scope.split(' ').any(|s| s.eq_ignore_ascii_case(scope))
        })
    }
}

impl User {
    /// Sets a password without judging it, as every accepted way does in the end.
    ///
    /// The time of the change has whole seconds, as Graph's has; two changes within one second still get different times
    /// here, so that a test need not wait.
    pub(crate) fn change_password(&mut self, password: &str, now_ms: i64, proof_delay_ms: i64) {
        let before = self.password_changed_ms;
        let second = |ms: i64| ms.div_euclid(1000);
        let now_s = second(now_ms).max(second(before) + 1);
        self.former_passwords.push(std::mem::replace(&mut self.password, password.to_owned()));
        self.password_changed_ms = now_s * 1000;
        self.proof_lag = (proof_delay_ms > 0).then_some((now_ms + proof_delay_ms, before));
        self.wrong_passwords = 0;
        self.locked_until_ms = 0;
    }

    /// The time of the last password change as a reader sees it now.
    pub(crate) fn shown_change_ms(&self, now_ms: i64) -> i64 {
        match self.proof_lag {
            Some((until, before)) if now_ms < until => before,
            _ => self.password_changed_ms,
        }
    }
}
