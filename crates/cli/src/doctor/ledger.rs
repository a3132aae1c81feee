//! The checks of the ledger and of the key that encrypts it.

use aws_sdk_dynamodb::Client;

use super::resource_policy::ResourcePolicy;
use super::{StackChecks, ensure_template};
use crate::check::{Check, OrFinding, Outcome, ensure};
use crate::resources::check_key;

const NO_TABLE: &str = "restore it under its old name: docs/operate.md, \"The table is gone\"";

impl StackChecks<'_> {
    pub(super) async fn check_ledger(&self) -> Outcome {
        let name = self.stack.output("LedgerTable")?;
        let what = format!("table `{name}`");
        let answer = Client::new(self.config()).describe_table().table_name(name).send().await;
        let answer = answer.or_missing(&what, NO_TABLE)?;
        let table = answer.table();
        let status = table.and_then(|table| table.table_status()).map_or("unknown", |status| status.as_str());
        let is_active = matches!(status, "ACTIVE" | "UPDATING");
        ensure(is_active, format!("{what} has status {status}"), "wait until it is ACTIVE")?;
        let mut indexes = table.iter().flat_map(|table| table.global_secondary_indexes());
        let has_index = indexes.any(|index| {
            let keys: Vec<&str> = index.key_schema().iter().map(|key| key.attribute_name()).collect();
            let is_active = index.index_status().is_none_or(|status| status.as_str() == "ACTIVE");
            index.index_name() == Some("due") && keys == ["step", "due"] && is_active
        });
        let message = format!("{what} has no active index `due`, so no sweep finds the records that are due");
        ensure_template(has_index, message)?;
        ensure(
            table.and_then(|table| table.deletion_protection_enabled()) == Some(true),
            format!("{what} is not protected from deletion"),
            format!("aws dynamodb update-table --table-name {name} --deletion-protection-enabled"),
        )?;
        Ok(format!("{what} is active and protected from deletion"))
    }

    pub(super) async fn check_expiry(&self) -> Outcome {
        let name = self.stack.output("LedgerTable")?;
        let answer = Client::new(self.config()).describe_time_to_live().table_name(name).send().await;
        let answer = answer.or_missing(format!("table `{name}`"), NO_TABLE)?;
        let is_enabled = answer.time_to_live_description().is_some_and(|expiry| {
            let status = expiry.time_to_live_status().map_or("unknown", |status| status.as_str());
            matches!(status, "ENABLED" | "ENABLING") && expiry.attribute_name() == Some("expiresAt")
        });
        let remedy = format!(
            "aws dynamodb update-time-to-live --table-name {name} --time-to-live-specification \
             AttributeName=expiresAt,Enabled=true"
        );
        ensure(is_enabled, "ended requests are never deleted", remedy)?;
        Ok("ended requests expire".to_owned())
    }

    pub(super) async fn check_backups(&self) -> Outcome {
        let name = self.stack.output("LedgerTable")?;
        let answer = Client::new(self.config()).describe_continuous_backups().table_name(name).send().await;
        let answer = answer.or_missing(format!("table `{name}`"), NO_TABLE)?;
        let backups = answer.continuous_backups_description();
        let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description());
        let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status());
        let remedy = format!(
            "aws dynamodb update-continuous-backups --table-name {name} --point-in-time-recovery-specification \
             PointInTimeRecoveryEnabled=true"
        );
        let is_enabled = status.is_some_and(|status| status.as_str() == "ENABLED");
        ensure(is_enabled, "the table cannot be restored", remedy)?;
        Ok("the table can be restored to any second of the last 35 days".to_owned())
    }

    /// The checks of `EncryptionKeyArn`; none if it is empty.
    pub(super) async fn check_encryption_key(&self) -> Vec<Check> {
        match self.stack.parameter("EncryptionKeyArn") {
            "" => Vec::new(),
            key => vec![
                Check::of("encryption key", check_key(self.session, key).await),
                Check::of("its policy", self.check_key_policy(key).await),
            ],
        }
    }

    async fn check_key_policy(&self, key: &str) -> Outcome {
        let client = aws_sdk_kms::Client::new(self.config());
        let answer = client.get_key_policy().key_id(key).policy_name("default").send().await;
        let answer = answer
            .or_unread("the key's policy")
            .map_err(|trouble| trouble.with_remedy("compare it with docs/operate.md, \"Your own key\""))?;
        let policy = ResourcePolicy::read(answer.policy().unwrap_or_default());
        ensure(
            policy.admits_rule("kms:GenerateDataKey", None) && policy.admits_rule("kms:Decrypt", None),
            "it does not admit EventBridge, so requests are lost",
            "add the statement from docs/operate.md, \"Your own key\"",
        )?;
        Ok("it admits EventBridge".to_owned())
    }
}
