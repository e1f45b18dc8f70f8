//! What the hosts may ask and what they get: plain data, no Tauri, no terminal.
//!
//! Every request type names its command and its view through [`Command`], so that the desktop host, the
//! command line and the agent's socket speak the same words. TypeScript is generated from these types.

mod attention;
mod audit;
mod connect;
mod credentials;
mod error;
mod home;
mod incidents;
mod laps;
mod lists;
mod organizations;
mod people;
mod quick;
mod rotation;
mod rotator;
mod settings;
mod strangers;
mod vault;
mod webhook;

pub use attention::*;
pub use audit::*;
pub use connect::*;
pub use credentials::*;
pub use error::*;
pub use home::*;
pub use incidents::*;
pub use laps::*;
pub use lists::*;
pub use organizations::*;
pub use people::*;
pub use quick::*;
pub use rotation::*;
pub use rotator::*;
pub use settings::*;
pub use strangers::*;
pub use vault::*;
pub use webhook::*;

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use specta::Type;
use std::fmt;
use vitrine_vault::SecretText;

/// A request together with the view that answers it.
pub trait Command: Serialize + DeserializeOwned + Send {
    /// The name of the command on every edge, in `snake_case`.
    const NAME: &'static str;
    /// What comes back.
    type View: Serialize + DeserializeOwned + Send;
}

macro_rules! command {
    ($request:ty, $name:literal, $view:ty) => {
        impl $crate::api::Command for $request {
            const NAME: &'static str = $name;
            type View = $view;
        }
    };
}
pub(crate) use command;

/// A moment in milliseconds since 1970-01-01T00:00:00Z; a plain number in TypeScript, where it stays exact to the year
/// 287396. Shown, compared for due times, never trusted for order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(transparent)]
pub struct Time(#[specta(type = u32)] pub u64);

/// In UTC and to the minute.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp().strftime("%Y-%m-%d %H:%MZ"))
    }
}

impl Time {
    /// Reads a day (2026-11-29, its first moment in UTC) or a moment as RFC 3339 writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let day = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
        let moment = text.parse::<jiff::Timestamp>().ok().or_else(|| Some(day()?.timestamp()));
        u64::try_from(moment?.as_millisecond()).ok().map(Self)
    }

    /// For a calendar. A moment beyond what calendars reach is their end.
    pub(crate) fn timestamp(self) -> jiff::Timestamp {
        let at = i64::try_from(self.0).ok().and_then(|at_ms| jiff::Timestamp::from_millisecond(at_ms).ok());
        at.unwrap_or(jiff::Timestamp::MAX)
    }
}

/// The answer of a command that has nothing to tell but that it is done.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct Done {}

/// A secret while it crosses an edge of this process: typed by a person, shown in the reveal window, or handed to the
/// command line over the agent's socket. The one type in Vitrine through which a secret is serialised.
pub struct EdgeSecret(pub SecretText);

impl Serialize for EdgeSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Exposed because crossing the edge is this type's whole purpose; it stands in exactly one field of a view.
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for EdgeSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(SecretText::new(text)))
    }
}

impl Type for EdgeSecret {
    fn definition(types: &mut specta::Types) -> specta::datatype::DataType {
        String::definition(types)
    }
}

/// Something changed; windows ask again for what they show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Event {
    /// Keys are gone. Every window becomes the unlock screen.
    Locked {
        /// Why.
        reason: LockReason,
    },
    /// Keys are here.
    Unlocked,
    /// The list of organizations, or a number above it, changed.
    OrganizationsChanged,
    /// One organization changed.
    OrganizationChanged {
        /// Which.
        organization: String,
    },
    /// The sign-in or set-up of one organization moved on.
    ConnectChanged {
        /// Which.
        organization: String,
    },
    /// A rotation moved on.
    JobsChanged,
    /// Status, backup or settings changed.
    StatusChanged,
}
