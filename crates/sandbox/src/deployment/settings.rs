//! The copier's settings in the sandbox: the values that `template.yaml` gives it in an account.

use std::collections::{BTreeMap, BTreeSet};

use crate::{ProjectArn, Sandbox, Stack, Table, World, WorldError};

pub(super) const EVENT_SOURCE: &str = "rekognition.model-copier";
const LEDGER: &str = "rekognition-model-copier-ledger";

/// The template's parameters, each with the functions' variable and the value in the sandbox. Source accounts are those that
/// have projects in this world, and output buckets are `PROJECT-models` for each project of the copier's account. The other
/// values are the parameters' defaults.
fn parameters(world: &World) -> [(&'static str, Option<&'static str>, String); 26] {
    let account = world.copier_account.as_str();
    let projects = || world.projects.iter().map(|project| &project.project_arn);
    let accounts: BTreeSet<_> = projects().map(ProjectArn::account).chain([account]).collect();
    let accounts = accounts.into_iter().collect::<Vec<_>>().join(",");
    let own = projects().filter(|project| project.account() == account);
    let buckets: Vec<_> = own.map(|project| format!("{}-models", project.project_name())).collect();
    [
        ("OutputBuckets", Some("ALLOWED_OUTPUT_BUCKETS"), buckets.join(",").as_str()),
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
    .map(|(parameter, variable, value)| (parameter, variable, value.to_owned()))
}

fn variables(world: &World) -> BTreeMap<String, String> {
    let account = &world.copier_account;
    let roles = ["start-copy", "check-copies"].map(|name| format!("arn:aws:iam::{account}:role/{name}"));
    let others = [
        ("REQUEST_QUEUE_ARN", queue_arn(world)),
        ("LEDGER_TABLE", LEDGER.to_owned()),
        ("ACCOUNT_ID", account.clone()),
        ("STACK_NAME", "rekognition-model-copier".to_owned()),
        ("COPIER_ROLE_ARNS", roles.join(",")),
    ];
    let named = parameters(world).into_iter().filter_map(|(_, name, value)| Some((name?, value)));
    named.chain(others).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The copier's settings in this process's environment. The table and the account stay those of the world.
pub fn settings_from_env(world: &World) -> BTreeMap<String, String> {
    let names = variables(world).into_keys().filter(|name| name != "LEDGER_TABLE" && name != "ACCOUNT_ID");
    names.filter_map(|name| std::env::var(&name).ok().map(|value| (name, value))).collect()
}

/// The stack that DescribeStacks shows for a deployment whose functions have these variables.
pub(super) fn stack(sandbox: &Sandbox, variables: &BTreeMap<String, String>) -> Stack {
    let world = sandbox.world();
    let variable = |name: &str| variables.get(name).cloned().unwrap_or_default();
    let parameters = parameters(&world)
        .map(|(parameter, name, default)| (parameter.to_owned(), name.map_or(default, variable)));
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
    Stack { outputs, parameters: parameters.into(), account, name }
}

/// The environment in which the functions and any other client use this sandbox as the copier's account.
pub fn environment(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let world = sandbox.world();
    let mut environment: BTreeMap<_, _> = sandbox.environment(&world.copier_account).into_iter().collect();
    environment.extend(variables(&world));
    environment
}

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
