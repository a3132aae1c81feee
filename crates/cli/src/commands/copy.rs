//! `model-copier copy`: copies a model from this machine, or asks a stack to copy it.

use clap::{Args, ValueHint};
use jiff::Timestamp;
use rekognition_model_copier::Copier;
use rekognition_model_copier::aws::SystemClock;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::id::is_id;
use rekognition_model_copier::domain::request::{CopyRequest, Draft};
use rekognition_model_copier::ports::Ports;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::announcer::{Announcer, CORRECT};
use crate::arguments::Global;
use crate::confirm::Confirmation;
use crate::dry_run::DryRun;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::local_copy::LocalCopy;
use crate::local_rules::local_rules;
use crate::output::Output;
use crate::request_text::{RequestCheck, check_request, read_bare, read_file};
use crate::requests::Place;
use crate::session::Session;
use crate::stack_copy::StackCopy;
use crate::waiting::{Wait, WaitArguments};

/// Copy a model
///
/// Copies a model from this machine and waits until the copy has ended. It uses your own credentials, which must
/// belong to the account of the destination project.
///
/// The command records the request under `$XDG_STATE_HOME/model-copier` before it calls Rekognition. If the command is
/// interrupted, run it again: it continues the same copy and does not make a second one.
///
/// With `--stack`, the command sends the request to a stack, and the stack makes the copy with its own permissions.
///
/// Give the request in a file or by flags. The file may have any form that a stack accepts.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  model-copier copy request.json
  model-copier copy - < request.json
  model-copier copy request.json --dry-run
  model-copier copy request.json --stack rekognition-model-copier
  model-copier copy \\
    --source-project arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000 \\
    --source-version arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000 \\
    --to arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/1761991200000 \\
    --bucket flowers-production-models --source-profile flowers")]
pub(crate) struct Arguments {
    /// The request: a file, or `-` for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "Fields")]
    #[arg(required_unless_present = "Fields")]
    pub(crate) file: Option<String>,
    #[command(flatten)]
    pub(crate) fields: Fields,
    /// The request's id; default: the id in the file, else a hash of the request's fields
    #[arg(long, value_name = "ID", value_parser = parse_id)]
    pub(crate) request_id: Option<String>,
    /// Ask this stack to copy the model, instead of copying from this machine
    ///
    /// The command publishes the request on the stack's event bus and follows it until it has ended. A request
    /// without an id gets a random one.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// A profile of the account that owns the model; the command uses it to put the project policy that the copy needs
    ///
    /// The policy allows your account to copy models of the source project. It expires after one hour.
    #[arg(long, value_name = "NAME")]
    pub(crate) source_profile: Option<String>,
    #[command(flatten)]
    pub(crate) wait: WaitArguments,
    /// Check the request without changing anything; exit code 8 if a check finds a problem
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// The request by flags.
#[derive(Args, Debug)]
#[group(id = "Fields", multiple = true, requires_all = ["source_project", "source_version", "to", "bucket"])]
#[command(next_help_heading = "Request")]
pub(crate) struct Fields {
    /// The project that holds the model
    #[arg(long, value_name = "ARN")]
    pub(crate) source_project: Option<String>,
    /// The model version to copy
    #[arg(long, value_name = "ARN")]
    pub(crate) source_version: Option<String>,
    /// The project to copy into
    #[arg(long, value_name = "ARN")]
    pub(crate) to: Option<String>,
    /// The copy's name; default: the model's name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The bucket for the copy's training results
    #[arg(long, value_name = "BUCKET")]
    pub(crate) bucket: Option<String>,
    /// The prefix of the copy's keys in the bucket
    #[arg(long, value_name = "PREFIX")]
    pub(crate) prefix: Option<String>,
    /// A tag of the copy; may be given several times
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = parse_tag)]
    pub(crate) tags: Vec<(String, String)>,
    /// The KMS key that encrypts the copy
    #[arg(long, value_name = "KEY")]
    pub(crate) kms_key: Option<String>,
}

fn parse_tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write `KEY=VALUE`")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(super) fn parse_id(text: &str) -> Result<String, String> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 128 printable ASCII characters".to_owned())
    }
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let text = match &arguments.file {
        Some(path) => read_bare(&read_file(path)?)?,
        None => arguments.fields.json()?,
    };
    let Place { session, stack } = Place::open(global, arguments.stack.as_deref()).await?;
    let identity = &session.identity;
    if stack.is_some() && arguments.source_profile.is_some() && !arguments.dry_run {
        return Err(Failure::Usage(
            "a stack puts project policies itself: leave out `--source-profile`, or add `--dry-run`"
                .to_owned(),
        ));
    }
    let stack = match stack {
        Some(stack) => Some((stack.settings(identity)?, stack)),
        None => None,
    };
    let source_account = source_account(&text).unwrap_or_else(|| identity.account.clone());
    let mut rules = match &stack {
        Some((settings, _)) => settings.rules.clone(),
        None => local_rules(identity, &source_account),
    };
    // A request without an id is always a new request to a stack.
    let new_id =
        (stack.is_some() && Draft::parse(&text).request_id.is_none()).then(|| Uuid::new_v4().to_string());
    let id = arguments.request_id.as_deref().or(new_id.as_deref());
    let request = match check_request(&text, id, &rules, Timestamp::now())? {
        RequestCheck::Valid(request) => request,
        RequestCheck::Rejected(record) => return Announcer::new(output).reject(&record, CORRECT),
    };
    let source = match &arguments.source_profile {
        Some(profile) if source_account != identity.account => {
            let source = session.of_source(global, profile).await?;
            source.check_owner("the model", &source_account)?;
            Some(source)
        }
        // Within one account no project policy is needed.
        _ => None,
    };
    if arguments.dry_run {
        let is_own = source_account == identity.account;
        let source = source.as_ref().or(is_own.then_some(&session));
        let dry_run = DryRun { copy: &request.copy, rules: &rules, destination: &session, source };
        return dry_run.run(output).await;
    }
    let asked = stack.as_ref().map(|(_, stack)| format!("Asks stack `{}`\n", stack.name));
    let mut what = format!("{}{}", asked.unwrap_or_default(), describe_copy(&request.copy));
    if let Some(Session { identity, .. }) = &source {
        // The copier puts the project policy with the credentials of the source account.
        rules.policies.roles.insert(identity.account.clone(), identity.caller.clone());
        let (project, caller) = (&request.copy.source_project_arn, &identity.caller);
        what += &format!("\nPuts a policy on {project} as `{caller}`; it allows the copy for one hour");
    }
    let confirmed = Confirmation::ask(identity, &what, arguments.yes, output)?;
    let wait = Wait::begin(arguments.wait, Interrupt::listen(), output);
    if let Some((settings, stack)) = &stack {
        return StackCopy { session: &session, stack, settings, request: &request, wait }
            .run(confirmed)
            .await;
    }
    let files = session.files()?.only(request.key());
    let rekognition = session.custom_labels(source.as_ref());
    let world = Ports { ledger: files.clone(), rekognition, bus: &wait.announcer, clock: SystemClock };
    let local = LocalCopy { files: &files, request: &request, wait: &wait };
    local.run(&Copier::new(world, rules), confirmed).await
}

impl Fields {
    fn json(&self) -> Result<String, Failure> {
        let name = self.name.clone().or_else(|| {
            let arn = ProjectVersionArn::parse(self.source_version.as_deref()?).ok()?;
            Some(arn.version_name().to_owned())
        });
        let mut tags = serde_json::Map::new();
        for (key, value) in &self.tags {
            if tags.insert(key.clone(), Value::from(value.clone())).is_some() {
                return Err(Failure::Usage(format!("tag `{key}` is given twice: give it once")));
            }
        }
        // A field that is null counts as left out.
        let output = json!({ "s3Bucket": self.bucket, "s3KeyPrefix": self.prefix });
        let request = json!({
            "sourceProjectArn": self.source_project,
            "sourceProjectVersionArn": self.source_version,
            "destinationProjectArn": self.to,
            "versionName": name,
            "outputConfig": output,
            "tags": tags,
            "kmsKeyId": self.kms_key,
        });
        Ok(request.to_string())
    }
}

/// The account that owns the model, if the text has one.
fn source_account(text: &str) -> Option<String> {
    let fields = Draft::parse(text).fields;
    let version = || Some(fields.source_project_version_arn.as_ref()?.account().to_owned());
    fields.source_project_arn.as_ref().map(|arn| arn.account().to_owned()).or_else(version)
}

/// Describes the copy for the confirmation.
pub(super) fn describe_copy(copy: &CopyRequest) -> String {
    format!(
        "Copies:  {}\nto:      {} as `{}`",
        copy.source_project_version_arn, copy.destination_project_arn, copy.version_name
    )
}
