//! The search `simulation`: makes a random world from each seed and runs it. A seed replays exactly.

use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::Rules;
use rekognition_model_copier::domain::model::ModelStatus;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::times::Times;

use crate::chance::Chance;
use crate::crashes::in_virtual_time;
use crate::deployment::{Deployment, MINUTE};
use crate::report::{Report, in_parallel};
use crate::request::{Request, project, rules, source_project, source_version};
use crate::scenario::PUTTING;
use crate::weather::{Fault, Outage, Service, Storm};
use crate::world::models::Course;
use crate::world::{Latency, Shared, World, later};

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub violations: Vec<String>,
    /// See [`World::history`].
    pub history: u64,
    effects: u64,
    requests: u64,
    /// In virtual time.
    duration: Duration,
}

/// How much happens in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// One or two requests whose copies take minutes, with faults for 20 minutes and without idle sweeps.
    Small,
    /// Up to thirty requests whose copies take up to an hour.
    Any,
}

/// Runs the world of a seed. Two of three worlds are small.
pub fn run(seed: u64, is_verbose: bool) -> Outcome {
    let size = if seed.is_multiple_of(3) { Size::Any } else { Size::Small };
    run_with(Chance::new(seed), size, is_verbose, |_, _| {})
}

/// Runs a random world of this size. `check` sees every record that is written.
pub fn run_with(mut chance: Chance, size: Size, is_verbose: bool, check: fn(&Record, &Times)) -> Outcome {
    in_virtual_time(async {
        let rules = random_rules(&mut chance);
        let requests = random_requests(size, &mut chance);
        let deployment = random_deployment(&rules, size, &mut chance);
        let shared = Shared::new(&rules, 0);
        shared.with(|world| {
            world.is_verbose = is_verbose;
            let times = world.times;
            world.on_write = Box::new(move |record| check(record, &times));
            prepare(world, size, &mut chance);
            world.chance = chance;
        });
        deployment.run(&shared, requests.clone()).await;
        shared.with(|world| Outcome {
            violations: std::mem::take(&mut world.watch.violations),
            history: world.history,
            effects: world.effects.len() as u64,
            requests: requests.len() as u64,
            duration: world.age(),
        })
    })
}

/// Runs so many seeds.
pub fn search(seeds: u64, first: u64) -> Report {
    let outcomes = in_parallel(seeds, |n| (first + n, run(first + n, false)));
    let mut report = Report::default();
    let (mut effects, mut requests, mut seconds) = (0, 0, 0);
    for (seed, outcome) in outcomes {
        effects += outcome.effects;
        requests += outcome.requests;
        seconds += outcome.duration.as_secs();
        report.must(outcome.violations.is_empty(), || format!("seed {seed}: {:?}", outcome.violations));
    }
    report.count("seeds", format!("{first} to {}", (first + seeds).saturating_sub(1)));
    report.count("requests", requests);
    report.count("effects", effects);
    report.count("simulated hours", seconds / 3600);
    report
}

/// Runs one seed twice, and prints every effect of the first run.
pub fn replay(seed: u64) -> Report {
    let (first, again) = (run(seed, true), run(seed, false));
    let mut report = Report { violations: first.violations, ..Report::default() };
    report.must(first.history == again.history, || "the second run differs from the first".to_owned());
    report
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

fn random_requests(size: Size, chance: &mut Chance) -> Vec<(Duration, Request)> {
    let most = match size {
        Size::Small => 2,
        Size::Any if chance.once_in(30) => 30,
        Size::Any => 6,
    };
    let count = 1 + chance.below(most);
    let names = 1 + chance.below(count);
    let models = *chance.one(&[2, 2, 30]);
    let spread = Duration::from_secs(*chance.one(&[0, 10, 600, 3600]));
    let mut requests: Vec<(Duration, Request)> = (0..count)
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

fn random_deployment(rules: &Rules, size: Size, chance: &mut Chance) -> Deployment {
    let skewed = chance.once_in(2);
    let mut skews = |most: u64| {
        let count = 1 + chance.below(most);
        let mut skew = || if skewed { chance.below(120_001) as i64 - 60_000 } else { 0 };
        (0..count).map(|_| SignedDuration::from_millis(skew())).collect()
    };
    Deployment {
        rules: rules.clone(),
        starter_skews: skews(3),
        checker_skews: skews(2),
        // Most schedules leave out most minutes, because fewer sweeps find the same violations sooner.
        sweeps_every: MINUTE
            * match size {
                Size::Small => *chance.one(&[5, 10]),
                Size::Any => *chance.one(&[1, 3, 10]),
            },
        skips_idle_sweeps: size == Size::Small || !chance.once_in(4),
        patience: Duration::from_secs(80 * 3600),
    }
}

fn prepare(world: &mut World, size: Size, chance: &mut Chance) {
    // Functions interfere at their writes, so most worlds spend no time on reads.
    world.latency = *chance.one(&[Latency::Varying, Latency::OfWrites, Latency::OfWrites, Latency::OfWrites]);
    world.table.page_size = *chance.one(&[1, 3, 1000]);
    world.table.lag = Duration::from_secs(*chance.one(&[0, 0, 1, 90]));
    world.models.calls_per_second = *chance.one(&[None, Some(5), Some(2)]);
    world.models.max_concurrent_copies = *chance.one(&[None, None, Some(1), Some(3)]);
    world.policies.visible_after = Duration::from_secs(*chance.one(&[0, 5, 60]));
    let full = Duration::from_secs(match size {
        Size::Small => *chance.one(&[0, 0, 180]),
        Size::Any if chance.once_in(20) => 7200,
        Size::Any => *chance.one(&[0, 0, 600]),
    });
    match full.is_zero() {
        false => world.fill_policies(full),
        true if chance.once_in(4) => world.meddle_with_policies(),
        true => {}
    }
    world.models.usual_course = random_course(size, chance);
    world.storm = random_storm(world, size, chance);
    for _ in 0..*chance.one(&[0, 0, 1, 3]) {
        schedule_interference(world, size, chance);
    }
}

fn random_course(size: Size, chance: &mut Chance) -> Course {
    use ModelStatus::{CopyingCompleted, CopyingFailed, Expired, Failed, Running, Stopped};
    let ends = [
        CopyingCompleted,
        CopyingCompleted,
        CopyingCompleted,
        CopyingFailed,
        Running,
        Stopped,
        Failed,
        Expired,
    ];
    let longest = match size {
        Size::Small => *chance.one(&[60, 300]),
        Size::Any => *chance.one(&[60, 600, 3600]),
    };
    Course {
        duration: chance.up_to(Duration::from_secs(longest)),
        end: chance.one(&ends).clone(),
        visible_after: Duration::from_secs(*chance.one(&[0, 0, 5, 120])),
    }
}

/// How long there are random faults. Other people act in the first two thirds of it.
fn time_of_faults(size: Size) -> Duration {
    Duration::from_secs(match size {
        Size::Small => 1200,
        Size::Any => 3600,
    })
}

/// Schedules an action of other people: they make, start or delete a version, or withdraw the owner's policy for a while.
fn schedule_interference(world: &mut World, size: Size, chance: &mut Chance) {
    let wait = chance.up_to(time_of_faults(size) * 2 / 3);
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

fn random_storm(world: &World, size: Size, chance: &mut Chance) -> Storm {
    let intensity = *chance.one(&[0, 2, 10, 40]);
    let mut permille = Vec::new();
    for fault in Fault::ALL {
        if !chance.once_in(3) {
            permille.push((fault, chance.below(intensity * 2 + 1)));
        }
    }
    let mut outages = Vec::new();
    if chance.once_in(6) {
        let from = later(world.now, chance.up_to(Duration::from_secs(1800)));
        let most = match size {
            Size::Small => *chance.one(&[300, 1200]),
            Size::Any => *chance.one(&[300, 3600, 6 * 3600]),
        };
        outages.push(Outage {
            service: *chance.one(&Service::ALL),
            from,
            until: later(from, chance.up_to(Duration::from_secs(most))),
            fault: *chance.one(&[Fault::ErrorBefore, Fault::Hang]),
        });
    }
    Storm {
        permille,
        only_copies: false,
        outages,
        until: later(world.now, chance.up_to(time_of_faults(size))),
    }
}
