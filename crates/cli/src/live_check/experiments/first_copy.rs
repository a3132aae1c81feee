//! Rows 7 to 10, and 50: how a copy is shown, how long it takes, and where its files are.

use std::time::Duration;

use crate::exit::Failure;
use crate::live_check::answer::{Observation, Verdict};
use crate::live_check::journal::Model;
use crate::live_check::lab::{Copy, Lab};

/// Row 7: how soon a copy is shown.
pub(super) async fn visibility(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let copy = lab.first_copy(model).await?;
    if seen.need("copy", copy.answer.clone()).is_some() {
        seen.took("shown", copy.followed.visible_after, Duration::from_secs(600));
    }
    Ok(seen)
}

/// Row 10: how long a copy takes.
pub(super) async fn duration(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let copy = lab.first_copy(model).await?;
    if seen.need("copy", copy.answer.clone()).is_some() {
        seen.took("ended", copy.followed.ended_after, Duration::from_secs(2 * 3600));
    }
    Ok(seen)
}

/// Row 8: which fields of its request a copy shows.
pub(super) async fn fields(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    let mut seen = Observation::default();
    let copy = lab.first_copy(model).await?;
    if seen.need("copy", copy.answer.clone()).is_none() {
        return Ok(seen);
    }
    // Describe it again, so that this row's record has the members.
    let shown = lab.version(&model.destination, &copy.name).await;
    match seen.need("describe the copy", shown) {
        Some(Some(shown)) => {
            seen.shown("SourceProjectVersionArn", shown.source.as_deref(), model.source_version.as_str());
            seen.shown("OutputConfig", shown.bucket.as_deref(), &model.bucket);
        }
        Some(None) => seen.note("describe the copy", "not shown", Verdict::Unknown),
        None => {}
    }
    Ok(seen)
}

/// Row 50: under which keys Rekognition writes the files of a copy.
pub(super) async fn keys(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    const PART: &str = "the keys of its files";
    let mut seen = Observation::default();
    let copy = lab.first_copy(model).await?;
    if seen.need("copy", copy.answer.clone()).is_none() {
        return Ok(seen);
    }
    if copy.followed.shown.as_ref().is_none_or(|shown| shown.status != "COPYING_COMPLETED") {
        seen.note(PART, "the copy has not succeeded", Verdict::Unknown);
    } else if let Some(forms) = seen.need(PART, lab.key_forms(model).await) {
        let forms: Vec<String> = forms.into_iter().collect();
        match forms.as_slice() {
            [] => seen.note(PART, "none below the prefix", Verdict::Otherwise),
            forms => seen.note(PART, forms.join(", "), Verdict::AsAssumed),
        }
    }
    Ok(seen)
}

/// Row 9: the form in which a copy shows its key.
pub(super) async fn key_form(lab: &Lab, model: &Model) -> Result<Observation, Failure> {
    const PART: &str = "the key's form";
    let mut seen = Observation::default();
    let Some(key) = &model.key else {
        seen.skip(PART, "no key is given");
        return Ok(seen);
    };
    let name = lab.new_name();
    let answer = lab.copy(&Copy { key: Some(key.clone()), ..model.copy(&name) }).await?;
    if seen.need("copy with a key", answer).is_some() {
        let shown = lab.follow(&model.destination, &name).await.shown;
        match shown {
            Some(shown) => seen.shown(PART, shown.key.as_deref(), key),
            None => seen.note(PART, "the copy is not shown", Verdict::Unknown),
        }
    }
    Ok(seen)
}

impl Observation {
    /// A member that should have this value.
    fn shown(&mut self, member: &str, value: Option<&str>, expected: &str) {
        match value {
            Some(value) if value == expected => self.note(member, "as asked", Verdict::AsAssumed),
            Some(_) => self.note(member, "another value", Verdict::Otherwise),
            None => self.note(member, "not shown", Verdict::Otherwise),
        }
    }
}
