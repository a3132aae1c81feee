//! The stack that CloudFormation shows for a deployment: the parameters and outputs of `template.yaml`.

use crate::{Sandbox, Stack};

use super::settings::{DeploymentSettings, environment};

/// The parameters that a variable of the functions has, too.
const WITH_VARIABLE: [(&str, &str); 15] = [
    ("OutputBuckets", "ALLOWED_OUTPUT_BUCKETS"),
    ("AllowedSourceAccounts", "ALLOWED_SOURCE_ACCOUNTS"),
    ("AllowedTagKeys", "ALLOWED_TAG_KEYS"),
    ("EventBusName", "EVENT_BUS"),
    ("EventSource", "EVENT_SOURCE"),
    ("TrustedRequesters", "TRUSTED_REQUESTERS"),
    ("SourceAccountRoles", "SOURCE_ACCOUNT_ROLES"),
    ("ExternalId", "EXTERNAL_ID"),
    ("ProjectPolicyExpires", "PROJECT_POLICY_EXPIRES"),
    ("StartTimeoutSeconds", "START_TIMEOUT_SECONDS"),
    ("CopyTimeoutSeconds", "COPY_TIMEOUT_SECONDS"),
    ("OverdueAfterSeconds", "OVERDUE_AFTER_SECONDS"),
    ("PermissionTimeoutSeconds", "PERMISSION_TIMEOUT_SECONDS"),
    ("RetentionDays", "RETENTION_DAYS"),
    ("CallsPerSecond", "CALLS_PER_SECOND"),
];

/// The others, with their defaults.
const OTHERS: [(&str, &str); 11] = [
    ("DestinationProjects", ""),
    ("SourceProjects", ""),
    ("ModelKeys", ""),
    ("RequesterAccounts", ""),
    ("RequesterOrganization", ""),
    ("DirectSenders", ""),
    ("AlarmTopicArn", ""),
    ("LogRetentionDays", "90"),
    ("EncryptionKeyArn", ""),
    ("PermissionsBoundaryArn", ""),
    ("Architecture", "arm64"),
];

impl DeploymentSettings {
    /// The stack of a deployment with these settings in this sandbox.
    pub(super) fn stack(&self, sandbox: &Sandbox) -> Stack {
        let (world, mut variables) = (sandbox.world(), environment(sandbox));
        variables.extend(self.environment.clone());
        let variable = |name: &str| variables.get(name).cloned().unwrap_or_default();
        let (account, region) = (world.copier_account, world.region);
        let (name, bus) = (variable("STACK_NAME"), variable("EVENT_BUS"));
        let queue = |kind: &str| format!("{}/{account}/{name}-{kind}", sandbox.endpoint());
        let own = WITH_VARIABLE.map(|(parameter, name)| (parameter.to_owned(), variable(name)));
        let others = OTHERS.map(|(parameter, value)| (parameter.to_owned(), value.to_owned()));
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
        Stack {
            outputs: outputs.map(|(name, value)| (name.to_owned(), value)).into(),
            parameters: own.into_iter().chain(others).collect(),
            account,
            name,
        }
    }
}
