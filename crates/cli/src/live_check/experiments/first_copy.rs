//! Rows 7 to 10, and 50: how a copy is shown, how long it takes, and where its files are.

use std::rc::Rc;
use std::time::Duration;

use rekognition_model_copier::domain::request::CopyRequest;

use crate::live_check::answer::{Observation, Stop, Tested, Verdict};
use crate::live_check::lab::{FirstCopy, Lab};

/// Row 7: how soon a copy is shown.
pub(super) async fn visibility(lab: &Lab, seen: &mut Observation) -> Tested {
    let copy = first_copy(lab, seen).await?;
    seen.took("shown", copy.course.visible_after, Duration::from_secs(600));
    Ok(())
}

/// Row 10: how long a copy takes.
pub(super) async fn duration(lab: &Lab, seen: &mut Observation) -> Tested {
    let copy = first_copy(lab, seen).await?;
    seen.took("ended", copy.course.ended_after, Duration::from_secs(2 * 3600));
    Ok(())
}

/// Row 8: which fields of its request a copy shows.
pub(super) async fn fields(lab: &Lab, seen: &mut Observation) -> Tested {
    const PART: &str = "describe the copy";
    let (copy, model) = (first_copy(lab, seen).await?, lab.model()?);
    // Describe it again, so that this row's record has the members.
    let version = lab.version(&model.destination, &copy.name).await;
    match seen.need(PART, version)? {
        Some(version) => {
            seen.shown("SourceProjectVersionArn", version.source.as_deref(), model.source_version.as_str());
            seen.shown("OutputConfig", version.bucket.as_deref(), &model.bucket);
        }
        None => seen.note(PART, "not shown", Verdict::Unknown),
    }
    Ok(())
}

/// Row 50: under which keys Rekognition writes the files of a copy.
pub(super) async fn keys(lab: &Lab, seen: &mut Observation) -> Tested {
    const PART: &str = "the keys of its files";
    let copy = first_copy(lab, seen).await?;
    if copy.course.last.as_ref().is_none_or(|version| version.status != "COPYING_COMPLETED") {
        seen.note(PART, "the copy has not succeeded", Verdict::Unknown);
        return Ok(());
    }
    let forms = seen.need(PART, lab.key_forms(lab.model()?).await)?;
    match forms.into_iter().collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => seen.note(PART, "none below the prefix", Verdict::Otherwise),
        forms => seen.note(PART, forms, Verdict::AsAssumed),
    }
    Ok(())
}

/// Row 9: the form in which a copy shows its key.
pub(super) async fn key_form(lab: &Lab, seen: &mut Observation) -> Tested {
    const PART: &str = "the key's form";
    let model = lab.model()?;
    let Some(key) = &model.key else {
        seen.skip(PART, "no key is given");
        return Ok(());
    };
    let name = lab.new_name();
    let answer =
        lab.copy(&CopyRequest { kms_key_id: Some(key.clone()), ..lab.request(model, &name) }).await?;
    seen.need("copy with a key", answer)?;
    match lab.follow(&model.destination, &name).await.last {
        Some(version) => seen.shown(PART, version.key.as_deref(), key),
        None => seen.note(PART, "the copy is not shown", Verdict::Unknown),
    }
    Ok(())
}

async fn first_copy(lab: &Lab, seen: &mut Observation) -> Result<Rc<FirstCopy>, Stop> {
    let copy = lab.first_copy(lab.model()?).await?;
    seen.need("copy", copy.answer.clone())?;
    Ok(copy)
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
