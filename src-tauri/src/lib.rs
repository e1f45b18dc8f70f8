//! The desktop host: windows, tray, dialogs, and commands of one line. The rules of the business live in `vitrine-app`.

mod commands;
mod dialogs;
mod graphics;
mod ipc;
mod reminders;
mod shortcut;
mod start;
mod tray;
mod windows;

use std::process::ExitCode;
use tauri::{Manager, RunEvent, WindowEvent};
use vitrine_app::App;

/// Runs the desktop program until it is quit. Returns 0, or 1 where it could not start.
pub fn run() -> ExitCode {
    #[cfg(target_os = "linux")]
    if gtk::init().is_err() {
        eprintln!(
            "Vitrine could not start: there is no display. Start it in a desktop session, or use the program vitrine."
        );
        return ExitCode::FAILURE;
    }
    let builder = ipc::builder();
    let invoke = builder.invoke_handler();
    let built = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _folder| {
            windows::show_asked(app, arguments.iter().map(AsRef::as_ref));
        }))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_window_state::Builder::default().with_denylist(&["quick", "reveal", "trouble"]).build())
        .invoke_handler(invoke)
        .setup(move |tauri| {
            builder.mount_events(tauri);
            start::first(tauri.handle());
            Ok(())
        })
        .on_window_event(|window, event| {
            if let WindowEvent::CloseRequested { api, .. } = event
                && window.label() == "main"
            {
                windows::closing_main(window, api);
            }
        })
        .build(tauri::generate_context!());
    match built {
        Ok(tauri) => {
            tauri.run(|handle, event| match event {
                // The last window went into the tray: the program stays, its web view does not.
                RunEvent::ExitRequested { api, code: None, .. } if tray::stays(handle) => api.prevent_exit(),
                RunEvent::ExitRequested { api, code: None, .. } if start::failed(handle) => {
                    api.prevent_exit();
                    handle.exit(1);
                }
                RunEvent::Exit => {
                    if let Some(app) = handle.try_state::<App>() {
                        app.shut_down();
                    }
                }
                _ => {}
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("Vitrine could not start: {error}");
            ExitCode::FAILURE
        }
    }
}
