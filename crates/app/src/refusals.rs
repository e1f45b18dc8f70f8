//! Microsoft's answers in our words: each error of the client becomes one a person can act on.

use crate::api::ErrorClass;
use crate::error::Error;
use vitrine_entra::graph::{GraphError, GraphErrorKind};
use vitrine_entra::http::{SettingsError, TransportError};
use vitrine_entra::laps::{AccountError, NameError};
use vitrine_entra::oauth::{SignInError, SignInErrorKind};
use vitrine_entra::setup::{ROLE_NAME, SetupError, Surprise};

impl From<SignInError> for Error {
    fn from(error: SignInError) -> Self {
        let class = match error.kind() {
            SignInErrorKind::Transport | SignInErrorKind::Busy | SignInErrorKind::NobodyCame => ErrorClass::Unreachable,
            SignInErrorKind::NoListener => ErrorClass::Machine,
            _ => ErrorClass::Refused,
        };
        let refusal = error.refusal();
        let numbers: Vec<String> = refusal.error_codes.iter().map(|code| format!("AADSTS{code}")).collect();
        let parts = [
            Some(refusal.error.clone()).filter(|error| !error.is_empty()),
            refusal.suberror.clone(),
            Some(numbers.join(" ")).filter(|numbers| !numbers.is_empty()),
            refusal.correlation_id.as_ref().map(|id| format!("correlation id {id}")),
            refusal.trace_id.as_ref().map(|id| format!("trace id {id}")),
        ];
        let details: Vec<String> = parts.into_iter().flatten().collect();
        let ahead = refusal.clock_ahead_s.filter(|_| error.kind() == SignInErrorKind::ClockWrong);
        let what = match error.lacks() {
            [] => ahead.map_or_else(|| error.sentence().to_owned(), clock_wrong),
            names => format!("The sign-in was given without the permission {}.", names.join(", ")),
        };
        let made = Self::new(class, error.code(), what, error.next_step());
        if details.is_empty() { made } else { made.details(details.join(", ")) }
    }
}

/// The end of an admin's sign-in, with the page where consent is given if that is what is missing.
pub(crate) fn of_sign_in(error: SignInError, consent: &url::Url) -> Error {
    let asks = error.kind() == SignInErrorKind::ConsentMissing;
    let made = Error::from(error);
    if !asks {
        return made;
    }
    made.next(format!(
        "Have a Global Administrator of the tenant open {consent} and consent, then sign in again. The page at the end stays empty."
    ))
}

/// What the next sign-in must carry, where a policy of the tenant asked for more than this one had.
pub(crate) fn claims(error: &Error) -> Option<String> {
    let source = std::error::Error::source(error)?;
    let refused = source.downcast_ref::<GraphError>()?;
    refused.claims().map(str::to_owned)
}

/// Says by how much, so that a person sees at once whether it is the hour, the day or the year.
fn clock_wrong(ahead_s: i64) -> String {
    let off = ahead_s.unsigned_abs();
    let (many, unit) = match off {
        0..7_200 => (off / 60, "minutes"),
        7_200..172_800 => (off / 3_600, "hours"),
        _ => (off / 86_400, "days"),
    };
    let side = if ahead_s > 0 { "ahead of" } else { "behind" };
    format!("This machine's clock is {many} {unit} {side} Microsoft's, which therefore refuses the sign-in.")
}

impl From<GraphError> for Error {
    fn from(error: GraphError) -> Self {
        if let (GraphErrorKind::SignIn, Some(sign_in)) = (error.kind(), error.sign_in()) {
            return sign_in.clone().into();
        }
        let class = match error.kind() {
            GraphErrorKind::Transport | GraphErrorKind::Unavailable | GraphErrorKind::Throttled => {
                ErrorClass::Unreachable
            }
            _ => ErrorClass::Refused,
        };
        let parts = [
            error.status().map(|status| format!("HTTP {status}")),
            Some(error.graph_codes().join(" ")).filter(|codes| !codes.is_empty()),
            error.request_id().map(|id| format!("request id {id}")),
            error.client_request_id().map(|id| format!("client request id {id}")),
        ];
        let details: Vec<String> = parts.into_iter().flatten().collect();
        let what = lacking(error.lacks()).unwrap_or_else(|| error.sentence().to_owned());
        let made = Self::new(class, error.code(), what, error.next_step()).details(details.join(", "));
        let made = match error.retry_after() {
            Some(pause) => made.retry_in_ms(u32::try_from(pause.as_millis()).unwrap_or(u32::MAX)),
            None => made,
        };
        if error.kind() == GraphErrorKind::ClaimsNeeded { made.because(error) } else { made }
    }
}

/// Whether a failed sign-in of the connection passes without anybody's touching the tenant.
pub(crate) fn passes_by_itself(error: &GraphError) -> bool {
    use SignInErrorKind as Kind;
    // A clock is set right on this machine, and would be said of every tenant at once.
    let kinds = [Kind::Transport, Kind::Busy, Kind::ClockWrong, Kind::Unknown];
    error.sign_in().is_some_and(|sign_in| kinds.contains(&sign_in.kind()))
}

/// What the connection lacks, by name.
fn lacking(names: &[&str]) -> Option<String> {
    let name = |name: &&str| match *name {
        ROLE_NAME => format!("the role {name}"),
        permission => format!("the permission {permission}"),
    };
    match names {
        [] => None,
        [one] => Some(format!("The connection lacks {}.", name(one))),
        several => Some(format!("The connection lacks {}.", several.iter().map(name).collect::<Vec<_>>().join(" or "))),
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Self::new(ErrorClass::Unreachable, error.code(), sentence(&error.to_string()), error.next_step())
    }
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        Self::usage(error.code(), sentence(&error.to_string()), "Correct the [network] table of the configuration.")
    }
}

impl From<SetupError> for Error {
    fn from(error: SetupError) -> Self {
        let code = error.code();
        let what = sentence(&error.to_string());
        let next = match error {
            SetupError::Graph(error) => return error.into(),
            SetupError::FederatedOnly => {
                "Emergency accounts need the tenant's own onmicrosoft.com domain to be managed. Ask the customer's admin about it."
            }
            SetupError::RoleMissing => "Sign in as a Global Administrator of this tenant.",
            SetupError::Surprises(found) => {
                let names: Vec<String> = found.iter().map(surprise).collect();
                return Self::new(
                    ErrorClass::Refused,
                    code,
                    format!("The app registration holds what Vitrine did not put there: {}.", names.join("; ")),
                    "Look at what Vitrine did not make and remove it (vitrine strangers); a permission or role in the Entra admin center. Then connect again.",
                )
                .holds("Nothing was changed in the tenant.");
            }
            SetupError::OtherTenant => "Sign in to the tenant you confirmed.",
            SetupError::PermissionNotOffered { .. } => "This cloud cannot be connected with this version.",
            SetupError::StillReplicating => "Wait a few minutes and run the set-up again; it goes on where it stopped.",
            SetupError::Tag => "Report this: the organization's id could not be used.",
        };
        Self::new(ErrorClass::Refused, code, what, next)
    }
}

fn surprise(surprise: &Surprise) -> String {
    match surprise {
        Surprise::StrangeCertificate { name, thumbprint } => format!("certificate {name:?} ({thumbprint})"),
        Surprise::Secret { name } => format!("client secret {name:?}"),
        Surprise::ExtraPermission { permission } => format!("permission {permission:?}"),
        Surprise::ExtraRole { role } => format!("directory role {role:?}"),
        Surprise::Audience { audience } => format!("audience {audience:?}"),
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        Self::usage("laps.name", sentence(&error.to_string()), "Choose another account name.")
    }
}

impl From<AccountError> for Error {
    fn from(error: AccountError) -> Self {
        let what = sentence(&error.to_string());
        match error {
            AccountError::Graph(error) => error.into(),
            AccountError::Taken(user) => Self::new(
                ErrorClass::Refused,
                "laps.name-taken",
                format!("There is already an account {}.", user.user_principal_name),
                "Choose another name, or agree to take this account over.",
            )
            .holds("The existing account was not touched."),
            AccountError::NotCloudOnly(_) => {
                Self::new(ErrorClass::Refused, "laps.not-cloud-only", what, "Choose another name.")
            }
            AccountError::StillReplicating => Self::new(
                ErrorClass::Unreachable,
                "laps.still-replicating",
                what,
                "Enable LAPS again in a few minutes; it goes on where it stopped.",
            ),
        }
    }
}

/// A sentence for a person from an error's own words.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
