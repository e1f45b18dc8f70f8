//! Fuzzes `ledger::apply`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vitrine_fuzz::ledger::apply(bytes));
