//! The checks of source accounts: the companion's role, and room for the copier's policy on each source project.

use std::collections::BTreeSet;

use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::CopierPolicy;
use rekognition_model_copier::ports::Rekognition;

use super::StackChecks;
use super::resource_policy::matches;
use crate::check::{Check, Finding, OrFinding, Outcome, ensure};
use crate::exit::describe_policy_error;
use crate::resources::{check_policy_room, list_projects};
use crate::session::Session;
use crate::stack::Stack;

const DEPLOY_COMPANION: &str = "deploy source-account.yaml in the source account";

impl StackChecks<'_> {
    /// The checks of each role in `SourceAccountRoles`.
    pub(super) async fn check_source_accounts(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        for role in self.list("SourceAccountRoles") {
            let account = role.split(':').nth(4).unwrap_or_default();
            let Some(source) = self.sources.iter().find(|source| source.identity.account == account) else {
                let trouble = Finding::unknown(format!("no credentials for account `{account}` were given"))
                    .with_remedy("give `--source-profile` with a profile of that account");
                checks.push(Check::of("source account", Err(trouble)));
                continue;
            };
            checks.push(Check::of("companion", self.check_companion(source, role).await));
            checks.extend(Check::of_each("source project", self.check_source_projects(source).await));
        }
        checks
    }

    /// Checks that the stack of source-account.yaml that made the role admits this stack's functions.
    async fn check_companion(&self, source: &Session, role: &str) -> Outcome {
        let client = aws_sdk_cloudformation::Client::new(&source.config.shared);
        let stacks: Result<Vec<_>, _> =
            client.describe_stacks().into_paginator().items().send().collect().await;
        let mut stacks = stacks.or_unread("the companion's stack")?.into_iter().map(Stack::of);
        let is_companion = |stack: &Stack| stack.output("RoleArn").is_ok_and(|arn| arn == role);
        let companion = stacks.find(is_companion).ok_or_else(|| {
            let account = &source.identity.account;
            let message = format!("no stack of account `{account}` has `{role}` as its output `RoleArn`");
            let remedy =
                format!("{DEPLOY_COMPANION}, and put its output `RoleArn` into `SourceAccountRoles`");
            Finding::found(message, remedy)
        })?;
        let ours = self.stack.output("CopierRoleArns")?;
        let admitted: BTreeSet<&str> = companion.parameter("CopierRoleArns").split(',').collect();
        ensure(
            ours.split(',').all(|role| admitted.contains(role)),
            format!("`{role}` does not admit the copier's roles"),
            format!("{DEPLOY_COMPANION} with `CopierRoleArns={ours}`"),
        )?;
        ensure(
            companion.parameter("ExternalId") == self.stack.parameter("ExternalId"),
            format!("`{role}` requires another external id than the copier's `ExternalId`"),
            "give both stacks the same `ExternalId`",
        )?;
        Ok(format!("`{role}` admits the copier's roles"))
    }

    /// Checks that each source project of the account has room for the copier's policy.
    async fn check_source_projects(&self, source: &Session) -> Result<Vec<Outcome>, Finding> {
        let patterns: Vec<&str> = self.list("SourceProjects").collect();
        let mut outcomes = Vec::new();
        for project in list_projects(source).await? {
            if patterns.iter().any(|pattern| matches(pattern, project.as_str())) {
                outcomes.push(self.check_source_project(source, &project).await);
            }
        }
        Ok(outcomes)
    }

    async fn check_source_project(&self, source: &Session, project: &ProjectArn) -> Outcome {
        let policy = CopierPolicy {
            name: CopierPolicy::name_of(&self.session.identity.account, &self.stack.name),
            principals: self.stack.output("CopierRoleArns")?.split(',').map(str::to_owned).collect(),
            expires: self.stack.parameter("ProjectPolicyExpires") != "false",
        };
        let policies = self.session.custom_labels(Some(source)).policies(project).await;
        let policies = policies
            .map_err(|error| Finding::unknown(format!("`{project}`: {}", describe_policy_error(&error))))?;
        check_policy_room(project, &policies, &policy)
    }
}
