//! `model-copier copy`: copies a model, from this machine.

use std::time::Duration;

use clap::{Args, ValueHint};
use jiff::Timestamp;
use rekognition_model_copier::aws::{CustomLabels, SystemClock};
use rekognition_model_copier::domain::announcement::Announcement;
use rekognition_model_copier::domain::arn::ProjectVersionArn;
use rekognition_model_copier::domain::id::is_id;
use rekognition_model_copier::domain::record::Record;
use rekognition_model_copier::domain::request::{CopyRequest, Draft};
use rekognition_model_copier::ports::Ports;
use rekognition_model_copier::{Copier, Rules};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::announcer::Announcer;
use crate::confirm::Confirmed;
use crate::dry_run::DryRun;
use crate::exit::{Exit, Failure};
use crate::file_ledger::FileLedger;
use crate::global::Global;
use crate::interrupt::Interrupt;
use crate::local_copy::{LocalCopy, Waiting};
use crate::local_rules::local_rules;
use crate::output::Output;
use crate::request_text::{Given, bare, given, read};
use crate::session::{Identity, Session};
use crate::stack::Stack;
use crate::stack_copy::StackCopy;
use crate::when::parse_duration;

/// Copy a model
///
/// Copies a model from this machine, with your own credentials in the account of the destination project, and waits for
/// the end. The request is recorded under `$XDG_STATE_HOME/model-copier` before Rekognition is called. So the same command
/// goes on with a copy whose command was interrupted, and never makes two copies.
///
/// With `--stack` it asks a copier's stack, which makes the copy with its own rights.
///
/// Give the request as a file, in any form that the copier's stack takes, or by flags.
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
pub struct Arguments {
    /// The request: a file, or `-` for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "Fields")]
    #[arg(required_unless_present_all = ["source_project", "source_version", "to", "bucket"])]
    pub file: Option<String>,
    /// The request by flags.
    #[command(flatten)]
    pub fields: Fields,
    /// The request's id; else the request's own, else a hash of what is copied
    #[arg(long, value_name = "ID", value_parser = request_id)]
    pub request_id: Option<String>,
    /// Ask this stack to copy the model, instead of copying from this machine
    ///
    /// Puts the request on the stack's event bus, under an id of its own if it has none, and follows it to its end.
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    /// Put the project policy that the copy needs, with the rights of this profile in the source account
    ///
    /// The policy allows this account to copy models of the source project. It expires after one hour.
    #[arg(long, value_name = "NAME")]
    pub source_profile: Option<String>,
    /// Wait so long at most, for instance `30m`; the copy goes on
    #[arg(long, value_name = "TIME", value_parser = wait_time)]
    pub timeout: Option<Duration>,
    /// Wait only until Rekognition has accepted the copy
    #[arg(long)]
    pub detach: bool,
    /// Check what can be checked, and change nothing; exit code 8 if something is found
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before the copy
    #[arg(long, short)]
    pub yes: bool,
}

/// The request by flags.
#[derive(Args, Debug)]
#[group(id = "Fields", multiple = true)]
#[command(next_help_heading = "Request")]
pub struct Fields {
    /// The project of the model
    #[arg(long, value_name = "ARN")]
    pub source_project: Option<String>,
    /// The model
    #[arg(long, value_name = "ARN")]
    pub source_version: Option<String>,
    /// The project that gets the copy
    #[arg(long, value_name = "ARN")]
    pub to: Option<String>,
    /// The copy's name; else that of the model
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The bucket for the copy's training results
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// The prefix of the keys in the bucket
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// A tag of the copy; may be given several times
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    pub tags: Vec<(String, String)>,
    /// The KMS key that encrypts the copy
    #[arg(long, value_name = "KEY")]
    pub kms_key: Option<String>,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write `KEY=VALUE`")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(super) fn request_id(text: &str) -> Result<String, String> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 128 printable ASCII characters".to_owned())
    }
}

pub(super) fn wait_time(text: &str) -> Result<Duration, String> {
    parse_duration(text)?.try_into().map_err(|_| "write a duration that is not negative".to_owned())
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let text = match &arguments.file {
        Some(path) => bare(&read(path)?)?,
        None => arguments.fields.json()?,
    };
    let session = Session::open(global).await?;
    let identity = &session.identity;
    if arguments.stack.is_some() && arguments.source_profile.is_some() && !arguments.dry_run {
        return Err(Failure::Usage(
            "a stack puts project policies itself: leave out `--source-profile`, or add `--dry-run`"
                .to_owned(),
        ));
    }
    let stack = match Stack::read_named(&session, arguments.stack.as_deref()).await? {
        Some(stack) => Some((stack.settings(identity)?, stack)),
        None => None,
    };
    let source_account = source_account(&text).unwrap_or_else(|| identity.account.clone());
    let rules = match &stack {
        Some((settings, _)) => settings.rules.clone(),
        None => local_rules(identity, &source_account),
    };
    // Each request to a stack is one of its own, unless it has an id.
    let new_id =
        (stack.is_some() && Draft::parse(&text).request_id.is_none()).then(|| Uuid::new_v4().to_string());
    let id = arguments.request_id.as_deref().or(new_id.as_deref());
    let request = match given(&text, id, &rules, Timestamp::now())? {
        Given::Acceptable(request) => request,
        Given::Rejected(record) => return rejected(&record, output),
    };
    let source = match &arguments.source_profile {
        Some(profile) if source_account != identity.account => {
            Some(source_session(global, profile, &source_account, &identity.region).await?)
        }
        // Within one account no project policy is needed.
        _ => None,
    };
    let (rekognition, rules) = labels(&session, source.as_ref(), rules);
    if arguments.dry_run {
        let is_own = source_account == identity.account;
        let of_source = source.as_ref().or(is_own.then_some(&session)).map(Session::rekognition);
        let dry_run = DryRun {
            copy: &request.copy,
            rules: &rules,
            destination: &session,
            source: of_source.as_ref(),
            labels: &rekognition,
        };
        return dry_run.run(output).await;
    }
    let asked = stack.as_ref().map(|(_, stack)| format!("Asks stack `{}`\n", stack.name));
    let what = format!("{}{}", asked.unwrap_or_default(), statement(&request.copy, source.as_ref()));
    let confirmed = Confirmed::by_person(identity, &what, arguments.yes, output)?;
    let waiting = Waiting { timeout: arguments.timeout, is_detached: arguments.detach };
    if let Some((settings, stack)) = &stack {
        let copy = StackCopy { session: &session, stack, settings, request: &request, waiting, output };
        return copy.run(confirmed).await;
    }
    let files = FileLedger::of_user(&identity.account, &identity.region)?.only(request.key());
    let announcer = Announcer::new(output);
    let interrupt = Interrupt::listen();
    let local = LocalCopy {
        files: &files,
        request: &request,
        waiting,
        interrupt: &interrupt,
        output,
        announcer: &announcer,
    };
    let world = Ports { ledger: files.clone(), rekognition, bus: &announcer, clock: SystemClock };
    local.run(&Copier::new(world, rules), confirmed).await
}

/// Writes a rejection, which nobody records.
fn rejected(record: &Record, output: &Output) -> Result<Exit, Failure> {
    let rejection = Announcement::of(record);
    rejection.iter().try_for_each(|rejection| Announcer::new(output).announce(rejection))?;
    Ok(Exit::Rejected)
}

/// Custom Labels, and the rules: with the source account's credentials the copier puts the project policy.
fn labels(session: &Session, source: Option<&Session>, mut rules: Rules) -> (CustomLabels, Rules) {
    let mut labels = session.custom_labels();
    if let Some(source) = source {
        let Identity { account, caller, .. } = &source.identity;
        rules.policies.roles.insert(account.clone(), caller.clone());
        labels = labels.with_source_account(account, &source.rekognition());
    }
    (labels, rules)
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

/// The account of the model, as far as the text can be read.
fn source_account(text: &str) -> Option<String> {
    let fields = Draft::parse(text).fields;
    let version = || Some(fields.source_project_version_arn.as_ref()?.account().to_owned());
    fields.source_project_arn.as_ref().map(|arn| arn.account().to_owned()).or_else(version)
}

async fn source_session(
    global: &Global,
    profile: &str,
    account: &str,
    region: &str,
) -> Result<Session, Failure> {
    let global = Global { region: Some(region.to_owned()), ..global.clone() };
    let session = Session::of_profile(&global, Some(profile)).await?;
    if session.identity.account != account {
        return Err(Failure::WrongAccount(format!(
            "profile `{profile}` is of account `{}`, the model of `{account}`: give a profile of that account",
            session.identity.account
        )));
    }
    Ok(session)
}

fn statement(copy: &CopyRequest, source: Option<&Session>) -> String {
    let CopyRequest { source_project_version_arn: version, destination_project_arn: project, .. } = copy;
    let mut text = format!("Copies:  {version}\nto:      {project} as `{}`", copy.version_name);
    if let Some(source) = source {
        let project = &copy.source_project_arn;
        text.push_str(&format!(
            "\nAs `{}`, puts a policy on {project} that allows this for one hour",
            source.identity.caller
        ));
    }
    text
}
