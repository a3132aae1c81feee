//! Copies the run's model, and polls the copy after its call was accepted.

use std::time::Duration;

use aws_sdk_rekognition::types::{ProjectVersionDescription, ProjectVersionStatus};
use rekognition_model_copier::domain::arn::ProjectArn;

use super::Lab;
use crate::live_check::answer::{Answer, Stop};

/// How long a copy is polled. The copier calls one OVERDUE after two hours.
const LONGEST_COPY: Duration = Duration::from_secs(125 * 60);
/// How long a copy may be invisible. The copier assumes ten minutes.
const LONGEST_HIDING: Duration = Duration::from_secs(30 * 60);

/// The course of a copy.
#[derive(Clone, Debug, Default)]
pub(crate) struct CopyCourse {
    /// The time from the call's answer until the copy was shown.
    pub(crate) visible_after: Option<Duration>,
    /// The time from the call's answer until the copy had ended.
    pub(crate) ended_after: Option<Duration>,
    pub(crate) last: Option<ProjectVersionDescription>,
}

/// The first copy of a run, which several experiments look at.
#[derive(Debug)]
pub(crate) struct FirstCopy {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) course: CopyCourse,
}

impl Lab {
    /// A new copy of the run's model, which the rest of an experiment needs: its name and its ARN.
    pub(crate) async fn new_copy(&self) -> Result<(String, String), Stop> {
        let name = self.new_name();
        let arn = self.need("copy", self.copy(&self.request(&name)?).await?)?;
        Ok((name, arn))
    }

    /// Polls a copy to its end.
    pub(crate) async fn follow(&self, project: &ProjectArn, name: &str) -> CopyCourse {
        let begun = self.now();
        let mut course = CopyCourse::default();
        loop {
            let answer = self.version(project, name).await;
            let passed = self.since(begun);
            if let Ok(Some(version)) = answer {
                course.visible_after.get_or_insert(passed);
                let has_ended = version.status != Some(ProjectVersionStatus::CopyingInProgress);
                course.last = Some(version);
                if has_ended {
                    course.ended_after = Some(passed);
                    return course;
                }
            }
            let is_hidden = course.visible_after.is_none();
            if passed > LONGEST_COPY || (is_hidden && passed > LONGEST_HIDING) {
                return course;
            }
            self.sleep(Duration::from_secs(match (is_hidden, passed.as_secs()) {
                (true, 0..60) => 1,
                (_, 0..600) => 10,
                _ => 30,
            }))
            .await;
        }
    }

    /// The first copy of the run, made when it is first asked for.
    pub(crate) async fn first_copy(&self) -> Result<&FirstCopy, Stop> {
        let copy = self.first_copy.get_or_try_init(async || self.make_first_copy().await).await?;
        self.need("the first copy", copy.as_ref().map_err(Clone::clone))
    }

    async fn make_first_copy(&self) -> Result<Answer<FirstCopy>, Stop> {
        let name = self.new_name();
        Ok(match self.copy(&self.request(&name)?).await? {
            Ok(arn) => {
                let course = self.follow(&self.model()?.destination, &name).await;
                Ok(FirstCopy { name, arn, course })
            }
            Err(refused) => Err(refused),
        })
    }
}
