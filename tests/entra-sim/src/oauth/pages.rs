//! The pages a person sees: plain HTML forms without script, every field with a label, stable ids and names.

use axum::http::StatusCode;

use crate::oauth::error::Refusal;

/// What the browser gets.
#[derive(Debug, Clone)]
pub(crate) enum Page {
    Html(StatusCode, String),
    Redirect(String),
}

/// Text made safe for HTML content and attributes: names in a directory are chosen by strangers.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#eef1f5;color:#1b1b1f}\
main{background:#fff;width:min(27rem,calc(100vw - 3rem));padding:2rem;border-radius:.75rem;box-shadow:0 2px 18px #0002}\
.brand{font-size:.8rem;letter-spacing:.04em;color:#5b6270;margin:0 0 1rem}\
h1{font-size:1.4rem;margin:0 0 1rem;line-height:1.25}label{display:block;font-weight:600;margin:.9rem 0 .25rem}\
input:not([type=checkbox]){width:100%;box-sizing:border-box;font:inherit;padding:.55rem .7rem;border:1px solid #767b87;border-radius:.4rem}\
button{font:inherit;padding:.55rem 1.4rem;border-radius:.4rem;border:1px solid #1f5fbf;background:#1f5fbf;color:#fff;margin:1.2rem .5rem 0 0}\
button.quiet{background:transparent;color:inherit;border-color:#767b87}\
.error{border-left:4px solid #b3261e;padding:.3rem .8rem;background:#b3261e14}code{font-size:1.05rem;overflow-wrap:anywhere}\
@media(prefers-color-scheme:dark){body{background:#16181d;color:#e6e7ea}main{background:#22252c}.brand{color:#a7adba}\
button{background:#2f6fd0}input:not([type=checkbox]){background:#16181d;color:inherit}}";

fn page(title: &str, body: &str) -> Page {
    Page::Html(StatusCode::OK, document(title, body))
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{t}</title><style>{STYLE}</style></head><body><main><p class=\"brand\">Simulated cloud &middot; not Microsoft</p>\
         <h1>{t}</h1>{body}</main></body></html>",
        t = escape(title)
    )
}

fn notice(error: Option<&Refusal>) -> String {
    error.map_or_else(String::new, |e| {
        format!("<p class=\"error\" id=\"error\" role=\"alert\">AADSTS{}: {}</p>", e.code, escape(&e.text))
    })
}

fn form(flow: &str, inner: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/signin\"><input type=\"hidden\" name=\"flow\" value=\"{}\">{inner}</form>",
        escape(flow)
    )
}

/// User name and password.
pub(crate) fn sign_in(flow: &str, target: &str, hint: &str, error: Option<&Refusal>) -> Page {
    let inner = format!(
        "<label for=\"login\">User name</label>\
         <input id=\"login\" name=\"login\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" required value=\"{}\">\
         <label for=\"passwd\">Password</label>\
         <input id=\"passwd\" name=\"passwd\" type=\"password\" autocomplete=\"current-password\" required>\
         <button id=\"sign-in\" type=\"submit\">Sign in</button>",
        escape(hint)
    );
    page("Sign in", &format!("<p>to continue to {}</p>{}{}", escape(target), notice(error), form(flow, &inner)))
}

/// A new password, asked for when the present one must be changed.
pub(crate) fn change_password(flow: &str, error: Option<&Refusal>) -> Page {
    let inner = "<label for=\"new-passwd\">New password</label>\
         <input id=\"new-passwd\" name=\"new_passwd\" type=\"password\" autocomplete=\"new-password\" required>\
         <label for=\"confirm-passwd\">New password again</label>\
         <input id=\"confirm-passwd\" name=\"confirm_passwd\" type=\"password\" autocomplete=\"new-password\" required>\
         <button id=\"change\" type=\"submit\">Sign in</button>";
    page("Update your password", &format!("{}{}", notice(error), form(flow, inner)))
}

/// The one-time code of a registered authenticator.
pub(crate) fn code(flow: &str, error: Option<&Refusal>) -> Page {
    let inner = "<label for=\"otc\">Code</label>\
         <input id=\"otc\" name=\"otc\" inputmode=\"numeric\" autocomplete=\"one-time-code\" required>\
         <button id=\"verify\" type=\"submit\">Verify</button>";
    let body = format!("<p>Enter the code shown in your authenticator app.</p>{}{}", notice(error), form(flow, inner));
    page("Enter code", &body)
}

/// First set-up of an authenticator: the secret as text, for those who cannot scan a picture.
pub(crate) fn set_up(flow: &str, upn: &str, secret: &str, error: Option<&Refusal>) -> Page {
    let uri = format!("otpauth://totp/{upn}?secret={secret}&issuer=Microsoft");
    let inner = "<label for=\"otc\">First code</label>\
         <input id=\"otc\" name=\"otc\" inputmode=\"numeric\" autocomplete=\"one-time-code\" required>\
         <button id=\"verify\" type=\"submit\">Next</button>";
    let body = format!(
        "<p>Your organization needs more information to keep this account secure.</p>\
         <p>Can&#39;t scan the image? Enter this into your authenticator app.</p>\
         <p>Account name: <code id=\"totp-account\">{}</code></p><p>Secret key: <code id=\"totp-secret\">{}</code></p>\
         <p>Address: <code id=\"totp-uri\">{}</code></p>{}{}",
        escape(upn),
        escape(secret),
        escape(&uri),
        notice(error),
        form(flow, inner)
    );
    page("Keep your account secure", &body)
}

/// Asks to consent to permissions.
pub(crate) fn consent(flow: &str, app: &str, tenant: &str, scopes: &[&str], for_all: bool) -> Page {
    let list = scopes.iter().map(|s| format!("<li><code>{}</code></li>", escape(s))).collect::<Vec<_>>().concat();
    let all = if for_all {
        "<p><input type=\"checkbox\" id=\"for-all\" name=\"for_all\" value=\"yes\"> \
         <label for=\"for-all\" style=\"display:inline\">Consent on behalf of your organization</label></p>"
    } else {
        ""
    };
    let inner = format!(
        "{all}<button id=\"accept\" name=\"answer\" value=\"accept\">Accept</button>\
         <button id=\"cancel\" name=\"answer\" value=\"cancel\" class=\"quiet\">Cancel</button>"
    );
    let body = format!(
        "<p><strong>{}</strong> would like, in {}:</p><ul id=\"permissions\">{list}</ul>{}",
        escape(app),
        escape(tenant),
        form(flow, &inner)
    );
    page("Permissions requested", &body)
}

/// Consent that this person cannot give.
pub(crate) fn need_admin(flow: &str, app: &str, refusal: &Refusal) -> Page {
    let inner = "<button id=\"return\" name=\"answer\" value=\"cancel\">Return to the application without granting consent</button>";
    let body = format!(
        "<p>{} needs permission that only an administrator can grant.</p>{}{}",
        escape(app),
        notice(Some(refusal)),
        form(flow, inner)
    );
    page("Need admin approval", &body)
}

/// Asks for the code that a device shows.
pub(crate) fn device(prefill: &str, error: Option<&Refusal>) -> Page {
    let body = format!(
        "<p>Enter the code displayed on your device or in your application.</p>{}\
         <form method=\"post\" action=\"/devicelogin\"><label for=\"user-code\">Code</label>\
         <input id=\"user-code\" name=\"user_code\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" required value=\"{}\">\
         <button id=\"next\" type=\"submit\">Next</button></form>",
        notice(error),
        escape(prefill)
    );
    page("Enter code to allow access", &body)
}

/// The last question of the device flow.
pub(crate) fn confirm_device(flow: &str, app: &str, upn: &str) -> Page {
    let inner = "<button id=\"accept\" name=\"answer\" value=\"accept\">Continue</button>\
         <button id=\"cancel\" name=\"answer\" value=\"cancel\" class=\"quiet\">Cancel</button>";
    let body = format!(
        "<p>You are signing in as <strong>{}</strong>. Do not continue if someone else gave you the code.</p>{}",
        escape(upn),
        form(flow, inner)
    );
    page(&format!("Are you trying to sign in to {app}?"), &body)
}

/// The end of a flow, with one sentence.
pub(crate) fn done(title: &str, id: &str, sentence: &str) -> Page {
    page(title, &format!("<p id=\"{id}\">{}</p>", escape(sentence)))
}

/// A refusal that cannot be sent to the application.
pub(crate) fn refused(status: StatusCode, refusal: &Refusal) -> Page {
    let body = format!(
        "<p class=\"error\" id=\"error\" role=\"alert\"><span id=\"error-code\">AADSTS{}</span>: {}</p>",
        refusal.code,
        escape(&refusal.text)
    );
    Page::Html(status, document("Sorry, but we cannot sign you in", &body))
}

/// Response mode `form_post`: a form that posts the result to the redirect address, sent by the person's click.
pub(crate) fn form_post(redirect: &str, fields: &[(String, String)]) -> Page {
    let inputs = fields
        .iter()
        .map(|(k, v)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(k), escape(v)))
        .collect::<Vec<_>>()
        .concat();
    let body = format!(
        "<form method=\"post\" action=\"{}\">{inputs}<button id=\"continue\" type=\"submit\">Continue</button></form>",
        escape(redirect)
    );
    page("Return to the application", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_text() {
        let Page::Html(_, html) = consent("f", "<script>alert(1)</script>", "\"><b>", &["User.Read"], true) else {
            panic!("a page")
        };
        assert!(!html.contains("<script>") && !html.contains("\"><b>"));
    }
}
