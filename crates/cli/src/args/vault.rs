//! Flags of the vault itself: making it, its papers, bringing it back, its home.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Name of the firm.
    #[arg(long, value_name = "NAME")]
    pub(crate) firm: String,
    /// Your name.
    #[arg(long, value_name = "NAME")]
    pub(crate) person: String,
    /// Without a keychain, keep the device secret in a file of your own. Asks for a stronger passphrase.
    #[arg(long)]
    pub(crate) accept_file_fallback: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Without anything it says what there is. A new sheet takes the place of the one before.")]
pub(crate) struct Sheet {
    /// File to write, or with --holder a folder; an existing file is not overwritten.
    pub(crate) path: Option<PathBuf>,
    /// Split the key into shares, one for each holder, 2 to 16 (repeatable).
    #[arg(long, value_name = "NAME", requires_all = ["path", "needed"])]
    pub(crate) holder: Vec<String>,
    /// How many of the shares open the vault.
    #[arg(long, value_name = "N", requires = "holder")]
    pub(crate) needed: Option<u8>,
    /// Try papers against the vault, and change nothing: asks for the code of the sheet, or for as many shares as are needed.
    #[arg(long, conflicts_with_all = ["path", "holder", "needed"])]
    pub(crate) check: bool,
    /// Read the printed codes from this file descriptor, one a line.
    #[arg(long, value_name = "N", requires = "check")]
    pub(crate) codes_fd: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup file.
    #[arg(required_unless_present = "home")]
    pub(crate) file: Option<PathBuf>,
    /// Without a file: the address of the backend that is the vault's home. It takes the recovery kit.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["file", "sheet", "shares"])]
    pub(crate) home: Option<String>,
    /// Open it with the safe sheet instead of the recovery kit; the passphrase is then a new one.
    #[arg(long)]
    pub(crate) sheet: bool,
    /// Open it with this many shares of the safe sheet; the passphrase is then a new one.
    #[arg(long, value_name = "N", conflicts_with = "sheet", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) shares: Option<u8>,
    /// Read the printed codes from this file descriptor, one a line: secret code and vault code, the sheet's code, or the shares'.
    #[arg(long, value_name = "N")]
    pub(crate) codes_fd: Option<u32>,
    /// With the kit: choose a new passphrase as well, read after the present one.
    #[arg(long, conflicts_with_all = ["sheet", "shares"])]
    pub(crate) new_passphrase: bool,
    /// Without a keychain, keep the device secret in a file of your own. Asks for a stronger passphrase.
    #[arg(long)]
    pub(crate) accept_file_fallback: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Home {
    /// Where it is, and how it was reached.
    Show,
    /// Give it to a backend: everything is copied there, sealed as it is, and from then on a change counts once the
    /// backend took it. A move that was cut off is finished by the same command.
    Move {
        /// Address of the backend: https://host[:port].
        address: String,
        /// Read the operator's registration token from this file descriptor.
        #[arg(long, value_name = "N")]
        token_fd: Option<u32>,
    },
    /// Bring it back to this device.
    BringBack,
    /// Save the proof that it showed two histories, for `vitrine audit verify`.
    Proof {
        /// File to write; an existing one is not overwritten.
        path: PathBuf,
    },
}
