//! The commands of the desktop host, one line each: a window asks, the application answers.
//!
//! Which window may ask what stands in `capabilities/`; the names are declared in `commands.txt`.

#![allow(missing_docs, unreachable_pub, clippy::needless_pass_by_value, clippy::wildcard_imports)] // the request types carry the documentation; Tauri hands arguments over by value; its macro needs `pub`

use tauri::State;
use vitrine_app::App;
use vitrine_app::api::*;

type Answer<V> = Result<V, ErrorView>;

#[tauri::command]
#[specta::specta]
pub async fn status(app: State<'_, App>, request: StatusRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn passphrase_strength(
    app: State<'_, App>,
    request: PassphraseStrengthRequest,
) -> Answer<PassphraseStrengthView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn suggest_passphrase(
    app: State<'_, App>,
    request: SuggestPassphraseRequest,
) -> Answer<SuggestPassphraseView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn create_vault(app: State<'_, App>, request: CreateVaultRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn unlock(app: State<'_, App>, request: UnlockRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn lock(app: State<'_, App>, request: LockRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn touch(app: State<'_, App>, request: TouchRequest) -> Answer<Done> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn change_passphrase(app: State<'_, App>, request: ChangePassphraseRequest) -> Answer<Done> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn suggested_paths(app: State<'_, App>, request: SuggestedPathsRequest) -> Answer<SuggestedPathsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_kit(app: State<'_, App>, request: SaveKitRequest) -> Answer<SavedKitView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn confirm_kit(app: State<'_, App>, request: ConfirmKitRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_sheet(app: State<'_, App>, request: SaveSheetRequest) -> Answer<SavedSheetView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn split_sheet(app: State<'_, App>, request: SplitSheetRequest) -> Answer<SplitSheetView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn check_sheet(app: State<'_, App>, request: CheckSheetRequest) -> Answer<CheckedSheetView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn recovery(app: State<'_, App>, request: RecoveryRequest) -> Answer<RecoveryView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_backup(app: State<'_, App>, request: SetBackupRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn backup_now(app: State<'_, App>, request: BackupNowRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn restore(app: State<'_, App>, request: RestoreRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn confirm_restore(app: State<'_, App>, request: ConfirmRestoreRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn organizations(app: State<'_, App>, request: OrganizationsRequest) -> Answer<OrganizationsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn add_organization(app: State<'_, App>, request: AddOrganizationRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn preview_import(app: State<'_, App>, request: PreviewImportRequest) -> Answer<ImportPreviewView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn import_organizations(app: State<'_, App>, request: ImportRequest) -> Answer<ImportView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn organization(app: State<'_, App>, request: OrganizationRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn edit_organization(app: State<'_, App>, request: EditOrganizationRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn archive_organization(app: State<'_, App>, request: ArchiveOrganizationRequest) -> Answer<Done> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn audit(app: State<'_, App>, request: AuditRequest) -> Answer<AuditView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn export_audit(app: State<'_, App>, request: ExportAuditRequest) -> Answer<ExportedView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_proof(app: State<'_, App>, request: SaveProofRequest) -> Answer<SavedProofView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn attention(app: State<'_, App>, request: AttentionRequest) -> Answer<AttentionView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn snooze_problem(app: State<'_, App>, request: SnoozeProblemRequest) -> Answer<ProblemView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn wake_problem(app: State<'_, App>, request: WakeProblemRequest) -> Answer<ProblemView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn list_views(app: State<'_, App>, request: ListViewsRequest) -> Answer<ListViews> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_list_views(app: State<'_, App>, request: SetListViewsRequest) -> Answer<ListViews> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn export(app: State<'_, App>, request: ExportRequest) -> Answer<ExportedView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn connect(app: State<'_, App>, request: ConnectRequest) -> Answer<ConnectView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn connect_status(app: State<'_, App>, request: ConnectStatusRequest) -> Answer<ConnectView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_sign_in(app: State<'_, App>, request: OpenSignInRequest) -> Answer<Done> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn copy_device_code(app: State<'_, App>, request: CopyDeviceCodeRequest) -> Answer<Done> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn confirm_tenant(app: State<'_, App>, request: ConfirmTenantRequest) -> Answer<ConnectView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn apply_plan(app: State<'_, App>, request: ApplyPlanRequest) -> Answer<ConnectView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn cancel_connect(app: State<'_, App>, request: CancelConnectRequest) -> Answer<ConnectView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn client_id(app: State<'_, App>, request: ClientIdRequest) -> Answer<ClientIdView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_client_id(app: State<'_, App>, request: SetClientIdRequest) -> Answer<ClientIdView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn laps_plan(app: State<'_, App>, request: LapsPlanRequest) -> Answer<LapsPlanView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn enable_laps(app: State<'_, App>, request: EnableLapsRequest) -> Answer<LapsEnabledView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn disable_laps(app: State<'_, App>, request: DisableLapsRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_schedule(app: State<'_, App>, request: SetScheduleRequest) -> Answer<ScheduleSetView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn forget_account(app: State<'_, App>, request: ForgetAccountRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn check_accounts(app: State<'_, App>, request: CheckAccountsRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn repair_account(app: State<'_, App>, request: RepairAccountRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_strangers(app: State<'_, App>, request: RemoveStrangersRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn keep_stranger(app: State<'_, App>, request: KeepStrangerRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn card(app: State<'_, App>, request: CardRequest) -> Answer<CardView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn older_passwords(app: State<'_, App>, request: OlderPasswordsRequest) -> Answer<OlderPasswordsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn reveal(app: State<'_, App>, request: RevealRequest) -> Answer<RevealView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn copy(app: State<'_, App>, request: CopyRequest) -> Answer<CopyView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn after_view(app: State<'_, App>, request: AfterViewRequest) -> Answer<CardView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_second_factor(app: State<'_, App>, request: SetSecondFactorRequest) -> Answer<CardView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn one_time_code(app: State<'_, App>, request: OneTimeCodeRequest) -> Answer<OneTimeCodeView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn rotate(app: State<'_, App>, request: RotateRequest) -> Answer<JobsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn jobs(app: State<'_, App>, request: JobsRequest) -> Answer<JobsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn pause_rotation(app: State<'_, App>, request: PauseRotationRequest) -> Answer<JobsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn cancel_queued(app: State<'_, App>, request: CancelQueuedRequest) -> Answer<JobsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn incident_scope(app: State<'_, App>, request: IncidentScopeRequest) -> Answer<IncidentScopeView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn begin_incident(app: State<'_, App>, request: BeginIncidentRequest) -> Answer<IncidentBoardView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn incident(app: State<'_, App>, request: IncidentRequest) -> Answer<IncidentBoardView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn retry_incident(app: State<'_, App>, request: RetryIncidentRequest) -> Answer<IncidentBoardView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn end_incident(app: State<'_, App>, request: EndIncidentRequest) -> Answer<IncidentBoardView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn save_incident_report(
    app: State<'_, App>,
    request: SaveIncidentReportRequest,
) -> Answer<SavedIncidentReportView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn webhook(app: State<'_, App>, request: WebhookRequest) -> Answer<WebhookView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_webhook(app: State<'_, App>, request: SetWebhookRequest) -> Answer<WebhookView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn test_webhook(app: State<'_, App>, request: TestWebhookRequest) -> Answer<WebhookTestView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_webhook(app: State<'_, App>, request: RemoveWebhookRequest) -> Answer<WebhookView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn copy_webhook_secret(app: State<'_, App>, request: CopyWebhookSecretRequest) -> Answer<CopyView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn home(app: State<'_, App>, request: HomeRequest) -> Answer<HomeView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn move_home(app: State<'_, App>, request: MoveHomeRequest) -> Answer<HomeView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn bring_home(app: State<'_, App>, request: BringHomeRequest) -> Answer<HomeView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn people(app: State<'_, App>, request: PeopleRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn invite(app: State<'_, App>, request: InviteRequest) -> Answer<InvitedView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn add_device(app: State<'_, App>, request: AddDeviceRequest) -> Answer<InvitedView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn revoke_device(app: State<'_, App>, request: RevokeDeviceRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn withdraw_invitation(app: State<'_, App>, request: WithdrawInvitationRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn approve_member(app: State<'_, App>, request: ApproveMemberRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_role(app: State<'_, App>, request: SetRoleRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn approve_change(app: State<'_, App>, request: ApproveChangeRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn removal(app: State<'_, App>, request: RemovalRequest) -> Answer<RemovalView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn make_team(app: State<'_, App>, request: MakeTeamRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn change_team(app: State<'_, App>, request: ChangeTeamRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_team(app: State<'_, App>, request: RemoveTeamRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_access(app: State<'_, App>, request: SetAccessRequest) -> Answer<OrganizationView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn give_access(app: State<'_, App>, request: GiveAccessRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn remove_member(app: State<'_, App>, request: RemoveMemberRequest) -> Answer<PeopleView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn join(app: State<'_, App>, request: JoinRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn cancel_join(app: State<'_, App>, request: CancelJoinRequest) -> Answer<StatusView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn sync(app: State<'_, App>, request: SyncRequest) -> Answer<HomeView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn settings(app: State<'_, App>, request: SettingsRequest) -> Answer<SettingsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn set_settings(app: State<'_, App>, request: SetSettingsRequest) -> Answer<SettingsView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn quick_access(app: State<'_, App>, request: QuickAccessRequest) -> Answer<QuickAccessView> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_quick_access(app: State<'_, App>, request: OpenQuickAccessRequest) -> Answer<Done> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_main(app: State<'_, App>, request: OpenMainRequest) -> Answer<Done> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_reveal(app: State<'_, App>, request: OpenRevealRequest) -> Answer<Done> {
    app.call(request).await
}

#[tauri::command]
#[specta::specta]
pub async fn open_portal(app: State<'_, App>, request: OpenPortalRequest) -> Answer<Done> {
    app.call(request).await
}
