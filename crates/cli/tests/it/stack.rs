//! What the program reads of a deployed stack, through the SDK.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use model_copier::session::{Identity, Session};
use model_copier::stack::Stack;
use rekognition_model_copier::aws::{Configuration, http_client};
use rekognition_model_copier::settings::Settings;

use crate::support::{ACCOUNT, Machine, STACK};

pub(crate) fn identity(account: &str) -> Identity {
    let [partition, region, account] = ["aws", "us-east-1", account].map(str::to_owned);
    Identity { partition, region, caller: format!("arn:aws:iam::{account}:root"), account }
}

pub(crate) fn session(endpoint: String, account: &str) -> Session {
    let credentials = Credentials::new(account, "sandbox", None, None, "test");
    let shared = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .http_client(http_client(None).unwrap())
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    Session { config: Configuration::of(shared).unwrap(), identity: identity(account) }
}

#[tokio::test]
async fn the_outputs_and_parameters_of_a_stack_are_read() {
    let machine = Machine::with_stack(1).await;
    let session = session(machine.sandbox.endpoint(), ACCOUNT);
    let stack = Stack::read(&session, STACK).await.unwrap();
    assert_eq!((stack.name.as_str(), stack.status.as_str()), (STACK, "CREATE_COMPLETE"));
    assert_eq!(stack.output("LedgerTable").unwrap(), "rekognition-model-copier-ledger");
    assert_eq!(stack.parameter("AllowedSourceAccounts"), "111122223333,444455556666");
    assert_eq!(stack.parameter("DirectSenders"), "");
    let variables = &machine.stack().start_copy().settings().environment;
    let theirs = Settings::read(|name| variables.get(name).cloned()).unwrap();
    assert_eq!(format!("{:?}", stack.settings(&session.identity).unwrap()), format!("{theirs:?}"));
    let missing = stack.output("Missing").unwrap_err().to_string();
    assert!(missing.contains("no output `Missing`: it is not a copier's stack"), "{missing}");
    let other = Stack::read(&session, "other").await.unwrap_err().to_string();
    assert!(other.contains("Stack with id other does not exist"), "{other}");
}
