//! A project policy of ours: what it says, how that is written and read, and what has to change.
//!
//! Source: <https://docs.aws.amazon.com/rekognition/latest/customlabels-dg/md-create-project-policy.html>. It does
//! not know who should be in it: that is [`grant`](super::grant).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::arn::ProjectArn;

/// The most characters of a policy document.
pub const CHARACTERS: usize = 2000;
/// The one action that a project policy can allow.
pub const ACTION: &str = "rekognition:CopyProjectVersion";

/// What a policy of ours says: these principals may copy these versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allows {
    /// ARNs of roles or accounts.
    pub principals: BTreeSet<String>,
    /// ARNs of versions, or [`every_version`].
    pub resources: BTreeSet<String>,
}

/// A policy as the project has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What a change of it has to name.
    pub revision_id: String,
    /// Its document.
    pub document: String,
}

/// What makes a project's policy say what it should. Each is refused if somebody else was faster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Put this document over the policy of this revision, or where there is none.
    Put {
        /// The document.
        document: String,
        /// The revision to replace.
        revision_id: Option<String>,
    },
    /// Delete the policy of this revision.
    Delete {
        /// The revision to delete.
        revision_id: String,
    },
}

impl Allows {
    /// The least document that says this.
    pub fn document(&self) -> String {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "AWS": self.principals },
                "Action": ACTION,
                "Resource": self.resources,
            }]
        })
        .to_string()
    }

    /// Whether the document is as short as the service wants it.
    pub fn fits(&self) -> bool {
        self.document().chars().count() <= CHARACTERS
    }

    /// Reads a document that says nothing but who may copy what, in whichever words: the service may give back
    /// others than it was given.
    pub fn read(document: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(document).ok()?;
        let statement = match document.get("Statement")? {
            Value::Array(statements) => match statements.as_slice() {
                [statement] => statement.as_object()?,
                _ => return None,
            },
            statement => statement.as_object()?,
        };
        let known = ["Sid", "Effect", "Principal", "Action", "Resource"];
        let plain = statement.keys().all(|key| known.contains(&key.as_str()));
        let allow = statement.get("Effect")? == "Allow";
        let action = texts(statement.get("Action")?)? == BTreeSet::from([ACTION.to_owned()]);
        let principal = statement.get("Principal")?.as_object()?;
        if !plain || !allow || !action || principal.len() != 1 {
            return None;
        }
        Some(Self {
            principals: texts(principal.get("AWS")?)?,
            resources: texts(statement.get("Resource")?)?,
        })
    }

    /// What to do so that `present` says this; `None` where it does.
    pub fn change(&self, present: Option<&Policy>) -> Option<Change> {
        match present {
            None if self.resources.is_empty() => None,
            Some(policy) if self.resources.is_empty() => {
                Some(Change::Delete { revision_id: policy.revision_id.clone() })
            }
            Some(policy) if Self::read(&policy.document).as_ref() == Some(self) => None,
            present => Some(Change::Put {
                document: self.document(),
                revision_id: present.map(|policy| policy.revision_id.clone()),
            }),
        }
    }

    /// Whether `present` allows something that this does not.
    pub fn takes_from(&self, present: Option<&Policy>) -> bool {
        present.is_some_and(|policy| {
            Self::read(&policy.document).is_none_or(|allows| !allows.resources.is_subset(&self.resources))
        })
    }
}

/// The resource that stands for every version of a project.
pub fn every_version(project: &ProjectArn) -> String {
    format!(
        "arn:{}:rekognition:{}:{}:project/{}/version/*",
        project.partition(),
        project.region(),
        project.account(),
        project.project_name()
    )
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
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::444455556666:role/start-copy";
    const VERSION: &str =
        "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000";

    fn allows(resources: &[&str]) -> Allows {
        Allows {
            principals: BTreeSet::from([ROLE.to_owned()]),
            resources: resources.iter().map(|resource| (*resource).to_owned()).collect(),
        }
    }

    fn policy(document: impl Into<String>) -> Policy {
        Policy { revision_id: "7".to_owned(), document: document.into() }
    }

    #[test]
    fn a_document_names_one_action_our_roles_and_the_versions_and_nothing_else() {
        assert_eq!(
            serde_json::from_str::<Value>(&allows(&[VERSION]).document()).unwrap(),
            json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "AWS": [ROLE] },
                    "Action": "rekognition:CopyProjectVersion",
                    "Resource": [VERSION]
                }]
            })
        );
    }

    #[test]
    fn a_document_reads_back_in_its_own_words_and_in_others() {
        let ours = allows(&[VERSION]);
        assert_eq!(Allows::read(&ours.document()), Some(ours.clone()));
        let other = json!({
            "Statement": {
                "Sid": "a", "Effect": "Allow", "Principal": { "AWS": ROLE }, "Action": [ACTION], "Resource": VERSION
            }
        });
        assert_eq!(Allows::read(&other.to_string()), Some(ours));
    }

    #[test]
    fn a_document_that_says_more_or_less_is_not_read_as_ours() {
        let ours = allows(&[VERSION]).document();
        let with = |path: &str, value: Value| {
            let mut document: Value = serde_json::from_str(&ours).unwrap();
            *document
                .pointer_mut("/Statement/0")
                .unwrap()
                .as_object_mut()
                .unwrap()
                .entry(path)
                .or_insert(Value::Null) = value;
            document.to_string()
        };
        for other in [
            with("Effect", json!("Deny")),
            with("Action", json!("rekognition:*")),
            with("Condition", json!({ "Bool": { "aws:SecureTransport": "true" } })),
            with("Principal", json!("*")),
            with("Principal", json!({ "AWS": ROLE, "Service": "lambda.amazonaws.com" })),
            with("Resource", json!(7)),
            json!({ "Statement": [] }).to_string(),
            "no JSON".to_owned(),
        ] {
            assert_eq!(Allows::read(&other), None, "{other}");
        }
    }

    #[test]
    fn a_policy_changes_only_where_it_does_not_say_what_it_should() {
        let (ours, nothing) = (allows(&[VERSION]), allows(&[]));
        let put = |revision_id: Option<&str>| {
            Some(Change::Put { document: ours.document(), revision_id: revision_id.map(str::to_owned) })
        };
        assert_eq!(ours.change(None), put(None));
        assert_eq!(ours.change(Some(&policy(ours.document()))), None);
        assert_eq!(ours.change(Some(&policy("{}"))), put(Some("7")));
        assert_eq!(nothing.change(None), None);
        assert_eq!(
            nothing.change(Some(&policy(ours.document()))),
            Some(Change::Delete { revision_id: "7".to_owned() })
        );
    }

    #[test]
    fn a_change_takes_what_the_policy_allowed_and_will_not() {
        let (one, none) = (allows(&[VERSION]), allows(&[]));
        assert!(!one.takes_from(None));
        assert!(!one.takes_from(Some(&policy(one.document()))));
        assert!(none.takes_from(Some(&policy(one.document()))));
        assert!(one.takes_from(Some(&policy("unreadable"))));
    }

    #[test]
    fn every_version_of_a_project_is_one_resource_without_the_projects_number() {
        let project = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
        assert_eq!(
            every_version(&ProjectArn::parse(project).unwrap()),
            "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/*"
        );
    }
}
