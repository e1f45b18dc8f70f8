//! Every way into a connection and its accounts that a tenant lists, whoever made it: certificates and secrets of the
//! app, identities of elsewhere that may sign in as it, its owners, and the sign-in methods of an account.
//!
//! The connection reads; it can take away a certificate of its own registration and nothing else. The rest needs an
//! admin's session.

use crate::clock::Clock;
use crate::connection::{Connection, ConnectionRecord};
use crate::graph::{Graph, GraphError, GraphErrorKind, KeyCredential, Method, PasswordCredential, Priority};
use crate::id::{KeyId, UserId};
use crate::oauth::AdminSession;
use crate::setup::{kept, settle};

/// What the reads need, to be named where they are refused. The app reads its own keys without any.
pub const OWNERS_READ: &str = "Application.Read.All";
/// See [`OWNERS_READ`].
pub const METHODS_READ: &str = "UserAuthenticationMethod.Read.All";

/// What it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The app registration.
    Registration,
    /// Its service principal, which may have keys and owners of its own.
    Principal,
    /// An account.
    Account(UserId),
}

/// Kinds of ways in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayKind {
    /// A certificate.
    Certificate,
    /// A client secret.
    Secret,
    /// An identity of elsewhere that is trusted to sign in as the app.
    Federated,
    /// An owner: may put keys in.
    Owner,
    /// A phone.
    Phone,
    /// An address for resetting the password.
    Email,
    /// The Authenticator app.
    Authenticator,
    /// One-time codes of an app.
    Codes,
    /// A passkey.
    Passkey,
    /// A temporary access pass that is not over.
    Pass,
    /// Windows Hello.
    Hello,
    /// A credential of another platform.
    Platform,
    /// A kind that this version does not know.
    Other,
}

/// One way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Which kind.
    pub kind: WayKind,
    /// Of what.
    pub place: Place,
    /// Its id in the tenant.
    pub id: String,
    /// What it is called there; may hold any text.
    pub name: String,
    /// SHA-256 of a certificate, where the tenant gives the certificate itself. What the list merely calls it is not
    /// taken for it: whoever adds a key chooses that, too.
    pub thumbprint: Option<[u8; 32]>,
}

impl Way {
    /// Whether the connection itself can take it away.
    pub fn is_own_key(&self) -> bool {
        (self.kind, self.place) == (WayKind::Certificate, Place::Registration)
    }
}

/// Keys and secrets of the registration and of its service principal, read by the app itself.
pub async fn read_keys(connection: &Connection, priority: Priority) -> Result<Vec<Way>, GraphError> {
    let (graph, record) = (connection.graph().with_priority(priority), connection.record());
    let application = graph.application(record.application_id).await?;
    let principal = graph.principal_keys(record.service_principal_id).await?;
    let mut ways = listed(Place::Registration, &application.key_credentials, &application.password_credentials);
    ways.extend(listed(Place::Principal, &principal.key_credentials, &principal.password_credentials));
    Ok(ways)
}

fn listed(place: Place, keys: &[KeyCredential], secrets: &[PasswordCredential]) -> Vec<Way> {
    let id = |id: Option<KeyId>| id.map(|id| id.to_string()).unwrap_or_default();
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    let key = |key: &KeyCredential| Way {
        kind: WayKind::Certificate,
        place,
        id: id(key.key_id),
        name: name(&key.display_name),
        thumbprint: key.key.as_ref().and_then(|_| key.thumbprint()),
    };
    let secret = |secret: &PasswordCredential| Way {
        kind: WayKind::Secret,
        place,
        id: id(secret.key_id),
        name: name(&secret.display_name),
        thumbprint: None,
    };
    keys.iter().map(key).chain(secrets.iter().map(secret)).collect()
}

/// Owners of the registration and of its service principal, and identities of elsewhere that the registration trusts.
pub async fn read_owners(connection: &Connection, priority: Priority) -> Result<Vec<Way>, GraphError> {
    let (graph, record) = (connection.graph().with_priority(priority), connection.record());
    owners(graph, record).await.map_err(|error| error.lacking(&[OWNERS_READ]))
}

async fn owners(graph: Graph<'_>, record: &ConnectionRecord) -> Result<Vec<Way>, GraphError> {
    let mut ways = Vec::new();
    let of_registration = graph.owners_of_application(record.application_id).await?;
    let of_principal = graph.owners_of_principal(record.service_principal_id).await?;
    for (place, owners) in [(Place::Registration, of_registration), (Place::Principal, of_principal)] {
        ways.extend(owners.into_iter().map(|owner| Way {
            kind: WayKind::Owner,
            place,
            name: owner.name(),
            id: owner.id,
            thumbprint: None,
        }));
    }
    let trusted = graph.federated_credentials(record.application_id).await?;
    ways.extend(trusted.into_iter().map(|trusted| Way {
        kind: WayKind::Federated,
        place: Place::Registration,
        name: trusted.name(),
        id: trusted.id,
        thumbprint: None,
    }));
    Ok(ways)
}

/// Sign-in methods of an account besides its password, and without passes that are over.
pub async fn read_methods(
    connection: &Connection,
    account: UserId,
    priority: Priority,
) -> Result<Vec<Way>, GraphError> {
    let methods = connection.graph().with_priority(priority).methods(account).await;
    let methods = methods.map_err(|error| error.lacking(&[METHODS_READ]))?;
    Ok(methods.into_iter().filter_map(|method| method_way(account, method)).collect())
}

fn method_way(account: UserId, method: Method) -> Option<Way> {
    let kind = match method.kind.strip_prefix("#microsoft.graph.").unwrap_or_default() {
        "passwordAuthenticationMethod" => return None,
        "phoneAuthenticationMethod" => WayKind::Phone,
        "emailAuthenticationMethod" => WayKind::Email,
        "microsoftAuthenticatorAuthenticationMethod" => WayKind::Authenticator,
        "softwareOathAuthenticationMethod" => WayKind::Codes,
        "fido2AuthenticationMethod" => WayKind::Passkey,
        "temporaryAccessPassAuthenticationMethod" if method.is_over() => return None,
        "temporaryAccessPassAuthenticationMethod" => WayKind::Pass,
        "windowsHelloForBusinessAuthenticationMethod" => WayKind::Hello,
        "platformCredentialAuthenticationMethod" => WayKind::Platform,
        _ => WayKind::Other,
    };
    Some(Way { kind, place: Place::Account(account), name: method.name(), id: method.id, thumbprint: None })
}

/// Takes a certificate out of the registration, by proof that the connection holds another one.
pub async fn remove_as_connection(connection: &Connection, way: &Way) -> Result<(), GraphError> {
    let key = way.id.parse().map_err(|_| GraphError::local(GraphErrorKind::Unreadable))?;
    connection.remove_certificate(key).await?;
    unlisted(connection.graph(), connection.http().clock(), connection.record(), way).await
}

/// Takes away one way in. What is gone already is no error.
pub async fn remove(session: &AdminSession, record: &ConnectionRecord, way: &Way) -> Result<(), GraphError> {
    let graph = session.graph();
    let unreadable = |_| GraphError::local(GraphErrorKind::Unreadable);
    let key = || way.id.parse::<KeyId>().map_err(unreadable);
    let (application, principal) = (record.application_id, record.service_principal_id);
    let removed = match (way.kind, way.place) {
        (WayKind::Certificate, Place::Registration) => {
            let (key, now) = (key()?, graph.application(application).await?.key_credentials);
            let stays: Vec<_> = now.iter().filter(|listed| listed.key_id != Some(key)).map(kept).collect();
            if stays.len() == now.len() {
                return Ok(());
            }
            graph.replace_keys(application, &stays).await
        }
        (WayKind::Certificate, Place::Principal) => {
            let (key, now) = (key()?, graph.principal_keys(principal).await?.key_credentials);
            let stays: Vec<_> = now.iter().filter(|listed| listed.key_id != Some(key)).map(kept).collect();
            if stays.len() == now.len() {
                return Ok(());
            }
            graph.replace_principal_keys(principal, &stays).await
        }
        (WayKind::Secret, Place::Registration) => graph.remove_secret(application, key()?).await,
        (WayKind::Secret, Place::Principal) => graph.remove_principal_secret(principal, key()?).await,
        (WayKind::Federated, _) => graph.remove_federated(application, &way.id).await,
        (WayKind::Owner, Place::Registration) => graph.remove_application_owner(application, &way.id).await,
        (WayKind::Owner, Place::Principal) => graph.remove_principal_owner(principal, &way.id).await,
        (kind, Place::Account(account)) => match methods_path(kind) {
            Some(path) => graph.remove_method(account, path, &way.id).await,
            None => Err(GraphError::local(GraphErrorKind::Unknown)),
        },
        _ => Err(GraphError::local(GraphErrorKind::Unknown)),
    };
    match removed {
        Err(error) if error.kind() == GraphErrorKind::Absent => Ok(()),
        // An answer was lost, or the refusal is about something that is not there: the list decides.
        Err(error) if error.outcome_unknown() || error.kind() == GraphErrorKind::Invalid => {
            if listed_now(graph, record, way).await? { Err(error) } else { Ok(()) }
        }
        Ok(()) => unlisted(graph, session.http().clock(), record, way).await,
        other => other,
    }
}

/// Waits until the tenant lists it no more, at most as long as for something that was created; what it then still lists is
/// found by the next read.
async fn unlisted(graph: Graph<'_>, clock: &dyn Clock, record: &ConnectionRecord, way: &Way) -> Result<(), GraphError> {
    let gone =
        settle(clock, || async move { Ok::<_, GraphError>((!listed_now(graph, record, way).await?).then_some(())) });
    gone.await.map(|_| ())
}

async fn listed_now(graph: Graph<'_>, record: &ConnectionRecord, way: &Way) -> Result<bool, GraphError> {
    let (application, principal) = (record.application_id, record.service_principal_id);
    let listed = match (way.kind, way.place) {
        (WayKind::Owner, Place::Registration) => {
            graph.owners_of_application(application).await?.iter().any(|owner| owner.id == way.id)
        }
        (WayKind::Owner, Place::Principal) => {
            graph.owners_of_principal(principal).await?.iter().any(|owner| owner.id == way.id)
        }
        (WayKind::Federated, _) => {
            graph.federated_credentials(application).await?.iter().any(|trusted| trusted.id == way.id)
        }
        (_, Place::Registration) => {
            let now = graph.application(application).await?;
            listed(way.place, &now.key_credentials, &now.password_credentials).iter().any(|now| now.id == way.id)
        }
        (_, Place::Principal) => {
            let now = graph.principal_keys(principal).await?;
            listed(way.place, &now.key_credentials, &now.password_credentials).iter().any(|now| now.id == way.id)
        }
        (_, Place::Account(account)) => graph.methods(account).await?.iter().any(|method| method.id == way.id),
    };
    Ok(listed)
}

/// Whether this version knows how to take it away; the rest a person does in the admin center.
pub fn is_removable(kind: WayKind) -> bool {
    use WayKind::{Certificate, Federated, Owner, Secret};
    matches!(kind, Certificate | Secret | Federated | Owner) || methods_path(kind).is_some()
}

fn methods_path(kind: WayKind) -> Option<&'static str> {
    Some(match kind {
        WayKind::Phone => "phoneMethods",
        WayKind::Email => "emailMethods",
        WayKind::Authenticator => "microsoftAuthenticatorMethods",
        WayKind::Codes => "softwareOathMethods",
        WayKind::Passkey => "fido2Methods",
        WayKind::Pass => "temporaryAccessPassMethods",
        WayKind::Hello => "windowsHelloForBusinessMethods",
        WayKind::Platform => "platformCredentialMethods",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn method(text: serde_json::Value) -> Option<WayKind> {
        let method = serde_json::from_value(text).unwrap();
        method_way(UserId::from_u128(1), method).map(|way| way.kind)
    }

    #[test]
    fn every_method_but_the_password_is_a_way_in_and_one_that_nobody_knows_is_not_passed_over() {
        let of =
            |kind: &str| method(serde_json::json!({ "@odata.type": format!("#microsoft.graph.{kind}"), "id": "1" }));
        assert_eq!(of("passwordAuthenticationMethod"), None);
        assert_eq!(of("phoneAuthenticationMethod"), Some(WayKind::Phone));
        assert_eq!(of("somethingNewAuthenticationMethod"), Some(WayKind::Other));
        assert_eq!(method(serde_json::json!({ "id": "1" })), Some(WayKind::Other));
        let pass = |reason: &str| {
            method(serde_json::json!({
                "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethod",
                "id": "1", "methodUsabilityReason": reason,
            }))
        };
        assert_eq!([pass("Expired"), pass("OneTimeUsed")], [None, None]);
        assert_eq!([pass("NotYetValid"), pass("EnabledByPolicy")], [Some(WayKind::Pass); 2]);
    }

    #[test]
    fn a_key_is_not_known_by_what_the_list_calls_it() {
        let called = data_encoding::BASE64.encode(&[7; 32]);
        let key: KeyCredential = serde_json::from_value(serde_json::json!({
            "keyId": "00000000-0000-0000-0000-000000000001", "customKeyIdentifier": called,
        }))
        .unwrap();
        let ways = listed(Place::Registration, std::slice::from_ref(&key), &[]);
        assert_eq!(ways[0].thumbprint, None);
        let whole = KeyCredential { key: Some(data_encoding::BASE64.encode(b"certificate")), ..key };
        let ways = listed(Place::Registration, &[whole], &[]);
        assert_eq!(ways[0].thumbprint, Some(crate::certificate::sha256(b"certificate")));
    }
}
