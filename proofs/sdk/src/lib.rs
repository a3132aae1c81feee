//! The simulation of [`proofs`] once more, with everything that is shipped between the copier and the network: the
//! adapters in `src/aws` and the AWS SDK, with its serialisation, signatures, retries and time-outs.
//!
//! | module | holds |
//! |---|---|
//! | [`aws`] | function instances, and the HTTP they are answered through |
//! | [`wire`] | calls and answers as bytes |
//! | [`dynamodb`], [`items`] | the ledger's table |
//! | [`rekognition`], [`events`], [`sts`] | the other services, in front of the same world |

pub mod aws;
pub mod dynamodb;
pub mod events;
pub mod items;
pub mod rekognition;
pub mod sts;
pub mod wire;

use proofs::commands::{self, number};
use proofs::report::Result;
use proofs::simulation::{Outcome, Size, live_as};

/// What there is.
pub const USAGE: &str = "proofs-sdk simulation SEEDS [FIRST] | seed SEED";

/// Runs a search; `None` if there is none of that name.
pub fn run(words: &[&str]) -> Option<Result> {
    let result = commands::timed(words, |name| match name {
        "simulation" => Some(commands::simulation(number(words, 1, 100)?, number(words, 2, 0)?, live)),
        "seed" => Some(commands::seed(number(words, 1, 0)?, live)),
        _ => None,
    })?;
    Some(Result { command: format!("proofs-sdk {}", result.command), ..result })
}

/// Lives through the world of a seed, a small one: a call through the SDK takes forty times as long as one at the
/// ports.
pub fn live(seed: u64, verbose: bool) -> Outcome {
    // A seed is lived on one thread, and the SDK draws the jitter of its retries from that thread's generator.
    fastrand::seed(seed);
    live_as(seed, verbose, Size::Small, |shared, rules| {
        let (aws, rules) = (aws::Aws::new(shared), rules.clone());
        move |skew| aws.instance(&rules, skew)
    })
}
