//! The search `crashes`: runs every scenario with every fault that fits at every effect, once and lasting, and with pairs of
//! faults.

use std::time::Duration;

use rekognition_model_copier::domain::id::RecordKey;
use tokio::runtime::Builder;

use crate::deployment::Deployment;
use crate::report::{Report, in_parallel};
use crate::request::ACCOUNT;
use crate::scenario::{self, Scenario};
use crate::weather::{Aim, Fault, Kind};
use crate::world::{Shared, World};

/// How long a lasting fault lasts.
const LASTING: Duration = Duration::from_secs(3000);

/// The result of one run of a scenario.
#[derive(Clone, Debug)]
pub struct Run {
    scenario: &'static str,
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
            world.aims = aims;
        });
        let deployment = Deployment { skips_idle_sweeps, ..Deployment::usual(&scenario.rules) };
        deployment.run(&shared, scenario.requests.clone()).await;
        shared.with(|world| {
            check_outcomes(scenario, world);
            Run {
                scenario: scenario.name,
                effects: std::mem::take(&mut world.effects),
                violations: std::mem::take(&mut world.watch.violations),
                aims: std::mem::take(&mut world.aims),
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
fn aims(effects: &[Kind]) -> Vec<Aim> {
    let mut aims = Vec::new();
    for (i, kind) in effects.iter().enumerate() {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.fits(*kind)) {
            aims.push(Aim::once(i as u64 + 1, fault));
        }
    }
    aims
}

/// Returns the same faults, lasting. A duplicate delivery cannot last, because each would cause the next.
fn lasting(aims: &[Aim]) -> Vec<Aim> {
    let lasting = aims.iter().filter(|aim| aim.fault != Fault::Duplicate);
    lasting.map(|aim| Aim { lasts: LASTING, ..aim.clone() }).collect()
}

/// Returns the plan of every run with at most one fault: the scenario's number and the fault, once and lasting.
pub fn single_faults(scenarios: &[Scenario]) -> Vec<(usize, Vec<Aim>)> {
    let mut plans = Vec::new();
    for (i, scenario) in scenarios.iter().enumerate() {
        let once = aims(&run(scenario, Vec::new(), false).effects);
        plans.push((i, Vec::new()));
        plans.extend(once.iter().chain(&lasting(&once)).map(|aim| (i, vec![aim.clone()])));
    }
    plans
}

/// Runs all single faults and so many pairs of faults: from number `first` on, or spread evenly over all pairs.
pub fn search(pairs: u64, first: Option<u64>) -> Report {
    let scenarios = scenario::all();
    let singles = single_faults(&scenarios);
    // Pairs are aimed at the effects of runs that skip idle sweeps.
    let calm = scenarios.iter().map(|scenario| run(scenario, Vec::new(), true));
    let aims: Vec<Vec<Aim>> = calm.map(|run| aims(&run.effects)).collect();
    let all_pairs = pairs_of(&aims);
    let pairs = pairs as usize;
    let (first, step) = match first {
        Some(first) => (first as usize, 1),
        None => (0, (all_pairs.len() / pairs.max(1)).max(1)),
    };
    let pairs: Vec<_> = all_pairs.iter().skip(first).step_by(step).take(pairs).collect();
    let runs = in_parallel((singles.len() + pairs.len()) as u64, |n| {
        let run = match singles.get(n as usize) {
            Some((i, aims)) => run(&scenarios[*i], aims.clone(), false),
            None => {
                let (i, first, second) = *pairs[n as usize - singles.len()];
                run(&scenarios[i], vec![aims[i][first].clone(), aims[i][second].clone()], true)
            }
        };
        let hits = run.aims.iter().filter(|aim| aim.hit.is_some()).count();
        let has_missed = run.aims.len() == 1 && hits == 0;
        let is_violation = has_missed || !run.violations.is_empty();
        let Run { scenario, aims, violations, effects } = run;
        let effects = if aims.is_empty() { effects.len() } else { 0 };
        (
            effects,
            hits,
            is_violation.then(|| format!("{scenario}, {aims:?}, missed: {has_missed}: {violations:?}")),
        )
    });
    let mut report = Report::default();
    report.count("scenarios", scenarios.len());
    report.count("effects", runs.iter().map(|(effects, ..)| effects).sum::<usize>());
    report.count("single faults", singles.len() - scenarios.len());
    report.count("pairs of faults", format!("{} of {}", pairs.len(), all_pairs.len()));
    report.count("hits", runs.iter().map(|(_, hits, _)| hits).sum::<usize>());
    report.violations = runs.into_iter().filter_map(|(.., violation)| violation).collect();
    report
}

/// Returns every pair of faults of every scenario, as the scenario's number and two places in the aims of a run that skips idle
/// sweeps. The second fault is aimed at an effect after the first one.
fn pairs_of(aims: &[Vec<Aim>]) -> Vec<(usize, usize, usize)> {
    let mut pairs = Vec::new();
    for (scenario, aims) in aims.iter().enumerate() {
        for second in 0..aims.len() {
            let earlier = (0..second).filter(|first| aims[*first].at != aims[second].at);
            pairs.extend(earlier.map(|first| (scenario, first, second)));
        }
    }
    pairs
}
