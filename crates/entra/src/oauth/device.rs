//! Device authorization grant (RFC 8628) as Microsoft speaks it.

use super::{AdminSession, Authority, SignInError};
use crate::cloud::Cloud;
use crate::http::Http;
use crate::id::ClientId;
use std::future::Future;
use std::time::Duration;

/// A device code that waits to be typed in.
pub struct DeviceSignIn {
}

/// What a person is told while the code waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceProgress {
    /// Not approved yet; the next question follows after `next_ms`.
    Waiting {
        /// Milliseconds until the next poll.
        next_ms: u64,
    },
    /// Microsoft could not be reached this time; polling goes on.
    Unreachable,
}

/// Asks for a device code.
pub async fn start_device_code(http: &Http, cloud: &Cloud, authority: &Authority, client_id: ClientId) -> Result<DeviceSignIn, SignInError> { unimplemented!() }

impl DeviceSignIn {
    /// The code that the person types.
    pub fn user_code(&self) -> &str { unimplemented!() }
    /// Where the person types it: shown as text beside the code, and checked to be https (or this machine).
    pub fn verification_uri(&self) -> &str { unimplemented!() }
    /// How long the code lives, from when it was given.
    pub fn lifetime(&self) -> Duration { unimplemented!() }
    /// Polls until approved, refused or run out. `progress` hears of every poll; `cancel` completes when the person
    /// gives up.
    pub async fn finish(self, progress: impl FnMut(DeviceProgress) + Send, cancel: impl Future<Output = ()> + Send) -> Result<AdminSession, SignInError> { unimplemented!() }
}
