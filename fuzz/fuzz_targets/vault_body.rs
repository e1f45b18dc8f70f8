//! Fuzzes `vault::body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vitrine_fuzz::vault::body(bytes));
