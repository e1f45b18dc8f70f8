//! Settings of this device, and the client id of the first sign-in.

use serde_json::Value;
use vitrine_app::{
    Error,
    api::{
        ClientIdCheck, ClientIdRequest, ClientIdView, ErrorView, SetClientIdRequest, SetSettingsRequest, Settings,
        SettingsRequest,
    },
};

use super::Result;
use crate::{
    door::Door,
    output::{Outcome, machine, usage},
    text::shown,
};

pub(super) async fn run(door: &mut Door, change: Option<(String, String)>) -> Result {
    let mut view = door.call(SettingsRequest {}).await?;
    if let Some((name, value)) = change {
        let settings = changed(&view.settings, &name, &value)?;
        view = door.call(SetSettingsRequest { settings }).await?;
    }
    let words = table(&view.settings)?
        .iter()
        .map(|(name, value)| {
            let fixed = if view.fixed.contains(name) { "  (fixed from outside)" } else { "" };
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{}  {value}{fixed}", kebab(name))
        })
        .chain([format!("Saved in {}", shown(&view.file))])
        .collect::<Vec<_>>()
        .join("\n");
    Outcome::of(&view, words)
}

fn table(settings: &Settings) -> Result<serde_json::Map<String, Value>> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(table)) => Ok(table),
        Ok(_) => Err(machine("cli.settings", &std::fmt::Error)),
        Err(error) => Err(machine("cli.settings", &error)),
    }
}

/// The settings with one changed, by its name in either manner of writing.
fn changed(settings: &Settings, name: &str, value: &str) -> Result<Settings> {
    let mut table = table(settings)?;
    let known: Vec<String> = table.keys().map(|key| kebab(key)).collect();
    let Some(slot) = table.iter_mut().find_map(|(key, slot)| (key == name || kebab(key) == name).then_some(slot))
    else {
        return Err(usage(
            "cli.no-such-setting",
            format!("There is no setting {}.", shown(name)),
            format!("Use one of: {}.", known.join(", ")),
        ));
    };
    // A number or yes/no as such; any other word is a word.
    *slot = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    serde_json::from_value(Value::Object(table)).map_err(|error| {
        let what = format!("{} cannot be {}.", shown(name), shown(value));
        Error::usage("cli.setting-value", what, "Use a value of the kind that vitrine settings shows.")
            .because(error)
            .into()
    })
}

fn kebab(name: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        if c.is_uppercase() {
            out.push('-');
        }
        out.extend(c.to_lowercase());
        out
    })
}

pub(super) async fn client_id(door: &mut Door, guid: Option<String>) -> Result {
    let view = match guid {
        Some(client_id) => door.call(SetClientIdRequest { client_id }).await?,
        None => door.call(ClientIdRequest { check: true }).await?,
    };
    let words = in_words(&view);
    Outcome::of(&view, words)
}

fn in_words(view: &ClientIdView) -> String {
    let mut lines = vec![
        format!("Client id: {}", shown(view.client_id.as_deref().unwrap_or("none"))),
        checked(&view.check),
        "To register one in Microsoft Entra: App registrations, New registration, accounts in any directory;"
            .to_owned(),
        format!("Mobile and desktop applications, redirect address {};", shown(&view.redirect_uri)),
        "Allow public client flows: Yes; delegated permissions of Microsoft Graph:".to_owned(),
    ];
    lines.retain(|line| !line.is_empty());
    lines.extend(
        view.permissions.iter().map(|permission| format!("  {}: {}", shown(&permission.name), shown(&permission.why))),
    );
    lines.join("\n")
}

fn checked(check: &ClientIdCheck) -> String {
    let because = |error: &ErrorView| format!("{} {}", shown(&error.what), shown(&error.next));
    match check {
        ClientIdCheck::NotAsked => String::new(),
        ClientIdCheck::Known => "Microsoft knows it. The first sign-in shows the rest.".into(),
        ClientIdCheck::SignedIn => "An admin signed in with it.".into(),
        ClientIdCheck::Unanswered { error } => format!("It could not be checked yet: {}", because(error)),
        ClientIdCheck::Refused { error } => format!("Microsoft refuses it: {}", because(error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;
    use vitrine_app::api::Theme;

    #[test]
    fn a_setting_is_changed_by_either_manner_of_writing_its_name() {
        let settings = Settings::default();
        assert_eq!(changed(&settings, "lock-after-minutes", "25").unwrap().lock_after_minutes, 25);
        assert_eq!(changed(&settings, "lockAfterMinutes", "25").unwrap().lock_after_minutes, 25);
        assert_eq!(changed(&settings, "theme", "dark").unwrap().theme, Theme::Dark);
        assert!(!changed(&settings, "ask-reason", "false").unwrap().ask_reason);
    }

    #[test]
    fn an_unknown_setting_is_named_with_those_there_are() {
        let error = changed(&Settings::default(), "lock", "1").unwrap_err();
        assert_eq!(error.code, "cli.no-such-setting");
        assert!(error.next.contains("lock-after-minutes"));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused() {
        for value in ["soon", "-1", "true", "99999999999", "[]"] {
            assert_eq!(
                changed(&Settings::default(), "lock-after-minutes", value).unwrap_err().code,
                "cli.setting-value"
            );
        }
    }
}
