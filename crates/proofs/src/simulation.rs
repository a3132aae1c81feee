//! The search `simulation`: makes a random world from each seed and runs it. A seed replays exactly.

use std::hash::Hasher;
use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::model::ModelStatus;

use crate::chance::Chance;
use crate::deployment::{Deployment, MINUTE, Requests};
use crate::report::{Report, in_parallel};
use crate::request::{Request, project, rules, source_project, source_version};
use crate::scenario::{PUTTING, fill_policies, meddle_with_policies};
use crate::weather::{DEPENDENCIES, Fault, Outage, Weather};
use crate::world::models::Course;
use crate::world::{Latency, World};

/// Returns the world of a seed at its end.
pub fn run(seed: u64, is_verbose: bool) -> World {
    run_with(Chance::new(seed), |world| world.is_verbose = is_verbose)
}

/// Runs a random world. Most worlds have one or two requests whose copies take minutes, because most violations need no more.
pub fn run_with(mut chance: Chance, prepare: impl FnOnce(&mut World)) -> World {
    let requests = random_requests(&mut chance);
    let deployment = random_deployment(&mut chance);
    deployment.run(&requests, |world| {
        prepare_randomly(world, &mut chance);
        world.chance = chance;
        prepare(world);
    })
}

/// Runs so many seeds.
pub fn search(seeds: u64, first: u64) -> Report {
    let results = in_parallel(seeds, |n| {
        let world = run(first + n, false);
        let counts = [world.table.records().count(), world.effects.len(), world.age().as_secs() as usize];
        (first + n, counts, world.watch.violations)
    });
    let mut report = Report::default();
    let sum = |place: usize| results.iter().map(|(_, counts, _)| counts[place]).sum::<usize>();
    report.count("seeds", format!("{first} to {}", (first + seeds).saturating_sub(1)));
    report.count("records", sum(0));
    report.count("effects", sum(1));
    report.count("simulated hours", sum(2) / 3600);
    for (seed, _, violations) in results {
        report.must(violations.is_empty(), || format!("seed {seed}: {violations:?}"));
    }
    report
}

/// Runs one seed twice, and prints every effect of the first run.
pub fn replay(seed: u64) -> Report {
    let (first, again) = (run(seed, true), run(seed, false));
    let mut report = Report { violations: first.watch.violations, ..Report::default() };
    report.must(first.history.finish() == again.history.finish(), || {
        "the second run differs from the first".to_owned()
    });
    report
}

/// Draws a number of seconds.
fn seconds(chance: &mut Chance, all: &[u64]) -> Duration {
    Duration::from_secs(*chance.one(all))
}

fn random_rules(chance: &mut Chance) -> Rules {
    let mut settings = Vec::new();
    if chance.once_in(3) {
        settings.extend(PUTTING);
    }
    if chance.once_in(3) {
        settings.extend([("OVERDUE_AFTER_SECONDS", "120"), ("COPY_TIMEOUT_SECONDS", "7200")]);
    }
    if chance.once_in(4) {
        settings.push(("START_TIMEOUT_SECONDS", "3600"));
    }
    if chance.once_in(4) {
        settings.push(("PERMISSION_TIMEOUT_SECONDS", "300"));
    }
    rules(&settings)
}

fn random_requests(chance: &mut Chance) -> Requests {
    let most = if chance.once_in(100) { 30 } else { *chance.one(&[2, 6]) };
    let count = 1 + chance.below(most);
    let names = 1 + chance.below(count);
    let models = *chance.one(&[2, 2, 30]);
    let spread = seconds(chance, &[0, 10, 600, 3600]);
    let mut requests: Requests = (0..count)
        .map(|i| {
            let id = if chance.once_in(8) { chance.below(count) } else { i };
            let request = Request {
                id: format!("r{id}"),
                mark: format!("m{i}"),
                model: format!("flowers.{}", chance.below(models)),
                source_project: source_project(),
                project: project(chance.below(2) as usize),
                name: format!("copy-{}", chance.below(names)),
            };
            (chance.up_to(spread), request)
        })
        .collect();
    if chance.once_in(4) {
        let again = chance.one(&requests).clone();
        requests.push(again);
    }
    requests.sort_by_key(|(at, _)| *at);
    requests
}

fn random_deployment(chance: &mut Chance) -> Deployment {
    let is_skewed = chance.once_in(2);
    let mut skews = |most: u64| {
        let count = 1 + chance.below(most);
        let mut skew = || if is_skewed { chance.below(120_001) as i64 - 60_000 } else { 0 };
        (0..count).map(|_| SignedDuration::from_millis(skew())).collect()
    };
    Deployment {
        starter_skews: skews(3),
        checker_skews: skews(2),
        // Most schedules leave out most minutes, because fewer sweeps find the same violations sooner.
        sweeps_every: MINUTE * *chance.one(&[1, 3, 5, 10, 10]),
        skips_idle_sweeps: !chance.once_in(12),
        ..Deployment::usual(random_rules(chance))
    }
}

fn prepare_randomly(world: &mut World, chance: &mut Chance) {
    // Functions interfere at their writes, so most worlds spend no time on reads.
    world.latency = *chance.one(&[Latency::Varying, Latency::OfWrites, Latency::OfWrites, Latency::OfWrites]);
    world.table.page_size = *chance.one(&[1, 3, 1000]);
    world.table.lag = seconds(chance, &[0, 0, 1, 90]);
    world.models.calls_per_second = *chance.one(&[None, Some(5), Some(2)]);
    world.models.max_concurrent_copies = *chance.one(&[None, None, Some(1), Some(3)]);
    world.policies.visible_after = seconds(chance, &[0, 5, 60]);
    let full = seconds(chance, &[0, 0, 0, 0, 180, 600]);
    if !full.is_zero() {
        fill_policies(world, full);
    } else if chance.once_in(4) {
        meddle_with_policies(world);
    }
    world.models.course = random_course(chance);
    let faults = seconds(chance, &[1200, 1200, 3600]);
    world.weather = random_weather(world, faults, chance);
    for _ in 0..*chance.one(&[0, 0, 1, 3]) {
        schedule_interference(world, faults * 2 / 3, chance);
    }
}

fn random_course(chance: &mut Chance) -> Course {
    use ModelStatus::{CopyingCompleted, CopyingFailed, Expired, Failed, Running, Stopped};
    let longest = seconds(chance, &[60, 60, 300, 300, 600, 3600]);
    let end = match chance.below(8) {
        0..3 => CopyingCompleted,
        _ => chance.one(&[CopyingFailed, Running, Stopped, Failed, Expired]).clone(),
    };
    Course { duration: chance.up_to(longest), end, visible_after: seconds(chance, &[0, 0, 5, 120]) }
}

/// Schedules an action of other people: they make, start or delete a version, or withdraw the owner's policy for a while.
fn schedule_interference(world: &mut World, latest: Duration, chance: &mut Chance) {
    let wait = chance.up_to(latest);
    let (project, name) = (project(chance.below(2) as usize), format!("copy-{}", chance.below(3)));
    match chance.below(6) {
        0 => world.after(wait, move |world| world.models.make(&project, &name, None, world.now)),
        1 => {
            let source = Some(source_version(&format!("flowers.{}", chance.below(2))));
            world.after(wait, move |world| world.models.make(&project, &name, source, world.now));
        }
        2 => world.after(wait, move |world| {
            world.models.set_status(&project, &name, ModelStatus::Running, world.now);
        }),
        3 => {
            world.after(wait, |world| world.models.is_forbidden = true);
            let until = wait + chance.up_to(Duration::from_secs(1800));
            world.after(until, |world| world.models.is_forbidden = false);
        }
        _ => {
            let lasts = chance.up_to(Duration::from_secs(300));
            world.after(wait, move |world| world.models.delete(&project, &name, lasts, world.now));
        }
    }
}

/// Returns random faults for at most so long.
fn random_weather(world: &World, longest: Duration, chance: &mut Chance) -> Weather {
    let intensity = *chance.one(&[0, 2, 10, 40]);
    let mut weather = Weather::default();
    for fault in Fault::ALL {
        if !chance.once_in(3) {
            weather.permille.push((fault, chance.below(intensity * 2 + 1)));
        }
    }
    if chance.once_in(6) {
        let from = world.now + chance.up_to(Duration::from_secs(1800));
        let outage = seconds(chance, &[300, 300, 1200, 1200, 3600, 6 * 3600]);
        weather.outages.push(Outage {
            dependency: DEPENDENCIES[chance.below(DEPENDENCIES.len() as u64) as usize],
            from,
            until: from + chance.up_to(outage),
            fault: *chance.one(&[Fault::ErrorBefore, Fault::Hang]),
        });
    }
    weather.until = world.now + chance.up_to(longest);
    weather
}
