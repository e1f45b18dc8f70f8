//! The `claims` parameter: says that this client understands a claims challenge (`cp1`), and carries one back.

use serde_json::{Value, json};

/// Our capability, with a challenge folded in. A challenge that is not a JSON object is left out: it came from
/// outside and the server will ask again.
pub(crate) fn with_capability(challenge: Option<&str>) -> String {
    let mut claims = challenge
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .filter(Value::is_object)
        .unwrap_or_else(|| json!({}));
    if !claims["access_token"].is_object() {
        claims["access_token"] = json!({});
    }
    claims["access_token"]["xms_cc"] = json!({"values": ["cp1"]});
    claims.to_string()
}

#[cfg(test)]
mod tests {
    use super::with_capability;

    #[test]
    fn a_challenge_is_carried_beside_our_capability() {
        let text = with_capability(Some(r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#));
        assert!(text.contains("nbf") && text.contains("cp1"));
    }

    #[test]
    fn a_broken_challenge_is_left_out() {
        for broken in ["", "[]", "1", "{", r#"{"access_token":3}"#] {
            assert_eq!(with_capability(Some(broken)), r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#, "{broken}");
        }
    }
}
