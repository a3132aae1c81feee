//! The loop of `copy` at the ports, killed before and after every effect in virtual time and run again.

use std::future::pending;
use std::io::Write;
use std::path::Path;
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
use model_copier::session::Identity;
use model_copier::waiting::Waiting;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::aws_answer::{CopyAnswer, Refusal};
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
use tokio::sync::watch;
use tokio::time::Instant;

use crate::support::{ACCOUNT, SOURCE_ACCOUNT};

const REQUEST: &str = include_str!("../../../../events/copy-requested-cli.json");
const COPYING: SignedDuration = SignedDuration::from_mins(3);

/// Virtual time.
#[derive(Clone, Copy, Debug)]
struct VirtualClock(Instant);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.0.elapsed()).unwrap();
        let now = Timestamp::from_second(1_795_000_000).unwrap() + elapsed;
        Timestamp::from_millisecond(now.as_millisecond()).unwrap()
    }
}

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

/// Custom Labels, which outlives every process.
#[derive(Default)]
struct Aws {
    versions: Vec<Version>,
    policies: Vec<ProjectPolicy>,
    throttles: usize,
    lost_answers: usize,
    calls: usize,
}

type Shared = Arc<Mutex<Aws>>;

/// Custom Labels as one process calls it.
struct CustomLabels(Shared, VirtualClock);

impl CustomLabels {
    fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        let refused = |code: &str| {
            CopyAnswer::Refused(Refusal { code: code.into(), message: "no".into(), http_status: Some(400) })
        };
        let mut aws = self.0.lock().unwrap();
        aws.calls += 1;
        if aws.throttles > 0 {
            aws.throttles -= 1;
            return refused("ThrottlingException");
        }
        if aws.policies.is_empty() {
            return refused("AccessDeniedException");
        }
        if aws.versions.iter().any(|version| version.arn.version_name() == copy.version_name) {
            return refused("ResourceInUseException");
        }
        let project = copy.destination_project_arn.as_str().rsplit_once('/').unwrap().0;
        let now = self.1.now();
        let arn = format!("{project}/version/{}/{}", copy.version_name, now.as_millisecond());
        let arn = ProjectVersionArn::parse(&arn).unwrap();
        aws.versions.push(Version {
            arn: arn.clone(),
            status: "COPYING_IN_PROGRESS".to_owned().into(),
            status_message: None,
            source_project_version_arn: Some(copy.source_project_version_arn.to_string()),
            created_at: Some(now),
            s3_bucket: Some(copy.output_config.s3_bucket.clone()),
            kms_key_id: None,
        });
        if aws.lost_answers > 0 {
            aws.lost_answers -= 1;
            return CopyAnswer::Unanswered { reason: "lost".to_owned() };
        }
        CopyAnswer::Accepted(arn)
    }
}

impl Rekognition for Mortal<CustomLabels> {
    async fn copy(&self, copy: &CopyRequest) -> CopyAnswer {
        self.1.effect(async { self.0.copy(copy) }).await
    }
    async fn versions(&self, _: &ProjectArn, _: Which<'_>) -> Result<Page<Version>, Unavailable> {
        let CustomLabels(aws, clock) = &self.0;
        let mut items = aws.lock().unwrap().versions.clone();
        for version in &mut items {
            if clock.now() >= version.created_at.unwrap() + COPYING {
                version.status = "COPYING_COMPLETED".to_owned().into();
            }
        }
        Ok(Page { items, ..Page::default() })
    }
    async fn policies(&self, _: &ProjectArn) -> Result<Vec<ProjectPolicy>, PolicyError> {
        Ok(self.0.0.lock().unwrap().policies.clone())
    }
    async fn put_policy(
        &self,
        _: &ProjectArn,
        name: &str,
        document: &str,
        revision: Option<&str>,
    ) -> Result<(), PolicyError> {
        let put = async {
            let mut aws = self.0.0.lock().unwrap();
            let policies = &mut aws.policies;
            if policies.iter().map(|policy| policy.revision_id.as_str()).ne(revision) {
                return Err(PolicyError::Conflict);
            }
            let revision_id = format!("{}", policies.len() + 1);
            let (name, document) = (name.to_owned(), document.to_owned());
            *policies = vec![ProjectPolicy { name, revision_id, document, updated_at: None }];
            Ok(())
        };
        self.1.effect(put).await
    }
    async fn delete_policy(&self, _: &ProjectArn, _: &str, _: &str) -> Result<(), PolicyError> {
        panic!("there is room for the policy")
    }
}

/// What a process wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn rules() -> Rules {
    let identity = Identity {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account: ACCOUNT.to_owned(),
        caller: "arn:aws:iam::444455556666:user/release".to_owned(),
    };
    let mut rules = local_rules(&identity, SOURCE_ACCOUNT);
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
    aws: Shared,
    clock: VirtualClock,
    id: Option<&'static str>,
}

impl Setting {
    fn new(aws: Aws, id: Option<&'static str>) -> Self {
        let clock = VirtualClock(Instant::now());
        // In memory where there is such a folder: every write is synced.
        let memory = Path::new("/dev/shm");
        let state = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { state: state.unwrap(), aws: Arc::new(Mutex::new(aws)), clock, id }
    }

    /// Runs a process that is killed at this effect. Returns how it ended, how many moments it had left, and what it
    /// wrote as its result.
    async fn run(&self, killed_at: usize) -> (Option<Exit>, usize, String) {
        let request = request(self.id);
        let process = Process::killed_at(killed_at);
        let results = Written::default();
        let output = Output::to(Form::Text, results.clone(), std::io::sink());
        let announcer = Announcer::new(&output);
        let files = FileLedger::in_folder(self.state.path(), ACCOUNT, "us-east-1").only(request.key());
        let (_never, interrupt) = watch::channel(false);
        let interrupt = Interrupt::of(interrupt);
        let local = LocalCopy {
            files: &files,
            request: &request,
            waiting: Waiting::default(),
            interrupt: &interrupt,
            output: &output,
            announcer: &announcer,
        };
        let world = Ports {
            ledger: Mortal(files.clone(), process.clone()),
            rekognition: Mortal(CustomLabels(Arc::clone(&self.aws), self.clock), process.clone()),
            bus: Mortal(&announcer, process.clone()),
            clock: self.clock,
        };
        let copier = Copier::new(world, rules());
        let exit = tokio::select! {
            exit = local.run(&copier, Confirmation::for_test()) => Some(exit.unwrap()),
            () = process.death() => None,
        };
        let left = *process.left.lock().unwrap();
        (exit, left, results.text())
    }

    /// Runs the command to its end and checks it: one copy, one answer, exit 0.
    async fn expect_end(&self, about: &str) {
        let (exit, _, written) = self.run(usize::MAX).await;
        assert_eq!(exit, Some(Exit::Done), "{about}");
        let arns: Vec<String> =
            self.aws.lock().unwrap().versions.iter().map(|version| version.arn.to_string()).collect();
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
    let runs = kill_everywhere(Aws::default, None, 1).await;
    assert!(runs >= 14, "{runs}");
}

#[tokio::test(start_paused = true)]
async fn a_command_killed_twice_makes_one_copy() {
    let runs = kill_everywhere(Aws::default, None, 2).await;
    assert!(runs > 100, "{runs}");
}

#[tokio::test(start_paused = true)]
async fn a_command_with_an_id_or_a_fault_and_killed_makes_one_copy() {
    kill_everywhere(Aws::default, Some("release-2026-11-02"), 1).await;
    kill_everywhere(|| Aws { throttles: 2, ..Aws::default() }, None, 1).await;
    kill_everywhere(|| Aws { lost_answers: 1, ..Aws::default() }, None, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_worked_is_found_at_once_after_its_process_died() {
    let setting = Setting::new(Aws::default(), None);
    // 1, 2: created. 3, 4: the policy was put. 5, 6: the call.
    assert_eq!(setting.run(6).await.0, None);
    assert_eq!(setting.aws.lock().unwrap().versions.len(), 1);
    let begun = setting.clock.now();
    setting.expect_end("killed after its call").await;
    assert!(setting.clock.now().duration_since(begun) < COPYING + SignedDuration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn the_same_command_after_the_end_adopts_the_copy() {
    let setting = Setting::new(Aws::default(), None);
    setting.expect_end("first").await;
    setting.expect_end("second").await;
    assert_eq!(setting.aws.lock().unwrap().calls, 2);
    assert_eq!(records(setting.state.path()), 2);
}

#[tokio::test(start_paused = true)]
async fn with_an_id_of_its_own_the_recorded_end_is_written() {
    let setting = Setting::new(Aws::default(), Some("release-2026-11-02"));
    setting.expect_end("first").await;
    setting.expect_end("second").await;
    assert_eq!(setting.aws.lock().unwrap().calls, 1);
    assert_eq!(records(setting.state.path()), 1);
}

#[tokio::test(start_paused = true)]
async fn of_two_commands_at_once_the_second_follows_the_first() {
    let setting = Setting::new(Aws::default(), None);
    let (one, other) = tokio::join!(setting.run(usize::MAX), setting.run(usize::MAX));
    assert_eq!((one.0, other.0), (Some(Exit::Done), Some(Exit::Done)));
    assert_eq!(one.2, other.2);
    assert_eq!(setting.aws.lock().unwrap().calls, 1);
}

fn records(state: &Path) -> usize {
    FileLedger::in_folder(state, ACCOUNT, "us-east-1").records().unwrap().records.len()
}
