//! The windows: the main one, which never holds a secret, the reveal window, which shows one account, the one for quick
//! access, which copies and shows nothing, and the one that stands in the main one's place where the program could not
//! start.

use crate::{graphics, reminders, shortcut, start, tray};
use std::ffi::OsStr;
use tauri::{AppHandle, CloseRequestApi, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Window, Wry};
use vitrine_app::api::ShortcutState;
use vitrine_app::{App, Host, HostError};

/// Asks for quick access when the program is started with it, a first time or once more.
const QUICK_ACCESS: &str = "--quick-access";

/// What the application may ask of the desktop.
pub(crate) struct Desktop {
    handle: AppHandle,
}

impl Desktop {
    pub(crate) fn new(handle: &AppHandle) -> Self {
        Self { handle: handle.clone() }
    }
}

impl Host for Desktop {
    fn open_reveal(&self, organization: &str, account: &str) -> Result<(), HostError> {
        let page = format!("index.html#/reveal/{organization}/{account}");
        let handle = self.handle.clone();
        self.handle
            .run_on_main_thread(move || {
                close_reveal(&handle);
                let window = WebviewWindowBuilder::new(&handle, "reveal", WebviewUrl::App(page.into()))
                    .title("LAPS credentials - Vitrine")
                    .inner_size(560.0, 720.0)
                    .min_inner_size(420.0, 360.0)
                    .prevent_overflow()
                    .content_protected(true);
                if let Err(error) = open(window) {
                    tracing::warn!(code = "window.reveal", %error, "the reveal window did not open");
                }
            })
            .map_err(|error| HostError(error.to_string()))
    }

    fn open_quick_access(&self) -> Result<(), HostError> {
        let handle = self.handle.clone();
        let asked = self.handle.run_on_main_thread(move || show_quick(&handle));
        asked.map_err(|error| HostError(error.to_string()))
    }

    fn open_main(&self, organization: Option<&str>) -> Result<(), HostError> {
        let (handle, organization) = (self.handle.clone(), organization.map(str::to_owned));
        let asked = self.handle.run_on_main_thread(move || match organization {
            Some(id) => show_organization(&handle, &id),
            None => show_main(&handle),
        });
        asked.map_err(|error| HostError(error.to_string()))
    }

    fn keep_shortcut(&self, wanted: bool) {
        shortcut::keep(&self.handle, wanted);
    }

    fn shortcut(&self) -> ShortcutState {
        shortcut::state()
    }
}

/// Shows what a start with these arguments is for.
pub(crate) fn show_asked<'a>(handle: &AppHandle, mut arguments: impl Iterator<Item = &'a OsStr>) {
    if arguments.any(|argument| argument == QUICK_ACCESS) { show_quick(handle) } else { show_main(handle) }
}

/// Opens any of the windows.
fn open(window: WebviewWindowBuilder<'_, Wry, AppHandle>) -> tauri::Result<()> {
    graphics::suit(&window.on_navigation(is_ours).build()?);
    Ok(())
}

/// Only our own pages: a link in a page never leads the window elsewhere.
fn is_ours(url: &tauri::Url) -> bool {
    matches!((url.scheme(), url.host_str()), ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")))
        || (cfg!(debug_assertions) && url.host_str() == Some("localhost") && url.port() == Some(5173))
}

/// Opens the main window, or brings it to the front.
pub(crate) fn show_main(handle: &AppHandle) {
    if start::failed(handle) {
        return show_trouble(handle);
    }
    match handle.get_webview_window("main") {
        Some(window) => raise(&window),
        None => open_main(handle, WebviewUrl::default()),
    }
}

/// Shows one organization in the main window. Locked, it is shown after the passphrase.
pub(crate) fn show_organization(handle: &AppHandle, id: &str) {
    let place = format!("/organizations/{id}");
    let Some(window) = handle.get_webview_window("main") else {
        return open_main(handle, WebviewUrl::App(format!("index.html#{place}").into()));
    };
    let shown = window.url().and_then(|mut url| {
        url.set_fragment(Some(&place));
        window.navigate(url)
    });
    if let Err(error) = shown {
        tracing::warn!(code = "window.main", %error, "the main window did not go there");
    }
    raise(&window);
}

/// Opens the window for quick access, or brings it to the front. Above all others: what is copied in it is pasted in one
/// of them.
pub(crate) fn show_quick(handle: &AppHandle) {
    if start::failed(handle) {
        return show_trouble(handle);
    }
    if let Some(window) = handle.get_webview_window("quick") {
        return raise(&window);
    }
    let window = WebviewWindowBuilder::new(handle, "quick", WebviewUrl::App("index.html#/quick".into()))
        .title("Quick access - Vitrine")
        .inner_size(640.0, 460.0)
        .min_inner_size(420.0, 320.0)
        .prevent_overflow()
        .center()
        .always_on_top(true)
        .content_protected(true);
    if let Err(error) = open(window) {
        tracing::warn!(code = "window.quick", %error, "the window for quick access did not open");
    } else if let Some(window) = handle.get_webview_window("quick") {
        // Its keys were pressed in another program, which has the keyboard until it is taken from there.
        raise(&window);
    }
}

/// The same, from any thread.
pub(crate) fn ask_for_quick(handle: &AppHandle) {
    let own = handle.clone();
    if let Err(error) = handle.run_on_main_thread(move || show_quick(&own)) {
        tracing::warn!(code = "window.quick", %error, "the window for quick access did not open");
    }
}

/// Closes the window for quick access, with every name in it. Destroyed, not hidden, as each window of ours.
pub(crate) fn close_quick(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window("quick") {
        let _ = window.destroy();
    }
}

fn open_main(handle: &AppHandle, page: WebviewUrl) {
    let window = WebviewWindowBuilder::new(handle, "main", page)
        .title("Vitrine")
        .inner_size(1180.0, 760.0)
        .min_inner_size(640.0, 360.0)
        .prevent_overflow();
    if let Err(error) = open(window) {
        tracing::error!(code = "window.main", %error, "the main window did not open");
    }
}

fn raise(window: &WebviewWindow) {
    let _ = window.unminimize();
    let _ = window.show();
    let _ = window.set_focus();
}

/// Says why the program could not start. Where not even that can be shown, it was said on standard error.
fn show_trouble(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window("trouble") {
        return raise(&window);
    }
    let window = WebviewWindowBuilder::new(handle, "trouble", WebviewUrl::App("index.html#/trouble".into()))
        .title("Vitrine could not start")
        .inner_size(560.0, 420.0)
        .min_inner_size(420.0, 320.0)
        .prevent_overflow()
        .center();
    if open(window).is_err() {
        handle.exit(1);
    }
}

/// Closes the window that said why the program could not start.
pub(crate) fn close_trouble(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window("trouble") {
        let _ = window.destroy();
    }
}

/// Closes the reveal window, with what it shows.
pub(crate) fn close_reveal(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window("reveal") {
        let _ = window.destroy();
    }
}

/// The main window is closing: it goes to the tray where the setting and the desktop allow it, once the person was told
/// of it. The web view is destroyed, not hidden, so that nothing it held stays in memory.
pub(crate) fn closing_main(window: &Window, api: &CloseRequestApi) {
    let handle = window.app_handle();
    let Some(app) = handle.try_state::<App>() else { return };
    if !app.settings().close_to_tray {
        return handle.exit(0);
    }
    api.prevent_close();
    let (app, window) = (app.inner().clone(), window.clone());
    tauri::async_runtime::spawn(async move {
        let hides = tray::is_shown(window.app_handle()).await
            && (app.settings().told_of_tray || reminders::tell_of_tray(&app).await);
        if hides {
            app.closed_to_tray();
            let _ = window.destroy();
        } else {
            // A window that vanished could not be found again by one who sees no icon or does not know of it.
            let _ = window.minimize();
        }
    });
}
