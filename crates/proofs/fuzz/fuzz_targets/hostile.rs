//! Runs in libFuzzer the fuzz target that the environment variable `TARGET` names.
#![no_main]

use std::sync::LazyLock;

use proofs::hostile::ALL;

static TARGET: LazyLock<fn(&[u8]) -> bool> = LazyLock::new(|| {
    let wanted = std::env::var("TARGET").unwrap_or_default();
    let target = ALL.iter().find(|(name, _)| *name == wanted);
    target.unwrap_or_else(|| panic!("no fuzz target is named `{wanted}`: set `TARGET`")).1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    TARGET(data);
});
