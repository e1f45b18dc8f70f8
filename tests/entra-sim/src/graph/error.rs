//! Graph's error answers.

use serde_json::{Value, json};

/// A refusal by Graph.
#[derive(Debug, Clone)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
    pub(crate) headers: Vec<(String, String)>,
}

impl GraphError {
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned(), details: None, headers: Vec::new() }
    }

    /// 400 for a request that is wrong in itself.
    pub(crate) fn bad(message: &str) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// 403: a permission or a directory role is missing; Graph does not say which.
    pub(crate) fn denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    /// 403 of the services behind authentication methods and Conditional Access.
    pub(crate) fn access_denied() -> Self {
        Self::new(403, "accessDenied", "Request Authorization failed")
    }

    /// 403 where Entra ID P1 is missing.
    pub(crate) fn no_premium() -> Self {
        Self::new(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )
    }

    /// 404: absent, or not replicated yet.
    pub(crate) fn not_found(id: &str) -> Self {
        Self::new(
            404,
            "Request_ResourceNotFound",
            &format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    /// 400 for an object that is there already.
    pub(crate) fn conflict(target: &str) -> Self {
        let mut error = Self::bad(
            "Another object with the same value for the property, or a conflicting object, is present in the directory.",
        );
        error.details = Some(json!([{ "code": "ObjectConflict", "message": error.message, "target": target }]));
        error
    }

    pub(crate) fn with_header(mut self, name: &str, value: &(impl ToString + ?Sized)) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// The body, with the ids of the request.
    pub(crate) fn body(&self, date: &str, request_id: &str, client_request_id: &str) -> Value {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "innerError": { "date": date, "request-id": request_id, "client-request-id": client_request_id },
        });
        if let Some(details) = &self.details {
            error["details"] = details.clone();
        }
        json!({ "error": error })
    }
}
