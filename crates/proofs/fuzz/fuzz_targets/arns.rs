//! Runs the fuzz target `arns` in libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    proofs::hostile::arns(data);
});
