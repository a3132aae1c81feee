//! Links the two functions at a fixed address.
//!
//! A program that may be loaded anywhere begins by correcting its pointers, twenty thousand of them here, on pages that
//! then are its own. What is given up: its code is where it always is; stack, heap and libraries still move.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
