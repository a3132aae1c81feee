//! Simulation: a world by chance for every seed. The same seed is the same world, to the last bit.

use std::collections::BTreeMap;
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
use crate::weather::{Fault, Outage, Service, Storm, Weather};
use crate::world::models::{Destiny, Outside};
use crate::world::{Latency, Shared, World, later};

/// What came of a seed.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What must never be.
    pub violations: Vec<String>,
    /// See [`World::history`].
    pub history: u64,
    /// How many effects there were.
    pub effects: u64,
    /// How many requests.
    pub requests: u64,
    /// How long it lasted in the world.
    pub lasted: Duration,
    /// How often each status was announced for the first time.
    pub statuses: Vec<(&'static str, u64)>,
}

/// How much happens in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// One or two requests whose copies take minutes, with trouble for twenty; sweeps that would find nothing
    /// are left out.
    Small,
    /// Up to thirty, which may take an hour.
    Any,
}

/// Lives through the world of a seed: two of three are small.
pub fn live(seed: u64, verbose: bool) -> Outcome {
    let size = if seed.is_multiple_of(3) { Size::Any } else { Size::Small };
    live_by(Chance::new(seed), size, verbose, |_, _| {})
}

/// Lives through a world of this size by this chance; `check` sees every record that is written.
pub fn live_by(mut chance: Chance, size: Size, verbose: bool, check: fn(&Record, &Times)) -> Outcome {
    in_virtual_time(async {
        let rules = some_rules(&mut chance);
        let requests = some_requests(size, &mut chance);
        let deployment = some_deployment(&rules, size, &mut chance);
        let shared = Shared::new(&rules, 0);
        shared.with(|world| {
            world.verbose = verbose;
            world.check = check;
            prepare(world, size, &mut chance);
            world.chance = chance;
        });
        deployment.run(&shared, requests.clone()).await;
        shared.with(|world| Outcome {
            violations: std::mem::take(&mut world.watch.violations),
            history: world.history,
            effects: world.effects.len() as u64,
            requests: requests.len() as u64,
            lasted: world.age(),
            statuses: std::mem::take(&mut world.watch.statuses).into_iter().collect(),
        })
    })
}

/// Lives through so many seeds, once each.
pub fn search(seeds: u64, first: u64) -> Report {
    let outcomes = in_parallel(seeds, |n| (first + n, live(first + n, false)));
    let mut report = Report::default();
    let mut statuses = BTreeMap::<&str, u64>::new();
    let (mut effects, mut requests, mut seconds) = (0, 0, 0);
    for (seed, outcome) in outcomes {
        effects += outcome.effects;
        requests += outcome.requests;
        seconds += outcome.lasted.as_secs();
        outcome.statuses.iter().for_each(|(status, count)| *statuses.entry(status).or_default() += count);
        report.must(outcome.violations.is_empty(), || format!("seed {seed}: {:?}", outcome.violations));
    }
    report.count("seeds", format!("{first} to {}", (first + seeds).saturating_sub(1)));
    report.count("requests", requests);
    report.count("effects", effects);
    report.count("simulated hours", seconds / 3600);
    statuses.iter().for_each(|(status, count)| report.count(status, count));
    report
}

/// Lives through one seed twice, the first time printing every effect.
pub fn replay(seed: u64) -> Report {
    let (first, again) = (live(seed, true), live(seed, false));
    let mut report = Report { violations: first.violations, ..Report::default() };
    report.must(first.history == again.history, || "another history the second time".to_owned());
    report
}

fn some_rules(chance: &mut Chance) -> Rules {
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

fn some_requests(size: Size, chance: &mut Chance) -> Vec<(Duration, Request)> {
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

fn some_deployment(rules: &Rules, size: Size, chance: &mut Chance) -> Deployment {
    let skewed = chance.once_in(2);
    let mut clocks = |most: u64| {
        let count = 1 + chance.below(most);
        let mut skew = || if skewed { chance.below(120_001) as i64 - 60_000 } else { 0 };
        (0..count).map(|_| SignedDuration::from_millis(skew())).collect()
    };
    Deployment {
        rules: rules.clone(),
        starters: clocks(3),
        checkers: clocks(2),
        // Some schedules miss most of their minutes: the same happens in fewer sweeps, so that more worlds fit in an hour.
        every: MINUTE
            * match size {
                Size::Small => *chance.one(&[5, 10]),
                Size::Any => *chance.one(&[1, 3, 10]),
            },
        spares_sweeps: size == Size::Small || !chance.once_in(4),
        patience: Duration::from_secs(80 * 3600),
    }
}

fn prepare(world: &mut World, size: Size, chance: &mut Chance) {
    // Most functions meet at what they write; that spares most of the waiting, which is most of the work.
    world.latency = *chance.one(&[Latency::Varying, Latency::OfWrites, Latency::OfWrites, Latency::OfWrites]);
    world.table.page = *chance.one(&[1, 3, 1000]);
    world.table.lag = Duration::from_secs(*chance.one(&[0, 0, 1, 90]));
    world.models.per_second = *chance.one(&[None, Some(5), Some(2)]);
    world.models.at_once = *chance.one(&[None, None, Some(1), Some(3)]);
    world.policies.seen_after = Duration::from_secs(*chance.one(&[0, 5, 60]));
    let full = Duration::from_secs(match size {
        Size::Small => *chance.one(&[0, 0, 180]),
        Size::Any if chance.once_in(20) => 7200,
        Size::Any => *chance.one(&[0, 0, 600]),
    });
    let now = world.now;
    match full.is_zero() {
        false => world.policies.fill(&source_project(), full, now),
        true if chance.once_in(4) => world.policies.meddle(&source_project(), now),
        true => {}
    }
    world.models.usual = destiny(size, chance);
    world.weather = Weather::Stormy(storm(world, size, chance));
    let acts = *chance.one(&[0, 0, 1, 3]);
    for _ in 0..acts {
        let at = later(world.now, chance.up_to(eventful(size) * 2 / 3));
        let act = act(chance);
        if let Outside::Permit(false) = act {
            let again = later(at, chance.up_to(Duration::from_secs(1800)));
            world.models.outside.push((again, Outside::Permit(true)));
        }
        world.models.outside.push((at, act));
    }
}

fn destiny(size: Size, chance: &mut Chance) -> Destiny {
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
    Destiny {
        takes: chance.up_to(Duration::from_secs(longest)),
        ends: chance.one(&ends).clone(),
        seen_after: Duration::from_secs(*chance.one(&[0, 0, 5, 120])),
    }
}

/// How long things go wrong by chance, and two thirds of it others act.
fn eventful(size: Size) -> Duration {
    Duration::from_secs(match size {
        Size::Small => 1200,
        Size::Any => 3600,
    })
}

fn act(chance: &mut Chance) -> Outside {
    let (project, name) = (project(chance.below(2) as usize), format!("copy-{}", chance.below(3)));
    match chance.below(6) {
        0 => Outside::Make(project, name, None),
        1 => Outside::Make(project, name, Some(source_version(&format!("flowers.{}", chance.below(2))))),
        2 => Outside::Say(project, name, ModelStatus::Running),
        3 => Outside::Permit(false),
        _ => Outside::Delete(project, name, chance.up_to(Duration::from_secs(300))),
    }
}

fn storm(world: &World, size: Size, chance: &mut Chance) -> Storm {
    let intensity = *chance.one(&[0, 2, 10, 40]);
    let permille = Fault::ALL
        .into_iter()
        .filter(|_| !chance.once_in(3))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|fault| (fault, chance.below(intensity * 2 + 1)))
        .collect();
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
    Storm { permille, only_copies: false, outages, until: later(world.now, chance.up_to(eventful(size))) }
}
