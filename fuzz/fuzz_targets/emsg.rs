#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stagedoor_fuzz_targets::emsg(bytes));
