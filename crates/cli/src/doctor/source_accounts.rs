//! The checks of source accounts: the companion's role, and room for the copier's policy on each source project.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::CopierPolicy;
use rekognition_model_copier::ports::Rekognition;

use super::Patient;
use super::policy::matches;
use crate::check::{Check, Outcome, Trouble};
use crate::projects;
use crate::session::Session;

const DEPLOY_COMPANION: &str = "deploy source-account.yaml in the source account";

impl Patient<'_> {
    /// The checks of each role in `SourceAccountRoles`.
    pub(super) async fn source_accounts(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        for role in self.list("SourceAccountRoles") {
            let account = role.split(':').nth(4).unwrap_or_default();
            let Some(source) = self.sources.iter().find(|source| source.identity.account == account) else {
                let trouble = Trouble::unknown(format!("no credentials for account `{account}` were given"))
                    .with_remedy("give `--source-profile` with a profile of that account");
                checks.push(Check::of("source account", Err(trouble)));
                continue;
            };
            checks.push(Check::of("companion", self.companion(source, role).await));
            checks.extend(self.policy_rooms(source).await);
        }
        checks
    }

    /// Checks that the stack of source-account.yaml that made the role admits this stack's functions.
    async fn companion(&self, source: &Session, role: &str) -> Outcome {
        let client = aws_sdk_cloudformation::Client::new(&source.config.shared);
        let stacks: Result<Vec<_>, _> =
            client.describe_stacks().into_paginator().items().send().collect().await;
        let stacks = stacks.map_err(|error| Trouble::unread(&error, "the companion's stack"))?;
        let has_role = |output: &aws_sdk_cloudformation::types::Output| {
            output.output_key() == Some("RoleArn") && output.output_value() == Some(role)
        };
        let Some(stack) = stacks.iter().find(|stack| stack.outputs().iter().any(has_role)) else {
            let message = format!(
                "no stack of account `{}` has `{role}` as its output `RoleArn`",
                source.identity.account
            );
            let remedy =
                format!("{DEPLOY_COMPANION}, and put its output `RoleArn` into `SourceAccountRoles`");
            return Err(Trouble::found(message, remedy));
        };
        let parameter = |name: &str| {
            let parameter =
                stack.parameters().iter().find(|parameter| parameter.parameter_key() == Some(name));
            parameter.and_then(|parameter| parameter.parameter_value()).unwrap_or_default()
        };
        let roles = |text: &str| text.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
        let ours = self.stack.output("CopierRoleArns")?;
        if !roles(ours).is_subset(&roles(parameter("CopierRoleArns"))) {
            let message = format!("`{role}` does not admit the copier's roles");
            return Err(Trouble::found(message, format!("{DEPLOY_COMPANION} with `CopierRoleArns={ours}`")));
        }
        if parameter("ExternalId") != self.stack.parameter("ExternalId") {
            let message = format!("`{role}` requires another external id than the copier's `ExternalId`");
            return Err(Trouble::found(message, "give both stacks the same `ExternalId`"));
        }
        Ok(format!("`{role}` admits the copier's roles"))
    }

    /// Checks that each source project of the account has room for the copier's policy.
    async fn policy_rooms(&self, source: &Session) -> Vec<Check> {
        let projects = match projects::list(source).await {
            Ok(projects) => projects,
            Err(trouble) => return vec![Check::of("source project", Err(trouble))],
        };
        let patterns: Vec<&str> = self.list("SourceProjects").collect();
        let projects = projects.iter().filter_map(|project| ProjectArn::parse(project.project_arn()?).ok());
        let mut checks = Vec::new();
        for project in projects {
            if patterns.iter().any(|pattern| matches(pattern, project.as_str())) {
                checks.push(Check::of("source project", self.policy_room(source, &project).await));
            }
        }
        checks
    }

    async fn policy_room(&self, source: &Session, project: &ProjectArn) -> Outcome {
        let policy = CopierPolicy {
            name: CopierPolicy::name_of(&self.session.identity.account, &self.stack.name),
            principals: self.stack.output("CopierRoleArns")?.split(',').map(str::to_owned).collect(),
            expires: self.stack.parameter("ProjectPolicyExpires") != "false",
        };
        let labels = self.session.custom_labels();
        let labels = labels.with_source_account(&source.identity.account, &source.rekognition());
        let policies = labels.policies(project).await;
        let policies = policies.map_err(|error| Trouble::unknown(format!("`{project}`: {error:?}")))?;
        match policy.change(&policies, false, Timestamp::now()) {
            Ok(_) => Ok(format!("`{project}` has room for policy `{}`", policy.name)),
            Err(names) => {
                let message = format!("`{project}` has no free slot for a policy");
                let remedy =
                    format!("delete one of its policies that nobody needs: `{}`", names.join("`, `"));
                Err(Trouble::found(message, remedy))
            }
        }
    }
}
