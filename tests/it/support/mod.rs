//! The copier as it is deployed, for black-box tests: the two real programs, the queue, the rule and the
//! schedule, each test in a sandbox of its own, on a port that the kernel picks.
//!
//! Nothing happens by itself: a test sends, delivers, sweeps and lets time pass. It sees what AWS and the
//! subscribers would see, and nothing of the code.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

pub mod bus;
pub mod ledger;
pub mod recording;
pub mod rekognition;
pub mod table;
pub mod template;

use std::path::Path;
use std::sync::LazyLock;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use jiff::{SignedDuration, Timestamp};
use sandbox::deployment::{Binaries, Delivered, Deployment, DeploymentSettings};
use sandbox::{Clock, PublishedEvent, Sandbox, Version, World, ledger_table};
use serde_json::{Value, json};

pub const REQUESTER: &str = "111122223333";
pub const ACCOUNT: &str = "444455556666";
pub const TABLE: &str = "rekognition-model-copier-ledger";
pub const SOURCE: &str = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
pub const SOURCE_VERSION: &str =
    "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000";
pub const DESTINATION: &str =
    "arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000";
pub const COPY: &str = "rekognition:CopyProjectVersion";
pub const DESCRIBE: &str = "rekognition:DescribeProjectVersions";

const ANNOUNCED: &str = "Rekognition Model Copy State Change";

/// The functions on the sandbox's clock.
static BINARIES: LazyLock<Binaries> = LazyLock::new(|| Binaries::build(true).unwrap());

/// A deployed copier.
pub struct Copier {
    pub deployment: Deployment,
}

impl Copier {
    /// As the template deploys it, only that calls are not paced.
    pub async fn deployed() -> Self {
        Self::deployed_with(&[]).await
    }

    /// With these variables, too.
    pub async fn deployed_with(variables: &[(&str, &str)]) -> Self {
        Self::deployed_at(variables, &BINARIES, World::small(), Timestamp::now()).await
    }

    /// In another world, at another time.
    pub async fn deployed_in(world: World, world_time: Timestamp) -> Self {
        Self::deployed_at(&[], &BINARIES, world, world_time).await
    }

    /// The shipped functions, on the machine's clock, in a world whose clock shows another time.
    pub async fn shipped_at(world_time: Timestamp) -> Self {
        let binaries = Binaries {
            start_copy: env!("CARGO_BIN_EXE_start-copy").into(),
            check_copies: env!("CARGO_BIN_EXE_check-copies").into(),
        };
        Self::deployed_at(&[], &binaries, World::small(), world_time).await
    }

    async fn deployed_at(
        variables: &[(&str, &str)],
        binaries: &Binaries,
        mut world: World,
        world_time: Timestamp,
    ) -> Self {
        if world.tables.is_empty() {
            world.tables.push(ledger_table(ACCOUNT, TABLE));
        }
        let mut settings = DeploymentSettings::default();
        for (name, value) in [("CALLS_PER_SECOND", "1000")].iter().chain(variables) {
            settings.environment.insert((*name).to_owned(), (*value).to_owned());
        }
        let sandbox = Sandbox::builder(world).clock(Clock::paused_at(world_time));
        Self { deployment: Deployment::start(sandbox, binaries.clone(), settings).await.unwrap() }
    }

    pub fn sandbox(&self) -> &Sandbox {
        self.deployment.sandbox()
    }

    /// Puts messages on the queue and delivers them. Each has to be acknowledged at once.
    pub async fn send(&self, bodies: &[&Value]) {
        for body in bodies {
            self.deployment.send(body.to_string());
        }
        self.deliver().await;
    }

    /// Delivers what is on the queue. Each message has to be acknowledged.
    pub async fn deliver(&self) -> Vec<Delivered> {
        let delivered = self.deployment.deliver().await;
        for batch in &delivered {
            let errors = self.logged("ERROR");
            assert_eq!(batch.answer.as_ref().unwrap(), &json!({"batchItemFailures": []}), "{errors:#?}");
        }
        delivered
    }

    /// Strikes the schedule once; the report of check-copies.
    pub async fn sweep(&self) -> Value {
        self.deployment.check().await.unwrap()
    }

    /// Lets time pass at once: the schedule strikes only when [`Copier::sweep`] is called.
    pub async fn pass(&self, time: SignedDuration) {
        self.sandbox().clock().advance(time);
    }

    /// The DynamoDB that the ledger is in.
    pub fn ledger(&self) -> aws_sdk_dynamodb::Client {
        ledger::client(&self.sandbox().endpoint())
    }

    /// The ledger's item of a request of the deployment's own account.
    pub async fn item(&self, request_id: &str) -> Option<ledger::Item> {
        self.item_by_key(&format!("{ACCOUNT}#{request_id}")).await
    }

    /// The ledger's item of this key.
    pub async fn item_by_key(&self, key: &str) -> Option<ledger::Item> {
        ledger::item(&self.ledger(), key).await
    }

    /// Everything announced, in order, as often as it was.
    pub fn announced(&self) -> Vec<PublishedEvent> {
        let mut events = self.sandbox().announcements();
        events.retain(|event| event.detail_type == ANNOUNCED);
        events
    }

    /// The announcements about a request.
    pub fn told(&self, request_id: &str) -> Vec<Value> {
        let details = self.announced().into_iter().map(|event| event.detail);
        details.filter(|detail| detail["requestId"] == request_id).collect()
    }

    /// The last announcement about a request.
    pub fn last(&self, request_id: &str) -> Value {
        self.told(request_id).pop().unwrap_or_else(|| panic!("nothing was announced about `{request_id}`"))
    }

    /// The statuses announced about a request.
    pub fn words(&self, request_id: &str) -> Vec<String> {
        self.told(request_id).iter().map(|detail| detail["status"].as_str().unwrap().to_owned()).collect()
    }

    /// How often an action was called.
    pub fn calls(&self, action: &str) -> usize {
        self.sandbox().calls().iter().filter(|call| call.action == action).count()
    }

    /// The version of this name in the destination project.
    pub fn version(&self, name: &str) -> Option<Version> {
        self.sandbox().project(DESTINATION).unwrap().version_named(name).cloned()
    }

    /// Lets the copies end, and sees to it that they are all that there is to it.
    pub async fn completes(&self, id: &str, copies: usize) {
        self.pass(seconds(30)).await;
        self.sweep().await;
        assert_eq!(self.last(id)["status"], "COMPLETED", "{:?}", self.words(id));
        assert_eq!(self.calls(COPY), copies);
        self.is_done();
    }

    /// The queue is empty, and nothing is on the dead-letter queue.
    pub fn is_done(&self) {
        assert_eq!((self.deployment.queue_depth(), self.deployment.dead_letters().len()), (0, 0));
    }

    /// Waits out the queue's visibility time-out and delivers again.
    pub async fn redeliver(&self) {
        self.sandbox().clock().advance(minutes(6));
        assert_eq!(self.deliver().await.len(), 1, "a batch comes back");
    }

    /// The lines that the functions have logged at this level.
    pub fn logged(&self, level: &str) -> Vec<Value> {
        let lines = self.deployment.logs().unwrap();
        let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["level"] == level).collect()
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        recording::keep(&self.deployment);
    }
}

/// What the tests' own clients of a sandbox are made from. They do without TLS, as the sandbox does.
pub fn sdk(endpoint: &str, account: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(Builder::new().build_http())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            account, "sandbox", None, None, "tests",
        )))
        .endpoint_url(endpoint)
        .build()
}

/// Waits until something outside this process has happened.
pub async fn until(what: &str, happened: impl Fn() -> bool) {
    let patience = std::time::Duration::from_secs(30);
    let began = std::time::Instant::now();
    while !happened() {
        assert!(began.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// A request to copy the model as a version of this name; the name is the request's id, too.
pub fn request(name: &str) -> Value {
    json!({
        "sourceProjectArn": SOURCE,
        "sourceProjectVersionArn": SOURCE_VERSION,
        "destinationProjectArn": DESTINATION,
        "versionName": name,
        "outputConfig": {"s3Bucket": "flowers-production-models"},
        "requestId": name,
    })
}

/// `base` with members replaced, or removed where the change is null.
pub fn with(mut base: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (name, value) in changes {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(&name)),
            value => base[name] = value,
        }
    }
    base
}

/// The repository's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file in events/.
pub fn event_text(name: &str) -> String {
    let path = root().join("events").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// A file in events/.
pub fn event(name: &str) -> Value {
    serde_json::from_str(&event_text(name)).unwrap()
}

pub const fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// A time in an announcement.
pub fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("no time: {value}")).parse().unwrap()
}
