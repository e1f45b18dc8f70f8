//! Declares every command, so that a window reaches only those its capability names.

use std::fs;

fn main() {
    // The list lives beside the commands themselves; one name a line.
    println!("cargo:rerun-if-changed=src/commands.txt");
    let names = fs::read_to_string("src/commands.txt").expect("src/commands.txt is part of the sources");
    let names: Vec<&'static str> = names.lines().map(|name| &*Box::leak(name.to_owned().into_boxed_str())).collect();
    let names: &'static [&'static str] = names.leak();
    tauri_build::try_build(
        tauri_build::Attributes::new().app_manifest(tauri_build::AppManifest::new().commands(names)),
    )
    .expect("tauri.conf.json, capabilities and icons are valid");
}
