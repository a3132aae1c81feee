//! Polls a copy after its call was accepted.

use std::rc::Rc;
use std::time::Duration;

use rekognition_model_copier::domain::arn::ProjectArn;

use super::{Description, Lab};
use crate::exit::Failure;
use crate::live_check::answer::Answer;
use crate::live_check::journal::Model;

/// How long a copy is course. The copier calls one OVERDUE after two hours.
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
    /// The last description.
    pub(crate) last: Option<Description>,
}

/// The first copy of a run, which several experiments look at.
#[derive(Debug)]
pub(crate) struct FirstCopy {
    /// Its name.
    pub(crate) name: String,
    /// What CopyProjectVersion answered.
    pub(crate) answer: Answer<String>,
    /// Its course.
    pub(crate) course: CopyCourse,
}

impl Lab {
    /// Polls a copy to its end.
    pub(crate) async fn follow(&self, project: &ProjectArn, name: &str) -> CopyCourse {
        let begun = self.now();
        let mut course = CopyCourse::default();
        loop {
            let answer = self.version(project, name).await;
            let passed = self.since(begun);
            if let Ok(Some(version)) = answer {
                course.visible_after.get_or_insert(passed);
                let has_ended = version.status != "COPYING_IN_PROGRESS";
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
    pub(crate) async fn first_copy(&self, model: &Model) -> Result<Rc<FirstCopy>, Failure> {
        if let Some(copy) = self.first_copy.borrow().as_ref() {
            return Ok(Rc::clone(copy));
        }
        let name = self.new_name();
        let answer = self.copy(&self.request(model, &name)).await?;
        let course = match answer {
            Ok(_) => self.follow(&model.destination, &name).await,
            Err(_) => CopyCourse::default(),
        };
        let copy = Rc::new(FirstCopy { name, answer, course });
        *self.first_copy.borrow_mut() = Some(Rc::clone(&copy));
        Ok(copy)
    }
}
