// Names by which tests and WebDriver find the main controls. Stable: they are part of what others use.
//
// Unlock             unlock-passphrase, unlock-submit, unlock-error, after-unlock
// First run          first-create, first-join, first-restore
// Creating           create-msp, create-person, create-passphrase, create-repeat, passphrase-strength, create-suggest,
//                    create-suggestion, create-use-suggestion, create-accept-file, create-submit
// Restoring          restore-file, restore-file-choose, restore-kit, restore-sheet, restore-secret-code,
//                    restore-vault-code, restore-sheet-code, restore-passphrase, restore-repeat, restore-accept-file,
//                    restore-submit; create-back, restore-back
// Joining            join-code, join-person, join-passphrase, join-repeat, join-accept-file, join-submit, join-back; joining,
//                    compared-words, cancel-join, cancel-join-yes, joining-lock
// Checklist          start-step-<step> (data-done), kit-path, kit-path-choose, kit-save, kit-saved, kit-group-1,
//                    kit-group-2, kit-confirm, sheet-path, sheet-path-choose, sheet-save, sheet-later, backup-path,
//                    backup-path-choose, backup-save, start-organization-name, start-organization-add, start-connect,
//                    start-open-organizations
// Sidebar            nav-organizations, nav-rotation, nav-attention, nav-team, nav-audit, nav-settings, nav-start, nav-sync (data-standing),
//                    lock-now, open-palette
// List               organizations-filter, count-<state>, organizations-table, organization-row (data-name),
//                    rotate-selected, access-selected, give-access-full, give-access-read, give-access-go, schedule-selected,
//                    schedule-hours, schedule-submit, export-csv, export-selected,
//                    views, view-name, view-save, saved-view, add-organization, add-name, add-notes, add-submit,
//                    import-csv, import-text, import-preview, import-submit
// One organization   organization-title, organization-state, next-step, view-credentials, view-account-1,
//                    view-account-2 (asked where there are two accounts), rotate-now, open-sign-in-page,
//                    copy-sign-in-page, connect-tenant, enable-laps, turn-off-laps, schedule-interval,
//                    schedule-add-window, schedule-zone, schedule-save
// Connecting         connect-wizard (data-phase), route-browser, route-code, open-browser, copy-device-code,
//                    device-code (data-code), verification-uri, sign-in-url, confirm-tenant, confirm-no, apply-plan,
//                    connected, enable-laps-now, signed-in-continue, cancel-connect, code-blocked, client-id,
//                    client-id-save
// LAPS               laps-one, laps-two, laps-name-1, laps-name-2, laps-interval, laps-sign-in, laps-submit,
//                    laps-outcome (data-outcome), laps-adopt-<name>, laps-adopt-submit, laps-done, laps-off-keep,
//                    laps-off-disable, laps-off-delete, laps-off-submit
// Reveal window      reveal-window (data-account), reveal-home-wrong, reveal-reason, copy-user-name, reveal-password, secret-text,
//                    hide-password, then-now, then-inOneHour, then-keep, copy-password, large-type, large-text, phonetic, show-code, one-time-code,
//                    copy-code, factor-key, factor-save; where several values stand side by side the names end in
//                    -current, -pending or -previous (reveal-password-pending, secret-text-pending, copy-password-...),
//                    older ones in -older-<place> or -givenUp-<place>; show-previous, show-older,
//                    older-passwords
// Rotation           rotate-due, pause-all, resume-all, cancel-queued, retry-failed, job (data-step), job-again, more-jobs
//                    to-attention
// Attention          attention-filter, attention-open, attention-snoozed, problem (data-kind), problem-step,
//                    problem-snooze, snooze-hour, snooze-tomorrow, snooze-fixed, problem-wake, more-problems, to-rotation
// Team               member (data-name, data-standing), invite, invite-name, invite-<role>, invite-submit, invited-done, invitation
//                    (data-name, data-answered), compared-words, approve-compared, approve-uncompared, withdraw, pending
//                    (data-change), approve-change, keys-left, one-admin, team-home, team-not-shared, team-not-yours
// One member         member-title, role-<role>, change-role, remove-member, remove-meaning, remove-reason, remove-submit,
//                    removed-incident, to-incident
// Audit              export-audit, export-evidence, audit-person, audit-kind, audit-time
// Settings           go-<section>, devices-of-others, setting-<name>, backup-now, passphrase-current, passphrase-new, passphrase-repeat, passphrase-change
// Quick access       quick-access, quick-search, quick-reason, quick-row (data-name, data-user), quick-none, quick-said,
//                    quick-password, quick-userName, quick-code, quick-open; quick-main, quick-portal, quick-lock;
//                    quick-locked, quick-open-main, quick-elsewhere (in the settings)
// No start           trouble, start-again, trouble-close
// Any error          error-notice, error-code, error-step
export {};
