//! The checks of the ledger and of the key that encrypts it.

use aws_sdk_dynamodb::Client;
use rekognition_model_copier::aws::describe_error;

use super::policy::Policy;
use super::{DEPLOY_AGAIN, Patient};
use crate::check::{Check, Outcome, Trouble};
use crate::keys;

const NO_TABLE: &str = "restore it under its old name: docs/operate.md, \"The table is gone\"";

impl Patient<'_> {
    fn dynamodb(&self) -> Client {
        Client::new(&self.session.config.shared)
    }

    pub(super) async fn ledger(&self) -> Outcome {
        let name = self.stack.output("LedgerTable")?;
        let answer = self.dynamodb().describe_table().table_name(name).send().await;
        let answer = answer.map_err(|error| Trouble::missing(&error, format!("table `{name}`"), NO_TABLE))?;
        let table =
            answer.table.unwrap_or_else(|| aws_sdk_dynamodb::types::TableDescription::builder().build());
        let status = table.table_status().map_or("unknown", |status| status.as_str());
        if !matches!(status, "ACTIVE" | "UPDATING") {
            return Err(Trouble::found(
                format!("table `{name}` has status {status}"),
                "wait until it is ACTIVE",
            ));
        }
        let index = table.global_secondary_indexes().iter().find(|index| index.index_name() == Some("due"));
        let keys: Vec<_> =
            index.iter().flat_map(|index| index.key_schema()).map(|key| key.attribute_name()).collect();
        let is_active =
            index.is_some_and(|index| index.index_status().is_none_or(|status| status.as_str() == "ACTIVE"));
        if keys != ["step", "due"] || !is_active {
            let message = format!(
                "table `{name}` has no active index `due`, so no sweep finds the records that are due"
            );
            return Err(Trouble::found(message, DEPLOY_AGAIN));
        }
        if table.deletion_protection_enabled() != Some(true) {
            let remedy =
                format!("aws dynamodb update-table --table-name {name} --deletion-protection-enabled");
            return Err(Trouble::found(format!("table `{name}` is not protected from deletion"), remedy));
        }
        Ok(format!("table `{name}` is active and protected from deletion"))
    }

    pub(super) async fn expiry(&self) -> Outcome {
        let name = self.stack.output("LedgerTable")?;
        let answer = self.dynamodb().describe_time_to_live().table_name(name).send().await;
        let answer = answer.map_err(|error| Trouble::missing(&error, format!("table `{name}`"), NO_TABLE))?;
        let expiry = answer.time_to_live_description();
        let status = expiry
            .and_then(|expiry| expiry.time_to_live_status())
            .map_or("unknown", |status| status.as_str());
        let is_enabled = matches!(status, "ENABLED" | "ENABLING")
            && expiry.and_then(|expiry| expiry.attribute_name()) == Some("expiresAt");
        if is_enabled {
            return Ok("ended requests expire".to_owned());
        }
        let remedy = format!(
            "aws dynamodb update-time-to-live --table-name {name} --time-to-live-specification \
             AttributeName=expiresAt,Enabled=true"
        );
        Err(Trouble::found("ended requests are never deleted", remedy))
    }

    pub(super) async fn backups(&self) -> Outcome {
        let name = self.stack.output("LedgerTable")?;
        let answer = self.dynamodb().describe_continuous_backups().table_name(name).send().await;
        let answer = answer.map_err(|error| Trouble::missing(&error, format!("table `{name}`"), NO_TABLE))?;
        let backups = answer.continuous_backups_description();
        let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description());
        let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status());
        if status.is_some_and(|status| status.as_str() == "ENABLED") {
            return Ok("the table can be restored to any second of the last 35 days".to_owned());
        }
        let remedy = format!(
            "aws dynamodb update-continuous-backups --table-name {name} --point-in-time-recovery-specification \
             PointInTimeRecoveryEnabled=true"
        );
        Err(Trouble::found("the table cannot be restored", remedy))
    }

    /// The checks of `EncryptionKeyArn`; none if it is empty.
    pub(super) async fn encryption_key(&self) -> Vec<Check> {
        match self.stack.parameter("EncryptionKeyArn") {
            "" => Vec::new(),
            key => vec![
                Check::of("encryption key", keys::check(self.session, key).await),
                Check::of("its policy", self.key_policy(key).await),
            ],
        }
    }

    async fn key_policy(&self, key: &str) -> Outcome {
        let client = aws_sdk_kms::Client::new(&self.session.config.shared);
        let answer = client.get_key_policy().key_id(key).policy_name("default").send().await;
        let answer = answer.map_err(|error| {
            Trouble::unknown(format!("the key's policy cannot be read: {}", describe_error(&error)))
                .with_remedy("compare it with docs/operate.md, \"Your own key\"")
        })?;
        let policy = Policy::read(answer.policy().unwrap_or_default());
        if policy.admits_rule("kms:GenerateDataKey", None) && policy.admits_rule("kms:Decrypt", None) {
            return Ok("it admits EventBridge".to_owned());
        }
        let remedy = "add the statement from docs/operate.md, \"Your own key\"";
        Err(Trouble::found("it does not admit EventBridge, so requests are lost", remedy))
    }
}
