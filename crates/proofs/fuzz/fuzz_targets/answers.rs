//! Runs the fuzz target `answers` in libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    proofs::hostile::answers(data);
});
