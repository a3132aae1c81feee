//! A project policy's document, as ListProjectPolicies may return it.

use rekognition_model_copier::domain::policy::{Allows, Change, Policy};

use super::text;

/// Reads a document. One that is recognised needs no change and can be written and read again as the same.
pub fn policy(data: &[u8]) {
    let text = &text(data);
    let Some(allows) = Allows::read(text) else { return };
    let present = Policy { revision_id: "1".to_owned(), document: text.clone().into_owned() };
    let delete = Change::Delete { revision_id: "1".to_owned() };
    assert_eq!(
        allows.change(Some(&present)),
        Some(delete).filter(|_| allows.resources.is_empty()),
        "{text:?}"
    );
    let document = allows.document();
    assert_eq!(Allows::read(&document), Some(allows), "{document}");
}
