//! Which use case answers which request. The one table that the desktop host, the command line and the agent share.

use crate::api::{Command, ErrorView};
use crate::error::{Error, Result};
use crate::{App, api};
#[cfg(unix)]
use serde_json::value::RawValue;
use std::future::Future;
#[cfg(unix)]
use zeroize::Zeroizing;

/// A request that the application answers.
pub trait Answered: Command {
    /// Runs the use case.
    fn answer(self, app: &App) -> impl Future<Output = Result<Self::View>> + Send;
}

macro_rules! routes {
    ($($request:ident => $module:ident :: $function:ident),+ $(,)?) => {
        $(impl Answered for api::$request {
            async fn answer(self, app: &App) -> Result<Self::View> {
                crate::$module::$function(app, self).await
            }
        })+

        /// Answers a request by name, as it arrives on the agent's socket, with the reply as it leaves there.
        #[cfg(unix)]
        pub(crate) async fn dispatch(app: &App, name: &str, request: &RawValue) -> Result<Zeroizing<Vec<u8>>, ErrorView> {
            $(if name == <api::$request as Command>::NAME {
                return through::<api::$request>(app, request).await;
            })+
            Err(Error::usage("edge.unknown-command", format!("There is no command {name:?}."), "Use a vitrine of the same version.").into())
        }
    };
}

/// Runs the use case; an index that turns out damaged is remembered, since the next unlock can make it again.
pub(crate) async fn answer<R: Answered>(app: &App, request: R) -> Result<R::View> {
    let answered = request.answer(app).await;
    if let Err(error) = &answered
        && error.code().starts_with("index.")
    {
        crate::vault::mark_damaged(app).await;
    }
    answered
}

#[cfg(unix)]
async fn through<R: Answered>(app: &App, request: &RawValue) -> Result<Zeroizing<Vec<u8>>, ErrorView> {
    let malformed = |error: serde_json::Error| {
        Error::usage("edge.malformed", "The request could not be read.", "Use a vitrine of the same version.")
            .because(error)
    };
    let request: R = serde_json::from_str(request.get()).map_err(malformed)?;
    let view = answer(app, request).await?;
    Ok(crate::agent::answered(view).map_err(malformed)?)
}

routes! {
    StatusRequest => vault::status,
    PassphraseStrengthRequest => vault::passphrase_strength,
    SuggestPassphraseRequest => vault::suggest_passphrase,
    CreateVaultRequest => vault::create,
    UnlockRequest => vault::unlock,
    LockRequest => vault::lock,
    TouchRequest => vault::touch,
    ChangePassphraseRequest => vault::change_passphrase,
    SuggestedPathsRequest => papers::suggested_paths,
    SaveKitRequest => papers::save_kit,
    ConfirmKitRequest => papers::confirm_kit,
    SaveSheetRequest => papers::save_sheet,
    SplitSheetRequest => papers::split_sheet,
    CheckSheetRequest => papers::check_sheet,
    RecoveryRequest => papers::recovery,
    SetBackupRequest => backup::set,
    BackupNowRequest => backup::now,
    RestoreRequest => restore::restore,
    ConfirmRestoreRequest => restore::confirm,
    OrganizationsRequest => organizations::list,
    FindOrganizationRequest => organizations::find,
    AddOrganizationRequest => organizations::add,
    PreviewImportRequest => import::preview,
    ImportRequest => import::import,
    OrganizationRequest => organizations::show,
    EditOrganizationRequest => organizations::edit,
    ArchiveOrganizationRequest => organizations::archive,
    AuditRequest => audit::list,
    ExportAuditRequest => evidence::export,
    SaveProofRequest => evidence::save_proof,
    AttentionRequest => attention::list,
    SnoozeProblemRequest => attention::snooze,
    WakeProblemRequest => attention::wake,
    ListViewsRequest => lists::show,
    SetListViewsRequest => lists::set,
    ExportRequest => export::export,
    ConnectRequest => connect::start,
    ConnectStatusRequest => connect::status,
    OpenSignInRequest => connect::open_sign_in,
    CopyDeviceCodeRequest => connect::copy_device_code,
    ConfirmTenantRequest => connect::confirm_tenant,
    ApplyPlanRequest => connect::apply,
    CancelConnectRequest => connect::cancel,
    ClientIdRequest => client_id::show,
    SetClientIdRequest => client_id::set,
    LapsPlanRequest => laps::plan,
    EnableLapsRequest => laps::enable,
    DisableLapsRequest => laps::disable,
    SetScheduleRequest => rules::set,
    ForgetAccountRequest => laps::forget,
    CheckAccountsRequest => drift::check,
    RepairAccountRequest => drift::repair,
    RemoveStrangersRequest => strangers::remove,
    KeepStrangerRequest => strangers::keep,
    QuickAccessRequest => quick::list,
    OpenQuickAccessRequest => quick::open,
    OpenMainRequest => quick::open_main,
    OpenRevealRequest => credentials::open_reveal,
    OpenPortalRequest => credentials::open_portal,
    CardRequest => credentials::card,
    OlderPasswordsRequest => older::list,
    RevealRequest => credentials::reveal,
    CopyRequest => credentials::copy,
    AfterViewRequest => credentials::after_view,
    SetSecondFactorRequest => credentials::set_second_factor,
    OneTimeCodeRequest => credentials::one_time_code,
    RotateRequest => rotate::rotate,
    JobsRequest => rotate::jobs,
    PauseRotationRequest => rotate::pause,
    CancelQueuedRequest => rotate::cancel_queued,
    RotatorStatusRequest => rotator::status,
    IncidentScopeRequest => incident::scope,
    BeginIncidentRequest => incident::begin,
    IncidentRequest => incident::board,
    RetryIncidentRequest => incident::retry,
    EndIncidentRequest => incident::end,
    SaveIncidentReportRequest => incident::report,
    WebhookRequest => webhook::show,
    SetWebhookRequest => webhook::set,
    TestWebhookRequest => webhook::test,
    RemoveWebhookRequest => webhook::remove,
    CopyWebhookSecretRequest => webhook::copy_secret,
    WebhookSecretRequest => webhook::secret,
    HomeRequest => home::show,
    MoveHomeRequest => home::move_to,
    BringHomeRequest => home::bring_back,
    PeopleRequest => people::show,
    InviteRequest => people::invite,
    AddDeviceRequest => people::add_device,
    RevokeDeviceRequest => people::revoke,
    WithdrawInvitationRequest => people::withdraw,
    ApproveMemberRequest => people::approve,
    SetRoleRequest => people::set_role,
    ApproveChangeRequest => people::approve_change,
    RemovalRequest => people::removal,
    RemoveMemberRequest => people::remove,
    MakeTeamRequest => people::make_team,
    ChangeTeamRequest => people::change_team,
    RemoveTeamRequest => people::remove_team,
    SetAccessRequest => people::set_access,
    GiveAccessRequest => people::give_access,
    JoinRequest => join::join,
    CancelJoinRequest => join::cancel,
    SyncRequest => home::sync,
    SettingsRequest => settings::show,
    SetSettingsRequest => settings::set,
}
