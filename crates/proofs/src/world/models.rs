//! Custom Labels: versions that change their status over time, unique names and quotas.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::aws_answer::Refusal;
use rekognition_model_copier::domain::model::{ModelStatus, Version};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{Cursor, Page, Which};

use super::{later, refusal};
use crate::weather::Kind;

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
    /// Its statuses, each with the time from which on it holds.
    statuses: Vec<(Timestamp, ModelStatus)>,
    visible_from: Timestamp,
    gone_at: Timestamp,
}

impl Model {
    pub fn exists(&self, now: Timestamp) -> bool {
        self.statuses.first().is_some_and(|(born, _)| *born <= now) && now < self.gone_at
    }

    pub fn status(&self, now: Timestamp) -> &ModelStatus {
        self.statuses_until(now).last().unwrap_or(&self.statuses[0].1)
    }

    pub fn statuses_until(&self, now: Timestamp) -> impl Iterator<Item = &ModelStatus> {
        self.statuses.iter().filter(move |(from, _)| *from <= now).map(|(_, status)| status)
    }

    fn set_status(&mut self, status: ModelStatus, now: Timestamp) {
        self.statuses.retain(|(from, _)| *from <= now);
        self.statuses.push((now, status));
    }

    fn description(&self, now: Timestamp, hides_source: bool) -> Version {
        Version {
            arn: self.arn.clone(),
            status: self.status(now).clone(),
            status_message: None,
            source_project_version_arn: self.source.clone().filter(|_| !hides_source),
            created_at: self.statuses.first().map(|(born, _)| *born),
            s3_bucket: self.bucket.clone(),
            kms_key_id: None,
        }
    }
}

/// The versions of every project.
#[derive(Debug, Default)]
pub struct Models {
    projects: HashMap<ProjectArn, Vec<Model>>,
    places: HashMap<ProjectVersionArn, (ProjectArn, usize)>,
    serial: u64,
    /// The course of copies with certain names.
    pub courses: BTreeMap<String, Course>,
    /// The course of all other copies.
    pub usual_course: Course,
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
    running: BTreeSet<(Timestamp, u64)>,
    /// The calls that each operation has left, as of a time.
    buckets: HashMap<Kind, (f64, Timestamp)>,
    /// How many copies were accepted.
    pub accepted: u64,
    /// How often copies are polled, if it is measured.
    pub polls: Option<Polls>,
}

/// Measures how often copies are polled, from their start to the poll that shows their end.
#[derive(Debug, Default)]
pub struct Polls {
    last: HashMap<ProjectVersionArn, Timestamp>,
    /// How many copies were polled to their end.
    pub ended: u64,
    /// The longest time without a poll of one copy.
    pub longest_wait: SignedDuration,
}

impl Polls {
    fn note(&mut self, version: &Version, now: Timestamp) {
        let Some(last) = self.last.get_mut(&version.arn) else { return };
        self.longest_wait = self.longest_wait.max(now.duration_since(*last));
        *last = now;
        if version.status != ModelStatus::CopyingInProgress {
            self.last.remove(&version.arn);
            self.ended += 1;
        }
    }
}

impl Models {
    /// Returns a version, also after it was deleted.
    pub fn get(&self, arn: &ProjectVersionArn) -> Option<&Model> {
        let (project, place) = self.places.get(arn)?;
        self.projects.get(project)?.get(*place)
    }

    /// Returns every version that ever had this name.
    pub fn with_name<'a>(&'a self, project: &ProjectArn, name: &'a str) -> impl Iterator<Item = &'a Model> {
        let all = self.projects.get(project).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |model| model.arn.version_name() == name)
    }

    fn existing(&mut self, project: &ProjectArn, name: &str, now: Timestamp) -> Option<&mut Model> {
        let all = self.projects.get_mut(project)?;
        all.iter_mut().find(|model| model.arn.version_name() == name && model.exists(now))
    }

    /// Other people train a version, or copy it from `source`, unless the name is taken.
    pub fn make(&mut self, project: &ProjectArn, name: &str, source: Option<String>, now: Timestamp) {
        if self.existing(project, name, now).is_some() {
            return;
        }
        let statuses = match source {
            Some(_) => vec![
                (now, ModelStatus::CopyingInProgress),
                (later(now, self.usual_course.duration), ModelStatus::CopyingCompleted),
            ],
            None => vec![(now, ModelStatus::TrainingCompleted)],
        };
        self.add(project, name, source, None, statuses, now);
    }

    /// Other people delete a version. It is DELETING for a while.
    pub fn delete(&mut self, project: &ProjectArn, name: &str, lasts: Duration, now: Timestamp) {
        if let Some(model) = self.existing(project, name, now) {
            model.set_status(ModelStatus::Deleting, now);
            model.gone_at = later(now, lasts);
        }
    }

    /// A version gets a status for good, for instance because other people start the model.
    pub fn set_status(&mut self, project: &ProjectArn, name: &str, status: ModelStatus, now: Timestamp) {
        if let Some(model) = self.existing(project, name, now) {
            model.set_status(status, now);
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
        if self.with_name(project, name).any(|model| model.exists(now)) {
            return Err(refusal("ResourceInUseException"));
        }
        while self.running.first().is_some_and(|(end, _)| *end <= now) {
            self.running.pop_first();
        }
        if self.max_concurrent_copies.is_some_and(|most| self.running.len() >= most) {
            return Err(refusal("LimitExceededException"));
        }
        let course = self.courses.get(name).unwrap_or(&self.usual_course).clone();
        let end = later(now, course.duration);
        let statuses = vec![(now, ModelStatus::CopyingInProgress), (end, course.end)];
        let source = Some(copy.source_project_version_arn.to_string());
        let bucket = Some(copy.output_config.s3_bucket.clone());
        self.accepted += 1;
        self.running.insert((end, self.serial));
        let arn = self.add(project, name, source, bucket, statuses, later(now, course.visible_after));
        if let Some(polls) = &mut self.polls {
            polls.last.insert(arn.clone(), now);
        }
        Ok(arn)
    }

    fn add(
        &mut self,
        project: &ProjectArn,
        name: &str,
        source: Option<String>,
        bucket: Option<String>,
        statuses: Vec<(Timestamp, ModelStatus)>,
        visible_from: Timestamp,
    ) -> ProjectVersionArn {
        self.serial += 1;
        let head = project.as_str().rsplit_once('/').map_or("", |(head, _)| head);
        let arn =
            ProjectVersionArn::parse(&format!("{head}/version/{name}/{}", 1_762_000_000_000 + self.serial))
                .expect("a project's ARN with a name makes a version's ARN");
        let all = self.projects.entry(project.clone()).or_default();
        self.places.insert(arn.clone(), (project.clone(), all.len()));
        let gone_at = Timestamp::MAX;
        all.push(Model { arn: arn.clone(), source, bucket, statuses, visible_from, gone_at });
        arn
    }

    /// DescribeProjectVersions, counted as a poll of every version that it shows.
    pub fn poll(&mut self, project: &ProjectArn, which: &Which<'_>, now: Timestamp) -> Page<Version> {
        let found = self.describe(project, which, now);
        if let Some(polls) = &mut self.polls {
            found.items.iter().for_each(|version| polls.note(version, now));
        }
        found
    }

    /// DescribeProjectVersions, as of `then`.
    pub fn describe(&self, project: &ProjectArn, which: &Which<'_>, then: Timestamp) -> Page<Version> {
        let all = self.projects.get(project).map(Vec::as_slice).unwrap_or_default();
        let is_visible = |model: &Model| model.exists(then) && model.visible_from <= then;
        let mut page = Page::default();
        match which {
            Which::Named(names) => {
                let is_named = |model: &&Model| names.iter().any(|name| name == model.arn.version_name());
                let found = all.iter().filter(|model| is_visible(model)).filter(is_named);
                page.items = found.map(|model| model.description(then, self.hides_source)).collect();
            }
            Which::Page(cursor) => {
                let end = cursor.as_ref().and_then(|cursor| cursor.0.parse().ok()).unwrap_or(all.len());
                let newest_first = all.iter().enumerate().take(end).rev();
                for (i, model) in newest_first.filter(|(_, model)| is_visible(model)) {
                    if page.items.len() == 100 {
                        page.next = Some(Cursor((i + 1).to_string()));
                        break;
                    }
                    page.items.push(model.description(then, self.hides_source));
                }
            }
        }
        page
    }
}
