//! Fuzzes `vault::invite`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vitrine_fuzz::vault::invite(bytes));
