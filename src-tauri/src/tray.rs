//! The tray icon: its shape tells the state, its menu holds every action. Locked, it shows no name.

use crate::{reminders, windows};
use std::sync::Mutex;
use tauri::image::Image;
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Wry};
use vitrine_app::api::LockRequest;
use vitrine_app::reminders::Answer;
use vitrine_app::{App, TrayState, TrayView};

struct Tray {
    icon: TrayIcon<Wry>,
    shown: Mutex<Option<TrayView>>,
}

/// Builds the tray icon. A desktop without a tray keeps working: everything here is also in the window.
pub(crate) fn build(handle: &AppHandle, app: &App) {
    let built = TrayIconBuilder::with_id("main")
        .tooltip("Vitrine")
        .show_menu_on_left_click(true)
        .on_menu_event(|handle, event| chosen(handle, event.id().as_ref()))
        .build(handle);
    match built {
        Ok(icon) => {
            handle.manage(Tray { icon, shown: Mutex::new(None) });
            refresh(handle, app);
        }
        Err(error) => tracing::warn!(code = "tray.none", %error, "no tray icon"),
    }
}

/// Whether closing the window leaves something to come back to.
pub(crate) fn stays(handle: &AppHandle) -> bool {
    handle.try_state::<Tray>().is_some() && handle.try_state::<App>().is_some_and(|app| app.settings().close_to_tray)
}

/// Shows the present state.
pub(crate) fn refresh(handle: &AppHandle, app: &App) {
    let Some(tray) = handle.try_state::<Tray>() else { return };
    let view = app.tray();
    {
        let Ok(mut shown) = tray.shown.lock() else { return };
        if shown.as_ref() == Some(&view) {
            return;
        }
        *shown = Some(view.clone());
    }
    let icon = match view.state {
        TrayState::Locked => tauri::include_image!("../icons/tray-locked.png"),
        TrayState::Fine => tauri::include_image!("../icons/tray-fine.png"),
        TrayState::Due => tauri::include_image!("../icons/tray-due.png"),
        TrayState::Failed => tauri::include_image!("../icons/tray-failed.png"),
    };
    if let Err(error) = show(handle, &tray.icon, &view, icon) {
        tracing::warn!(code = "tray.refresh", %error, "the tray shows an older state");
    }
}

fn show(handle: &AppHandle, tray: &TrayIcon<Wry>, view: &TrayView, icon: Image<'_>) -> tauri::Result<()> {
    let locked = view.state == TrayState::Locked;
    let item = |id: &str, text: String| MenuItem::with_id(handle, id, text, true, None::<&str>);
    let menu = Menu::new(handle)?;
    // A tray on Linux shows no tooltip, so what it would say stands first.
    menu.append(&MenuItem::with_id(handle, "state", view.words(), false, None::<&str>)?)?;
    menu.append(&PredefinedMenuItem::separator(handle)?)?;
    menu.append(&item("open", if locked { "Unlock…".into() } else { "Open Vitrine".into() })?)?;
    if locked && view.waits {
        menu.append(&item("rotate", "Rotate what is due…".into())?)?;
    } else if view.due > 0 {
        menu.append(&item("rotate", format!("Rotate {} due", view.due))?)?;
    }
    if view.reminds {
        menu.append(&item("snooze", "Remind me in an hour".into())?)?;
    }
    if !locked {
        menu.append(&item("lock", "Lock".into())?)?;
    }
    menu.append(&PredefinedMenuItem::separator(handle)?)?;
    menu.append(&item("quit", "Quit".into())?)?;
    tray.set_menu(Some(menu))?;
    tray.set_icon(Some(icon))?;
    tray.set_title(Some(view.label()))?;
    tray.set_tooltip(Some(format!("Vitrine: {}", view.words())))
}

fn chosen(handle: &AppHandle, id: &str) {
    let app = handle.state::<App>().inner().clone();
    match id {
        "open" => windows::show_main(handle),
        "lock" => drop(tauri::async_runtime::spawn(async move { app.call(LockRequest {}).await })),
        "rotate" => reminders::answer(handle, Answer::Rotate),
        "snooze" => reminders::answer(handle, Answer::Snooze),
        "quit" => handle.exit(0),
        _ => {}
    }
}
