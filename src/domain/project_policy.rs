//! The copier's project policy on a source project: its text, whether the one on the project is still good (it *fits*),
//! and the change that is needed if not.
//!
//! Copying across accounts needs a project policy on the source project. Where the settings name a role in the source
//! account, the copier puts one policy per project. It admits both functions' roles to the whole project and expires
//! an hour after it was put, so that nothing has to withdraw it. ARCHITECTURE.md says why.
//!
//! Source: <https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/md-create-project-policy-document.html>

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::aws_answer::Refusal;
use super::request::CopyRequest;
use super::times::{CLOCK_TOLERANCE, saturating_add};

/// The one action that a project policy can allow.
pub const ACTION: &str = "rekognition:CopyProjectVersion";
/// What the name of every copier's policy begins with.
pub const NAME_PREFIX: &str = "model-copier-";
/// How long a policy allows copies after it was put.
pub const POLICY_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// A policy with less time left is put again before a copy.
const LEAST_TIME_LEFT: SignedDuration = SignedDuration::from_mins(15);
/// A refusal within this time after the put proves nothing, because the policy may not be visible yet: it is not final,
/// and the policy is not put again because of it. A policy may take longer to become visible, so a later refusal is
/// final only after the permission time-out.
pub const SEEN_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// The most policies of a project.
const SLOTS: usize = 5;

/// The policy that a deployment puts on source projects, and the roles that it uses for that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyRules {
    /// For each account that owns projects, the ARN of the role through which the copier changes their policies. For an
    /// account without one, the owner attaches the policies.
    pub roles: BTreeMap<String, String>,
    pub policy: CopierPolicy,
    pub caller: Caller,
}

/// Who calls CopyProjectVersion, as a remedy names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// The roles of a stack's functions.
    #[default]
    Functions,
    /// The person at the command line, with this ARN.
    Person(String),
}

impl PolicyRules {
    /// The role through which the copier puts the policy that this copy needs; `None` if it puts none.
    pub fn role_for(&self, copy: &CopyRequest) -> Option<&str> {
        self.roles.get(copy.source_project_arn.account()).map(String::as_str)
    }
}

/// The policy that one copier puts on every source project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopierPolicy {
    /// `model-copier-ACCOUNT-STACK`: one policy per project and copier.
    pub name: String,
    /// ARNs of the roles or accounts that it admits.
    pub principals: BTreeSet<String>,
    /// Whether it expires. If not, it has no condition and allows copies until it is deleted.
    pub expires: bool,
}

/// A policy of a project, as Rekognition lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectPolicy {
    pub name: String,
    /// The revision that a change has to name.
    pub revision_id: String,
    pub document: String,
    /// When it was last put, where Rekognition says so.
    pub updated_at: Option<Timestamp>,
}

/// Why a project's policies could not be listed or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// Another caller changed the policy first: list again.
    Conflict,
    Refused {
        /// In IAM's words, for instance `rekognition:PutProjectPolicy`.
        action: &'static str,
        refusal: Refusal,
    },
    /// No answer, or an unreadable one. The change may have been made.
    Unavailable(String),
}

/// Why CopyProjectVersion was not called for a record: its source project's policy is not known to be in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyMissing {
    /// The project has no free slot, and none of these policies is an expired one of a copier.
    NoSlot(Vec<String>),
    Error(PolicyError),
}

impl From<PolicyError> for PolicyMissing {
    fn from(error: PolicyError) -> Self {
        Self::Error(error)
    }
}

/// The change that makes the copier's policy fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Put the copier's policy.
    Put {
        /// The revision to replace; `None` if the project does not have the policy yet.
        revision_id: Option<String>,
    },
    /// Delete this expired policy, to make room.
    Delete { name: String, revision_id: String },
}

impl CopierPolicy {
    /// The name of the policy of the copier `stack` in the destination account.
    pub fn name_of(account: &str, stack: &str) -> String {
        format!("{NAME_PREFIX}{account}-{stack}").chars().take(128).collect()
    }

    /// The document as it is put at `now`. As in the policy of a KMS key, `*` means what the policy is attached to
    /// \[inferred\].
    pub fn document(&self, now: Timestamp) -> String {
        let expiry = self.expires.then(|| saturating_add(now, POLICY_LIFETIME));
        document(&self.principals, "*", expiry)
    }

    /// The next change on the way to a policy that fits: a put, or a deletion that makes room for it. `None` if it
    /// fits.
    ///
    /// `was_refused`: the request was refused for a missing permission, and the permission time-out is not over. Then
    /// even a policy that fits is put again if it is more than a minute old: the role that it names may have been
    /// deleted and created again since.
    ///
    /// # Errors
    /// The names of the project's policies, if there is no slot for the copier's.
    pub fn change(
        &self,
        policies: &[ProjectPolicy],
        was_refused: bool,
        now: Timestamp,
    ) -> Result<Option<Change>, Vec<String>> {
        if let Some(policy) = policies.iter().find(|policy| policy.name == self.name) {
            let fits = self.fits(policy, now) && !(was_refused && is_visible(self.put_at(policies), now));
            return Ok((!fits).then(|| Change::Put { revision_id: Some(policy.revision_id.clone()) }));
        }
        if policies.len() < SLOTS {
            return Ok(Some(Change::Put { revision_id: None }));
        }
        match policies.iter().find(|policy| is_expired_copier_policy(policy, now)) {
            Some(ProjectPolicy { name, revision_id, .. }) => {
                Ok(Some(Change::Delete { name: name.clone(), revision_id: revision_id.clone() }))
            }
            None => Err(policies.iter().map(|policy| policy.name.clone()).collect()),
        }
    }

    /// Whether a policy's statement is the one that would be put now, with enough time left.
    fn fits(&self, policy: &ProjectPolicy, now: Timestamp) -> bool {
        let Some(statement) = Statement::read(&policy.document) else { return false };
        let has_time = match statement.expiry {
            Some(expiry) => {
                let left = expiry.duration_since(now);
                // The clock of the function that put the policy may be ahead. No copier puts a later expiry than this.
                let most = POLICY_LIFETIME + CLOCK_TOLERANCE;
                self.expires && (LEAST_TIME_LEFT..=most).contains(&left)
            }
            None => !self.expires,
        };
        has_time && statement.principals == self.principals && statement.resource == "*"
    }

    /// When the copier's policy among these was last put, as far as it is known.
    pub fn put_at(&self, policies: &[ProjectPolicy]) -> Option<Timestamp> {
        let policy = policies.iter().find(|policy| policy.name == self.name)?;
        let expiry = Statement::read(&policy.document).and_then(|statement| statement.expiry);
        expiry.map(|expiry| saturating_add(expiry, -POLICY_LIFETIME)).or(policy.updated_at)
    }
}

/// Whether a policy that was put at `put_at` may count as visible: more than [`SEEN_AFTER`] ago, or at an unknown time.
pub fn is_visible(put_at: Option<Timestamp>, now: Timestamp) -> bool {
    put_at.is_none_or(|put_at| now.duration_since(put_at) > SEEN_AFTER)
}

/// The narrowest policy that lets `principals` copy one version, for an owner who attaches it by hand.
pub fn document_for_version(principals: &BTreeSet<String>, copy: &CopyRequest) -> String {
    document(principals, copy.source_project_version_arn.as_str(), None)
}

fn document(principals: &BTreeSet<String>, resource: &str, expiry: Option<Timestamp>) -> String {
    let mut statement = Map::new();
    statement.insert("Effect".to_owned(), json!("Allow"));
    statement.insert("Principal".to_owned(), json!({ "AWS": principals }));
    statement.insert("Action".to_owned(), json!(ACTION));
    statement.insert("Resource".to_owned(), json!(resource));
    if let Some(expiry) = expiry {
        // IAM compares whole seconds. Rounded down, the policy expires no later than it should.
        let expiry = Timestamp::from_second(expiry.as_second()).unwrap_or(expiry);
        let condition = json!({ "DateLessThan": { "aws:CurrentTime": expiry.to_string() } });
        statement.insert("Condition".to_owned(), condition);
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Whether this is the policy of a copier, and has expired.
pub fn is_expired_copier_policy(policy: &ProjectPolicy, now: Timestamp) -> bool {
    let expiry = Statement::read(&policy.document).and_then(|statement| statement.expiry);
    policy.name.starts_with(NAME_PREFIX) && expiry.is_some_and(|expiry| expiry <= now)
}

/// The one statement of a policy that a copier put.
struct Statement {
    principals: BTreeSet<String>,
    resource: String,
    expiry: Option<Timestamp>,
}

impl Statement {
    /// Reads a document with one statement that allows the one action. It compares meaning, not text, because
    /// Rekognition may return the document in another form. `None` if the document says anything else.
    fn read(document: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(document).ok()?;
        let statement = match document.get("Statement")? {
            Value::Array(statements) => match statements.as_slice() {
                [statement] => statement.as_object()?,
                _ => return None,
            },
            statement => statement.as_object()?,
        };
        let known = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
        let principal = statement.get("Principal")?.as_object()?;
        let is_plain = statement.keys().all(|key| known.contains(&key.as_str()))
            && statement.get("Effect")? == "Allow"
            && texts(statement.get("Action")?)? == BTreeSet::from([ACTION.to_owned()])
            && principal.len() == 1;
        let mut resources = texts(statement.get("Resource")?)?.into_iter();
        let (Some(resource), None, true) = (resources.next(), resources.next(), is_plain) else {
            return None;
        };
        let expiry = match statement.get("Condition") {
            Some(condition) => Some(expiry(condition)?),
            None => None,
        };
        Some(Self { principals: texts(principal.get("AWS")?)?, resource, expiry })
    }
}

/// The time in a condition, if the condition says nothing else.
fn expiry(condition: &Value) -> Option<Timestamp> {
    let [(operator, keys)] = condition.as_object()?.iter().collect::<Vec<_>>()[..] else { return None };
    let [(key, value)] = keys.as_object()?.iter().collect::<Vec<_>>()[..] else { return None };
    let mut times = texts(value)?.into_iter();
    match (times.next(), times.next()) {
        (Some(time), None) if operator == "DateLessThan" && key.eq_ignore_ascii_case("aws:CurrentTime") => {
            time.parse().ok()
        }
        _ => None,
    }
}

/// One text, or a list of them.
fn texts(value: &Value) -> Option<BTreeSet<String>> {
    match value {
        Value::String(text) => Some(BTreeSet::from([text.clone()])),
        Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
