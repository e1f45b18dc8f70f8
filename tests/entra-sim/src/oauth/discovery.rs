//! OpenID Connect discovery documents and the key set.

use serde_json::{Value, json};

use crate::oauth::error::Refusal;
use crate::world::World;

/// An authority in a path, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// `/organizations` or `/common`: any work account.
    Any,
    /// `/consumers`: personal accounts, of which there are none here.
    Consumers,
    /// One tenant.
    Tenant(usize),
}

/// Resolves the first path segment; AADSTS90002 for an unknown tenant.
pub(crate) fn authority(world: &World, segment: &str) -> Result<Authority, Refusal> {
    match segment {
        "organizations" | "common" => Ok(Authority::Any),
        "consumers" => Ok(Authority::Consumers),
        name => world.tenant_at(name).map(Authority::Tenant).ok_or_else(|| Refusal::new(90002).about(name)),
    }
}

/// The discovery document of an authority.
pub(crate) fn document(world: &World, segment: &str) -> Result<Value, Refusal> {
    // The issuer of a general authority holds a literal placeholder.
    let (path, issuer_tenant) = match authority(world, segment)? {
        Authority::Any | Authority::Consumers => (segment.to_owned(), "{tenantid}".to_owned()),
        Authority::Tenant(t) => (world.tenants[t].id.clone(), world.tenants[t].id.clone()),
    };
    let base = format!("{}/{path}", world.login);
    let host = |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).to_owned();
    Ok(json!({
        "issuer": format!("{}/{issuer_tenant}/v2.0", world.login),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid"],
        "request_uri_parameter_supported": false,
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "tenant_region_scope": if issuer_tenant.starts_with('{') { Value::Null } else { "NA".into() },
        "cloud_instance_name": host(&world.login),
        "cloud_graph_host_name": host(&world.graph),
        "msgraph_host": host(&world.graph),
    }))
}
