//! `plan`: what a run makes, what that may cost, and which permissions it needs.

use serde::Serialize;
use serde_json::{Value, json};

use super::experiments::{Experiment, experiments_of};
use super::lab::PREFIX;
use super::rows::{Row, rows};
use super::run::{Level, Model, Run};
use crate::exit::Failure;
use crate::stack::Stack;

/// What a run would do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub(crate) tries: Vec<&'static Experiment>,
    /// How many copies it makes at most.
    pub(crate) copies: u32,
    /// The permissions that it needs in the account of the destination project: an IAM policy.
    pub policy: Value,
    /// The permissions that it needs in the account of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_policy: Option<Value>,
    /// The rows that only a person can test.
    pub(crate) for_a_person: Vec<Row>,
}

const COST: &str = "\
Custom Labels bills training and inference by the hour; live-check starts neither. S3 bills the files of the copies. KMS \
bills the calls to a key. The calls for a stack cost less than a cent.";

impl Plan {
    /// The plan of a run.
    ///
    /// # Errors
    /// If the run's stack lacks an output.
    pub fn of(run: &Run) -> Result<Self, Failure> {
        let is_asked = |row: &Row| run.only.is_empty() || run.only.contains(&row.number);
        // With two accounts, one or two more copies show that the run has access.
        let access_copies = if run.level == Level::TwoAccounts { 2 } else { 0 };
        Ok(Self {
            tries: experiments_of(run).collect(),
            copies: experiments_of(run).map(|it| it.copies).sum::<u32>() + access_copies,
            policy: policy(run)?,
            source_policy: source_policy(run),
            for_a_person: rows().filter(|row| row.by.starts_with("you") && is_asked(row)).collect(),
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::from("Tests these rows:\n");
        for Experiment { row, makes, .. } in &self.tries {
            text += &format!("  {row:>2}  makes {makes}\n");
        }
        text += &format!(
            "\nMakes at most this many copies: {}. Every name begins with `{PREFIX}`, except that row 1 asks for a copy under \
             a name that is taken.\n{COST}\n\nPermissions in the account of the destination project:\n{:#}\n",
            self.copies, self.policy
        );
        if let Some(policy) = &self.source_policy {
            text += &format!("\nPermissions in the account of the model:\n{policy:#}\n");
        }
        if !self.for_a_person.is_empty() {
            text += "\nOnly a person can test these rows:\n";
        }
        for Row { number, check, .. } in &self.for_a_person {
            text += &format!("  {number:>2}  {check}\n");
        }
        text
    }
}

/// The permissions in the account of the destination project. CopyProjectVersion also needs those of the statement
/// `Dependent`.
fn policy(run: &Run) -> Result<Value, Failure> {
    let own_projects = run.identity.arn("rekognition", &format!("project/{PREFIX}*"));
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
        statements.extend(stack_statements(run, stack)?);
    }
    if let Some(model) = &run.model {
        statements.extend(copy_statements(run, model, &own_projects));
    }
    Ok(document(&statements))
}

fn copy_statements(run: &Run, model: &Model, own_projects: &str) -> Vec<Value> {
    let versions = |project: &str, name: &str| {
        let head = project.rsplit_once('/').map_or(project, |(head, _)| head);
        format!("{head}/version/{name}")
    };
    let (source, destination) = (model.source_project.as_str(), model.destination.as_str());
    let copies = versions(destination, &format!("{PREFIX}*"));
    let trained = versions(source, model.source_version.version_name()) + "/*";
    let mut copied = vec![source, model.source_version.as_str(), destination, &copies, own_projects];
    let (mut described, mut deleted) = (vec![destination], vec![copies.as_str()]);
    if model.source_project.account() == run.identity.account {
        // Row 1 also asks for a copy under the model's own name.
        copied.push(&trained);
        described.push(source);
        deleted.push(&trained);
    }
    let bucket = format!("arn:{}:s3:::{}", run.identity.partition, model.bucket);
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
    let dependent = ["rekognition:CreateProjectVersion", "rekognition:TagResource"];
    let mut statements = vec![
        allow("Copy", &["rekognition:CopyProjectVersion"], &copied),
        allow("Dependent", &dependent, &[destination, &copies]),
        allow("Describe", &["rekognition:DescribeProjectVersions"], &described),
        allow("DeleteCopies", &["rekognition:DeleteProjectVersion"], &deleted),
        allow("WriteCopies", &written, &[&bucket, &format!("{bucket}/{PREFIX}*")]),
    ];
    if let Some(key) = &model.key {
        let encrypted = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"];
        let key = if key.starts_with("arn:") { key } else { "*" };
        statements.push(allow("EncryptCopies", &encrypted, &[key]));
    }
    statements
}

fn stack_statements(run: &Run, stack: &Stack) -> Result<Vec<Value>, Failure> {
    let stack_arn = run.identity.arn("cloudformation", &format!("stack/{}/*", stack.name));
    let bus = run.identity.arn("events", &format!("event-bus/{}", stack.output("EventBusName")?));
    let table = run.identity.arn("dynamodb", &format!("table/{}", stack.output("LedgerTable")?));
    let mut statements = vec![
        allow("ReadStack", &["cloudformation:DescribeStacks"], &[&stack_arn]),
        allow("ReadMetrics", &["cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics"], &["*"]),
        allow("SendRequest", &["events:PutEvents"], &[&bus]),
        allow("ReadRecord", &["dynamodb:GetItem"], &[&table]),
    ];
    if run.intrusive {
        let requests = run.identity.queue_arn(stack.output("RequestQueueUrl")?);
        let dead_letters = run.identity.queue_arn(stack.output("DeadLetterQueueUrl")?);
        statements.extend([
            allow("ChangePolicy", &["sqs:GetQueueAttributes", "sqs:SetQueueAttributes"], &[&requests]),
            allow("DeleteDeadLetter", &["sqs:DeleteMessage", "sqs:ReceiveMessage"], &[&dead_letters]),
        ]);
    }
    let key = stack.parameter("EncryptionKeyArn");
    if !key.is_empty() {
        statements.push(allow("DecryptRecord", &["kms:Decrypt"], &[key]));
    }
    Ok(statements)
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

fn allow(sid: &str, actions: &[&str], resources: &[&str]) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}
