//! Runs the fuzz target `item` in libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    proofs::hostile::item(data);
});
