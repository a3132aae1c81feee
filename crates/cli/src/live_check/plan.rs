//! `plan`: what a run makes, what that may cost, and which permissions it needs.

use serde::Serialize;
use serde_json::{Value, json};

use super::experiments::{EXPERIMENTS, Experiment};

use super::journal::{DeployedStack, Model, Run};
use super::lab::PREFIX;
use super::level::Level;
use super::rows::{Row, rows};

/// What a run would do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The rows that it tests.
    pub(crate) tries: Vec<Trial>,
    /// How many copies it makes at most.
    pub(crate) copies: u32,
    /// The permissions that it needs in the account of the destination project: an IAM policy.
    pub policy: Value,
    /// The permissions that it needs in the account of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_policy: Option<Value>,
    /// The rows that only a person can test.
    pub(crate) for_a_person: Vec<Steps>,
}

/// A row that a program tests.
#[derive(Debug, Serialize)]
pub(crate) struct Trial {
    pub(crate) row: u8,
    pub(crate) makes: &'static str,
}

/// A row for a person.
#[derive(Debug, Serialize)]
pub(crate) struct Steps {
    pub(crate) row: u8,
    pub(crate) check: &'static str,
}

/// The experiments of a run, in their order.
pub(crate) fn selected(run: &Run) -> impl Iterator<Item = &'static Experiment> {
    let is_asked = |row| run.only.is_empty() || run.only.contains(&row);
    EXPERIMENTS.iter().filter(move |it| it.is_within(run) && is_asked(it.row))
}

/// The plan of a run.
pub fn plan(run: &Run) -> Plan {
    let is_for_a_person = |row: &Row| row.by.starts_with("you");
    let is_asked = |row: &Row| run.only.is_empty() || run.only.contains(&row.number);
    Plan {
        tries: selected(run).map(|it| Trial { row: it.row, makes: it.makes }).collect(),
        // With two accounts, one or two more copies show that the run has access.
        copies: selected(run).map(|it| it.copies).sum::<u32>()
            + if run.level == Level::TwoAccounts { 2 } else { 0 },
        policy: policy(run),
        source_policy: source_policy(run),
        for_a_person: rows()
            .filter(is_for_a_person)
            .filter(is_asked)
            .map(|row| Steps { row: row.number, check: row.check })
            .collect(),
    }
}

/// What costs money.
const COST: &str = "\
Custom Labels bills training and inference by the hour; live-check starts neither. S3 bills the files of the copies. KMS \
bills the calls to a key. The calls for a stack cost less than a cent.";

impl Plan {
    /// The plan as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from("Tests these rows:\n");
        for Trial { row, makes } in &self.tries {
            text += &format!("  {row:>2}  makes {makes}\n");
        }
        text += &format!(
            "\nMakes {} copies at most. Every name begins with `{PREFIX}`, except that row 1 asks for a copy under a name that is taken.\n{COST}\n\nPermissions in the account of the \
             destination project:\n{:#}\n",
            self.copies, self.policy
        );
        if let Some(policy) = &self.source_policy {
            text += &format!("\nPermissions in the account of the model:\n{policy:#}\n");
        }
        if !self.for_a_person.is_empty() {
            text += "\nOnly a person can test these rows:\n";
        }
        for Steps { row, check } in &self.for_a_person {
            text += &format!("  {row:>2}  {check}\n");
        }
        text
    }
}

/// The permissions in the account of the destination project. CopyProjectVersion also needs those of the statement
/// `Dependent`.
fn policy(run: &Run) -> Value {
    let arn = |service: &str, resource: &str| {
        format!("arn:{}:{service}:{}:{}:{resource}", run.partition, run.region, run.account)
    };
    let own_projects = arn("rekognition", &format!("project/{PREFIX}*"));
    let of_own_projects = [
        "rekognition:CreateProject",
        "rekognition:DeleteProject",
        "rekognition:DeleteProjectPolicy",
        "rekognition:DescribeProjectVersions",
        "rekognition:PutProjectPolicy",
        "rekognition:TagResource",
    ];
    let mut statements = vec![
        allow("OwnProjects", &of_own_projects, &[&own_projects]),
        allow("FindProjects", &["rekognition:DescribeProjects"], &["*"]),
    ];
    if let Some(stack) = &run.stack {
        statements.extend(stack_statements(run, stack, arn));
    }
    if let Some(model) = run.model.as_ref().filter(|_| run.level > Level::Free) {
        statements.extend(copy_statements(run, model, &own_projects));
    }
    document(&statements)
}

/// The permissions for copies of a model.
fn copy_statements(run: &Run, model: &Model, own_projects: &str) -> Vec<Value> {
    let versions = |project: &str, name: &str| {
        let head = project.rsplit_once('/').map_or(project, |(head, _)| head);
        format!("{head}/version/{name}")
    };
    let (source, destination) = (model.source_project.as_str(), model.destination.as_str());
    let copies = versions(destination, &format!("{PREFIX}*"));
    let is_own = model.source_project.account() == run.account;
    // If the model belongs to this account, row 1 also asks for a copy under the model's own name.
    let trained = is_own.then(|| versions(source, model.source_version.version_name()) + "/*");
    let trained = trained.as_deref();
    let copied = [source, model.source_version.as_str(), destination, &copies, own_projects];
    let bucket = format!("arn:{}:s3:::{}", run.partition, model.bucket);
    let written = [
        "s3:GetBucketAcl",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:GetObjectAcl",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "s3:PutObject",
    ];
    let encrypted = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"];
    let with = |resources: &[&'_ str], more: Option<&str>| {
        resources.iter().copied().chain(more).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut statements = vec![
        allow("Copy", &["rekognition:CopyProjectVersion"], &with(&copied, trained)),
        allow(
            "Dependent",
            &["rekognition:CreateProjectVersion", "rekognition:TagResource"],
            &[destination, &copies],
        ),
        allow(
            "Describe",
            &["rekognition:DescribeProjectVersions"],
            &with(&[destination], is_own.then_some(source)),
        ),
        allow("DeleteCopies", &["rekognition:DeleteProjectVersion"], &with(&[&copies], trained)),
        allow("WriteCopies", &written, &[&bucket, &format!("{bucket}/{PREFIX}*")]),
    ];
    if let Some(key) = &model.key {
        statements.push(allow(
            "EncryptCopies",
            &encrypted,
            &[if key.starts_with("arn:") { key } else { "*" }],
        ));
    }
    statements
}

/// The permissions for a stack.
fn stack_statements(run: &Run, stack: &DeployedStack, arn: impl Fn(&str, &str) -> String) -> Vec<Value> {
    let stack_arn = arn("cloudformation", &format!("stack/{}/*", stack.name));
    let bus = arn("events", &format!("event-bus/{}", stack.bus));
    let table = arn("dynamodb", &format!("table/{}", stack.ledger));
    let mut statements = vec![
        allow("ReadStack", &["cloudformation:DescribeStacks"], &[&stack_arn]),
        allow("ReadMetrics", &["cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics"], &["*"]),
        allow("SendRequest", &["events:PutEvents"], &[&bus]),
        allow("ReadRecord", &["dynamodb:GetItem"], &[&table]),
    ];
    if run.intrusive {
        let queue = |url: &str| arn("sqs", url.rsplit('/').next().unwrap_or(url));
        let (requests, dead_letters) = (queue(&stack.requests), queue(&stack.dead_letters));
        statements.extend([
            allow("ChangePolicy", &["sqs:GetQueueAttributes", "sqs:SetQueueAttributes"], &[&requests]),
            allow("DeleteDeadLetter", &["sqs:DeleteMessage", "sqs:ReceiveMessage"], &[&dead_letters]),
        ]);
    }
    statements.extend(stack.key.as_ref().map(|key| allow("DecryptRecord", &["kms:Decrypt"], &[key])));
    statements
}

/// The permissions in the account of the model.
fn source_policy(run: &Run) -> Option<Value> {
    let model = run.model.as_ref().filter(|_| run.level == Level::TwoAccounts)?;
    let policies = ["rekognition:DeleteProjectPolicy", "rekognition:PutProjectPolicy"];
    Some(document(&[
        allow("Policies", &policies, &[model.source_project.as_str()]),
        allow("FindProject", &["rekognition:DescribeProjects"], &["*"]),
    ]))
}

/// A statement; one resource is written without a list.
fn allow<R: AsRef<str>>(sid: &str, actions: &[&str], resources: &[R]) -> Value {
    let resources: Vec<&str> = resources.iter().map(AsRef::as_ref).collect();
    let resource = match resources[..] {
        [one] => json!(one),
        _ => json!(resources),
    };
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource })
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}
