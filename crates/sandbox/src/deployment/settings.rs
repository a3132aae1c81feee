//! The copier's settings in the sandbox: the values that `template.yaml` gives it in an account.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use crate::{Sandbox, Stack, Table, World, WorldError, lambda::FunctionSettings, queue::QueueSettings};

/// The copier's own event source.
pub(super) const EVENT_SOURCE: &str = "rekognition.model-copier";
/// The copier's ledger table.
const LEDGER: &str = "rekognition-model-copier-ledger";

/// The settings of a deployment. The defaults are those of `template.yaml`.
#[derive(Clone, Debug)]
pub struct DeploymentSettings {
    /// Environment variables of both functions, in addition to [`environment`].
    pub environment: BTreeMap<String, String>,
    /// The longest time of an invocation of start-copy, by the machine's clock.
    pub start_timeout: Duration,
    /// The longest time of an invocation of check-copies, by the machine's clock.
    pub check_timeout: Duration,
    /// The queue. Its times are sandbox time.
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
                visibility_timeout: Duration::from_secs(360),
                max_receive_count: 100,
            },
        }
    }
}

/// A setting of the copier: the template's parameter, the functions' variable, and the value in the sandbox.
struct Setting(Option<&'static str>, Option<&'static str>, String);

/// The template's settings. Source accounts are those that have projects in this world, and output buckets are
/// `PROJECT-models` for each project of the copier's account. The other values are the parameters' defaults.
fn template(world: &World) -> Vec<Setting> {
    let account = world.copier_account.as_str();
    let projects = || world.projects.iter().map(|project| &project.project_arn.project);
    let accounts: BTreeSet<_> = projects().map(|project| project.account.as_str()).chain([account]).collect();
    let accounts = accounts.into_iter().collect::<Vec<_>>().join(",");
    let own = projects().filter(|project| project.account == account);
    let buckets = own.map(|project| format!("{}-models", project.name)).collect::<Vec<_>>().join(",");
    let roles = ["start-copy", "check-copies"].map(|name| format!("arn:aws:iam::{account}:role/{name}"));
    let parameters = [
        ("OutputBuckets", Some("ALLOWED_OUTPUT_BUCKETS"), buckets.as_str()),
        ("AllowedSourceAccounts", Some("ALLOWED_SOURCE_ACCOUNTS"), &accounts),
        ("AllowedTagKeys", Some("ALLOWED_TAG_KEYS"), ""),
        ("EventBusName", Some("EVENT_BUS"), "default"),
        ("EventSource", Some("EVENT_SOURCE"), EVENT_SOURCE),
        ("TrustedRequesters", Some("TRUSTED_REQUESTERS"), ""),
        ("SourceAccountRoles", Some("SOURCE_ACCOUNT_ROLES"), ""),
        ("ExternalId", Some("EXTERNAL_ID"), ""),
        ("ProjectPolicyExpires", Some("PROJECT_POLICY_EXPIRES"), "true"),
        ("StartTimeoutSeconds", Some("START_TIMEOUT_SECONDS"), "86400"),
        ("CopyTimeoutSeconds", Some("COPY_TIMEOUT_SECONDS"), "86400"),
        ("OverdueAfterSeconds", Some("OVERDUE_AFTER_SECONDS"), "7200"),
        ("PermissionTimeoutSeconds", Some("PERMISSION_TIMEOUT_SECONDS"), "900"),
        ("RetentionDays", Some("RETENTION_DAYS"), "90"),
        ("CallsPerSecond", Some("CALLS_PER_SECOND"), "5"),
        ("DestinationProjects", None, ""),
        ("SourceProjects", None, ""),
        ("ModelKeys", None, ""),
        ("RequesterAccounts", None, ""),
        ("RequesterOrganization", None, ""),
        ("DirectSenders", None, ""),
        ("AlarmTopicArn", None, ""),
        ("LogRetentionDays", None, "90"),
        ("EncryptionKeyArn", None, ""),
        ("PermissionsBoundaryArn", None, ""),
        ("Architecture", None, "arm64"),
    ]
    .map(|(parameter, variable, value)| Setting(Some(parameter), variable, value.to_owned()));
    let variables = [
        ("REQUEST_QUEUE_ARN", queue_arn(world)),
        ("LEDGER_TABLE", LEDGER.to_owned()),
        ("ACCOUNT_ID", account.to_owned()),
        ("STACK_NAME", "rekognition-model-copier".to_owned()),
        ("COPIER_ROLE_ARNS", roles.join(",")),
    ]
    .map(|(variable, value)| Setting(None, Some(variable), value));
    parameters.into_iter().chain(variables).collect()
}

fn variables(world: &World) -> BTreeMap<String, String> {
    let named =
        template(world).into_iter().filter_map(|Setting(_, name, value)| Some((name?.to_owned(), value)));
    named.collect()
}

impl DeploymentSettings {
    /// The defaults with the variables of this process's environment. The table and the account stay those of the world.
    pub fn from_env(world: &World) -> Self {
        let names =
            variables(world).into_keys().filter(|name| name != "LEDGER_TABLE" && name != "ACCOUNT_ID");
        let set = names.filter_map(|name| std::env::var(&name).ok().map(|value| (name, value)));
        Self { environment: set.collect(), ..Self::default() }
    }

    pub(super) fn function(
        &self,
        name: &str,
        sandbox: &Sandbox,
        binary: PathBuf,
        timeout: Duration,
    ) -> FunctionSettings {
        let account = sandbox.world().copier_account;
        let mut environment = environment(sandbox);
        environment.insert("AWS_LAMBDA_LOG_FORMAT".to_owned(), "JSON".to_owned());
        // Each function has a role with its own name.
        environment.insert("AWS_ACCESS_KEY_ID".to_owned(), format!("{account}.{name}"));
        environment.extend(self.environment.clone());
        FunctionSettings { name: name.to_owned(), account, binary, memory_mb: 256, timeout, environment }
    }

    /// The stack that DescribeStacks shows for a deployment with these settings.
    pub(super) fn stack(&self, sandbox: &Sandbox) -> Stack {
        let (world, mut variables) = (sandbox.world(), environment(sandbox));
        variables.extend(self.environment.clone());
        let variable = |name: &str| variables.get(name).cloned().unwrap_or_default();
        let parameters = template(&world).into_iter().filter_map(|Setting(parameter, name, default)| {
            Some((parameter?.to_owned(), name.map_or(default, variable)))
        });
        let parameters = parameters.collect();
        let (account, region) = (world.copier_account, world.region);
        let (name, bus) = (variable("STACK_NAME"), variable("EVENT_BUS"));
        let queue = |kind: &str| format!("{}/{account}/{name}-{kind}", sandbox.endpoint());
        let outputs = [
            ("EventBusName", bus.clone()),
            ("EventBusArn", format!("arn:aws:events:{region}:{account}:event-bus/{bus}")),
            ("EventSource", variable("EVENT_SOURCE")),
            ("CopierRoleArns", variable("COPIER_ROLE_ARNS")),
            ("RequestRule", format!("model-copy-requests-{bus}")),
            ("StartCopyFunction", "start-copy".to_owned()),
            ("CheckCopiesFunction", "check-copies".to_owned()),
            ("RequestQueueUrl", queue("requests")),
            ("DeadLetterQueueUrl", queue("dead-letters")),
            ("LedgerTable", variable("LEDGER_TABLE")),
        ];
        let outputs = outputs.map(|(name, value)| (name.to_owned(), value)).into();
        Stack { outputs, parameters, account, name }
    }
}

/// The environment in which the functions and any other client use this sandbox as the copier's account.
pub fn environment(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let world = sandbox.world();
    let mut environment: BTreeMap<_, _> = sandbox.environment(&world.copier_account).into_iter().collect();
    environment.extend(variables(&world));
    environment
}

/// The ARN of the queue that start-copy reads.
pub(super) fn queue_arn(world: &World) -> String {
    format!("arn:aws:sqs:{}:{}:rekognition-model-copier-requests", world.region, world.copier_account)
}

/// Creates the ledger table that [`environment`] names, unless the sandbox's world has it.
///
/// # Errors
/// When the database refuses the table.
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
        let set = variables(&World::small());
        let missing: Vec<_> = names.iter().filter(|name| !set.contains_key(**name)).collect();
        assert!(names.contains(&"LEDGER_TABLE") && missing.is_empty(), "{names:?} {missing:?}");
    }
}
