//! `live-check` against the sandbox, in the sandbox's time.

mod experiments;
mod interruptions;
mod policy;
mod program;
mod records;
mod refused_delivery;
mod stack;

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model_copier::arguments::Form;
use model_copier::confirm::Confirmation;
use model_copier::live_check::answers::Answers;
use model_copier::live_check::clean::clean;
use model_copier::live_check::journal::{Journal, Leftover};
use model_copier::live_check::lab::{Clients, Lab, Time};
use model_copier::live_check::run::{Level, Model, Run};
use model_copier::output::Output;
use model_copier::session::Session;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use sandbox::{Clock, CopyEnd, Effect, Fault, Sandbox, Settings, Status, World};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::stack::{identity, session};
use crate::support::{ACCOUNT, DESTINATION, SOURCE, SOURCE_ACCOUNT, SOURCE_VERSION, answer, stub};

const STAGING: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/1761994800000";
const STAGING_VERSION: &str = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/version/flowers.2026-11-01/1761998400000";

/// The sandbox's time: to sleep is to turn its clock. After so many sleeps the process dies.
struct SandboxTime {
    clock: Clock,
    left: Cell<usize>,
    death: watch::Sender<bool>,
}

impl Time for SandboxTime {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        self.clock.advance(SignedDuration::try_from(time).unwrap());
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        Box::pin(async move {
            if left == 0 {
                self.death.send_replace(true);
                std::future::pending::<()>().await;
            }
        })
    }
}

/// A sandbox with its two accounts, a bucket, and a folder for journals.
struct Accounts {
    sandbox: Sandbox,
    own: Session,
    source: Session,
    bucket: String,
    folder: TempDir,
}

impl Accounts {
    /// The sandbox's defaults, but for what has to be told: copies take five minutes, so that a policy can expire
    /// while one runs, and fail where their bucket does not exist. No policy admits one account to the other.
    async fn new() -> Self {
        let settings = Settings { copying: SignedDuration::from_mins(5), ..Settings::default() };
        let mut world = World::small();
        world.projects.iter_mut().for_each(|project| project.policies.clear());
        let clock = Clock::paused_at("2026-11-24T12:00:00Z".parse().unwrap());
        let sandbox = Sandbox::builder(world).settings(settings).clock(clock).start().await.unwrap();
        let message = Some("The bucket does not exist.".to_owned());
        let failed = CopyEnd { status: Status::CopyingFailed, status_message: message, after: None };
        sandbox.fault(
            Fault::new("rekognition:CopyProjectVersion", Effect::EndCopy(failed)).containing("no-bucket"),
        );
        let key =
            "live-check-0123abcd/flowers-production/live-check-0123abcd-x/1761991200000/flowers/result.json";
        let bucket = bucket(Some(key)).await;
        let [own, source] = [ACCOUNT, SOURCE_ACCOUNT].map(|account| session(sandbox.endpoint(), account));
        Self { sandbox, own, source, bucket, folder: tempfile::tempdir().unwrap() }
    }

    fn clients(&self) -> Clients {
        let mut clients = Clients::new(&self.own, Some(&self.source));
        let config = clients.s3.config().to_builder().endpoint_url(&self.bucket).build();
        clients.s3 = aws_sdk_s3::Client::from_conf(config);
        clients
    }

    /// The lab of a process that dies after so many sleeps.
    fn lab(&self, journal: Journal, clients: Clients, sleeps: usize) -> (Lab, watch::Receiver<bool>) {
        let (death, dies) = watch::channel(false);
        let time = SandboxTime { clock: self.sandbox.clock().clone(), left: Cell::new(sleeps), death };
        (Lab::new(journal, clients, Rc::new(time)), dies)
    }

    fn begin(&self, begun: &Run) -> Journal {
        Journal::begin(self.folder.path(), begun.clone(), self.sandbox.clock().now()).unwrap()
    }

    fn open(&self, begun: &Run) -> Journal {
        Journal::open(self.folder.path(), &begun.id).unwrap()
    }

    /// A whole run.
    async fn run(&self, begun: &Run) -> Answers {
        let (lab, _) = self.lab(self.begin(begun), self.clients(), usize::MAX);
        run(&lab).await;
        let journal = lab.journal.borrow();
        Answers::of(&journal)
    }

    /// Cleans a run; what is left.
    async fn clean(&self, begun: &Run) -> Vec<Leftover> {
        let (lab, _) = self.lab(self.open(begun), self.clients(), usize::MAX);
        clean(&lab, &quiet(), Confirmation::for_test()).await.unwrap()
    }

    /// The projects, versions and policies that there are once all that is under way has ended.
    fn inventory(&self) -> Vec<String> {
        self.sandbox.clock().advance(SignedDuration::from_hours(1));
        let world = self.sandbox.world();
        let things = world.projects.iter().flat_map(|project| {
            let versions = project.versions.iter().map(|version| version.project_version_arn.to_string());
            let policies = project.policies.iter().map(|policy| policy.name.clone());
            [project.project_arn.to_string()].into_iter().chain(versions).chain(policies)
        });
        things.collect()
    }
}

/// S3 with the file of this key, in the bucket that the run names.
async fn bucket(key: Option<&'static str>) -> String {
    stub(move |request: &str| {
        assert!(request.starts_with("GET /flowers-production-models/?list-type=2"), "{request}");
        assert!(request.contains("&prefix=live-check-0123abcd%2F"), "{request}");
        let keys = key.map(|key| format!("<Contents><Key>{key}</Key></Contents>")).unwrap_or_default();
        answer(200, "", format!("<ListBucketResult>{keys}</ListBucketResult>"))
    })
    .await
}

async fn run(lab: &Lab) {
    model_copier::live_check::experiments::run(lab, &quiet(), Confirmation::for_test()).await.unwrap();
}

/// Works until the process dies. Whether it died.
async fn dies_during(mut dies: watch::Receiver<bool>, work: impl Future) -> bool {
    tokio::select! {
        _ = work => false,
        _ = dies.wait_for(|dies| *dies) => true,
    }
}

fn quiet() -> Output {
    Output::to(Form::Text, std::io::sink(), std::io::sink())
}

/// A run of these rows, with a model of the account itself, or of another for the level `two-accounts`.
fn begun(level: Level, only: &[u8]) -> Run {
    let (project, version) =
        if level == Level::TwoAccounts { (SOURCE, SOURCE_VERSION) } else { (STAGING, STAGING_VERSION) };
    let model = Model {
        source_project: ProjectArn::parse(project).unwrap(),
        source_version: ProjectVersionArn::parse(version).unwrap(),
        destination: ProjectArn::parse(DESTINATION).unwrap(),
        bucket: "flowers-production-models".to_owned(),
        key: Some("alias/flowers".to_owned()),
    };
    Run {
        id: "0123abcd".to_owned(),
        identity: identity(ACCOUNT),
        level,
        only: only.to_vec(),
        model: Some(model).filter(|_| level > Level::Free),
        stack: None,
        intrusive: false,
    }
}
