//! The tray icon: its shape tells the state, its menu holds every action. Locked, it shows no name.

use crate::{reminders, windows};
use std::sync::Mutex;
use std::time::Duration;
use tauri::image::Image;
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Wry};
use vitrine_app::api::LockRequest;
use vitrine_app::reminders::Answer;
use vitrine_app::{App, TrayState, TrayView};
#[cfg(target_os = "linux")]
use zbus::{Connection, proxy};

/// A desktop that has not answered by then shows no tray.
#[cfg(target_os = "linux")]
const ANSWER: Duration = Duration::from_secs(2);

/// What the ids of lines begin with that open an organization.
const ORGANIZATION: &str = "organization:";

/// More of a name than this makes the menu wider than it helps.
const LONGEST_NAME: usize = 48;

/// StatusNotifierItem of freedesktop.org. The watcher lists icons, a host shows them.
#[cfg(target_os = "linux")]
#[proxy(
    interface = "org.kde.StatusNotifierWatcher",
    default_service = "org.kde.StatusNotifierWatcher",
    default_path = "/StatusNotifierWatcher"
)]
trait Watcher {
    #[zbus(property(emits_changed_signal = "false"))]
    fn is_status_notifier_host_registered(&self) -> zbus::Result<bool>;
}

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

/// Whether a person sees the icon now: asked each time, because panels come and go.
#[cfg(target_os = "linux")]
pub(crate) async fn is_shown(handle: &AppHandle) -> bool {
    let asked = async {
        let bus = Connection::session().await?;
        WatcherProxy::new(&bus).await?.is_status_notifier_host_registered().await
    };
    handle.try_state::<Tray>().is_some() && matches!(tokio::time::timeout(ANSWER, asked).await, Ok(Ok(true)))
}

/// Elsewhere the desktop itself has the tray.
#[cfg(not(target_os = "linux"))]
pub(crate) async fn is_shown(handle: &AppHandle) -> bool {
    handle.try_state::<Tray>().is_some()
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
    for organization in &view.recent {
        menu.append(&item(&format!("{ORGANIZATION}{}", organization.id), entry(&organization.name))?)?;
    }
    if !view.recent.is_empty() {
        menu.append(&PredefinedMenuItem::separator(handle)?)?;
    }
    menu.append(&item("open", if locked { "Unlock…".into() } else { "Open Vitrine".into() })?)?;
    menu.append(&item("quick", "Quick access…".into())?)?;
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

/// A name as a line of the menu: on one line, not wider than helps, and without marking a key.
fn entry(name: &str) -> String {
    let mut signs = name.chars().filter(|sign| !sign.is_control());
    let mut short: String = signs.by_ref().take(LONGEST_NAME).collect();
    if signs.next().is_some() {
        short.push('…');
    }
    short.replace('&', "&&")
}

fn chosen(handle: &AppHandle, id: &str) {
    let app = handle.state::<App>().inner().clone();
    if let Some(organization) = id.strip_prefix(ORGANIZATION) {
        return windows::show_organization(handle, organization);
    }
    match id {
        "open" => windows::show_main(handle),
        "quick" => windows::show_quick(handle),
        "lock" => drop(tauri::async_runtime::spawn(async move { app.call(LockRequest {}).await })),
        "rotate" => reminders::answer(handle, Answer::Rotate),
        "snooze" => reminders::answer(handle, Answer::Snooze),
        "quit" => handle.exit(0),
        _ => {}
    }
}
