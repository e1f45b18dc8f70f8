export { isTauri } from "@tauri-apps/api/core";
