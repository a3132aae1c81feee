//! The fuzz target `policy`: the document of a project policy.

use rekognition_model_copier::domain::project_policy::{Change, ProjectPolicy, is_expired_copier_policy};
use serde_json::Value;

use super::{NOW, text};
use crate::request::rules;
use crate::scenario::PUTTING;

/// Reads a document under the name of the copier's policy. It fits only with the copier's roles and an expiry; otherwise it is
/// replaced. A document without an expiry never counts as expired.
pub(super) fn policy(data: &[u8]) -> bool {
    let text = &text(data);
    let copier = rules(&PUTTING).policies.policy;
    let present = ProjectPolicy {
        name: copier.name.clone(),
        revision_id: "1".to_owned(),
        document: text.clone().into_owned(),
        updated_at: None,
    };
    let replace = Change::Put { revision_id: Some("1".to_owned()) };
    let change = copier.change(std::slice::from_ref(&present), false, NOW);
    let fits = change == Ok(None);
    if fits {
        let document: Value = serde_json::from_str(text).expect("a document that fits");
        assert!(document.to_string().contains("aws:CurrentTime"), "{text:?}");
        assert!(
            copier.principals.iter().all(|role| document.to_string().contains(role.as_str())),
            "{text:?}"
        );
    } else {
        assert_eq!(change, Ok(Some(replace)), "{text:?}");
    }
    assert!(!is_expired_copier_policy(&present, NOW) || text.contains("DateLessThan"), "{text:?}");
    fits
}
