//! Part `instructions`: what one request costs to parse and decide, as it is released.
//!
//! That it doesn't change unseen is for the test in `crates/bench/instructions/tests`, which is in every run.

use std::env::consts::{ARCH, OS};

use crate::page::{fill, today};
use crate::{Outcome, builds};

#[path = "../instructions/counted.rs"]
mod counted;

pub(crate) fn measure() -> Outcome<()> {
    let counted = counted::per_request(&builds::release()?.join("instructions"))?;
    let text = format!(
        "Counted on {}: one request parsed and decided takes **{counted} instructions** ({ARCH}-{OS}, release profile).",
        today()
    );
    fill("instructions", &text)
}
