//! Crash enumeration: every scenario, and at every effect of it every fault that fits, once and lasting. Then
//! the world recovers, and everything must hold.

use std::time::Duration;

use rekognition_model_copier::domain::id::RecordKey;
use tokio::runtime::Builder;

use crate::deployment::Deployment;
use crate::request::ACCOUNT;
use crate::scenario::Scenario;
pub use crate::weather::Aim;
use crate::weather::{Fault, Kind, Weather};
use crate::world::{Shared, World};

/// How long a lasting fault lasts.
pub const LASTING: Duration = Duration::from_secs(3000);

/// What came of one run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The kinds of its effects.
    pub effects: Vec<Kind>,
    /// What must never be.
    pub violations: Vec<String>,
    /// The faults and where they hit.
    pub aims: Vec<Aim>,
    /// See [`World::history`].
    pub history: u64,
}

/// Runs `work` in virtual time.
///
/// # Panics
/// If there can be no runtime.
pub fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O").block_on(work)
}

/// Runs a scenario with these faults.
pub fn run(scenario: &Scenario, aims: Vec<Aim>, verbose: bool) -> Run {
    in_virtual_time(async {
        let shared = Shared::new(&scenario.rules, 1);
        shared.with(|world| {
            (scenario.prepare)(world);
            world.weather = Weather::Aimed(aims);
            world.verbose = verbose;
        });
        Deployment::usual(&scenario.rules).run(&shared, scenario.requests.clone()).await;
        shared.with(|world| {
            check_ends(scenario, world);
            let aims = match &world.weather {
                Weather::Aimed(aims) => aims.clone(),
                _ => Vec::new(),
            };
            Run {
                effects: std::mem::take(&mut world.effects),
                violations: std::mem::take(&mut world.watch.violations),
                aims,
                history: world.history,
            }
        })
    })
}

fn check_ends(scenario: &Scenario, world: &mut World) {
    for ((_, request), ends) in scenario.requests.iter().zip(&scenario.ends) {
        let key = RecordKey { sender: ACCOUNT.to_owned(), request_id: request.id.clone() };
        let status = world.watch.published_of(&key).last().copied();
        let good = status.is_some_and(|status| ends.contains(&status));
        world.watch.must(good, || format!("`{}` ended {status:?}, not {ends:?}", request.id));
    }
}

/// The faults that can be aimed at the effects of a calm run.
pub fn aims(effects: &[Kind]) -> Vec<Aim> {
    let mut aims = Vec::new();
    for (i, kind) in effects.iter().enumerate() {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.fits(*kind)) {
            aims.push(Aim::once(i as u64 + 1, fault));
        }
    }
    aims
}

/// The same, each lasting. Deliveries are not: each would bring about the next.
pub fn lasting(aims: &[Aim]) -> Vec<Aim> {
    let lasting = aims.iter().filter(|aim| aim.fault != Fault::Duplicate);
    lasting.map(|aim| Aim { lasting: LASTING, ..aim.clone() }).collect()
}

/// Up to `most` pairs of faults, spread evenly over all there are: the second one is aimed at what happens
/// after the first.
pub fn pairs(scenarios: &[Scenario], most: u64) -> Vec<(usize, Vec<Aim>)> {
    if most == 0 {
        return Vec::new();
    }
    let calm: Vec<Vec<Aim>> =
        scenarios.iter().map(|scenario| aims(&run(scenario, Vec::new(), false).effects)).collect();
    let all: u64 = calm.iter().map(|aims| (aims.len() * aims.len().saturating_sub(1) / 2) as u64).sum();
    let step = (all / most).max(1);
    let mut number = 0_u64;
    let mut pairs = Vec::new();
    for (i, aims) in calm.iter().enumerate() {
        for (j, first) in aims.iter().enumerate() {
            for second in &aims[j + 1..] {
                number += 1;
                // Two faults of one effect can't both hit.
                if number.is_multiple_of(step) && first.at != second.at {
                    pairs.push((i, vec![first.clone(), second.clone()]));
                }
            }
        }
    }
    pairs
}
