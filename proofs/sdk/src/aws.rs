//! AWS in front of a world, and function instances that reach it as deployed ones do: the shipped adapters, the SDK's
//! clients, and HTTP.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_types::SdkConfig;
use aws_types::region::Region;
use jiff::SignedDuration;
use proofs::deployment::Instance;
use proofs::process::Process;
use proofs::request::ACCOUNT;
use proofs::world::Shared;
use rekognition_model_copier::aws::{CustomLabels, DynamoDb, EventBridge, configuration};
use rekognition_model_copier::ports::Clock;
use rekognition_model_copier::{Copier, Rules};

use crate::dynamodb::{TABLE, Table};
use crate::events::BUS;
use crate::sts::Sessions;
use crate::wire::{Call, Reply, Service};
use crate::{events, rekognition, sts};

/// The functions' own access key.
const OWN: &str = "AKIA0000000000000000";
/// What the roles in other accounts ask for.
pub const EXTERNAL_ID: &str = "external";
/// How long an ended record stays: longer than any world lasts.
const RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The shipped configuration, with its time-outs and retries. Who reads a bad `AWS_CA_BUNDLE` in it can't search.
static CONFIGURATION: LazyLock<SdkConfig> =
    LazyLock::new(|| configuration().expect("a good `AWS_CA_BUNDLE`, or none"));

/// The services, for every function instance.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(crate) shared: Shared,
    table: Table,
    sessions: Arc<Mutex<Sessions>>,
}

impl Aws {
    /// AWS in front of this world.
    pub fn new(shared: &Shared) -> Self {
        Self { shared: shared.clone(), table: Table::default(), sessions: Arc::default() }
    }

    /// A function instance whose clock is ahead by `skew`.
    pub fn instance(
        &self,
        rules: &Rules,
        skew: SignedDuration,
    ) -> Instance<DynamoDb, CustomLabels, EventBridge, Process> {
        let process = Process::new(&self.shared, skew);
        let endpoint = SharedHttpConnector::new(Endpoint { aws: self.clone(), process: process.clone() });
        let own = Credentials::new(OWN, "secret", None, None, "simulation");
        let config = CONFIGURATION
            .to_builder()
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(own))
            .time_source(SdkClock(process.clone()))
            .http_client(http_client_fn(move |_, _| endpoint.clone()))
            .build();
        // A deployed instance is a process of its own, with its own quota of retries for each service.
        let retries = |service: &'static str| RetryPartition::custom(service).build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).retry_partition(retries("dynamodb"));
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb.build());
        let events = aws_sdk_eventbridge::config::Builder::from(&config).retry_partition(retries("events"));
        let events = aws_sdk_eventbridge::Client::from_conf(events.build());
        let labels =
            aws_sdk_rekognition::config::Builder::from(&config).retry_partition(retries("rekognition"));
        let labels = aws_sdk_rekognition::Client::from_conf(labels.build());
        let sts = aws_sdk_sts::config::Builder::from(&config).retry_partition(retries("sts")).build();
        let copier = Copier::new(
            DynamoDb::new(dynamodb, TABLE, rules.times, RETENTION),
            CustomLabels::new(labels, &sts, &rules.granting.roles, Some(EXTERNAL_ID)),
            EventBridge::new(events, BUS, &rules.event_source),
            process.clone(),
            rules.clone(),
        );
        (process, copier)
    }

    pub(crate) fn sessions<T>(&self, use_them: impl FnOnce(&mut Sessions) -> T) -> T {
        use_them(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The error with which an account refuses what is signed with this key, if it does.
    pub(crate) fn refuses(&self, key: &str, account: &str) -> Option<&'static str> {
        if key == OWN {
            return (account != ACCOUNT).then_some("AccessDeniedException");
        }
        let now = self.shared.with(|world| world.now());
        match self.sessions(|sessions| sessions.get(key).cloned()) {
            Some((_, until)) if until <= now => Some("ExpiredTokenException"),
            Some((of, _)) => (of != account).then_some("AccessDeniedException"),
            None => Some("UnrecognizedClientException"),
        }
    }
}

/// What an instance's clients connect to.
#[derive(Clone, Debug)]
struct Endpoint {
    aws: Aws,
    process: Process,
}

impl HttpConnector for Endpoint {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { aws, process } = self.clone();
        HttpConnectorFuture::new(async move {
            let reply = match Call::read(&request) {
                None => {
                    aws.shared.with(|world| world.watch.must(false, || format!("no call: {request:?}")));
                    Service::Rekognition.refused("UnknownOperationException")
                }
                Some(call) => match call.service {
                    Service::DynamoDb => aws.table.answer(&process, &call).await,
                    Service::Rekognition => rekognition::answer(&aws, &process, &call).await,
                    Service::Events => events::answer(&aws, &process, &call).await,
                    Service::Sts => sts::answer(&aws, &process, &call).await,
                },
            };
            match reply {
                Reply::Answer(response) => Ok(response),
                Reply::Broken(error) => Err(error),
                Reply::Never => std::future::pending().await,
            }
        })
    }
}

/// An instance's clock, for the SDK: what it signs with, and what ends a session.
#[derive(Debug)]
struct SdkClock(Process);

impl TimeSource for SdkClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.now().as_millisecond().unsigned_abs())
    }
}
