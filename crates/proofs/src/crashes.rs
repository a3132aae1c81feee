//! The search `crashes`: runs every scenario with every fault that fits at every effect, once and lasting, and with pairs of
//! faults.

use std::time::Duration;

use rekognition_model_copier::domain::id::RecordKey;

use crate::deployment::Deployment;
use crate::report::{Report, in_parallel};
use crate::request::ACCOUNT;
use crate::scenario::{self, Scenario};
use crate::weather::{Aim, Fault};
use crate::world::World;

/// How long a lasting fault lasts.
const LASTING: Duration = Duration::from_secs(3000);

/// A run to make: a scenario with faults.
pub struct Plan<'a> {
    pub scenario: &'a Scenario,
    pub aims: Vec<Aim>,
    skips_idle_sweeps: bool,
}

impl Plan<'_> {
    /// Returns the world at its end.
    pub fn run(&self) -> World {
        let Self { scenario, aims, skips_idle_sweeps } = self;
        let usual = Deployment::usual(scenario.rules.clone());
        let deployment = Deployment { skips_idle_sweeps: *skips_idle_sweeps, ..usual };
        let mut world = deployment.run(&scenario.requests, |world| {
            (scenario.prepare)(world);
            world.weather.aims = aims.clone();
        });
        for ((_, request), outcomes) in scenario.requests.iter().zip(&scenario.outcomes) {
            let key = RecordKey { requester: ACCOUNT.to_owned(), request_id: request.id.clone() };
            let status = world.watch.published_of(&key).last().copied();
            let is_right = status.is_some_and(|status| outcomes.contains(&status));
            world.watch.must(is_right, || format!("`{}` ended {status:?}, not {outcomes:?}", request.id));
        }
        world
    }
}

/// Returns every fault that can be aimed at the effects of a scenario's run without faults.
fn aims(scenario: &Scenario, skips_idle_sweeps: bool) -> Vec<Aim> {
    let effects = Plan { scenario, aims: Vec::new(), skips_idle_sweeps }.run().effects;
    let faults = effects.into_iter().zip(1..).flat_map(|(kind, at)| {
        let fitting = Fault::ALL.into_iter().filter(move |fault| fault.fits(kind));
        fitting.map(move |fault| Aim::once(at, fault))
    });
    faults.collect()
}

/// Returns every run with at most one fault, once and lasting.
pub fn single_faults(scenarios: &[Scenario]) -> Vec<Plan<'_>> {
    let mut plans = Vec::new();
    for scenario in scenarios {
        let once = aims(scenario, false);
        // A duplicate delivery cannot last, because each would cause the next.
        let lasting = once.iter().filter(|aim| aim.fault != Fault::Duplicate);
        let lasting = lasting.map(|aim| vec![Aim { lasts: LASTING, ..aim.clone() }]);
        let all = [Vec::new()].into_iter().chain(once.iter().map(|aim| vec![aim.clone()])).chain(lasting);
        plans.extend(all.map(|aims| Plan { scenario, aims, skips_idle_sweeps: false }));
    }
    plans
}

/// Returns every pair of faults of every scenario, as the scenario's number and two places in its aims. The second fault is
/// aimed at an effect after the first one.
fn pairs_of_faults(aims: &[Vec<Aim>]) -> Vec<(usize, usize, usize)> {
    let mut pairs = Vec::new();
    for (scenario, aims) in aims.iter().enumerate() {
        for second in 0..aims.len() {
            let earlier = (0..second).filter(|first| aims[*first].at != aims[second].at);
            pairs.extend(earlier.map(|first| (scenario, first, second)));
        }
    }
    pairs
}

/// Runs all single faults and so many pairs of faults: from number `first` on, or spread evenly over all pairs. Runs with pairs of
/// faults skip idle sweeps.
pub fn search(pairs: u64, first: Option<u64>) -> Report {
    let scenarios = scenario::all();
    let mut plans = single_faults(&scenarios);
    let single_faults = plans.len() - scenarios.len();
    let aims: Vec<Vec<Aim>> = scenarios.iter().map(|scenario| aims(scenario, true)).collect();
    let all_pairs = pairs_of_faults(&aims);
    let pairs = pairs as usize;
    let (first, step) = match first {
        Some(first) => (first as usize, 1),
        None => (0, (all_pairs.len() / pairs.max(1)).max(1)),
    };
    let pairs = all_pairs.iter().skip(first).step_by(step).take(pairs);
    plans.extend(pairs.map(|(scenario, first, second)| {
        let aims = vec![aims[*scenario][*first].clone(), aims[*scenario][*second].clone()];
        Plan { scenario: &scenarios[*scenario], aims, skips_idle_sweeps: true }
    }));
    let runs = in_parallel(plans.len() as u64, |n| {
        let plan = &plans[n as usize];
        let world = plan.run();
        let (aims, violations) = (world.weather.aims, world.watch.violations);
        let hits = aims.iter().filter(|aim| aim.hit.is_some()).count();
        let has_missed = aims.len() == 1 && hits == 0;
        let violation = format!("{}, {aims:?}, missed: {has_missed}: {violations:?}", plan.scenario.name);
        let effects = if aims.is_empty() { world.effects.len() } else { 0 };
        (effects, hits, (has_missed || !violations.is_empty()).then_some(violation))
    });
    let mut report = Report::default();
    report.count("scenarios", scenarios.len());
    report.count("effects", runs.iter().map(|(effects, ..)| effects).sum::<usize>());
    report.count("single faults", single_faults);
    let pairs = plans.len() - single_faults - scenarios.len();
    report.count("pairs of faults", format!("{pairs} of {}", all_pairs.len()));
    report.count("hits", runs.iter().map(|(_, hits, _)| hits).sum::<usize>());
    report.violations = runs.into_iter().filter_map(|(.., violation)| violation).collect();
    report
}
