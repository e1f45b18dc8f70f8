//! The desktop host: windows, tray, dialogs, and commands of one line. The rules of the business live in `vitrine-app`.

mod commands;
mod dialogs;
mod ipc;
mod tray;
mod windows;

use std::process::ExitCode;
use tauri::{Manager, RunEvent, WindowEvent};
use vitrine_app::{App, Options};

/// Runs the desktop program until it is quit. Returns 0, or 1 where it could not start.
pub fn run() -> ExitCode {
    let builder = ipc::builder();
    let invoke = builder.invoke_handler();
    let built = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| windows::show_main(app)))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_window_state::Builder::default().with_denylist(&["reveal"]).build())
        .invoke_handler(invoke)
        .setup(move |tauri| {
            builder.mount_events(tauri);
            vitrine_app::log()?;
            let options = Options::from_environment()?;
            let app = tauri::async_runtime::block_on(App::start(options, windows::Desktop::new(tauri.handle())))?;
            tauri.manage(app.clone());
            tray::build(tauri.handle(), &app);
            ipc::forward_events(tauri.handle(), &app);
            windows::show_main(tauri.handle());
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
