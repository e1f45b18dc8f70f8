//! The `scope` parameter: which Graph permissions and OpenID Connect scopes a request asks for.

use crate::catalog;
use crate::oauth::error::Refusal;

/// Graph hosts of the national clouds; a scope is prefixed by the host of its cloud, or by the simulator's own address.
const GRAPH_HOSTS: &[&str] = &[
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];

/// Takes the resource off a scope: `https://graph.microsoft.com/User.Read` becomes `User.Read`.
fn without_resource<'a>(scope: &'a str, graph: &str) -> Option<&'a str> {
    if !scope.contains("://") {
        return Some(scope);
    }
    let rest = std::iter::once(graph).chain(GRAPH_HOSTS.iter().copied()).find_map(|host| scope.strip_prefix(host))?;
    rest.strip_prefix('/')
}

/// Delegated scopes in canonical spelling, OpenID ones included. AADSTS70011 for what nobody offers.
pub(crate) fn delegated(text: &str, graph: &str) -> Result<Vec<String>, Refusal> {
    let mut scopes: Vec<String> = Vec::new();
    for one in text.split_whitespace() {
        let unknown = || Refusal::new(70011).about(&format!("scope {one}"));
        let name = without_resource(one, graph).ok_or_else(unknown)?;
        let canonical = if name == ".default" {
            ".default".to_owned()
        } else if let Some(open) = catalog::OPENID_SCOPES.iter().find(|s| s.eq_ignore_ascii_case(name)) {
            (*open).to_owned()
        } else {
            catalog::delegated_scope(name).ok_or_else(unknown)?.0.to_owned()
        };
        if !scopes.contains(&canonical) {
            scopes.push(canonical);
        }
    }
    if scopes.is_empty() {
        return Err(Refusal::new(90014).about("scope"));
    }
    Ok(scopes)
}

/// Whether `text` is Graph's `.default`, the only scope of client credentials (AADSTS70011 otherwise).
pub(crate) fn is_default(text: &str, graph: &str) -> bool {
    text.trim().contains("://") && without_resource(text.trim(), graph) == Some(".default")
}

/// The Graph permissions among scopes.
pub(crate) fn of_graph(scopes: &[String]) -> Vec<&str> {
    scopes.iter().map(String::as_str).filter(|s| !catalog::OPENID_SCOPES.contains(s) && *s != ".default").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_of_any_cloud_and_of_the_simulator_are_understood() {
        let got = delegated(
            "openid https://graph.microsoft.us/user.read http://127.0.0.1:9/User.Read.All",
            "http://127.0.0.1:9",
        );
        assert_eq!(got.expect("known"), ["openid", "User.Read", "User.Read.All"]);
    }

    #[test]
    fn a_scope_of_another_resource_is_refused() {
        assert_eq!(delegated("https://vault.azure.net/.default", "http://x").expect_err("foreign").code, 70011);
    }
}
