//! Settings of this device: shown, saved to the file, and read back from it.

use crate::App;
use crate::api::{Event, SetSettingsRequest, SettingsRequest, SettingsView};
use crate::config::Config;
use crate::error::Result;

pub(crate) async fn show(app: &App, _request: SettingsRequest) -> Result<SettingsView> {
    let config = app.config();
    Ok(SettingsView {
        settings: config.settings.clone(),
        fixed: config.fixed.clone(),
        file: config.file().display().to_string(),
    })
}

pub(crate) async fn set(app: &App, request: SetSettingsRequest) -> Result<SettingsView> {
    app.config().save_settings(&request.settings)?;
    // Read back rather than remembered: what a person sees is what the next start will use.
    let fresh = Config::load_from(app.config().folder.clone(), |name| std::env::var(name).ok())?;
    app.replace_config(fresh);
    app.tell(Event::StatusChanged);
    show(app, SettingsRequest {}).await
}
