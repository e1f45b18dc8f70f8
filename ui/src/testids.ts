// Names by which tests and WebDriver find the main controls. Stable: they are part of what others use.
//
// unlock-passphrase, unlock-submit, unlock-error         the unlock screen
// first-create, first-restore                            the choice of a first run
// create-msp, create-person, create-passphrase, create-repeat, create-suggest, create-use-suggestion,
// create-accept-file, create-submit                      creating a vault
// restore-file, restore-choose-file, restore-kit, restore-sheet, restore-secret-code, restore-vault-code,
// restore-sheet-code, restore-passphrase, restore-accept-file, restore-submit     restoring one
// kit-path, kit-save, kit-group-1, kit-group-2, kit-confirm, sheet-path, sheet-save, backup-path, backup-save,
// start-organization-name, start-organization-add, start-connect, sheet-later, start-open-organizations,
// start-step-<step> (data-done), kit-saved            the onboarding checklist
// nav-organizations, nav-rotation, nav-audit, nav-settings, nav-start, lock-now, open-palette     the sidebar
// organizations-filter, add-organization, add-name, add-notes, add-submit, import-csv, import-text, import-preview,
// import-submit, organizations-table, rotate-selected, organization-row (data-name)        the list
// view-credentials, view-account-1, view-account-2 (asked where there are two), rotate-now, next-step, organization-title, organization-state, connect-tenant, enable-laps,
// turn-off-laps                                           one organization
// route-browser, route-code, open-browser, device-code, verification-uri, sign-in-url, confirm-tenant, confirm-no,
// connect-wizard (data-phase), copy-device-code, apply-plan, connected, enable-laps-now, cancel-connect, start-again, client-id, client-id-save      the connect wizard
// laps-one, laps-two, laps-name-1, laps-name-2, laps-interval, laps-submit, laps-adopt-submit, laps-done,
// laps-off-keep, laps-off-disable, laps-off-delete, laps-off-submit                  LAPS
// reveal-reason, reveal-password, secret-text, hide-password, large-type, large-text, phonetic, copy-user-name,
// copy-password, copy-code, show-code, one-time-code, factor-key, factor-save, reveal-window (data-account)
//                                                         the reveal window
// error-notice, error-code                                any error
export {};
