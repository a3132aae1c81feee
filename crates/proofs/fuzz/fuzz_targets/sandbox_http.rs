//! Runs the fuzz target `sandbox_http` in libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    proofs::hostile::sandbox_http(data);
});
