//! `model-copier policies`: shows and deletes the project policies that copiers put on a source project.

use aws_sdk_rekognition::Client;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use rekognition_model_copier::aws::describe_error;
use rekognition_model_copier::domain::arn::ProjectArn;
use rekognition_model_copier::domain::project_policy::ProjectPolicy;
use rekognition_model_copier::domain::project_policy::{NAME_PREFIX, is_expired_copier_policy};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::confirm::Confirmed;
use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::output::Output;
use crate::session::Session;
use crate::when::Style;

/// Show or delete the project policies that copiers have put
///
/// A copier is a stack or this program. It puts a policy on a source project, under a name that begins with
/// `model-copier-`. By default the policy allows copies for one hour. After that it allows nothing, but it stays on the
/// project until `withdraw` deletes it, or until a copier that finds no free slot deletes it.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier policies --source-profile flowers \\
    --source-project arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000
  model-copier policies withdraw --source-profile flowers \\
    --source-project arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000")]
pub struct Arguments {
    /// Without it, the policies are listed.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// The source project
    #[arg(long, value_name = "ARN", global = true, value_parser = project)]
    pub source_project: Option<ProjectArn>,
    /// A profile of the account that owns the project; default: the credentials of `--profile`
    #[arg(long, value_name = "NAME", global = true)]
    pub source_profile: Option<String>,
}

/// The subcommands; without one, the command lists the policies.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Delete the project policies of all copiers, valid or expired
    ///
    /// A copier that still has requests for the project puts its policy again.
    Withdraw {
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

fn project(text: &str) -> Result<ProjectArn, String> {
    ProjectArn::parse(text).map_err(|error| error.to_string())
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
    if session.identity.account != project.account() {
        return Err(Failure::WrongAccount(format!(
            "the credentials are of account `{}`, but account `{}` owns the project: give a profile of that account with \
             `--source-profile`",
            session.identity.account,
            project.account()
        )));
    }
    let client = session.rekognition();
    let policies = copier_policies(&client, &project).await?;
    let views: Vec<PolicyView> = policies.iter().map(PolicyView::of).collect();
    let Some(Action::Withdraw { yes }) = arguments.action else {
        output.results(&views, || table(&views, output.times()))?;
        return Ok(Exit::Done);
    };
    if !policies.is_empty() {
        let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
        let what = format!("Deletes: `{}`\nof:      {project}", names.join("`, `"));
        let confirmed = Confirmed::by_person(&session.identity, &what, yes, output)?;
        for policy in &policies {
            withdraw(&client, &project, policy, confirmed).await?;
        }
    }
    output.results(&views, || {
        views.iter().map(|view| format!("withdrawn: {}\n", view.name)).collect::<String>()
    })?;
    if views.is_empty() {
        output.note("no copier has a policy on this project");
    }
    Ok(Exit::Done)
}

/// The policies of a project that a copier put.
async fn copier_policies(client: &Client, project: &ProjectArn) -> Result<Vec<ProjectPolicy>, Failure> {
    let mut policies = Vec::new();
    let mut token = None;
    loop {
        let call = client.list_project_policies().project_arn(project.as_str()).set_next_token(token);
        let page = call.send().await.map_err(|error| {
            Failure::Error(format!(
                "the policies of `{project}` cannot be listed: {}",
                describe_error(&error)
            ))
        })?;
        let page_policies = page.project_policies.unwrap_or_default().into_iter().filter_map(|policy| {
            Some(ProjectPolicy {
                name: policy.policy_name.filter(|name| name.starts_with(NAME_PREFIX))?,
                revision_id: policy.policy_revision_id?,
                document: policy.policy_document.unwrap_or_default(),
                updated_at: policy
                    .last_updated_timestamp
                    .and_then(|time| Timestamp::from_second(time.secs()).ok()),
            })
        });
        policies.extend(page_policies);
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(policies);
        }
    }
}

/// Deletes the revision that was read. A policy that no longer exists counts as deleted.
async fn withdraw(
    client: &Client,
    project: &ProjectArn,
    policy: &ProjectPolicy,
    _: Confirmed,
) -> Result<(), Failure> {
    let call = client
        .delete_project_policy()
        .project_arn(project.as_str())
        .policy_name(&policy.name)
        .policy_revision_id(&policy.revision_id);
    match call.send().await {
        Ok(_) => Ok(()),
        Err(error)
            if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            Ok(())
        }
        Err(error) => Err(Failure::Error(format!(
            "policy `{}` was not deleted: run the command again: {}",
            policy.name,
            describe_error(&error)
        ))),
    }
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

fn table(views: &[PolicyView], style: Style) -> String {
    let width = views.iter().map(|view| view.name.len()).chain([4]).max().unwrap_or(4);
    let mut text = format!("{:<width$}  STATE    UPDATED\n", "NAME");
    for view in views {
        let state = if view.is_expired { "expired" } else { "valid" };
        let updated = view.updated_at.map_or("-".to_owned(), |at| style.write(at, Timestamp::now()));
        text.push_str(&format!("{:<width$}  {state:<7}  {updated}\n", view.name));
    }
    text
}
