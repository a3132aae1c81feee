//! How the copier is set in the sandbox: the values that `template.yaml` gives it in an account.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::lambda::FunctionSettings;
use crate::queue::QueueSettings;
use crate::{Sandbox, Table, WorldError};

/// The account that the copier runs in.
const ACCOUNT: &str = "444455556666";
/// The table that the copier's ledger is in.
const LEDGER: &str = "rekognition-model-copier-ledger";

/// What can be set about a deployment. The default is what `template.yaml` says.
#[derive(Clone, Debug)]
pub struct DeploymentSettings {
    /// Environment variables of both functions, on top of [`environment`].
    pub environment: BTreeMap<String, String>,
    /// How long start-copy may take, by the clock of the machine.
    pub start_timeout: Duration,
    /// How long check-copies may take, by the clock of the machine.
    pub check_timeout: Duration,
    /// The queue, and how it is read. Its times are sandbox time.
    pub queue: QueueSettings,
}

impl Default for DeploymentSettings {
    fn default() -> Self {
        Self {
            environment: BTreeMap::new(),
            start_timeout: Duration::from_secs(60),
            check_timeout: Duration::from_secs(70),
            queue: QueueSettings {
                arn: format!("arn:aws:sqs:us-east-1:{ACCOUNT}:rekognition-model-copier-requests"),
                batch_size: 10,
                window: Duration::ZERO,
                visibility_timeout: Duration::from_secs(360),
                max_receive_count: 100,
            },
        }
    }
}

impl DeploymentSettings {
    pub(super) fn start_copy(&self, sandbox: &Sandbox, binary: PathBuf) -> FunctionSettings {
        self.function("start-copy", sandbox, binary, self.start_timeout)
    }

    pub(super) fn check_copies(&self, sandbox: &Sandbox, binary: PathBuf) -> FunctionSettings {
        self.function("check-copies", sandbox, binary, self.check_timeout)
    }

    fn function(
        &self,
        name: &str,
        sandbox: &Sandbox,
        binary: PathBuf,
        timeout: Duration,
    ) -> FunctionSettings {
        let mut environment = environment(sandbox);
        environment.extend([("AWS_LAMBDA_LOG_FORMAT".to_owned(), "JSON".to_owned())]);
        // Each function has a role of its own, named after it.
        environment.extend([("AWS_ACCESS_KEY_ID".to_owned(), format!("{ACCOUNT}.{name}"))]);
        environment.extend(self.environment.clone());
        FunctionSettings {
            name: name.to_owned(),
            account: ACCOUNT.to_owned(),
            binary,
            memory_mb: 256,
            timeout,
            environment,
        }
    }
}

/// The environment in which the functions, and whoever else wants to, use this sandbox as the account that
/// the copier runs in.
pub fn environment(sandbox: &Sandbox) -> BTreeMap<String, String> {
    [
        ("AWS_ENDPOINT_URL", sandbox.endpoint().as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", "sandbox"),
        ("LEDGER_TABLE", LEDGER),
        ("ACCOUNT_ID", ACCOUNT),
        ("ALLOWED_SOURCE_ACCOUNTS", "111122223333,444455556666"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Makes the table that [`environment`] names, unless the sandbox's world has it already.
///
/// # Errors
/// When DynamoDB doesn't take it.
pub fn create_ledger(sandbox: &Sandbox) -> Result<(), WorldError> {
    let is_ledger = |table: &Table| table.definition.get("TableName").is_some_and(|name| name == LEDGER);
    if sandbox.world().tables.iter().any(is_ledger) {
        return Ok(());
    }
    sandbox.create_ledger(ACCOUNT, LEDGER)
}
