//! The search `crashes`: runs every scenario with every fault that fits at every effect, once and lasting, and with pairs of
//! faults.

use std::time::Duration;

use rekognition_model_copier::domain::id::RecordKey;
use tokio::runtime::Builder;

use crate::deployment::Deployment;
use crate::report::{Report, in_parallel};
use crate::request::ACCOUNT;
use crate::scenario::{self, Scenario};
pub use crate::weather::Aim;
use crate::weather::{Fault, Kind, Weather};
use crate::world::{Shared, World};

/// How long a lasting fault lasts.
const LASTING: Duration = Duration::from_secs(3000);

/// The result of one run of a scenario.
#[derive(Clone, Debug)]
pub struct Run {
    pub effects: Vec<Kind>,
    pub violations: Vec<String>,
    /// The faults, and where they hit.
    pub aims: Vec<Aim>,
}

/// Runs `work` in virtual time, which passes whenever every task waits.
///
/// # Panics
/// If tokio cannot make a runtime.
pub fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without I/O").block_on(work)
}

/// Runs a scenario with these faults.
pub fn run(scenario: &Scenario, aims: Vec<Aim>, skips_idle_sweeps: bool) -> Run {
    in_virtual_time(async {
        let shared = Shared::new(&scenario.rules, 1);
        shared.with(|world| {
            (scenario.prepare)(world);
            world.weather = Weather::Aimed(aims);
        });
        let deployment = Deployment { skips_idle_sweeps, ..Deployment::usual(&scenario.rules) };
        deployment.run(&shared, scenario.requests.clone()).await;
        shared.with(|world| {
            check_outcomes(scenario, world);
            let aims = match &world.weather {
                Weather::Aimed(aims) => aims.clone(),
                Weather::Random(_) => Vec::new(),
            };
            Run {
                effects: std::mem::take(&mut world.effects),
                violations: std::mem::take(&mut world.watch.violations),
                aims,
            }
        })
    })
}

fn check_outcomes(scenario: &Scenario, world: &mut World) {
    for ((_, request), outcomes) in scenario.requests.iter().zip(&scenario.outcomes) {
        let key = RecordKey { requester: ACCOUNT.to_owned(), request_id: request.id.clone() };
        let status = world.watch.published_of(&key).last().copied();
        let is_right = status.is_some_and(|status| outcomes.contains(&status));
        world.watch.must(is_right, || format!("`{}` ended {status:?}, not {outcomes:?}", request.id));
    }
}

/// Returns every fault that can be aimed at the effects of a run without faults.
pub fn aims(effects: &[Kind]) -> Vec<Aim> {
    let mut aims = Vec::new();
    for (i, kind) in effects.iter().enumerate() {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.fits(*kind)) {
            aims.push(Aim::once(i as u64 + 1, fault));
        }
    }
    aims
}

/// Returns the same faults, lasting. A duplicate delivery cannot last, because each would cause the next.
pub fn lasting(aims: &[Aim]) -> Vec<Aim> {
    let lasting = aims.iter().filter(|aim| aim.fault != Fault::Duplicate);
    lasting.map(|aim| Aim { lasts: LASTING, ..aim.clone() }).collect()
}

/// Runs all single faults and so many pairs of faults: from number `first` on, or spread evenly over all pairs.
pub fn search(pairs: u64, first: Option<u64>) -> Report {
    let scenarios = scenario::all();
    let mut plans = Vec::new();
    let mut effects = 0;
    for (i, scenario) in scenarios.iter().enumerate() {
        let calm = run(scenario, Vec::new(), false);
        let once = aims(&calm.effects);
        effects += calm.effects.len();
        plans.push((i, Vec::new()));
        plans.extend(once.iter().chain(&lasting(&once)).map(|aim| (i, vec![aim.clone()])));
    }
    let all = Pairs::new(&scenarios);
    let (first, step) = first.map_or((0, (all.count() / pairs.max(1)).max(1)), |first| (first, 1));
    let singles = plans.len() as u64;
    let runs = in_parallel(singles + pairs, |n| {
        let (i, aims) = match plans.get(n as usize) {
            Some(plan) => plan.clone(),
            None => all.get(first + (n - singles) * step)?,
        };
        let scenario = scenarios.get(i)?;
        // Pairs are aimed at the effects of runs that skip idle sweeps.
        let run = run(scenario, aims, n >= singles);
        let hits = run.aims.iter().filter(|aim| aim.hit.is_some()).count();
        let has_missed = run.aims.len() == 1 && hits == 0;
        let is_violation = has_missed || !run.violations.is_empty();
        let violation = is_violation
            .then(|| format!("{scenario:?}, {:?}, missed: {has_missed}: {:?}", run.aims, run.violations));
        Some((hits, violation))
    });
    let mut report = Report::default();
    report.count("scenarios", scenarios.len());
    report.count("effects", effects);
    report.count("single faults", plans.len() - scenarios.len());
    report.count(
        "pairs of faults",
        format!("{} of {}", runs.iter().flatten().count() - plans.len(), all.count()),
    );
    report.count("hits", runs.iter().flatten().map(|(hits, _)| hits).sum::<usize>());
    report.violations = runs.into_iter().flatten().filter_map(|(_, violation)| violation).collect();
    report
}

/// All pairs of faults of all scenarios, by number, in runs that skip idle sweeps. The second fault is aimed at an effect after
/// the first one.
struct Pairs(Vec<Vec<Aim>>);

impl Pairs {
    fn new(scenarios: &[Scenario]) -> Self {
        Self(scenarios.iter().map(|scenario| aims(&run(scenario, Vec::new(), true).effects)).collect())
    }

    /// Counts all pairs, including those at one effect.
    fn count(&self) -> u64 {
        self.0.iter().map(|aims| pairs(aims)).sum()
    }

    /// Returns the scenario's number and its pair; `None` if both are aimed at one effect and cannot both hit.
    fn get(&self, mut number: u64) -> Option<(usize, Vec<Aim>)> {
        for (scenario, aims) in self.0.iter().enumerate() {
            if number < pairs(aims) {
                // Every aim before the second one can be the first one.
                let second = (1 + 8 * number).isqrt().div_ceil(2);
                let first = aims.get((number - second * (second - 1) / 2) as usize)?;
                let second = aims.get(second as usize)?;
                return (first.at != second.at).then(|| (scenario, vec![first.clone(), second.clone()]));
            }
            number -= pairs(aims);
        }
        None
    }
}

fn pairs(aims: &[Aim]) -> u64 {
    let count = aims.len() as u64;
    count * count.saturating_sub(1) / 2
}
