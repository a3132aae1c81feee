//! Each dependency in turn hangs, or takes nine seconds a call: every sweep ends in time and reports, and what does not
//! need that dependency is done.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proofs::crashes::in_virtual_time;
use proofs::process::Process;
use proofs::request::{Request, project, rules};
use proofs::scenario::PUTTING;
use proofs::world::{Shared, World};
use rekognition_model_copier::budget::Budget;
use rekognition_model_copier::check_copies::Report;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::aws_answer::{CopyAnswer, Refusal};
use rekognition_model_copier::domain::decisions::copy_answer::{AnswerDecision, copy_answer};
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::intake::{Message, WayIn, read_message};
use rekognition_model_copier::domain::model::Version;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::project_policy::{PolicyError, ProjectPolicy};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{
    Bus, CallFailed, Clock, Created, Cursor, Entry, Ledger, Page, Ports, Rekognition, Unavailable, Which,
};
use rekognition_model_copier::{Copier, Rules};
use tokio::time::{Instant, sleep};

/// A dependency of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dependency {
    Ledger,
    Copy,
    Describe,
    SourceAccount,
    Bus,
}

/// The ports of a process, one dependency of which is slow.
#[derive(Clone)]
struct Slow {
    process: Process,
    dependency: Dependency,
    delay: Duration,
}

impl Slow {
    async fn delay(&self, dependency: Dependency) {
        if dependency == self.dependency {
            // The client gives one attempt of CopyProjectVersion ten seconds.
            let most = if dependency == Dependency::Copy { Duration::from_secs(10) } else { Duration::MAX };
            sleep(self.delay.min(most)).await;
        }
    }
}

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        self.process.now()
    }
}

impl Ledger for Slow {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        self.delay(Dependency::Ledger).await;
        self.process.create(record).await
    }
    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        self.delay(Dependency::Ledger).await;
        self.process.load(key).await
    }
    async fn save(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        self.delay(Dependency::Ledger).await;
        self.process.save(record).await
    }
    async fn due(
        &self,
        step: Step,
        until: Timestamp,
        after: Option<Cursor>,
    ) -> Result<Page<Entry>, Unavailable> {
        self.delay(Dependency::Ledger).await;
        self.process.due(step, until, after).await
    }
}

impl Rekognition for Slow {
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        self.delay(Dependency::Copy).await;
        self.process.copy(copy).await
    }
    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Page<Version>, Unavailable> {
        self.delay(Dependency::Describe).await;
        self.process.versions(project, which).await
    }
    async fn policies(&self, project: &ProjectArn) -> Result<Vec<ProjectPolicy>, PolicyError> {
        self.delay(Dependency::SourceAccount).await;
        self.process.policies(project).await
    }
    async fn put_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        document: &str,
        revision: Option<&str>,
    ) -> Result<(), PolicyError> {
        self.delay(Dependency::SourceAccount).await;
        self.process.put_policy(project, name, document, revision).await
    }
    async fn delete_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        revision: &str,
    ) -> Result<(), PolicyError> {
        self.delay(Dependency::SourceAccount).await;
        self.process.delete_policy(project, name, revision).await
    }
}

impl Bus for Slow {
    async fn publish(&self, call: &[&Outgoing]) -> Result<Vec<Result<(), Unavailable>>, CallFailed> {
        self.delay(Dependency::Bus).await;
        self.process.publish(call).await
    }
}

/// A record after the answer to its first call, with nothing left to publish.
fn put(
    world: &mut World,
    rules: &Rules,
    request: &Request,
    answer: impl FnOnce(&mut World, &CopyRequest) -> CopyAnswer,
) {
    let message = Message { text: &request.body(), id: &request.id, way_in: WayIn::Queue };
    let Ok(Record::Accepted(accepted)) =
        read_message(message, rules, "owner", world.now).map(|taken| taken.record)
    else {
        panic!("a request")
    };
    let answer = answer(world, &accepted.copy);
    let AnswerDecision::Save(mut accepted) = copy_answer(accepted, answer, None, world.now, rules) else {
        panic!("an answer that needs no description")
    };
    accepted.header.outbox.clear();
    world.table.create(&accepted.into(), world.now);
}

/// 24 projects with a running copy, 20 starts that are due and 6 whose answer is not known.
fn busy(world: &mut World, rules: &Rules) {
    for n in 0..24 {
        let request = Request { project: project(n), ..Request::new(&format!("copying{n}")) };
        put(world, rules, &request, |world, copy| {
            CopyAnswer::Accepted(world.models.judge(copy, world.now).expect("accepted"))
        });
    }
    for n in 0..20 {
        let request = Request { project: project(n), ..Request::new(&format!("due{n}")) };
        let throttled =
            Refusal { code: "ThrottlingException".to_owned(), message: String::new(), http_status: None };
        put(world, rules, &request, |_, _| CopyAnswer::Refused(throttled));
    }
    for n in 0..6 {
        let request = Request { project: project(n), ..Request::new(&format!("lost{n}")) };
        put(world, rules, &request, |_, _| CopyAnswer::Unanswered { reason: "reset".to_owned() });
    }
}

/// The reports of two sweeps, ten minutes after all that.
async fn sweeps(dependency: Dependency, delay: Duration, settings: &[(&str, &str)]) -> [Report; 2] {
    let rules = rules(settings);
    let shared = Shared::new(&rules, 1);
    shared.with(|world| {
        world.models.usual.takes = Duration::from_secs(7200);
        busy(world, &rules);
    });
    sleep(Duration::from_secs(600)).await;
    let process = Process::new(&shared, SignedDuration::ZERO);
    let slow = || Slow { process: process.clone(), dependency, delay };
    let copier =
        Copier::new(Ports { ledger: slow(), rekognition: slow(), bus: slow(), clock: slow() }, rules);
    let mut reports = Vec::new();
    for n in 0..2 {
        let began = Instant::now();
        reports.push(copier.sweep(&format!("sweep-{n}"), Budget::for_sweep(Duration::from_secs(70))).await);
        let took = began.elapsed();
        assert!(took <= Duration::from_secs(68), "{dependency:?} {delay:?}: {took:?}");
        sleep(Duration::from_secs(60).saturating_sub(took)).await;
    }
    reports.try_into().expect("two reports")
}

const HANGS: Duration = Duration::from_secs(1_000_000);
const NINE_SECONDS: Duration = Duration::from_secs(9);
const ALL: [Dependency; 5] =
    [Dependency::Ledger, Dependency::Copy, Dependency::Describe, Dependency::SourceAccount, Dependency::Bus];

#[test]
fn every_sweep_ends_in_time_and_reports_whatever_hangs() {
    for dependency in ALL {
        for delay in [HANGS, NINE_SECONDS] {
            in_virtual_time(sweeps(dependency, delay, &PUTTING));
        }
    }
}

#[test]
fn what_does_not_need_the_dependency_is_done() {
    let first =
        |dependency, delay| in_virtual_time(async move { sweeps(dependency, delay, &[]).await })[0].clone();
    for delay in [HANGS, NINE_SECONDS] {
        let describe = first(Dependency::Describe, delay);
        assert_eq!(describe.counts.started, 20, "{delay:?}: {describe:?}");
        let copy = first(Dependency::Copy, delay);
        assert_eq!(copy.copying, 24, "{delay:?}: {copy:?}");
        let bus = first(Dependency::Bus, delay);
        assert_eq!((bus.counts.started, bus.copying), (20, 24), "{delay:?}: {bus:?}");
        let source_account = first(Dependency::SourceAccount, delay);
        assert_eq!((source_account.counts.started, source_account.copying), (20, 24), "{delay:?}");
    }
}
