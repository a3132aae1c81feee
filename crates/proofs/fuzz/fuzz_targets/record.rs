//! Runs the fuzz target `record` in libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    proofs::hostile::record(data);
});
