//! Flags of what runs or tells by itself: the rotator, and the webhook.

use std::net::SocketAddr;

use clap::{Args, Subcommand, ValueEnum};
use vitrine_app::api;

use super::words;

#[derive(Debug, Subcommand)]
pub(crate) enum Rotator {
    /// Hold the keys and rotate what falls due. The passphrase comes from --passphrase-fd, or from the systemd credential
    /// `vitrine-passphrase`.
    Run {
        /// Serve numbers for Prometheus at /metrics, on an address of this machine alone (such as 127.0.0.1:9464).
        #[arg(long, value_name = "ADDRESS")]
        metrics: Option<SocketAddr>,
    },
    /// How the process that holds the data folder stands. Ends with 0 only if it rotates and nothing is overdue or failed.
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Webhook {
    /// Set it, or change all of it, and print its signing secret. The address is asked for, or read from a descriptor: it
    /// often holds a token.
    Set(SetWebhook),
    /// How it stands: what is sent where, what waits, what went wrong.
    Show,
    /// Send a test now and show what the receiver answers.
    Test,
    /// Forget its address, its secret, and what waits to be sent.
    Remove,
}

#[derive(Debug, Args)]
pub(crate) struct SetWebhook {
    /// Read the address from this file descriptor.
    #[arg(long, value_name = "N")]
    pub(crate) address_fd: Option<u32>,
    /// Keep the address that is set.
    #[arg(long, conflicts_with = "address_fd")]
    pub(crate) same_address: bool,
    /// What to tell of; once for each kind, or all of them.
    #[arg(long = "tell", value_name = "KIND")]
    pub(crate) kinds: Vec<Kind>,
    /// Send names of organizations, accounts and persons, and reasons. Without it ids alone leave this device.
    #[arg(long)]
    pub(crate) names: bool,
    /// Make a new signing secret.
    #[arg(long)]
    pub(crate) new_secret: bool,
}

words! {
    /// What a webhook can be told.
    Kind => api::MessageKind { Rotated, Overdue, Failed, ChangedOutside, Viewed, StrangersFound }
}
