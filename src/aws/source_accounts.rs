//! Project policies in the accounts that own the models: changed through a role in each account, or with credentials
//! of that account.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_rekognition::config::Credentials;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rekognition::{Client, Config};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::domain::arn::ProjectArn;
use crate::domain::aws_answer::Refusal;
use crate::domain::project_policy::{PolicyError, ProjectPolicy};
use crate::domain::times::saturating_add;

use super::{describe_error, refusal, timestamp};

const PUT: &str = "rekognition:PutProjectPolicy";
const DELETE: &str = "rekognition:DeleteProjectPolicy";
/// The copier's session name, as CloudTrail in the other account shows it.
const SESSION: &str = "rekognition-model-copier";
/// How long before its end a session is replaced.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// The accounts whose project policies the copier may change.
#[derive(Debug)]
pub(super) struct SourceAccounts {
    rekognition: Config,
    sts: aws_sdk_sts::Config,
    external_id: Option<String>,
    accounts: HashMap<String, SourceAccount>,
}

#[derive(Debug)]
enum SourceAccount {
    /// Through a role, with its session.
    Role { role_arn: String, session: Mutex<Option<Session>> },
    /// With credentials of the account.
    Own(Client),
}

/// A client with a role's credentials. It is kept until five minutes before they expire, because a new session costs
/// a call.
#[derive(Clone, Debug)]
struct Session {
    client: Client,
    good_until: Timestamp,
}

impl SourceAccounts {
    /// The accounts with these roles, which require the external id.
    pub(super) fn new(
        rekognition: &Config,
        sts: &aws_sdk_sts::Config,
        roles: &BTreeMap<String, String>,
        external_id: Option<&str>,
    ) -> Self {
        let account =
            |role_arn: &String| SourceAccount::Role { role_arn: role_arn.clone(), session: Mutex::default() };
        Self {
            external_id: external_id.map(str::to_owned),
            accounts: roles.iter().map(|(id, role_arn)| (id.clone(), account(role_arn))).collect(),
            rekognition: rekognition.to_builder().timeout_config(timeouts()).build(),
            sts: sts.to_builder().timeout_config(timeouts()).build(),
        }
    }

    /// Adds an account with a client that has its credentials.
    pub(super) fn add(&mut self, account: &str, client: &Client) {
        let config = client.config().to_builder().timeout_config(timeouts()).build();
        self.accounts.insert(account.to_owned(), SourceAccount::Own(Client::from_conf(config)));
    }

    /// The policies of a project: at most five, on any number of pages.
    pub(super) async fn policies(&self, project: &ProjectArn) -> Result<Vec<ProjectPolicy>, PolicyError> {
        const ACTION: &str = "rekognition:ListProjectPolicies";
        let client = self.client(project).await?;
        let mut policies = Vec::new();
        let mut token = None;
        loop {
            let call = client.list_project_policies().project_arn(project.as_str()).set_next_token(token);
            let page = match call.send().await {
                Ok(page) => page,
                Err(error) => return Err(self.failed(project, ACTION, error).await),
            };
            for policy in page.project_policies.unwrap_or_default() {
                policies.push(project_policy(policy)?);
            }
            // An empty token means the end.
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(policies);
            }
        }
    }

    pub(super) async fn put(
        &self,
        project: &ProjectArn,
        name: &str,
        document: &str,
        revision_id: Option<&str>,
    ) -> Result<(), PolicyError> {
        let put = self
            .client(project)
            .await?
            .put_project_policy()
            .project_arn(project.as_str())
            .policy_name(name)
            .policy_document(document)
            .set_policy_revision_id(revision_id.map(str::to_owned));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(project, PUT, error).await),
        }
    }

    pub(super) async fn delete(
        &self,
        project: &ProjectArn,
        name: &str,
        revision_id: &str,
    ) -> Result<(), PolicyError> {
        let delete = self
            .client(project)
            .await?
            .delete_project_policy()
            .project_arn(project.as_str())
            .policy_name(name)
            .policy_revision_id(revision_id);
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(project, DELETE, error).await),
        }
    }

    async fn client(&self, project: &ProjectArn) -> Result<Client, PolicyError> {
        let (role_arn, session) = match self.accounts.get(project.account()) {
            Some(SourceAccount::Role { role_arn, session }) => (role_arn, session),
            Some(SourceAccount::Own(client)) => return Ok(client.clone()),
            None => return Err(no_role(project)),
        };
        let mut session = session.lock().await;
        let now = timestamp(self.sts.time_source().unwrap_or_default().now());
        if let Some(session) = session.as_ref().filter(|session| now < session.good_until) {
            return Ok(session.client.clone());
        }
        let fresh = self.assume(role_arn).await?;
        *session = Some(fresh.clone());
        Ok(fresh.client)
    }

    async fn assume(&self, role_arn: &str) -> Result<Session, PolicyError> {
        // The client is made here, about once an hour. To make it at every cold start would cost more.
        let call = aws_sdk_sts::Client::from_conf(self.sts.clone())
            .assume_role()
            .role_arn(role_arn)
            .role_session_name(SESSION)
            .set_external_id(self.external_id.clone());
        let answer = call.send().await.map_err(|error| error_of("sts:AssumeRole", error))?;
        let Some(credentials) = answer.credentials else {
            return Err(PolicyError::Unavailable("sts:AssumeRole answered without credentials".to_owned()));
        };
        let good_until = Timestamp::from_second(credentials.expiration.secs()).unwrap_or(Timestamp::MIN);
        let credentials = Credentials::new(
            credentials.access_key_id,
            credentials.secret_access_key,
            Some(credentials.session_token),
            None,
            "the source account's role",
        );
        let config = self.rekognition.to_builder().credentials_provider(credentials).build();
        Ok(Session {
            client: Client::from_conf(config),
            good_until: saturating_add(good_until, -RENEW_BEFORE),
        })
    }

    /// What an error of Rekognition means. A session that Rekognition no longer accepts is not used again.
    async fn failed<E>(&self, project: &ProjectArn, action: &'static str, error: SdkError<E>) -> PolicyError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        const OF_THE_SESSION: [&str; 3] =
            ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"];
        let is_of_the_session = error.code().is_some_and(|code| OF_THE_SESSION.contains(&code));
        let account = self.accounts.get(project.account());
        if is_of_the_session && let Some(SourceAccount::Role { session, .. }) = account {
            *session.lock().await = None;
            return PolicyError::Unavailable(describe_error(&error));
        }
        error_of(action, error)
    }
}

/// In one invocation, usually at most three of these calls (AssumeRole, List, Put) come before CopyProjectVersion, so
/// each gets less time than other calls.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(4))
        .operation_timeout(Duration::from_secs(8))
        .build()
}

fn no_role(project: &ProjectArn) -> PolicyError {
    let message = format!("no role is set for account `{}`", project.account());
    PolicyError::Refused {
        action: "sts:AssumeRole",
        refusal: Refusal { code: "AccessDenied".to_owned(), message, http_status: None },
    }
}

fn error_of<E>(action: &'static str, error: SdkError<E>) -> PolicyError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    // Somebody has changed the policies since they were listed. A put that is refused because the project is full
    // counts as a conflict as well: the next list shows the five policies that fill it.
    let is_conflict = |code: &str| match code {
        "InvalidPolicyRevisionIdException" | "ResourceAlreadyExistsException" => true,
        "ResourceNotFoundException" => action == DELETE,
        "LimitExceededException" | "ServiceQuotaExceededException" => action == PUT,
        _ => false,
    };
    match refusal(&error) {
        Some(refusal) if is_conflict(&refusal.code) => PolicyError::Conflict,
        Some(refusal) => PolicyError::Refused { action, refusal },
        None => PolicyError::Unavailable(describe_error(&error)),
    }
}

/// A policy with everything that a change needs. Every member of the answer is optional.
fn project_policy(policy: aws_sdk_rekognition::types::ProjectPolicy) -> Result<ProjectPolicy, PolicyError> {
    match (policy.policy_name, policy.policy_revision_id, policy.policy_document) {
        (Some(name), Some(revision_id), Some(document)) => {
            let seconds = policy.last_updated_timestamp.map(|time| time.secs());
            let updated_at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
            Ok(ProjectPolicy { name, revision_id, document, updated_at })
        }
        (name, ..) => Err(PolicyError::Unavailable(format!(
            "policy `{}` came without its document or revision id",
            name.unwrap_or_default()
        ))),
    }
}

#[cfg(test)]
mod tests;
