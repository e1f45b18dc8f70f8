//! Settings of this device: shown, saved to the file, and read back from it. One of them is the firm's: whether a
//! reason is asked for stands in the signed history, so that editing a file cannot switch it off.

use crate::App;
use crate::api::{Action, Event, SetSettingsRequest, SettingsRequest, SettingsView};
use crate::error::Result;
use crate::founding;
use crate::journal::Change;
use crate::vault;
use vitrine_vault::items::MspItem;

pub(crate) async fn show(app: &App, _request: SettingsRequest) -> Result<SettingsView> {
    let config = app.config();
    let mut settings = config.settings.clone();
    if app.session().await.is_ok() {
        settings.ask_reason = vault::reason_required(app).await?;
    }
    let shortcut = app.inner.host.shortcut();
    Ok(SettingsView { settings, fixed: config.fixed.clone(), file: config.file().display().to_string(), shortcut })
}

/// Remembers that the person was told that closing keeps Vitrine in the tray. Where the file cannot be written they are
/// told once more.
pub(crate) fn told_of_tray(app: &App) {
    let saved = app.config().save_told_of_tray().and_then(|()| app.config().reload());
    match saved {
        Ok(config) => {
            app.replace_config(config);
            app.tell(Event::StatusChanged);
        }
        Err(error) => tracing::warn!(code = error.code(), "it was not remembered that the tray was told of"),
    }
}

pub(crate) async fn set(app: &App, request: SetSettingsRequest) -> Result<SettingsView> {
    let asked = show(app, SettingsRequest {}).await?.settings.ask_reason;
    app.config().save_settings(&request.settings)?;
    // Read back rather than remembered: what a person sees is what the next start will use.
    app.replace_config(app.config().reload()?);
    app.inner.host.keep_shortcut(app.settings().quick_shortcut);
    // Changed by the person, not by what this device asks for on top.
    if request.settings.ask_reason != asked
        && let Ok(session) = app.session().await
    {
        let mut change = Change::begin(app, &session).await?;
        let item = MspItem { name: change.firm.msp_name.clone(), reason_required: request.settings.ask_reason };
        change.append_msp(founding::policy(session.ring().msp_key()?, &session.msp(), &item)?).await?;
        change.firm.reason_required = item.reason_required;
        change.note(Action::PolicyChanged, None, None, None).await?;
        change.commit().await?;
    }
    app.tell(Event::StatusChanged);
    show(app, SettingsRequest {}).await
}
