//! A deployed copier for black-box tests: the two real programs, the queue, the rule and the schedule. Each test has its own
//! sandbox, on a port that the kernel chooses.
//!
//! A test sends and delivers messages, starts sweeps and advances the clock. It observes calls, announcements, items and logs.
#![allow(unreachable_pub, reason = "the items are public to the tests only")]

pub mod recording;
pub mod table;
pub mod template;

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use jiff::{SignedDuration, Timestamp};
use sandbox::deployment::{Binaries, Delivered, Deployment};
use sandbox::{Clock, Project, PublishedEvent, Sandbox, Version, World, ledger_table};
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
pub const PUT_EVENTS: &str = "events:PutEvents";

const ANNOUNCED: &str = "Rekognition Model Copy State Change";

/// The builds of the functions that follow the sandbox's clock.
static BINARIES: LazyLock<Binaries> = LazyLock::new(|| Binaries::build(true).unwrap());

/// An item of the ledger's table.
pub type Item = HashMap<String, AttributeValue>;

pub struct Copier {
    pub deployment: Deployment,
}

impl Copier {
    /// Deploys the copier as the template does, except that the rate limit is too high to slow a test down.
    pub async fn deployed() -> Self {
        Self::deployed_with(&[]).await
    }

    /// Deploys the copier with these environment variables in addition.
    pub async fn deployed_with(variables: &[(&str, &str)]) -> Self {
        Self::deployed_at(variables, &BINARIES, World::small(), Timestamp::now()).await
    }

    /// Deploys the copier into this world at this time.
    pub async fn deployed_in(world: World, world_time: Timestamp) -> Self {
        Self::deployed_at(&[], &BINARIES, world, world_time).await
    }

    /// Deploys the shipped functions, which read the machine's clock, into a world whose clock shows this time.
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
        let settings = [("CALLS_PER_SECOND", "1000")].iter().chain(variables);
        let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let sandbox = Sandbox::builder(world).clock(Clock::paused_at(world_time));
        Self { deployment: Deployment::start(sandbox, binaries.clone(), settings).await.unwrap() }
    }

    pub fn sandbox(&self) -> &Sandbox {
        self.deployment.sandbox()
    }

    /// Sends messages to the queue and delivers them. The function must acknowledge each at its first delivery.
    pub async fn send(&self, bodies: impl IntoIterator<Item: ToString>) {
        for body in bodies {
            self.deployment.send(body.to_string());
        }
        self.deliver().await;
    }

    /// Delivers the queue's messages. The function must acknowledge each.
    pub async fn deliver(&self) -> Vec<Delivered> {
        let delivered = self.deployment.deliver().await;
        for batch in &delivered {
            let errors = self.logged("ERROR");
            assert_eq!(batch.answer.as_ref().unwrap(), &json!({"batchItemFailures": []}), "{errors:#?}");
        }
        delivered
    }

    /// Runs check-copies once and returns its report.
    pub async fn sweep(&self) -> Value {
        self.deployment.check().await.unwrap()
    }

    /// Advances the clock. No sweep runs unless a test asks for it.
    pub fn pass(&self, time: SignedDuration) {
        self.sandbox().clock().advance(time);
    }

    /// Advances the clock, runs check-copies once and returns its report.
    pub async fn sweep_after(&self, time: SignedDuration) -> Value {
        self.pass(time);
        self.sweep().await
    }

    pub fn ledger(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&sdk(&self.sandbox().endpoint(), ACCOUNT))
    }

    /// Reads the ledger with Scan, which the functions never call, so that a test can count the functions' own calls.
    pub async fn items(&self) -> Vec<Item> {
        self.ledger().scan().table_name(TABLE).send().await.unwrap().items.unwrap_or_default()
    }

    /// Returns the item of a request whose requester is the copier's own account.
    pub async fn item(&self, request_id: &str) -> Option<Item> {
        self.item_by_key(&format!("{ACCOUNT}#{request_id}")).await
    }

    pub async fn item_by_key(&self, key: &str) -> Option<Item> {
        self.items().await.into_iter().find(|item| item["id"].as_s().unwrap() == key)
    }

    /// Returns every announcement in the order of its publication, repetitions included.
    pub fn announcements(&self) -> Vec<PublishedEvent> {
        let mut events = self.sandbox().announcements();
        events.retain(|event| event.detail_type == ANNOUNCED);
        events
    }

    pub fn announcements_of(&self, request_id: &str) -> Vec<Value> {
        let details = self.announcements().into_iter().map(|event| event.detail);
        details.filter(|detail| detail["requestId"] == request_id).collect()
    }

    /// Returns the last announcement about a request.
    pub fn last(&self, request_id: &str) -> Value {
        let last = self.announcements_of(request_id).pop();
        last.unwrap_or_else(|| panic!("no announcement about `{request_id}`"))
    }

    /// Returns the announced statuses of a request.
    pub fn statuses(&self, request_id: &str) -> Vec<String> {
        let announced = self.announcements_of(request_id);
        announced.iter().map(|detail| detail["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Counts the calls of an action.
    pub fn calls(&self, action: &str) -> usize {
        self.sandbox().calls().iter().filter(|call| call.action == action).count()
    }

    /// Returns the version of this name in the destination project.
    pub fn version(&self, name: &str) -> Option<Version> {
        self.sandbox().project(DESTINATION).unwrap().version_named(name).cloned()
    }

    /// Sets the status that Rekognition shows of a version in the destination project.
    pub fn set_status(&self, version: &str, status: &str) {
        let arn = self.version(version).unwrap().project_version_arn.to_string();
        assert!(self.sandbox().set_status(&arn, status, Some(&format!("the reason of {status}"))));
    }

    /// Checks that the queue and the dead-letter queue are empty.
    pub fn expect_empty_queues(&self) {
        assert_eq!((self.deployment.queue_depth(), self.deployment.dead_letters().len()), (0, 0));
    }

    /// Returns the log lines of both functions at this level.
    pub fn logged(&self, level: &str) -> Vec<Value> {
        let lines = self.deployment.logs().unwrap();
        let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["level"] == level).collect()
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        recording::save(&self.deployment);
    }
}

/// Returns the configuration of a test's own SDK clients. They use no TLS, because the sandbox has none.
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

/// Returns a request to copy the model to a version of this name. The name is also the request id.
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

/// Returns `base` with these members replaced. A null removes a member.
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

/// Returns a project of a sandbox's world.
pub fn project<'a>(world: &'a mut World, arn: &str) -> &'a mut Project {
    world.projects.iter_mut().find(|project| project.project_arn.to_string() == arn).unwrap()
}

/// The repository's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads the text of a file in events/.
pub fn event_text(name: &str) -> String {
    let path = root().join("events").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// Reads a file in events/.
pub fn event(name: &str) -> Value {
    serde_json::from_str(&event_text(name)).unwrap()
}

pub const fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub const fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}
