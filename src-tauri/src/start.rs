//! The start of the application, and what stands in the place of the main window where it failed: a window that says what
//! is in the way and lets the person try again.

#![allow(unreachable_pub)] // Tauri's command macro needs `pub`

use crate::{ipc, reminders, shortcut, tray, windows};
use tauri::{AppHandle, Manager};
use tokio::sync::Mutex;
use vitrine_app::api::TroubleView;
use vitrine_app::{App, Error, Options};

/// Why the application did not start; held while it is tried again, so that two tries do not meet.
struct Trouble(Mutex<TroubleView>);

/// Starts the application and shows the window that was asked for, or the one that says why not.
pub(crate) fn first(handle: &AppHandle) {
    let started = tauri::async_runtime::block_on(async {
        match open(handle).await {
            Ok(app) => Ok(app),
            Err(error) => Err(vitrine_app::trouble(error).await),
        }
    });
    match started {
        Ok(app) => {
            let arguments: Vec<_> = std::env::args_os().collect();
            present(handle, &app, |handle| windows::show_asked(handle, arguments.iter().map(AsRef::as_ref)));
        }
        Err(trouble) => {
            say(&trouble);
            handle.manage(Trouble(Mutex::new(trouble)));
            windows::show_main(handle);
        }
    }
}

/// Whether there is no application behind the windows.
pub(crate) fn failed(handle: &AppHandle) -> bool {
    handle.try_state::<App>().is_none()
}

async fn open(handle: &AppHandle) -> Result<App, Error> {
    vitrine_app::log()?;
    App::start(Options::from_environment()?, windows::Desktop::new(handle)).await
}

/// Puts what a desktop adds around the application, and shows the window that was asked for.
fn present(handle: &AppHandle, app: &App, show: impl FnOnce(&AppHandle)) {
    handle.manage(app.clone());
    tray::build(handle, app);
    reminders::watch(handle, app);
    ipc::forward_events(handle, app);
    show(handle);
    let (handle, wanted) = (handle.clone(), app.settings().quick_shortcut);
    tauri::async_runtime::spawn_blocking(move || shortcut::keep(&handle, wanted));
}

/// For whoever started the program in a terminal.
fn say(trouble: &TroubleView) {
    let error = &trouble.error;
    eprintln!("Vitrine could not start: {} {} {} ({})", error.what, error.holds, error.next, error.code);
}

/// Why the application did not start. `null` once it has.
#[tauri::command]
#[specta::specta]
pub async fn trouble(handle: AppHandle) -> Option<TroubleView> {
    let trouble = handle.try_state::<Trouble>()?;
    Some(trouble.0.lock().await.clone())
}

/// Tries again, after whoever holds the data folder was asked to lock and end if the person wants that. `null` where it
/// started: the main window then takes this one's place.
#[tauri::command]
#[specta::specta]
pub async fn start_again(handle: AppHandle, lock_there: bool) -> Option<TroubleView> {
    let state = handle.try_state::<Trouble>()?;
    let mut trouble = state.0.lock().await;
    if !failed(&handle) {
        return None;
    }
    if lock_there {
        vitrine_app::take_over().await;
    }
    match open(&handle).await {
        Ok(app) => {
            let main = handle.clone();
            let shown = handle.run_on_main_thread(move || {
                present(&main, &app, windows::show_main);
                windows::close_trouble(&main);
            });
            if let Err(error) = shown {
                tracing::error!(code = "window.main", %error, "the main window did not open");
            }
            None
        }
        Err(error) => {
            *trouble = vitrine_app::trouble(error).await;
            say(&trouble);
            Some(trouble.clone())
        }
    }
}
