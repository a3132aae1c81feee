//! [PutProjectPolicy](https://docs.aws.amazon.com/rekognition/latest/APIReference/API_PutProjectPolicy.html),
//! ListProjectPolicies and DeleteProjectPolicy, with revision ids.

use serde_json::json;
use uuid::Uuid;

use super::{Answer, Call, page::page, seconds};
use crate::{
    answer::AwsError,
    calls::PolicyChange,
    clock::later,
    model::request,
    policy::{Kind, Policy},
    world::{Project, ProjectPolicy, UnseenPolicyChange},
};

const MAX_POLICIES: usize = 5;

request!(Put {
    required project_arn: String = PROJECT_ARN,
    required policy_name: String = POLICY_NAME,
    optional policy_revision_id: Option<String> = REVISION,
    required policy_document: String = DOCUMENT,
});

pub(super) fn put(mut call: Call<'_>, request: Put) -> Answer {
    let now = call.now;
    let settings = call.state.settings.clone();
    let project = call.own_project(&request.project_arn)?;
    Policy::read(&request.policy_document, Kind::Project(project.name()))
        .and_then(|policy| policy.check(&settings))
        .map_err(|malformed| AwsError::new("MalformedPolicyDocumentException", malformed))?;
    let (name, document) = (request.policy_name, request.policy_document);
    let revision_id = Uuid::new_v4().simple().to_string();
    let count = project.policies.len();
    let existing = project.policies.iter_mut().find(|policy| policy.name == name);
    let before = match (existing, request.policy_revision_id) {
        (Some(_), None) => {
            let message = format!("A policy named `{name}` exists already: give its revision id.");
            return Err(AwsError::new("ResourceAlreadyExistsException", message));
        }
        (Some(policy), Some(revision)) if policy.revision_id == revision => {
            policy.revision_id.clone_from(&revision_id);
            policy.updated_at = now;
            Some(std::mem::replace(&mut policy.document, document.clone()))
        }
        (_, Some(revision)) => return Err(stale(&name, &revision)),
        (None, None) if count >= MAX_POLICIES => {
            let message = format!("A project has at most {MAX_POLICIES} policies.");
            return Err(AwsError::limit_exceeded(message));
        }
        (None, None) => {
            project.policies.push(ProjectPolicy {
                name: name.clone(),
                revision_id: revision_id.clone(),
                document: document.clone(),
                created_at: now,
                updated_at: now,
            });
            None
        }
    };
    call.record(request.project_arn, name, before, Some(document))?;
    Ok(json!({"PolicyRevisionId": revision_id}))
}

request!(List {
    required project_arn: String = PROJECT_ARN,
    optional next_token: Option<String> = TOKEN,
    optional max_results: Option<usize> = POLICY_PAGE_SIZE,
});

pub(super) fn list(mut call: Call<'_>, request: List) -> Answer {
    let Project { project_arn, policies, .. } = call.own_project(&request.project_arn)?;
    let age = |policy: &ProjectPolicy| u64::try_from(policy.created_at.as_millisecond()).unwrap_or(0);
    let items = policies.iter().map(|policy| ((age(policy), policy.name.clone()), policy));
    let scope = format!("policies {project_arn}");
    let (policies, next) = page(items, request.max_results, request.next_token.as_deref(), &scope)?;
    let policies = policies.into_iter().map(|policy| {
        json!({
            "ProjectArn": project_arn,
            "PolicyName": policy.name,
            "PolicyRevisionId": policy.revision_id,
            "PolicyDocument": policy.document,
            "CreationTimestamp": seconds(policy.created_at),
            "LastUpdatedTimestamp": seconds(policy.updated_at),
        })
    });
    let policies = policies.collect();
    call.listing("ProjectPolicies", policies, next)
}

request!(Delete {
    required project_arn: String = PROJECT_ARN,
    required policy_name: String = POLICY_NAME,
    optional policy_revision_id: Option<String> = REVISION,
});

pub(super) fn delete(mut call: Call<'_>, request: Delete) -> Answer {
    let name = request.policy_name;
    let policies = &mut call.own_project(&request.project_arn)?.policies;
    let policy = policies.iter().find(|policy| policy.name == name);
    let policy = policy.ok_or_else(|| AwsError::not_found(format!("The project has no policy `{name}`.")))?;
    if let Some(revision) = request.policy_revision_id.filter(|revision| *revision != policy.revision_id) {
        return Err(stale(&name, &revision));
    }
    let before = policy.document.clone();
    policies.retain(|policy| policy.name != name);
    call.record(request.project_arn, name, Some(before), None)?;
    Ok(json!({}))
}

fn stale(name: &str, revision: &str) -> AwsError {
    let message = format!("`{revision}` is not the revision of the policy `{name}`.");
    AwsError::new("InvalidPolicyRevisionIdException", message)
}

impl Call<'_> {
    /// Records the change of a policy. Authorization sees the document `before` until the delay of policy changes is over.
    fn record(
        &mut self,
        project_arn: String,
        name: String,
        before: Option<String>,
        document: Option<String>,
    ) -> Result<(), AwsError> {
        let delay = self.state.settings.policy_delay;
        if delay.is_positive() {
            let until = later(self.now, delay);
            let change = UnseenPolicyChange { name: name.clone(), document: before, until };
            self.own_project(&project_arn)?.unseen_policy_changes.push(change);
        }
        self.state.policy_changes.push(PolicyChange { at: self.now, project_arn, name, document });
        Ok(())
    }
}
