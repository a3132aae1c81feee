//! The loop of `copy` at the ports, killed before and after every effect in virtual time and run again.

use std::future::pending;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use model_copier::announcer::Announcer;
use model_copier::arguments::Form;
use model_copier::confirm::Confirmation;
use model_copier::exit::Exit;
use model_copier::file_ledger::FileLedger;
use model_copier::interrupt::Interrupt;
use model_copier::local_copy::LocalCopy;
use model_copier::local_rules::local_rules;
use model_copier::output::Output;
use model_copier::request_text::{RequestCheck, RequestText, check_request, read_bare};
use model_copier::waiting::{Wait, WaitArguments};
use proofs::world::Shared;
use proofs::world::policies::Change;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::aws_answer::CopyAnswer;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::model::Version;
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::domain::project_policy::{PolicyError, ProjectPolicy};
use rekognition_model_copier::domain::record::{Record, Step};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{
    Bus, CallFailed, Clock, Created, Cursor, Entry, Ledger, Page, Ports, Rekognition, Unavailable, Which,
};
use rekognition_model_copier::{Copier, Rules};
use tempfile::NamedTempFile;
use tokio::sync::watch;

use crate::stack::identity;
use crate::support::{ACCOUNT, DESTINATION, SOURCE_ACCOUNT};

const REQUEST: &str = include_str!("../../../../events/copy-requested-cli.json");
/// How long a copy takes in the simulated AWS.
const COPYING: SignedDuration = SignedDuration::from_secs(150);

/// A process that is killed at its nth effect.
#[derive(Clone)]
struct Process {
    left: Arc<Mutex<usize>>,
    killed: Arc<watch::Sender<bool>>,
}

impl Process {
    fn killed_at(effect: usize) -> Self {
        Self { left: Arc::new(Mutex::new(effect)), killed: Arc::new(watch::Sender::new(false)) }
    }

    /// Before or after an effect. A process that is killed here never goes on.
    async fn moment(&self) {
        let is_last = {
            let mut left = self.left.lock().unwrap();
            *left -= 1;
            *left == 0
        };
        if is_last {
            self.killed.send_replace(true);
            pending::<()>().await;
        }
    }

    /// Ends when the process is killed.
    async fn death(&self) {
        self.killed.subscribe().wait_for(|killed| *killed).await.unwrap();
    }

    async fn effect<T>(&self, effect: impl Future<Output = T>) -> T {
        self.moment().await;
        let result = effect.await;
        self.moment().await;
        result
    }
}

/// A port of a process that may be killed.
struct Mortal<T>(T, Process);

impl Ledger for Mortal<FileLedger> {
    async fn create(&self, record: &Record) -> Result<Created, Unavailable> {
        self.1.effect(self.0.create(record)).await
    }
    async fn load(&self, key: &RecordKey) -> Result<Option<Record>, Unavailable> {
        self.0.load(key).await
    }
    async fn save(&self, record: Record) -> Result<Option<Record>, Unavailable> {
        self.1.effect(self.0.save(record)).await
    }
    async fn due(
        &self,
        step: Step,
        until: Timestamp,
        after: Option<Cursor>,
    ) -> Result<Page<Entry>, Unavailable> {
        self.0.due(step, until, after).await
    }
}

impl Bus for Mortal<&Announcer<'_>> {
    async fn publish(&self, call: &[&Outgoing]) -> Result<Vec<Result<(), Unavailable>>, CallFailed> {
        self.1.effect(self.0.publish(call)).await
    }
}

/// A simulated AWS in virtual time, which outlives every process.
#[derive(Clone)]
struct Aws {
    world: Shared,
    /// How many answers of CopyProjectVersion are still to be lost.
    lost_answers: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

impl Aws {
    fn new(throttles: usize, lost_answers: usize) -> Self {
        let world = Shared::new(&rules(), 0);
        let throttled = std::iter::repeat_n("ThrottlingException", throttles).collect();
        world.with(|world| world.models.refusals.insert("flowers.2026-11-02".to_owned(), throttled));
        Self { world, lost_answers: Arc::new(lost_answers.into()), calls: Arc::default() }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn versions(&self) -> Vec<Version> {
        let project = ProjectArn::parse(DESTINATION).unwrap();
        self.world.with(|world| world.models.describe(&project, &Which::Page(None), world.now)).items
    }
}

impl Clock for Aws {
    fn now(&self) -> Timestamp {
        self.world.with(|world| world.now)
    }
}

impl Rekognition for Mortal<Aws> {
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        let Aws { world, lost_answers, calls } = &self.0;
        let call = async {
            calls.fetch_add(1, Ordering::Relaxed);
            let arn = match world.with(|world| world.copy(copy)) {
                Ok(arn) => arn,
                Err(refusal) => return CopyAnswer::Refused(refusal),
            };
            let lost =
                lost_answers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            match lost {
                Ok(_) => CopyAnswer::Unanswered { reason: "lost".to_owned() },
                Err(_) => CopyAnswer::Accepted(arn),
            }
        };
        self.1.effect(call).await
    }
    async fn versions(&self, project: &ProjectArn, which: Which<'_>) -> Result<Page<Version>, Unavailable> {
        Ok(self.0.world.with(|world| world.models.describe(project, &which, world.now)))
    }
    async fn policies(&self, project: &ProjectArn) -> Result<Vec<ProjectPolicy>, PolicyError> {
        Ok(self.0.world.with(|world| world.policies.list(project, world.now)))
    }
    async fn put_policy(
        &self,
        project: &ProjectArn,
        name: &str,
        document: &str,
        revision: Option<&str>,
    ) -> Result<(), PolicyError> {
        let change = Change {
            project: project.clone(),
            name: name.to_owned(),
            document: Some(document.to_owned()),
            revision_id: revision.map(str::to_owned),
        };
        let put = async { self.0.world.with(|world| world.policies.change(&change, world.now)) };
        if self.1.effect(put).await { Ok(()) } else { Err(PolicyError::Conflict) }
    }
    async fn delete_policy(&self, _: &ProjectArn, _: &str, _: &str) -> Result<(), PolicyError> {
        panic!("there is room for the policy")
    }
}

fn rules() -> Rules {
    let mut rules = local_rules(&identity(ACCOUNT), SOURCE_ACCOUNT);
    rules.policies.roles.insert(SOURCE_ACCOUNT.to_owned(), "arn:aws:iam::111122223333:user/owner".to_owned());
    rules
}

fn request(id: Option<&str>) -> RequestText {
    match check_request(&read_bare(REQUEST).unwrap(), id, &rules(), Timestamp::UNIX_EPOCH).unwrap() {
        RequestCheck::Valid(request) => *request,
        RequestCheck::Rejected(record) => panic!("{record:?}"),
    }
}

/// A user's machine and AWS.
struct Setting {
    state: tempfile::TempDir,
    aws: Aws,
    id: Option<&'static str>,
}

impl Setting {
    fn new(aws: Aws, id: Option<&'static str>) -> Self {
        // In memory where there is such a folder: every write is synced.
        let memory = Path::new("/dev/shm");
        let state = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { state: state.unwrap(), aws, id }
    }

    /// Runs a process that is killed at this effect. Returns how it ended, how many moments it had left, and what it
    /// wrote as its result.
    async fn run(&self, killed_at: usize) -> (Option<Exit>, usize, String) {
        let request = request(self.id);
        let process = Process::killed_at(killed_at);
        let results = NamedTempFile::new_in(self.state.path()).unwrap();
        let output = Output::to(Form::Text, results.reopen().unwrap(), std::io::sink());
        let files = FileLedger::in_folder(self.state.path(), ACCOUNT, "us-east-1").only(request.key());
        let (_never, interrupt) = watch::channel(false);
        let wait = Wait::begin(WaitArguments::default(), Interrupt::of(interrupt), &output);
        let local = LocalCopy { files: &files, request: &request, wait: &wait };
        let world = Ports {
            ledger: Mortal(files.clone(), process.clone()),
            rekognition: Mortal(self.aws.clone(), process.clone()),
            bus: Mortal(&wait.announcer, process.clone()),
            clock: self.aws.clone(),
        };
        let copier = Copier::new(world, rules());
        let exit = tokio::select! {
            exit = local.run(&copier, Confirmation::for_test()) => Some(exit.unwrap()),
            () = process.death() => None,
        };
        let left = *process.left.lock().unwrap();
        (exit, left, std::fs::read_to_string(results.path()).unwrap())
    }

    /// Runs the command to its end and checks it: one copy, one answer, exit 0.
    async fn expect_end(&self, about: &str) {
        let (exit, _, written) = self.run(usize::MAX).await;
        assert_eq!(exit, Some(Exit::Done), "{about}");
        let arns: Vec<String> = self.aws.versions().iter().map(|version| version.arn.to_string()).collect();
        assert_eq!(arns.len(), 1, "{about}");
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 1, "{about}: {written}");
        assert!(lines[0].starts_with(&format!("COMPLETED {}", arns[0])), "{about}: {written}");
    }
}

/// Kills a process at every effect, and another one at every effect of what is left.
async fn kill_everywhere(aws: impl Fn() -> Aws, id: Option<&'static str>, kills: u32) -> usize {
    let mut runs = 0;
    let mut first = 0;
    loop {
        first += 1;
        let mut second = 0;
        loop {
            second += 1;
            let setting = Setting::new(aws(), id);
            let (exit, ..) = setting.run(first).await;
            if exit.is_some() {
                return runs;
            }
            runs += 1;
            let exit = if kills == 2 { setting.run(second).await.0 } else { Some(Exit::Done) };
            setting.expect_end(&format!("killed at {first}, then at {second}")).await;
            if exit.is_some() {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_killed_at_every_effect_and_run_again_makes_one_copy() {
    for (throttles, lost_answers, id, kills, fewest_runs) in [
        (0, 0, None, 1, 14),
        (0, 0, None, 2, 101),
        (0, 0, Some("release-2026-11-02"), 1, 14),
        (2, 0, None, 1, 14),
        (0, 1, None, 1, 14),
    ] {
        let runs = kill_everywhere(|| Aws::new(throttles, lost_answers), id, kills).await;
        assert!(runs >= fewest_runs, "{runs}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_worked_is_found_at_once_after_its_process_died() {
    let setting = Setting::new(Aws::new(0, 0), None);
    // 1, 2: created. 3, 4: the policy was put. 5, 6: the call.
    assert_eq!(setting.run(6).await.0, None);
    assert_eq!(setting.aws.versions().len(), 1);
    let begun = setting.aws.now();
    setting.expect_end("killed after its call").await;
    assert!(setting.aws.now().duration_since(begun) < COPYING + SignedDuration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn the_same_command_after_the_end_adopts_the_copy_or_with_an_id_of_its_own_writes_the_end() {
    for (id, times) in [(None, 2), (Some("release-2026-11-02"), 1)] {
        let setting = Setting::new(Aws::new(0, 0), id);
        setting.expect_end("first").await;
        setting.expect_end("second").await;
        let records = FileLedger::in_folder(setting.state.path(), ACCOUNT, "us-east-1").records(|_| true);
        assert_eq!((setting.aws.calls(), records.unwrap().1), (times, times), "{id:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_commands_at_once_the_second_follows_the_first() {
    let setting = Setting::new(Aws::new(0, 0), None);
    let (one, other) = tokio::join!(setting.run(usize::MAX), setting.run(usize::MAX));
    assert_eq!((one.0, other.0), (Some(Exit::Done), Some(Exit::Done)));
    assert_eq!(one.2, other.2);
    assert_eq!(setting.aws.calls(), 1);
}
