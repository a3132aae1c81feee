//! The search `hangs`: each dependency hangs, or takes nine seconds a call. Every sweep must end in time and report, and must do
//! the work that does not need that dependency.

use std::time::Duration;

use jiff::SignedDuration;
use proofs::crashes::in_virtual_time;
use proofs::process::{COPY_TIMEOUT, Process};
use proofs::request::{Request, project, rules};
use proofs::scenario::PUTTING;
use proofs::weather::Kind;
use proofs::world::{Shared, World, refusal};
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::check_copies::Report;
use rekognition_model_copier::domain::aws_answer::CopyAnswer;
use rekognition_model_copier::{Copier, Rules};
use tokio::time::{Instant, sleep};

/// The calls to one dependency.
type Dependency = &'static [Kind];

const LEDGER: Dependency = &[Kind::Create, Kind::Load, Kind::Save, Kind::Due];
const COPY: Dependency = &[Kind::Copy];
const DESCRIBE: Dependency = &[Kind::Describe];
const SOURCE_ACCOUNT: Dependency = &[Kind::Policies, Kind::ChangePolicy];
const BUS: Dependency = &[Kind::Publish];

const HANGS: Duration = Duration::from_secs(1_000_000);
const NINE_SECONDS: Duration = Duration::from_secs(9);

/// Puts 24 projects with a running copy, 20 starts that are due, and 6 starts whose answer was lost.
fn add_work(world: &mut World, rules: &Rules) {
    let request = |name: &str, n| Request { project: project(n), ..Request::new(&format!("{name}{n}")) };
    for n in 0..24 {
        let accepted = request("copying", n).accept(rules, world.now);
        world.put_copying(accepted, rules);
    }
    for n in 0..20 {
        let accepted = request("due", n).accept(rules, world.now);
        world.put_answered(accepted, CopyAnswer::Refused(refusal("ThrottlingException")), rules);
    }
    for n in 0..6 {
        let accepted = request("lost", n).accept(rules, world.now);
        world.put_answered(accepted, CopyAnswer::Unanswered { reason: "reset".to_owned() }, rules);
    }
}

/// Runs two sweeps, ten minutes later, and returns the first report.
async fn sweep(dependency: Dependency, delay: Duration, settings: &[(&str, &str)]) -> Report {
    let rules = rules(settings);
    let shared = Shared::new(&rules, 1);
    shared.with(|world| {
        world.models.usual_course.duration = Duration::from_secs(7200);
        // The client gives up a copy call itself.
        let delay = if dependency == COPY { delay.min(COPY_TIMEOUT) } else { delay };
        world.slowed = (dependency, delay);
        add_work(world, &rules);
    });
    sleep(Duration::from_secs(600)).await;
    let process = Process::new(&shared, SignedDuration::ZERO);
    let copier = Copier::new(process.ports(), rules);
    let mut reports = Vec::new();
    for n in 0..2 {
        let began = Instant::now();
        reports.push(copier.sweep(&format!("sweep-{n}"), Budget::for_sweep(Duration::from_secs(70))).await);
        let took = began.elapsed();
        assert!(took <= Duration::from_secs(68), "{dependency:?} {delay:?}: {took:?}");
        sleep(Duration::from_secs(60).saturating_sub(took)).await;
    }
    reports.swap_remove(0)
}

#[test]
fn every_sweep_ends_in_time_and_reports() {
    for dependency in [LEDGER, COPY, DESCRIBE, SOURCE_ACCOUNT, BUS] {
        for delay in [HANGS, NINE_SECONDS] {
            in_virtual_time(sweep(dependency, delay, &PUTTING));
        }
    }
}

#[test]
fn a_sweep_does_the_work_that_does_not_need_the_dependency() {
    for delay in [HANGS, NINE_SECONDS] {
        for (dependency, started, copying) in [
            (DESCRIBE, Some(20), None),
            (COPY, None, Some(24)),
            (BUS, Some(20), Some(24)),
            (SOURCE_ACCOUNT, Some(20), Some(24)),
        ] {
            let report = in_virtual_time(sweep(dependency, delay, &[]));
            assert_eq!(started.unwrap_or(report.counts.started), report.counts.started, "{report:?}");
            assert_eq!(
                copying.unwrap_or(report.copying),
                report.copying,
                "{dependency:?} {delay:?}: {report:?}"
            );
        }
    }
}
