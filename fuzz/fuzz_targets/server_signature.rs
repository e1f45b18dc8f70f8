//! Fuzzes `server::signature`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(vitrine_fuzz::server::signature(bytes)));
