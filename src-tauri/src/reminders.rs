//! Shows the application's reminder through the desktop's notification service, with its two buttons, and brings back what
//! the person pressed. Spoken to directly: the plugin's notifications have no buttons on desktops, and no library says
//! whether the person asked not to be disturbed.

use crate::windows;
use futures_util::StreamExt;
use std::collections::HashMap;
use std::time::Duration;
use tauri::{AppHandle, Manager};
use vitrine_app::App;
use vitrine_app::reminders::{Answer, Next, Reminder};
use zbus::{Connection, Variant, proxy};

/// How often "do not disturb" is looked at while a reminder is held back by it.
const RECHECK: Duration = Duration::from_secs(10);
/// A service that has not answered by then tells nobody.
const ANSWER: Duration = Duration::from_secs(2);
/// Urgency "low" of the specification: no sound, not over a full-screen program.
const LOW: u8 = 0;

/// Desktop Notifications Specification 1.2, and `Inhibited` as Plasma has it.
#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications"
)]
trait Service {
    #[allow(clippy::too_many_arguments, reason = "the specification's method")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Variant<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;
    fn close_notification(&self, id: u32) -> zbus::Result<()>;
    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;
    // Read anew each time: not every service tells of its change.
    #[zbus(property(emits_changed_signal = "false"))]
    fn inhibited(&self) -> zbus::Result<bool>;
}

/// Shows what the application wants to be shown, for as long as the program runs.
pub(crate) fn watch(handle: &AppHandle, app: &App) {
    let (handle, app) = (handle.clone(), app.clone());
    tauri::async_runtime::spawn(async move {
        if let Err(error) = run(&handle, &app).await {
            // The tray and the window say the same.
            tracing::info!(code = "reminders.none", %error, "no notification service");
        }
    });
}

/// Does what the person answered, and shows the window where the vault must be unlocked for it.
pub(crate) fn answer(handle: &AppHandle, answer: Answer) {
    let (handle, app) = (handle.clone(), handle.state::<App>().inner().clone());
    tauri::async_runtime::spawn(async move {
        if app.answer_reminder(answer).await == Next::Unlock {
            show_window(&handle);
        }
    });
}

/// Tells, once, that closing keeps the program in the tray. Whether that was told.
pub(crate) async fn tell_of_tray(app: &App) -> bool {
    let told = async {
        let service = ServiceProxy::new(&Connection::session().await?).await?;
        let hints = HashMap::from([("desktop-entry", Variant::from("Vitrine"))]);
        let (summary, body) = ("Vitrine stays in the tray", "Its icon there opens, locks and quits it.");
        service.notify("Vitrine", 0, "vitrine-desktop", summary, body, &[], hints, -1).await
    };
    match tokio::time::timeout(ANSWER, told).await {
        Ok(Ok(_)) => {
            app.told_of_tray();
            true
        }
        _ => false,
    }
}

fn show_window(handle: &AppHandle) {
    let own = handle.clone();
    if let Err(error) = handle.run_on_main_thread(move || windows::show_main(&own)) {
        tracing::warn!(code = "window.main", %error, "the main window did not open");
    }
}

async fn run(handle: &AppHandle, app: &App) -> zbus::Result<()> {
    let bus = Connection::session().await?;
    let service = ServiceProxy::new(&bus).await?;
    let mut pressed = service.receive_action_invoked().await?;
    let mut closed = service.receive_notification_closed().await?;
    let mut reminders = app.reminders();
    let mut shown: Option<(u32, Reminder)> = None;
    loop {
        let wanted = *reminders.borrow_and_update();
        let mut held_back = false;
        match (wanted, shown) {
            (Some(reminder), Some((_, same))) if reminder == same => {}
            // A service without the property knows no such wish, or keeps it by itself.
            (Some(_), None) if service.inhibited().await.unwrap_or(false) => held_back = true,
            (Some(reminder), _) => match notify(&service, shown.map_or(0, |(id, _)| id), reminder).await {
                Ok(id) => shown = Some((id, reminder)),
                Err(error) => {
                    tracing::debug!(code = "reminders.not-shown", %error, "tried again while it is true");
                    held_back = true;
                }
            },
            (None, Some((id, _))) => {
                // One that the person closed meanwhile is gone, which is what is wanted.
                let _ = service.close_notification(id).await;
                shown = None;
            }
            (None, None) => {}
        }
        let is_ours = |id: u32| shown.is_some_and(|(own, _)| own == id);
        tokio::select! {
            changed = reminders.changed() => if changed.is_err() { return Ok(()) },
            () = tokio::time::sleep(RECHECK), if held_back => {}
            Some(signal) = pressed.next() => {
                let pressed = signal.args()?;
                if is_ours(pressed.id) {
                    match pressed.action_key {
                        "rotate" => answer(handle, Answer::Rotate),
                        "snooze" => answer(handle, Answer::Snooze),
                        _ => {
                            answer(handle, Answer::Dismiss);
                            show_window(handle);
                        }
                    }
                }
            }
            Some(signal) = closed.next() => {
                if is_ours(signal.args()?.id) {
                    shown = None;
                    answer(handle, Answer::Dismiss);
                }
            }
            else => return Ok(()),
        }
    }
}

async fn notify(service: &ServiceProxy<'_>, replaces: u32, reminder: Reminder) -> zbus::Result<u32> {
    let actions = ["default", "Open Vitrine", "rotate", "Rotate", "snooze", "Snooze for an hour"];
    let hints = HashMap::from([("urgency", Variant::from(LOW)), ("desktop-entry", Variant::from("Vitrine"))]);
    let (summary, body) = (reminder.summary(), reminder.body());
    service.notify("Vitrine", replaces, "vitrine-desktop", &summary, &body, &actions, hints, -1).await
}
