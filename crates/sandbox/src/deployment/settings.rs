//! How the copier is set in the sandbox: the values that `template.yaml` gives it in an account.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::lambda::FunctionSettings;
use crate::queue::QueueSettings;
use crate::{Sandbox, Table, World, WorldError};

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
                batch_size: 10,
                window: Duration::ZERO,
                visibility_timeout: Duration::from_secs(360),
                max_receive_count: 100,
            },
        }
    }
}

impl DeploymentSettings {
    /// The default, with what the user's environment sets otherwise. Table and account stay those of the world.
    pub fn from_env(world: &World) -> Self {
        let names = template(world).into_keys().filter(|name| name != "LEDGER_TABLE" && name != "ACCOUNT_ID");
        let set = names.filter_map(|name| std::env::var(&name).ok().map(|value| (name, value)));
        Self { environment: set.collect(), ..Self::default() }
    }

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
        let account = sandbox.world().copier_account;
        let mut environment = environment(sandbox);
        environment.extend([("AWS_LAMBDA_LOG_FORMAT".to_owned(), "JSON".to_owned())]);
        // Each function has a role of its own, named after it.
        environment.extend([("AWS_ACCESS_KEY_ID".to_owned(), format!("{account}.{name}"))]);
        environment.extend(self.environment.clone());
        FunctionSettings { name: name.to_owned(), account, binary, memory_mb: 256, timeout, environment }
    }
}

/// The environment in which the functions and any other client use this sandbox as the account that the copier runs in.
pub fn environment(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let world = sandbox.world();
    let mut environment: BTreeMap<_, _> = sandbox.environment(&world.copier_account).into_iter().collect();
    environment.extend(template(&world));
    environment
}

/// What `template.yaml` sets for both functions: its parameters' defaults; as allowed source accounts those that have
/// projects in this world, and as output buckets `PROJECT-models` for each project of the copier's account.
fn template(world: &World) -> BTreeMap<String, String> {
    let account = world.copier_account.as_str();
    let projects = || world.projects.iter().map(|project| &project.project_arn.project);
    let accounts: BTreeSet<_> = projects().map(|project| project.account.as_str()).chain([account]).collect();
    let own = projects().filter(|project| project.account == account);
    let buckets: Vec<_> = own.map(|project| format!("{}-models", project.name)).collect();
    let roles = ["start-copy", "check-copies"].map(|name| format!("arn:aws:iam::{account}:role/{name}"));
    [
        ("REQUEST_QUEUE_ARN", queue_arn(world).as_str()),
        ("LEDGER_TABLE", LEDGER),
        ("ACCOUNT_ID", account),
        ("EVENT_BUS", "default"),
        ("EVENT_SOURCE", "rekognition.model-copier"),
        ("STACK_NAME", "rekognition-model-copier"),
        ("ALLOWED_SOURCE_ACCOUNTS", &accounts.into_iter().collect::<Vec<_>>().join(",")),
        ("ALLOWED_OUTPUT_BUCKETS", &buckets.join(",")),
        ("ALLOWED_TAG_KEYS", ""),
        ("TRUSTED_REQUESTERS", ""),
        ("START_TIMEOUT_SECONDS", "86400"),
        ("COPY_TIMEOUT_SECONDS", "86400"),
        ("OVERDUE_AFTER_SECONDS", "7200"),
        ("PERMISSION_TIMEOUT_SECONDS", "900"),
        ("RETENTION_DAYS", "90"),
        ("CALLS_PER_SECOND", "5"),
        ("SOURCE_ACCOUNT_ROLES", ""),
        ("EXTERNAL_ID", ""),
        ("PROJECT_POLICY_EXPIRES", "true"),
        ("COPIER_ROLE_ARNS", &roles.join(",")),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The queue that start-copy reads.
pub(super) fn queue_arn(world: &World) -> String {
    format!("arn:aws:sqs:{}:{}:rekognition-model-copier-requests", world.region, world.copier_account)
}

/// Makes the table that [`environment`] names, unless the sandbox's world has it already.
///
/// # Errors
/// When DynamoDB doesn't take it.
pub fn create_ledger(sandbox: &Sandbox) -> Result<(), WorldError> {
    let is_ledger = |table: &Table| table.definition.get("TableName").is_some_and(|name| name == LEDGER);
    let world = sandbox.world();
    if world.tables.iter().any(is_ledger) {
        return Ok(());
    }
    sandbox.create_ledger(&world.copier_account, LEDGER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_get_every_variable_that_the_template_sets() {
        let template = std::fs::read_to_string(crate::deployment::root().join("template.yaml")).unwrap();
        let (_, globals) = template.split_once("      Variables:\n").unwrap();
        let indented = globals.lines().take_while(|line| line.starts_with("        "));
        let names = indented.filter_map(|line| line.trim().split_once(": ")).map(|(name, _)| name);
        let names: Vec<_> = names.filter(|name| !name.starts_with('#')).collect();
        let set = super::template(&World::small());
        let missing: Vec<_> = names.iter().filter(|name| !set.contains_key(**name)).collect();
        assert!(names.contains(&"LEDGER_TABLE") && missing.is_empty(), "{names:?} {missing:?}");
    }
}
