//! Typed IPC: the list of commands and events, and the TypeScript made from it.

use crate::{commands, dialogs, start};
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::{AppHandle, Manager};
use tauri_specta::{Builder, Event as _, collect_commands, collect_events};
use tokio::sync::broadcast::error::RecvError;
use vitrine_app::{App, api};

/// What the application says changed, as an event for every window.
#[derive(Clone, Debug, Serialize, Deserialize, Type, tauri_specta::Event)]
pub(crate) struct Changed(pub api::Event);

/// The commands and events every window shares; capabilities decide which of them it may use.
pub(crate) fn builder() -> Builder<tauri::Wry> {
    Builder::new()
        .commands(collect_commands![
            commands::status,
            commands::passphrase_strength,
            commands::suggest_passphrase,
            commands::create_vault,
            commands::unlock,
            commands::lock,
            commands::touch,
            commands::change_passphrase,
            commands::suggested_paths,
            commands::save_kit,
            commands::confirm_kit,
            commands::save_sheet,
            commands::split_sheet,
            commands::check_sheet,
            commands::recovery,
            commands::set_backup,
            commands::backup_now,
            commands::restore,
            commands::confirm_restore,
            commands::organizations,
            commands::add_organization,
            commands::preview_import,
            commands::import_organizations,
            commands::organization,
            commands::edit_organization,
            commands::archive_organization,
            commands::audit,
            commands::export_audit,
            commands::save_proof,
            commands::attention,
            commands::snooze_problem,
            commands::wake_problem,
            commands::list_views,
            commands::set_list_views,
            commands::export,
            commands::connect,
            commands::connect_status,
            commands::open_sign_in,
            commands::copy_device_code,
            commands::confirm_tenant,
            commands::apply_plan,
            commands::cancel_connect,
            commands::client_id,
            commands::set_client_id,
            commands::laps_plan,
            commands::enable_laps,
            commands::disable_laps,
            commands::set_schedule,
            commands::forget_account,
            commands::check_accounts,
            commands::repair_account,
            commands::remove_strangers,
            commands::keep_stranger,
            commands::quick_access,
            commands::open_quick_access,
            commands::open_main,
            commands::open_reveal,
            commands::open_portal,
            commands::card,
            commands::older_passwords,
            commands::reveal,
            commands::copy,
            commands::after_view,
            commands::set_second_factor,
            commands::one_time_code,
            commands::rotate,
            commands::jobs,
            commands::pause_rotation,
            commands::cancel_queued,
            commands::incident_scope,
            commands::begin_incident,
            commands::incident,
            commands::retry_incident,
            commands::end_incident,
            commands::save_incident_report,
            commands::webhook,
            commands::set_webhook,
            commands::test_webhook,
            commands::remove_webhook,
            commands::copy_webhook_secret,
            commands::home,
            commands::move_home,
            commands::bring_home,
            commands::people,
            commands::invite,
            commands::add_device,
            commands::revoke_device,
            commands::withdraw_invitation,
            commands::approve_member,
            commands::set_role,
            commands::make_team,
            commands::change_team,
            commands::remove_team,
            commands::set_access,
            commands::give_access,
            commands::approve_change,
            commands::removal,
            commands::remove_member,
            commands::join,
            commands::cancel_join,
            commands::sync,
            commands::settings,
            commands::set_settings,
            dialogs::pick_folder,
            dialogs::pick_file,
            dialogs::pick_save,
            start::trouble,
            start::start_again,
        ])
        .events(collect_events![Changed])
        // One shape for both directions: what a view leaves out is `null`, never absent.
        .disable_serde_phases()
}

/// Hands the application's events to the windows, and acts on those that windows must not miss.
pub(crate) fn forward_events(handle: &AppHandle, app: &App) {
    let mut events = app.events();
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        loop {
            match events.recv().await {
                Ok(event) => {
                    if matches!(event, api::Event::Locked { .. }) {
                        crate::windows::close_reveal(&handle);
                        crate::windows::close_quick(&handle);
                    }
                    // A window that is gone does not hear it, and asks for the state when it opens.
                    let _ = Changed(event).emit(&handle);
                    crate::tray::refresh(&handle, &handle.state::<App>());
                }
                // Too many at once: the windows ask for everything again.
                Err(RecvError::Lagged(_)) => {
                    let _ = Changed(api::Event::OrganizationsChanged).emit(&handle);
                }
                Err(RecvError::Closed) => return,
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use specta_typescript::Typescript;
    use std::collections::BTreeSet;

    const GENERATED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/generated/ipc.ts");

    #[test]
    fn the_committed_typescript_is_what_the_commands_say() {
        let language =
            Typescript::default().header("// Generated from the Rust commands. Do not edit.\n/* eslint-disable */");
        let path = std::env::temp_dir().join(format!("vitrine-ipc-{}.ts", std::process::id()));
        builder().export(language, &path).expect("every type has a TypeScript form");
        let fresh = std::fs::read_to_string(&path).expect("the exporter wrote it");
        std::fs::remove_file(&path).expect("it is ours");
        if std::env::var_os("VITRINE_WRITE_GENERATED").is_some() {
            std::fs::write(GENERATED, &fresh).expect("ui/src/generated can be written");
        }
        let committed = std::fs::read_to_string(GENERATED).unwrap_or_default();
        assert!(committed == fresh, "ui/src/generated/ipc.ts is stale: run this test with VITRINE_WRITE_GENERATED=1");
    }

    fn permissions(capability: &str) -> BTreeSet<String> {
        capability.split('"').filter(|word| word.starts_with("allow-")).map(str::to_owned).collect()
    }

    #[test]
    fn quick_access_finds_copies_and_leads_on_and_may_do_nothing_else() {
        let quick = permissions(include_str!("../capabilities/quick.json"));
        let wanted = "status unlock lock touch settings quick-access copy open-main open-portal";
        let wanted = wanted.split(' ').map(|command| format!("allow-{command}")).collect();
        assert_eq!(quick, wanted);
    }

    #[test]
    fn only_the_reveal_window_may_ask_for_a_secret() {
        let main = permissions(include_str!("../capabilities/main.json"));
        let reveal = permissions(include_str!("../capabilities/reveal.json"));
        for secret in ["allow-reveal", "allow-one-time-code"] {
            assert!(reveal.contains(secret) && !main.contains(secret), "{secret}");
        }
        // For terminals: a window copies it, and never holds it.
        assert!(!main.contains("allow-webhook-secret") && !reveal.contains("allow-webhook-secret"));
        let declared: BTreeSet<String> =
            include_str!("commands.txt").lines().map(|name| format!("allow-{}", name.replace('_', "-"))).collect();
        let trouble = permissions(include_str!("../capabilities/trouble.json"));
        let quick = permissions(include_str!("../capabilities/quick.json"));
        let granted: BTreeSet<String> = [&main, &reveal, &trouble, &quick].into_iter().flatten().cloned().collect();
        assert_eq!(
            declared, granted,
            "every command is granted to some window and none is granted that is not declared"
        );
    }
}
