//! Custom Labels: versions that change their status over time, unique names and quotas.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::aws_answer::Refusal;
use rekognition_model_copier::domain::model::{ModelStatus, Version};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{Cursor, Page, Which};

use super::timeline::Timeline;
use crate::request::version_arn;
use crate::weather::Kind;

pub fn refusal(code: &str) -> Refusal {
    Refusal { code: code.to_owned(), message: "the world refuses".to_owned(), http_status: None }
}

/// The course of a copy.
#[derive(Clone, Debug)]
pub struct Course {
    /// How long its status is COPYING_IN_PROGRESS.
    pub duration: Duration,
    /// Its status afterwards.
    pub end: ModelStatus,
    /// How long after its acceptance DescribeProjectVersions shows it.
    pub visible_after: Duration,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(150),
            end: ModelStatus::CopyingCompleted,
            visible_after: Duration::ZERO,
        }
    }
}

/// A version, also after it was deleted.
#[derive(Clone, Debug)]
pub struct Model {
    pub arn: ProjectVersionArn,
    /// The ARN of the version that it is a copy of.
    pub source: Option<String>,
    bucket: Option<String>,
    /// `None` once it is deleted.
    statuses: Timeline<Option<ModelStatus>>,
    visible_from: Timestamp,
}

impl Model {
    /// Returns its status if it exists.
    pub fn status(&self, now: Timestamp) -> Option<&ModelStatus> {
        self.statuses.at(now)?.as_ref()
    }

    /// Returns every status that it has had.
    pub fn statuses_until(&self, now: Timestamp) -> impl Iterator<Item = &ModelStatus> {
        self.statuses.until(now).flatten()
    }
}

/// The versions of every project.
#[derive(Debug, Default)]
pub struct Models {
    all: Vec<Model>,
    /// The places of each project's versions in `all`, the oldest first.
    projects: HashMap<ProjectArn, Vec<usize>>,
    places: HashMap<ProjectVersionArn, usize>,
    /// The course of every copy that starts from now on.
    pub course: Course,
    /// The refusals of the first calls for a name.
    pub refusals: BTreeMap<String, VecDeque<&'static str>>,
    /// Whether the owner's project policy is missing.
    pub is_forbidden: bool,
    /// Whether descriptions leave out the source of a copy, as AWS may within one project.
    pub hides_source: bool,
    /// Calls a second of each operation; `None` for no quota.
    pub calls_per_second: Option<u32>,
    /// Copies at once; `None` for no quota.
    pub max_concurrent_copies: Option<usize>,
    /// The calls that each operation has left, as of a time.
    buckets: HashMap<Kind, (f64, Timestamp)>,
    /// How many copies were accepted.
    pub accepted: u64,
}

impl Models {
    /// Returns a version, also after it was deleted.
    pub fn get(&self, arn: &ProjectVersionArn) -> Option<&Model> {
        self.places.get(arn).map(|place| &self.all[*place])
    }

    /// Returns every version that a project ever had with its place in `all`, the oldest first.
    fn of_project(&self, project: &ProjectArn) -> impl DoubleEndedIterator<Item = (usize, &Model)> {
        self.projects.get(project).into_iter().flatten().map(|place| (*place, &self.all[*place]))
    }

    /// Returns every version that ever had this name.
    pub fn with_name<'a>(&'a self, project: &ProjectArn, name: &'a str) -> impl Iterator<Item = &'a Model> {
        let all = self.of_project(project).map(|(_, model)| model);
        all.filter(move |model| model.arn.version_name() == name)
    }

    /// Returns the version that has this name now.
    fn existing(&mut self, project: &ProjectArn, name: &str, now: Timestamp) -> Option<&mut Model> {
        let is_it = |model: &Model| model.arn.version_name() == name && model.status(now).is_some();
        let (place, _) = self.of_project(project).find(|(_, model)| is_it(model))?;
        Some(&mut self.all[place])
    }

    /// Other people train a version, or copy it from `source`, unless the name is taken.
    pub fn make(&mut self, project: &ProjectArn, name: &str, source: Option<String>, now: Timestamp) {
        if self.existing(project, name, now).is_some() {
            return;
        }
        let statuses = match source {
            Some(_) => vec![
                (now, ModelStatus::CopyingInProgress),
                (now + self.course.duration, ModelStatus::CopyingCompleted),
            ],
            None => vec![(now, ModelStatus::TrainingCompleted)],
        };
        self.add(project, name, source, None, statuses, now);
    }

    /// Other people delete a version. It is DELETING for a while.
    pub fn delete(&mut self, project: &ProjectArn, name: &str, lasts: Duration, now: Timestamp) {
        if let Some(model) = self.existing(project, name, now) {
            model.statuses.set(now, Some(ModelStatus::Deleting));
            model.statuses.set(now + lasts, None);
        }
    }

    /// A version gets a status for good, for instance because other people start the model.
    pub fn set_status(&mut self, project: &ProjectArn, name: &str, status: ModelStatus, now: Timestamp) {
        if let Some(model) = self.existing(project, name, now) {
            model.statuses.set(now, Some(status));
        }
    }

    /// Whether the quota of calls a second refuses a call; counts the call otherwise. The quota is a token bucket that holds
    /// the calls of one second and refills evenly.
    pub fn throttles(&mut self, operation: Kind, now: Timestamp) -> bool {
        let Some(most) = self.calls_per_second.map(f64::from) else { return false };
        let (tokens, since) = self.buckets.entry(operation).or_insert((most, now));
        *tokens = (*tokens + now.duration_since(*since).as_secs_f64() * most).min(most);
        *since = now;
        let is_empty = *tokens < 1.0;
        if !is_empty {
            *tokens -= 1.0;
        }
        is_empty
    }

    /// CopyProjectVersion.
    ///
    /// # Errors
    /// The refusal.
    pub fn copy(&mut self, copy: &CopyRequest, now: Timestamp) -> Result<ProjectVersionArn, Refusal> {
        if let Some(code) = self.refusals.get_mut(&copy.version_name).and_then(VecDeque::pop_front) {
            return Err(refusal(code));
        }
        if self.is_forbidden {
            return Err(refusal("AccessDeniedException"));
        }
        let (project, name) = (&copy.destination_project_arn, copy.version_name.as_str());
        if self.existing(project, name, now).is_some() {
            return Err(refusal("ResourceInUseException"));
        }
        let is_running = |model: &&Model| model.status(now) == Some(&ModelStatus::CopyingInProgress);
        if self.max_concurrent_copies.is_some_and(|most| self.all.iter().filter(is_running).count() >= most) {
            return Err(refusal("LimitExceededException"));
        }
        let course = self.course.clone();
        let statuses = vec![(now, ModelStatus::CopyingInProgress), (now + course.duration, course.end)];
        let source = Some(copy.source_project_version_arn.to_string());
        let bucket = Some(copy.output_config.s3_bucket.clone());
        self.accepted += 1;
        Ok(self.add(project, name, source, bucket, statuses, now + course.visible_after))
    }

    fn add(
        &mut self,
        project: &ProjectArn,
        name: &str,
        source: Option<String>,
        bucket: Option<String>,
        planned: Vec<(Timestamp, ModelStatus)>,
        visible_from: Timestamp,
    ) -> ProjectVersionArn {
        let place = self.all.len();
        let arn = version_arn(project, name, 1_762_000_000_001 + place as u64);
        let arn = ProjectVersionArn::parse(&arn).expect("a project's ARN with a name makes a version's ARN");
        let mut statuses = Timeline::default();
        planned.into_iter().for_each(|(from, status)| statuses.set(from, Some(status)));
        self.projects.entry(project.clone()).or_default().push(place);
        self.places.insert(arn.clone(), place);
        self.all.push(Model { arn: arn.clone(), source, bucket, statuses, visible_from });
        arn
    }

    /// DescribeProjectVersions, as of `then`.
    pub fn describe(&self, project: &ProjectArn, which: &Which<'_>, then: Timestamp) -> Page<Version> {
        let visible = |(place, model): (usize, &Model)| {
            let status = model.status(then).filter(|_| model.visible_from <= then)?.clone();
            let version = Version {
                arn: model.arn.clone(),
                status,
                status_message: None,
                source_project_version_arn: model.source.clone().filter(|_| !self.hides_source),
                created_at: model.statuses.began(),
                s3_bucket: model.bucket.clone(),
                kms_key_id: None,
            };
            Some((place, version))
        };
        let all = self.of_project(project);
        let mut page = Page::default();
        match which {
            Which::Named(names) => {
                let named =
                    all.filter(|(_, model)| names.iter().any(|name| name == model.arn.version_name()));
                page.items = named.filter_map(visible).map(|(_, version)| version).collect();
            }
            Which::Page(cursor) => {
                let newest =
                    cursor.as_ref().map_or(usize::MAX, |cursor| cursor.0.parse().expect("our cursor"));
                let mut rest = all.rev().filter(|(place, _)| *place <= newest).filter_map(visible);
                page.items = rest.by_ref().take(100).map(|(_, version)| version).collect();
                page.next = rest.next().map(|(place, _)| Cursor(place.to_string()));
            }
        }
        page
    }
}
