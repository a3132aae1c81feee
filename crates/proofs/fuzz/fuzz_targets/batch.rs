//! Runs the fuzz target `batch` in libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    proofs::hostile::batch(data);
});
