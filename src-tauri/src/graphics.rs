//! Who draws the windows. Without a graphics card WebKit still draws as if there were one, on a card that Mesa plays by
//! the processor: a frame of a scrolled list takes seven times as long as when it draws by the processor itself, and tens
//! of megabytes more. So it is told to, where no card can be used: in most virtual machines, which technicians work in.

use tauri::WebviewWindow;

/// Lets a window be drawn in the way that is fastest on this machine.
pub(crate) fn suit(window: &WebviewWindow) {
    #[cfg(target_os = "linux")]
    if !linux::has_card(linux::CARDS) {
        use webkit2gtk::{HardwareAccelerationPolicy::Never, SettingsExt as _, WebViewExt as _};
        let told = window.with_webview(|view| {
            if let Some(settings) = view.inner().settings() {
                settings.set_hardware_acceleration_policy(Never);
            }
        });
        if let Err(error) = told {
            tracing::warn!(code = "window.graphics", %error, "the window is drawn as if there were a graphics card");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = window;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, OpenOptions};
    use std::path::Path;

    /// Where the kernel shows what can draw.
    pub(super) const CARDS: &str = "/dev/dri";

    /// Whether one of them draws without a screen of its own, as a web view does, and this person may use it.
    pub(super) fn has_card(cards: impl AsRef<Path>) -> bool {
        fs::read_dir(cards).into_iter().flatten().flatten().any(|card| {
            card.file_name().to_string_lossy().starts_with("renderD")
                && OpenOptions::new().read(true).write(true).open(card.path()).is_ok()
        })
    }

    #[cfg(test)]
    mod tests {
        use super::has_card;

        #[test]
        fn only_a_card_that_renders_counts() {
            let folder = std::env::temp_dir().join(format!("vitrine-cards-{}", std::process::id()));
            assert!(!has_card(&folder), "there is no folder");
            std::fs::create_dir(&folder).expect("a folder is made");
            std::fs::write(folder.join("card0"), "").expect("a file is made");
            assert!(!has_card(&folder), "a screen without a renderer");
            std::fs::write(folder.join("renderD128"), "").expect("a file is made");
            assert!(has_card(&folder), "a renderer");
            std::fs::remove_dir_all(&folder).expect("it is ours");
        }
    }
}
