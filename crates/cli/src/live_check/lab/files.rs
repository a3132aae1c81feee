//! The files of a run's copies in the bucket. Only the form of their keys is kept.

use std::collections::BTreeSet;

use super::{Lab, PREFIX};
use crate::live_check::answer::Answer;
use crate::live_check::journal::Model;

impl Lab {
    /// The prefix that the run gives to each of its copies.
    pub(super) fn key_prefix(&self) -> String {
        format!("{PREFIX}{}/", self.begun.run)
    }

    /// The forms of the first 1000 keys below the run's prefix, for instance `PREFIX/PROJECT/VERSION/FILE`.
    pub async fn key_forms(&self, model: &Model) -> Answer<BTreeSet<String>> {
        let prefix = self.key_prefix();
        let call = self.s3.list_objects_v2().bucket(&model.bucket).prefix(&prefix).send();
        let answer = self.call("ListObjectsV2", call, |_| Vec::new()).await?;
        let keys = answer.contents().iter().filter_map(|object| object.key()?.strip_prefix(&prefix));
        Ok(keys.map(|key| form(key, model)).collect())
    }
}

/// A word in place of each segment: a segment may be a name or an id.
fn form(key: &str, model: &Model) -> String {
    let word = |segment: &str| match segment {
        _ if segment == model.destination.project_name() => "PROJECT/",
        _ if segment == model.source_project.project_name() => "SOURCE_PROJECT/",
        _ if segment == model.source_version.version_name() => "SOURCE_VERSION/",
        _ if segment.starts_with(PREFIX) => "VERSION/",
        _ if segment.chars().all(|c| c.is_ascii_digit()) => "NUMBER/",
        _ => "FOLDER/",
    };
    let folders = key.rsplit_once('/').map(|(folders, _)| folders.split('/').map(word).collect::<String>());
    format!("PREFIX/{}FILE", folders.unwrap_or_default())
}
