//! The system's own dialogs for choosing a file or folder. They return a path and read nothing.

#![allow(unreachable_pub)] // Tauri's command macro needs `pub`

use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, FilePath};
use tokio::sync::oneshot;

async fn answer(ask: impl FnOnce(Box<dyn FnOnce(Option<FilePath>) + Send>)) -> Option<String> {
    let (send, receive) = oneshot::channel();
    ask(Box::new(move |path| {
        // The window that asked may be gone by now.
        let _ = send.send(path);
    }));
    receive.await.ok().flatten().map(|path| path.to_string())
}

/// Asks for a folder. `null` when the person chose none.
#[tauri::command]
#[specta::specta]
pub async fn pick_folder(handle: AppHandle) -> Option<String> {
    answer(|done| handle.dialog().file().pick_folder(done)).await
}

/// Asks for a file to read. `null` when the person chose none.
#[tauri::command]
#[specta::specta]
pub async fn pick_file(handle: AppHandle) -> Option<String> {
    answer(|done| handle.dialog().file().pick_file(done)).await
}

/// Asks where to save, proposing a file name. `null` when the person chose nothing.
#[tauri::command]
#[specta::specta]
pub async fn pick_save(handle: AppHandle, suggested: String) -> Option<String> {
    answer(|done| handle.dialog().file().set_file_name(suggested).save_file(done)).await
}
