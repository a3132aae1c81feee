//! `model-copier policies`: shows and deletes the project policies that copiers put on a source project.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use rekognition_model_copier::aws::CustomLabels;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::{
    NAME_PREFIX, PolicyError, ProjectPolicy, is_expired_copier_policy,
};
use rekognition_model_copier::ports::Rekognition;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::arguments::Global;
use crate::confirm::Confirmation;
use crate::exit::{Exit, Failure, describe_policy_error};
use crate::output::{Output, table};
use crate::session::Session;
use crate::when::Style;

/// Show or delete the project policies that copiers have put
///
/// A copier is a stack or this program. It puts a policy on a source project, under a name that begins with
/// `model-copier-`. By default the policy allows copies for one hour. After that it allows nothing, but it stays on the
/// project until `withdraw` deletes it, or until a copier needs its place: a project has room for five policies.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier policies --source-profile flowers \\
    --source-project arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000
  model-copier policies withdraw --source-profile flowers \\
    --source-project arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000")]
pub(crate) struct Arguments {
    /// Without it, the policies are listed.
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
    /// The source project
    #[arg(long, value_name = "ARN", global = true, value_parser = ProjectArn::parse)]
    pub(crate) source_project: Option<ProjectArn>,
    /// A profile of the account that owns the project; default: the credentials of `--profile`
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) source_profile: Option<String>,
}

/// The subcommands; without one, the command lists the policies.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Delete the project policies of all copiers, valid or expired
    ///
    /// A copier that still has requests for the project puts its policy again.
    Withdraw {
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

/// A policy as it is listed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyView {
    name: String,
    revision_id: String,
    is_expired: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// JSON where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Box<RawValue>>,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(project) = arguments.source_project else {
        return Err(Failure::Usage("give the project with `--source-project`".to_owned()));
    };
    let session = match &arguments.source_profile {
        Some(profile) => Session::of_profile(global, Some(profile)).await?,
        None => Session::open(global).await?,
    };
    session.check_owner("the project", project.account())?;
    let labels = session.custom_labels(Some(&session));
    let mut policies = labels.policies(&project).await.map_err(|error| failed("cannot be listed", &error))?;
    policies.retain(|policy| policy.name.starts_with(NAME_PREFIX));
    let views: Vec<PolicyView> = policies.iter().map(PolicyView::of).collect();
    let Some(Action::Withdraw { yes }) = arguments.action else {
        output.results(&views, || policy_table(&views, output.times))?;
        return Ok(Exit::Done);
    };
    if !policies.is_empty() {
        let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
        let what = format!("Deletes: `{}`\nof:      {project}", names.join("`, `"));
        let confirmed = Confirmation::ask(&session.identity, &what, yes, output)?;
        withdraw(&labels, &project, &policies, confirmed).await?;
    }
    output.results(&views, || {
        views.iter().map(|view| format!("withdrawn: {}\n", view.name)).collect::<String>()
    })?;
    if views.is_empty() {
        output.note("no copier has a policy on this project");
    }
    Ok(Exit::Done)
}

/// Deletes the revisions that were read.
async fn withdraw(
    labels: &CustomLabels,
    project: &ProjectArn,
    policies: &[ProjectPolicy],
    _: Confirmation,
) -> Result<(), Failure> {
    for ProjectPolicy { name, revision_id, .. } in policies {
        let what = "were not all deleted: run the command again";
        match labels.delete_policy(project, name, revision_id).await {
            Ok(()) => {}
            // Another caller has changed or deleted it. A policy that no longer exists counts as deleted.
            Err(error @ PolicyError::Conflict) => {
                let left = labels.policies(project).await.map_err(|error| failed(what, &error))?;
                if left.iter().any(|policy| policy.name == *name) {
                    return Err(failed(what, &error));
                }
            }
            Err(error) => return Err(failed(what, &error)),
        }
    }
    Ok(())
}

fn failed(what: &str, error: &PolicyError) -> Failure {
    Failure::Error(format!("the project's policies {what}: {}", describe_policy_error(error)))
}

impl PolicyView {
    fn of(policy: &ProjectPolicy) -> Self {
        Self {
            name: policy.name.clone(),
            revision_id: policy.revision_id.clone(),
            is_expired: is_expired_copier_policy(policy, Timestamp::now()),
            updated_at: policy.updated_at,
            document: RawValue::from_string(policy.document.clone()).ok(),
        }
    }
}

fn policy_table(views: &[PolicyView], style: Style) -> String {
    let row = |view: &PolicyView| {
        let state = if view.is_expired { "expired" } else { "valid" };
        let updated = view.updated_at.map_or("-".to_owned(), |at| style.write(at, Timestamp::now()));
        [view.name.clone(), state.to_owned(), updated]
    };
    table(["NAME", "STATE", "UPDATED"], views.iter().map(row))
}
