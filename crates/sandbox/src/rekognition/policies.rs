//! PutProjectPolicy, ListProjectPolicies, DeleteProjectPolicy, with revision ids as documented.
//! <https://docs.aws.amazon.com/rekognition/latest/APIReference/API_PutProjectPolicy.html>

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{Answer, Call, page::page, seconds};
use crate::{
    calls::PolicyChange,
    clock::later,
    error::AwsError,
    policy::Policy,
    world::{Project, ProjectPolicy, UnseenPolicyChange},
};

/// Policies of one project.
const MOST: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    project_arn: String,
    policy_name: String,
    policy_revision_id: Option<String>,
    policy_document: String,
}

pub(super) fn put(mut call: Call<'_>) -> Answer {
    let request: Put = call.read()?;
    let now = call.now;
    let until = later(now, call.state.settings.policy_delay);
    let settings = call.state.settings.clone();
    let project = call.own_project("PutProjectPolicy", &request.project_arn)?;
    Policy::read(&request.policy_document, &project.project_arn.project)
        .and_then(|policy| policy.check(&settings))
        .map_err(|malformed| AwsError::new("MalformedPolicyDocumentException", malformed))?;
    let document = request.policy_document.clone();
    let revision_id = Uuid::new_v4().simple().to_string();
    let count = project.policies.len();
    let existing = project.policies.iter_mut().find(|policy| policy.name == request.policy_name);
    let before = match (existing, request.policy_revision_id) {
        (Some(_), None) => {
            let message =
                format!("A policy named `{}` exists already: give its revision id.", request.policy_name);
            return Err(AwsError::new("ResourceAlreadyExistsException", message));
        }
        (Some(policy), Some(revision)) if policy.revision_id == revision => {
            policy.revision_id.clone_from(&revision_id);
            policy.updated_at = now;
            Some(std::mem::replace(&mut policy.document, request.policy_document))
        }
        (_, Some(revision)) => return Err(stale(&request.policy_name, &revision)),
        (None, None) if count >= MOST => {
            let message = format!("A project has at most {MOST} policies.");
            return Err(AwsError::new("LimitExceededException", message));
        }
        (None, None) => {
            project.policies.push(ProjectPolicy {
                name: request.policy_name.clone(),
                revision_id: revision_id.clone(),
                document: request.policy_document,
                created_at: now,
                updated_at: now,
            });
            None
        }
    };
    project.hide(request.policy_name.clone(), before, now, until);
    call.note(request.project_arn, request.policy_name, Some(document));
    Ok(json!({"PolicyRevisionId": revision_id}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    project_arn: String,
    next_token: Option<String>,
    max_results: Option<usize>,
}

pub(super) fn list(mut call: Call<'_>) -> Answer {
    let request: List = call.read()?;
    let project = call.own_project("ListProjectPolicies", &request.project_arn)?;
    let arn = project.project_arn.clone();
    let age = |policy: &ProjectPolicy| u64::try_from(policy.created_at.as_millisecond()).unwrap_or(0);
    let mut items: Vec<_> =
        project.policies.iter().map(|policy| ((age(policy), policy.name.clone()), policy)).collect();
    items.sort_by(|(a, _), (b, _)| b.cmp(a));
    let scope = format!("policies {arn}");
    let (policies, next) = page(items, request.max_results, MOST, request.next_token.as_deref(), &scope)?;
    let policies = policies.into_iter().map(|policy| {
        json!({
            "ProjectArn": arn,
            "PolicyName": policy.name,
            "PolicyRevisionId": policy.revision_id,
            "PolicyDocument": policy.document,
            "CreationTimestamp": seconds(policy.created_at),
            "LastUpdatedTimestamp": seconds(policy.updated_at),
        })
    });
    let policies = policies.collect();
    Ok(call.listed("ProjectPolicies", policies, next))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    project_arn: String,
    policy_name: String,
    policy_revision_id: Option<String>,
}

pub(super) fn delete(mut call: Call<'_>) -> Answer {
    let request: Delete = call.read()?;
    let now = call.now;
    let until = later(now, call.state.settings.policy_delay);
    let project = call.own_project("DeleteProjectPolicy", &request.project_arn)?;
    let missing = || AwsError::not_found(format!("The project has no policy `{}`.", request.policy_name));
    let index =
        project.policies.iter().position(|policy| policy.name == request.policy_name).ok_or_else(missing)?;
    let policy = project.policies.remove(index);
    if let Some(revision) = request.policy_revision_id.filter(|revision| *revision != policy.revision_id) {
        project.policies.insert(index, policy);
        return Err(stale(&request.policy_name, &revision));
    }
    project.hide(request.policy_name.clone(), Some(policy.document), now, until);
    call.note(request.project_arn, request.policy_name, None);
    Ok(json!({}))
}

impl Call<'_> {
    fn note(&mut self, project_arn: String, name: String, document: Option<String>) {
        let change = PolicyChange { at: self.now, project_arn, name, document };
        self.state.policy_changes.push(change);
    }
}

fn stale(name: &str, revision: &str) -> AwsError {
    let message = format!("`{revision}` is not the revision of the policy `{name}`.");
    AwsError::new("InvalidPolicyRevisionIdException", message)
}

impl Project {
    /// Keeps authorization on what it saw before, until the change is seen.
    fn hide(&mut self, name: String, document: Option<String>, now: jiff::Timestamp, until: jiff::Timestamp) {
        if until > now {
            self.unseen_policy_changes.push(UnseenPolicyChange { name, document, until });
        }
    }
}
