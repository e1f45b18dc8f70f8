//! OpenID discovery (OpenID Connect Discovery 1.0): the endpoints of an authority, and the tenant id behind a domain.
//!
//! The document is only believed where it stays within the cloud that was configured: an issuer or endpoint on another
//! host would let whoever answers once collect codes and assertions from then on.

use crate::cloud::{Cloud, CloudName};
use crate::http::Http;
use crate::id::TenantId;
use crate::oauth::{Authority, SignInError, SignInErrorKind};
use serde::Deserialize;
use url::Url;

/// What is used of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoints {
    /// Issuer as given; for `/organizations` it holds the literal `{tenantid}`.
    pub(crate) issuer: String,
    pub(crate) authorize: Url,
    pub(crate) token: Url,
    pub(crate) device: Url,
    /// The directory, where the authority names one.
    pub(crate) tenant: Option<TenantId>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    #[serde(default)]
    device_authorization_endpoint: Option<Url>,
}

/// The tenant id behind a verified domain, without a sign-in.
pub async fn tenant_of_domain(http: &Http, cloud: &Cloud, domain: &str) -> Result<TenantId, SignInError> {
    let unknown = || SignInError::local(SignInErrorKind::UnknownTenant);
    let authority = Authority::parse(domain).map_err(|_| unknown())?;
    if authority == Authority::Organizations {
        return Err(unknown());
    }
    discover(http, cloud, &authority).await?.tenant.ok_or_else(unknown)
}

/// The cloud whose login host `issuer` is on, among the well-known ones: what to suggest when a tenant lives elsewhere.
pub(crate) fn cloud_of(issuer: &Url) -> Option<CloudName> {
    [Cloud::global(), Cloud::us_gov_l4(), Cloud::china()].into_iter().find(|c| c.issues_as(issuer)).map(|c| c.name())
}

pub(crate) async fn discover(http: &Http, cloud: &Cloud, authority: &Authority) -> Result<Endpoints, SignInError> {
    let url = under(cloud.login(), &format!("{authority}/v2.0/.well-known/openid-configuration"));
    let answer = http.send(http.request(reqwest::Method::GET, url)).await.map_err(SignInError::below_http)?;
    if answer.status != 200 {
        return Err(SignInError::from_body(answer.status, &answer.body));
    }
    let document: Document =
        serde_json::from_slice(&answer.body).map_err(|_| SignInError::local(SignInErrorKind::NotGenuine))?;
    judge(cloud, authority, document)
}

fn judge(cloud: &Cloud, authority: &Authority, document: Document) -> Result<Endpoints, SignInError> {
    let strange = || SignInError::local(SignInErrorKind::NotGenuine);
    let issuer_url = Url::parse(&document.issuer).map_err(|_| strange())?;
    if !cloud.issues_as(&issuer_url) {
        let elsewhere = cloud_of(&issuer_url).is_some() && cloud.name() != CloudName::Custom;
        return Err(if elsewhere { SignInError::local(SignInErrorKind::OtherCloud) } else { strange() });
    }
    let whom = document.issuer.trim_end_matches('/').strip_suffix("/v2.0").and_then(|i| i.rsplit('/').next());
    let whom = whom.ok_or_else(strange)?;
    let tenant = match authority {
        Authority::Organizations => None,
        Authority::Tenant(wanted) => Some(whom.parse().ok().filter(|t| t == wanted).ok_or_else(strange)?),
        Authority::Domain(_) => Some(whom.parse::<TenantId>().map_err(|_| strange())?),
    };
    if tenant.is_none() && whom != "{tenantid}" {
        return Err(strange());
    }
    let device = document
        .device_authorization_endpoint
        .unwrap_or_else(|| under(cloud.login(), &format!("{authority}/oauth2/v2.0/devicecode")));
    for endpoint in [&document.authorization_endpoint, &document.token_endpoint, &device] {
        if !cloud.issues_as(endpoint) {
            return Err(strange());
        }
    }
    Ok(Endpoints {
        issuer: document.issuer,
        authorize: document.authorization_endpoint,
        token: document.token_endpoint,
        device,
        tenant,
    })
}

/// `path` below a base that ends with `/`.
pub(crate) fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TENANT: &str = "11111111-2222-3333-4444-555555555555";

    fn document(issuer: &str, host: &str) -> Document {
        let url = |p: &str| Url::parse(&format!("{host}{p}")).unwrap();
        Document {
            issuer: issuer.to_owned(),
            authorization_endpoint: url("/authorize"),
            token_endpoint: url("/token"),
            device_authorization_endpoint: None,
        }
    }

    fn kind(cloud: &Cloud, authority: &Authority, issuer: &str, host: &str) -> Option<SignInErrorKind> {
        judge(cloud, authority, document(issuer, host)).err().map(|e| e.kind())
    }

    #[test]
    fn an_issuer_or_endpoint_on_another_host_is_not_believed() {
        let (cloud, authority) = (Cloud::global(), Authority::Tenant(TENANT.parse().unwrap()));
        let good = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
        let host = "https://login.microsoftonline.com";
        assert_eq!(kind(&cloud, &authority, &good, host), None);
        assert_eq!(kind(&cloud, &authority, &good, "https://evil.example"), Some(SignInErrorKind::NotGenuine));
        assert_eq!(kind(&cloud, &authority, &good.replace("https", "http"), host), Some(SignInErrorKind::NotGenuine));
        assert_eq!(
            kind(&cloud, &authority, &good.replace(".com/", ".com.evil.example/"), host),
            Some(SignInErrorKind::NotGenuine)
        );
        assert_eq!(kind(&cloud, &authority, &good.replace("1111", "2222"), host), Some(SignInErrorKind::NotGenuine));
    }

    #[test]
    fn a_tenant_of_another_national_cloud_is_named_as_such() {
        let issuer = format!("https://login.microsoftonline.us/{TENANT}/v2.0");
        let authority = Authority::Domain("agency.example".into());
        assert_eq!(
            kind(&Cloud::global(), &authority, &issuer, "https://login.microsoftonline.us"),
            Some(SignInErrorKind::OtherCloud)
        );
    }

    #[test]
    fn a_domain_gives_its_tenant_and_organizations_gives_none() {
        let cloud = Cloud::global();
        let host = "https://login.microsoftonline.com";
        let found =
            judge(&cloud, &Authority::Domain("contoso.com".into()), document(&format!("{host}/{TENANT}/v2.0"), host))
                .unwrap();
        assert_eq!(found.tenant, Some(TENANT.parse().unwrap()));
        let any =
            judge(&cloud, &Authority::Organizations, document(&format!("{host}/{{tenantid}}/v2.0"), host)).unwrap();
        assert_eq!(any.tenant, None);
    }
}
