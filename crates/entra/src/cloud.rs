//! Where Microsoft answers: the national clouds, or hosts of one's own. Every host is configuration; only the table
//! of well-known clouds stands in code.

use serde::{Deserialize, Serialize};
use std::fmt;
use url::{Host, Url};

/// Next step where an answer comes from somebody else: which keys say whom to ask.
pub(crate) const CHECK_HOSTS: &str = "Check cloud and hosts in config.toml in the data folder (table [cloud]: name, login, graph), their VITRINE_CLOUD variables, and the proxy.";

/// One cloud: login host, Graph host, and how its issuers may name themselves.
///
/// Source: Microsoft Learn, "National cloud deployments"; `GraphEnvironmentConstants` of the Graph PowerShell SDK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CloudStored", into = "CloudStored")]
pub struct Cloud {
    name: CloudName,
    login: Url,
    graph: Url,
}

/// Which cloud, as stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloudName {
    /// The public cloud.
    Global,
    /// US Government L4 (GCC High).
    UsGovL4,
    /// US Government L5 (DoD).
    UsGovL5,
    /// China, operated by 21Vianet.
    China,
    /// Hosts given by configuration; the application shows a lasting banner.
    Custom,
}

impl fmt::Display for CloudName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::UsGovL4 => "us-gov-l4",
            Self::UsGovL5 => "us-gov-l5",
            Self::China => "china",
            Self::Custom => "custom",
        })
    }
}

/// A custom host that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// Plain http to another machine would show every token to the network.
    #[error("{host} is not reached by https; plain http is allowed for this machine only")]
    NotHttps {
        /// The host as written.
        host: String,
    },
    /// No URL, or one with credentials, query or fragment.
    #[error("{text} is not the address of a host; write it as https://login.example.com/")]
    NotAnAddress {
        /// The text as given.
        text: String,
    },
    /// A name that no cloud has.
    #[error("{text} is not a cloud; choose global, us-gov-l4, us-gov-l5, china or custom")]
    UnknownName {
        /// The text as given.
        text: String,
    },
}

impl CloudError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHttps { .. } => "cloud.not-https",
            Self::NotAnAddress { .. } => "cloud.not-an-address",
            Self::UnknownName { .. } => "cloud.unknown-name",
        }
    }
}

impl Cloud {
    /// The public cloud.
    pub fn global() -> Self {
        Self::known(CloudName::Global, "https://login.microsoftonline.com/", "https://graph.microsoft.com/")
    }

    /// US Government L4 (GCC High).
    pub fn us_gov_l4() -> Self {
        Self::known(CloudName::UsGovL4, "https://login.microsoftonline.us/", "https://graph.microsoft.us/")
    }

    /// US Government L5 (DoD).
    pub fn us_gov_l5() -> Self {
        Self::known(CloudName::UsGovL5, "https://login.microsoftonline.us/", "https://dod-graph.microsoft.us/")
    }

    /// China, operated by 21Vianet.
    pub fn china() -> Self {
        Self::known(CloudName::China, "https://login.chinacloudapi.cn/", "https://microsoftgraph.chinacloudapi.cn/")
    }

    /// A well-known cloud by its stored name (`global`, `us-gov-l4`, `us-gov-l5`, `china`).
    pub fn by_name(text: &str) -> Result<Self, CloudError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "global" => Ok(Self::global()),
            "us-gov-l4" => Ok(Self::us_gov_l4()),
            "us-gov-l5" => Ok(Self::us_gov_l5()),
            "china" => Ok(Self::china()),
            _ => Err(CloudError::UnknownName { text: text.to_owned() }),
        }
    }

    /// Hosts of one's own (a simulator, a proxy with its own name). https unless the host is this machine.
    pub fn custom(login: &str, graph: &str) -> Result<Self, CloudError> {
        Ok(Self { name: CloudName::Custom, login: base(login)?, graph: base(graph)? })
    }

    /// Which cloud.
    pub fn name(&self) -> CloudName {
        self.name
    }

    /// Base of the login host, ends with `/`.
    pub fn login(&self) -> &Url {
        &self.login
    }

    /// Base of the Graph host, ends with `/`, without the version.
    pub fn graph(&self) -> &Url {
        &self.graph
    }

    /// The resource that scopes are prefixed with: the Graph base without the final slash.
    pub fn resource(&self) -> &str {
        self.graph.as_str().trim_end_matches('/')
    }

    /// `{resource}/{permission}`.
    pub fn scope(&self, permission: &str) -> String {
        format!("{}/{permission}", self.resource())
    }

    /// Whether a document or token may name `host` (with port, as in a URL) as its issuer. China's login host issues
    /// under an older second name.
    pub(crate) fn issues_as(&self, issuer: &Url) -> bool {
        issuer.origin() == self.login.origin()
            || (self.name == CloudName::China && issuer.host_str() == Some("login.partner.microsoftonline.cn"))
    }

    fn known(name: CloudName, login: &str, graph: &str) -> Self {
        let parse = |text: &str| Url::parse(text).expect("the table of well-known clouds holds addresses");
        Self { name, login: parse(login), graph: parse(graph) }
    }
}

/// Whether `url` is https, or names this machine itself.
pub(crate) fn https_or_loopback(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        // A name that merely begins with "localhost" or resolves to 127.0.0.1 does not count: it is asked of a resolver.
        "http" => match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        },
        _ => false,
    }
}

fn base(text: &str) -> Result<Url, CloudError> {
    let refuse = || CloudError::NotAnAddress { text: text.to_owned() };
    let mut url = Url::parse(text.trim()).map_err(|_| refuse())?;
    let host = url.host_str().ok_or_else(refuse)?.to_owned();
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !plain || url.fragment().is_some() || !matches!(url.scheme(), "http" | "https") {
        return Err(refuse());
    }
    if !https_or_loopback(&url) {
        return Err(CloudError::NotHttps { host });
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// Stored form: the name, and the hosts only where the name does not say them.
#[derive(Serialize, Deserialize)]
struct CloudStored {
    name: CloudName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    graph: Option<String>,
}

impl TryFrom<CloudStored> for Cloud {
    type Error = CloudError;
    fn try_from(stored: CloudStored) -> Result<Self, CloudError> {
        match stored.name {
            CloudName::Custom => {
                Self::custom(stored.login.as_deref().unwrap_or(""), stored.graph.as_deref().unwrap_or(""))
            }
            known => Self::by_name(&known.to_string()),
        }
    }
}

impl From<Cloud> for CloudStored {
    fn from(cloud: Cloud) -> Self {
        let custom = cloud.name == CloudName::Custom;
        Self {
            name: cloud.name,
            login: custom.then(|| cloud.login.to_string()),
            graph: custom.then(|| cloud.graph.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn plain_http_is_refused_for_every_host_but_this_machine() {
        for login in [
            "http://login.example.com/",
            "http://localhost.example.com/",
            "http://10.0.0.1/",
            "http://127.0.0.1.nip.io/",
        ] {
            assert!(
                matches!(Cloud::custom(login, "https://g.example.com"), Err(CloudError::NotHttps { .. })),
                "{login}"
            );
            assert!(
                matches!(Cloud::custom("https://l.example.com", login), Err(CloudError::NotHttps { .. })),
                "{login}"
            );
        }
        for login in
            ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:9/base", "https://login.example.com"]
        {
            assert!(Cloud::custom(login, login).is_ok(), "{login}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "login", "ftp://x/", "https://u:p@x/", "https://x/?a=b", "https://x/#f", "file:///etc"] {
            assert!(matches!(Cloud::custom(text, "https://g/"), Err(CloudError::NotAnAddress { .. })), "{text}");
        }
    }

    #[test]
    fn scopes_carry_the_graph_host_of_their_cloud() {
        assert_eq!(Cloud::us_gov_l5().scope(".default"), "https://dod-graph.microsoft.us/.default");
        assert_eq!(
            Cloud::custom("http://localhost:1/l", "http://localhost:1/g").unwrap().scope("User.Read"),
            "http://localhost:1/g/User.Read"
        );
    }

    #[test]
    fn a_stored_cloud_comes_back_and_a_stored_plain_host_is_refused() {
        for cloud in [Cloud::global(), Cloud::china(), Cloud::custom("https://a/", "https://b/").unwrap()] {
            let text = serde_json::to_string(&cloud).unwrap();
            assert_eq!(serde_json::from_str::<Cloud>(&text).unwrap(), cloud);
        }
        assert!(
            serde_json::from_str::<Cloud>(r#"{"name":"custom","login":"http://evil.example/","graph":"https://b/"}"#)
                .is_err()
        );
    }
}
