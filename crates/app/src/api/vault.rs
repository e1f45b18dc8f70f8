//! The vault itself: creating, opening, locking, recovery papers, backup.

use super::{Done, EdgeSecret, ErrorView, JoiningView, Role, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks for the state of vault and application. Always answered, locked or not.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct StatusRequest {}
command!(StatusRequest, "status", StatusView);

/// The state of vault and application. Names no organization while locked.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StatusView {
    /// Whether there is a vault, and whether it is open.
    pub phase: Phase,
    /// Why it is locked, while it is.
    pub lock_reason: Option<LockReason>,
    /// What was asked for while it was locked, and is done once it is unlocked.
    pub after_unlock: Option<AfterUnlock>,
    /// Milliseconds until another passphrase is accepted after wrong ones; 0 when one is accepted now.
    pub retry_in_ms: u32,
    /// Which Microsoft cloud this installation speaks to.
    pub cloud: CloudView,
    /// Where the device secret lies.
    pub device_secret: DeviceSecretPlace,
    /// Name of the firm; only while unlocked.
    pub msp_name: Option<String>,
    /// Name of the person; only while unlocked.
    pub person_name: Option<String>,
    /// What the person may do; only while unlocked, and none once it was removed.
    pub role: Option<Role>,
    /// This device counts no more: it was revoked, its member was removed, or the home says that it knows neither.
    pub removed: bool,
    /// Whom this device waits for; only while it is joining.
    pub joining: Option<JoiningView>,
    /// What of the onboarding is done; only while unlocked.
    pub onboarding: Option<OnboardingView>,
    /// The encrypted backup; only while unlocked.
    pub backup: Option<BackupView>,
    /// This device came from a backup, and nothing outside has said yet that the backup was the newest.
    pub unconfirmed: bool,
    /// The certificates of the connections; only while unlocked.
    pub certificates: Option<CertificatesView>,
    /// How Microsoft was reached since the unlock; only while unlocked.
    pub network: Option<NetworkView>,
    /// What was noticed about the store when it was opened: a repaired page, an older database.
    pub warnings: Vec<ErrorView>,
    /// Path of the data folder.
    pub data_folder: String,
    /// Version of the program.
    pub version: String,
}

/// How Microsoft was reached since the unlock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NetworkView {
    /// When it answered last.
    pub answered_at: Option<Time>,
    /// When a request that no connection carried was tried first after that, while none has been answered since.
    pub unreachable_since: Option<Time>,
    /// When the last such request was tried.
    pub tried_at: Option<Time>,
}

/// Why the program did not start, for a desktop's window that says so.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TroubleView {
    /// What stands in the way.
    pub error: ErrorView,
    /// Somebody else of this user holds the data folder, and can be asked to lock it and let it go.
    pub held: bool,
}

/// How the certificates of the connections stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CertificatesView {
    /// When the first of them ends, or has ended.
    pub next_end: Option<Time>,
    /// Those that end soon; they are renewed by themselves while the vault is open.
    pub ending: u32,
    /// Those that have ended: these tenants have to be connected again.
    pub ended: u32,
}

/// Whether there is a vault, and whether it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// No vault in the data folder.
    NoVault,
    /// A vault, and no keys in memory.
    Locked,
    /// Keys in memory, and an admin has to add this device before there is anything to show.
    Joining,
    /// Keys in memory.
    Unlocked,
}

/// Why the vault is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LockReason {
    /// First unlock since the program started.
    Start,
    /// A person locked it.
    Hand,
    /// Nobody used it for the time set.
    Idle,
    /// The desktop session was locked.
    Session,
    /// The machine went to sleep.
    Suspend,
    /// The window was closed to the tray, and the setting says to lock then.
    Tray,
}

/// What was asked for while the vault was locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AfterUnlock {
    /// Rotate what is due.
    RotateDue,
}

/// Which Microsoft cloud this installation speaks to.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CloudView {
    /// `global`, `usGovL4`, `usGovL5`, `china` or `custom`.
    pub name: String,
    /// Host of the sign-in pages.
    pub login_host: String,
    /// Host of Microsoft Graph.
    pub graph_host: String,
    /// A lasting banner names these hosts: they are not Microsoft's.
    pub custom: bool,
    /// The banner says "Simulated cloud".
    pub simulated: bool,
    /// Client id of the first sign-in, when one is set.
    pub client_id: Option<String>,
}

/// Where the device secret lies, without which the passphrase opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DeviceSecretPlace {
    /// No vault yet: a keychain that can be written was found.
    KeychainReady,
    /// No vault yet, and no keychain that can be written.
    NoKeychain,
    /// In the OS keychain.
    Keychain,
    /// In a file that only this user can read, accepted by a person. A lasting warning asks for a stronger passphrase.
    File,
    /// Gone or not readable now. The kit replaces it.
    Missing,
}

/// The steps of onboarding that tick themselves.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OnboardingView {
    /// Two groups of the recovery kit were typed back.
    pub kit_confirmed: bool,
    /// The safe sheet was saved.
    pub sheet_saved: bool,
    /// A backup exists.
    pub backup_exists: bool,
    /// An organization exists.
    pub organization_exists: bool,
    /// A tenant is connected.
    pub tenant_connected: bool,
    /// One rotation was verified.
    pub rotation_verified: bool,
}

/// The encrypted backup file.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupView {
    /// Folder it is written to after every change.
    pub folder: Option<String>,
    /// Full path of the file, once written.
    pub file: Option<String>,
    /// When it was last written.
    pub written_at: Option<Time>,
    /// Whether the last change is in it.
    pub current: bool,
    /// Why the last attempt failed.
    pub problem: Option<ErrorView>,
}

/// Asks how strong a passphrase is. Nothing is kept.
#[derive(Serialize, Deserialize, Type)]
pub struct PassphraseStrengthRequest {
    /// The passphrase as typed so far.
    pub passphrase: EdgeSecret,
}
command!(PassphraseStrengthRequest, "passphrase_strength", PassphraseStrengthView);

/// How strong a passphrase is.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PassphraseStrengthView {
    /// 0 (guessed at once) to 4 (very unlikely to be guessed).
    pub score: u8,
    /// Whether it may be used: score 3 or more, 4 with the file fallback.
    pub enough: bool,
    /// One sentence about the weakest point, if any.
    pub advice: Option<String>,
}

/// Asks for six words drawn at random.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct SuggestPassphraseRequest {}
command!(SuggestPassphraseRequest, "suggest_passphrase", SuggestPassphraseView);

/// Six words drawn at random from a list of 7,776.
#[derive(Serialize, Deserialize, Type)]
pub struct SuggestPassphraseView {
    /// The words, separated by single spaces.
    pub passphrase: EdgeSecret,
}

/// Creates the vault of a firm on this device.
#[derive(Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CreateVaultRequest {
    /// Name of the firm, 1 to 100 characters.
    pub msp_name: String,
    /// Name of the person, 1 to 100 characters.
    pub person_name: String,
    /// The passphrase, strength 3 or more.
    pub passphrase: EdgeSecret,
    /// The person accepts a file of their own where there is no keychain.
    pub accept_file_fallback: bool,
}
command!(CreateVaultRequest, "create_vault", StatusView);

/// Opens the vault.
#[derive(Serialize, Deserialize, Type)]
pub struct UnlockRequest {
    /// The passphrase.
    pub passphrase: EdgeSecret,
}
command!(UnlockRequest, "unlock", StatusView);

/// Drops every key, then tells the windows.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct LockRequest {}
command!(LockRequest, "lock", StatusView);

/// Tells that a person used the program, so that the idle lock waits.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct TouchRequest {}
command!(TouchRequest, "touch", Done);

/// Changes the passphrase. The kit on paper stays as it is.
#[derive(Serialize, Deserialize, Type)]
pub struct ChangePassphraseRequest {
    /// The present passphrase.
    pub current: EdgeSecret,
    /// The new one, strength 3 or more.
    pub new: EdgeSecret,
}
command!(ChangePassphraseRequest, "change_passphrase", Done);

/// Asks where papers and backup might be saved.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct SuggestedPathsRequest {}
command!(SuggestedPathsRequest, "suggested_paths", SuggestedPathsView);

/// Places to propose; none is written to before a person agrees.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SuggestedPathsView {
    /// For the recovery kit (PDF).
    pub kit: String,
    /// For the safe sheet (PDF).
    pub sheet: String,
    /// Folder for the shares of a safe sheet.
    pub shares: String,
    /// Folder for the backup.
    pub backup: String,
}

/// Writes the recovery kit as a PDF.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SaveKitRequest {
    /// Absolute path of the file; an existing file is not overwritten.
    pub path: String,
}
command!(SaveKitRequest, "save_kit", SavedKitView);

/// The kit was written; two groups are asked back.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SavedKitView {
    /// Where it was written.
    pub path: String,
    /// Numbers of the two groups of the account secret to type back, counted from 1.
    pub groups: [u8; 2],
}

/// Two groups of the account secret, typed back from the paper.
#[derive(Serialize, Deserialize, Type)]
pub struct ConfirmKitRequest {
    /// The groups, in the order they were asked.
    pub groups: [EdgeSecret; 2],
}
command!(ConfirmKitRequest, "confirm_kit", StatusView);

/// Writes the safe sheet as a PDF, and sets its key as the vault's recovery.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SaveSheetRequest {
    /// Absolute path of the file; an existing file is not overwritten.
    pub path: String,
}
command!(SaveSheetRequest, "save_sheet", SavedSheetView);

/// The sheet was written.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SavedSheetView {
    /// Where.
    pub path: String,
}

/// Splits the key of a new safe sheet among several people and writes a PDF for each. The sheet before opens nothing that is
/// written from then on.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SplitSheetRequest {
    /// Absolute path of a folder; created if its parent exists.
    pub folder: String,
    /// Names of the holders, 2 to 16, each another.
    pub holders: Vec<String>,
    /// How many of them are needed, 2 or more.
    pub needed: u8,
}
command!(SplitSheetRequest, "split_sheet", SplitSheetView);

/// The shares were written.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SplitSheetView {
    /// Where, in the order of the holders.
    pub paths: Vec<String>,
}

/// Tries the codes of a safe sheet or of its shares, and changes nothing.
#[derive(Serialize, Deserialize, Type)]
pub struct CheckSheetRequest {
    /// The code of the sheet, or those of the shares.
    pub codes: Vec<EdgeSecret>,
}
command!(CheckSheetRequest, "check_sheet", CheckedSheetView);

/// The papers open the vault.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Type)]
pub struct CheckedSheetView {}

/// Asks how the firm can be recovered.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct RecoveryRequest {}
command!(RecoveryRequest, "recovery", RecoveryView);

/// How the firm can be recovered.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryView {
    /// The safe sheet that stands.
    pub sheet: Option<SheetView>,
    /// Another one waits for a second owner's consent.
    pub waits: bool,
    /// Whether this member may save another.
    pub may_change: bool,
}

/// A safe sheet.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SheetView {
    /// Who made it.
    pub by: String,
    /// When.
    pub made_at: Time,
    /// How its key was split; nothing where it is printed whole.
    pub split: Option<SplitView>,
    /// Whether it still opens the vault: not after who made it left, is no owner any more, or got new keys.
    pub opens: bool,
}

/// Who holds the shares of a sheet.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SplitView {
    /// How many are needed.
    pub needed: u8,
    /// Names, in the order of the shares.
    pub holders: Vec<String>,
}

/// Sets the folder that receives an encrypted backup after every change, and writes the first one.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SetBackupRequest {
    /// Absolute path of a folder; created if its parent exists.
    pub folder: String,
}
command!(SetBackupRequest, "set_backup", StatusView);

/// Writes the backup now.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct BackupNowRequest {}
command!(BackupNowRequest, "backup_now", StatusView);

/// Where a vault is restored from.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum RestoreFrom {
    /// A backup file.
    File {
        /// Absolute path.
        path: String,
    },
    /// The backend that is the vault's home; with the recovery kit alone.
    Home {
        /// `https://host` or `https://host:port`.
        address: String,
    },
}

/// Restores a vault into an empty data folder.
#[derive(Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestoreRequest {
    /// From where.
    pub from: RestoreFrom,
    /// The paper that opens it.
    pub paper: RestorePaper,
    /// With the kit: the passphrase the vault had. With sheet or shares: a new passphrase.
    pub passphrase: EdgeSecret,
    /// With the kit: a new passphrase, where the one the vault had is too weak for a device without a keychain.
    #[serde(default)]
    pub new_passphrase: Option<EdgeSecret>,
    /// The person accepts a file of their own where there is no keychain.
    pub accept_file_fallback: bool,
}
command!(RestoreRequest, "restore", StatusView);

/// A person answers for a restored vault being the newest.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ConfirmRestoreRequest {
    /// How the person knows; it stays in the list of what happened.
    pub reason: String,
}
command!(ConfirmRestoreRequest, "confirm_restore", StatusView);

/// The paper that opens a backup.
#[derive(Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum RestorePaper {
    /// The member's recovery kit.
    #[serde(rename_all = "camelCase")]
    Kit {
        /// The account secret as printed.
        secret_code: EdgeSecret,
        /// The vault code as printed: it pins whose vault this must be.
        vault_code: String,
    },
    /// The firm's safe sheet.
    Sheet {
        /// The code as printed.
        code: EdgeSecret,
    },
    /// Shares of the firm's safe sheet.
    Shares {
        /// The codes as printed, in any order.
        codes: Vec<EdgeSecret>,
    },
}
