//! Custom Labels: versions with a life, unique names, quotas, calls that land late, and other people.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rekognition_model_copier::domain::arn::{ProjectArn, ProjectVersionArn};
use rekognition_model_copier::domain::aws_answer::Refusal;
use rekognition_model_copier::domain::model::{ModelStatus, Version};
use rekognition_model_copier::domain::request::CopyRequest;
use rekognition_model_copier::ports::{Cursor, Page, Which};

use super::{later, refusal};

/// How a copy goes.
#[derive(Clone, Debug)]
pub struct Destiny {
    /// How long it reads COPYING_IN_PROGRESS.
    pub takes: Duration,
    /// What it reads then.
    pub ends: ModelStatus,
    /// How long after it was accepted it is shown.
    pub seen_after: Duration,
}

impl Default for Destiny {
    fn default() -> Self {
        Self {
            takes: Duration::from_secs(150),
            ends: ModelStatus::CopyingCompleted,
            seen_after: Duration::ZERO,
        }
    }
}

/// What somebody else does.
#[derive(Clone, Debug)]
pub enum Outside {
    /// DeleteProjectVersion: it reads DELETING for a while.
    Delete(ProjectArn, String, Duration),
    /// A version of this name is trained, or copied from elsewhere.
    Make(ProjectArn, String, Option<String>),
    /// The version reads this from now on.
    Say(ProjectArn, String, ModelStatus),
    /// The source's project policy comes or goes.
    Permit(bool),
}

/// A version, also after it is gone.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its ARN.
    pub arn: ProjectVersionArn,
    name: String,
    /// What it is a copy of.
    pub source: Option<String>,
    bucket: Option<String>,
    life: Vec<(Timestamp, ModelStatus)>,
    seen_from: Timestamp,
    /// When it was deleted.
    pub gone_at: Timestamp,
}

impl Model {
    /// Whether it exists then.
    pub fn is_there(&self, now: Timestamp) -> bool {
        self.life.first().is_some_and(|(born, _)| *born <= now) && now < self.gone_at
    }

    /// What it reads then.
    pub fn status(&self, now: Timestamp) -> &ModelStatus {
        let of = |life: &[(Timestamp, ModelStatus)]| life.iter().rposition(|(from, _)| *from <= now);
        &self.life[of(&self.life).unwrap_or(0)].1
    }

    /// All that it has read until then.
    pub fn past(&self, now: Timestamp) -> impl Iterator<Item = &ModelStatus> {
        self.life.iter().filter(move |(from, _)| *from <= now).map(|(_, status)| status)
    }

    fn says(&mut self, status: ModelStatus, now: Timestamp) {
        self.life.retain(|(from, _)| *from <= now);
        self.life.push((now, status));
    }

    fn described(&self, now: Timestamp, hides_source: bool) -> Version {
        Version {
            arn: self.arn.clone(),
            status: self.status(now).clone(),
            status_message: None,
            source_project_version_arn: self.source.clone().filter(|_| !hides_source),
            created_at: self.life.first().map(|(born, _)| *born),
            s3_bucket: self.bucket.clone(),
            kms_key_id: None,
        }
    }
}

/// Every project's versions.
#[derive(Debug, Default)]
pub struct Models {
    projects: HashMap<ProjectArn, Vec<Model>>,
    places: HashMap<ProjectVersionArn, (ProjectArn, usize)>,
    serial: u64,
    /// How copies to a name go; the others go the usual way.
    pub destinies: BTreeMap<String, Destiny>,
    /// The usual way.
    pub usual: Destiny,
    /// How calls for a name are refused before one is taken.
    pub refusals: BTreeMap<String, VecDeque<&'static str>>,
    /// Whether the source's project policy lets us copy.
    pub forbidden: bool,
    /// Whether no policy that the copier put permits the version that is asked for.
    pub lacks_policy: bool,
    /// Whether descriptions leave out what a version is a copy of, as AWS may within one project.
    pub hides_source: bool,
    /// Calls a second of each operation; `None` for no quota.
    pub per_second: Option<u32>,
    /// Copies at once; `None` for no quota.
    pub at_once: Option<usize>,
    under_way: BTreeSet<(Timestamp, u64)>,
    /// Calls that have no answer and will land, with the time when.
    pub in_flight: Vec<(Timestamp, CopyRequest)>,
    /// What others will do, and when.
    pub outside: Vec<(Timestamp, Outside)>,
    buckets: [(f64, Timestamp); 2],
    /// How many copies were accepted.
    pub accepted: u64,
    /// When each copy was looked at, where that is of interest.
    pub looks: Option<Looks>,
}

/// How often copies are looked at, from their start to the look that shows them at their end.
#[derive(Debug, Default)]
pub struct Looks {
    last: HashMap<ProjectVersionArn, Timestamp>,
    /// How many copies were looked at to their end.
    pub ended: u64,
    /// The longest that a copy was not looked at.
    pub longest: SignedDuration,
}

impl Looks {
    fn see(&mut self, version: &Version, now: Timestamp) {
        let Some(last) = self.last.get_mut(&version.arn) else { return };
        self.longest = self.longest.max(now.duration_since(*last));
        *last = now;
        if version.status != ModelStatus::CopyingInProgress {
            self.last.remove(&version.arn);
            self.ended += 1;
        }
    }
}

/// The operations, as far as their quotas go.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// CopyProjectVersion.
    Copy,
    /// DescribeProjectVersions.
    Describe,
}

impl Models {
    /// The version of this ARN, also after it is gone.
    pub fn get(&self, arn: &ProjectVersionArn) -> Option<&Model> {
        let (project, place) = self.places.get(arn)?;
        self.projects.get(project)?.get(*place)
    }

    /// Every version that ever had this name.
    pub fn named<'a>(&'a self, project: &ProjectArn, name: &'a str) -> impl Iterator<Item = &'a Model> {
        let all = self.projects.get(project).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |model| model.name == name)
    }

    /// Lets everything happen that was to happen by now, in its order.
    pub fn settle(&mut self, now: Timestamp) {
        loop {
            let late = self.in_flight.iter().map(|(at, _)| *at).filter(|at| *at <= now).min();
            let outside = self.outside.iter().map(|(at, _)| *at).filter(|at| *at <= now).min();
            match (late, outside) {
                (Some(late), outside) if outside.is_none_or(|outside| late <= outside) => {
                    let i = self.in_flight.iter().position(|(at, _)| *at == late).unwrap_or(0);
                    let (at, copy) = self.in_flight.remove(i);
                    let _ = self.judge(&copy, at);
                }
                (_, Some(outside)) => {
                    let i = self.outside.iter().position(|(at, _)| *at == outside).unwrap_or(0);
                    let (at, act) = self.outside.remove(i);
                    self.act(act, at);
                }
                _ => break,
            }
        }
    }

    fn act(&mut self, act: Outside, now: Timestamp) {
        let there = |models: &mut Self, project: &ProjectArn, name: &str| {
            let all = models.projects.get_mut(project)?;
            let place = all.iter().position(|m| m.name == name && m.is_there(now))?;
            Some((project.clone(), place))
        };
        match act {
            Outside::Permit(permitted) => self.forbidden = !permitted,
            Outside::Make(project, name, source) => {
                if there(self, &project, &name).is_none() {
                    let life = match source {
                        Some(_) => vec![
                            (now, ModelStatus::CopyingInProgress),
                            (later(now, self.usual.takes), ModelStatus::CopyingCompleted),
                        ],
                        None => vec![(now, ModelStatus::TrainingCompleted)],
                    };
                    self.add(&project, &name, source, None, life, now);
                }
            }
            Outside::Delete(project, name, takes) => {
                if let Some((project, place)) = there(self, &project, &name)
                    && let Some(model) = self.projects.get_mut(&project).and_then(|all| all.get_mut(place))
                {
                    model.says(ModelStatus::Deleting, now);
                    model.gone_at = later(now, takes);
                }
            }
            Outside::Say(project, name, status) => {
                if let Some((project, place)) = there(self, &project, &name)
                    && let Some(model) = self.projects.get_mut(&project).and_then(|all| all.get_mut(place))
                {
                    model.says(status, now);
                }
            }
        }
    }

    /// Whether a quota of calls a second is used up; counts the call if not. A bucket that holds one second's
    /// calls and is filled evenly.
    pub fn throttles(&mut self, operation: Operation, now: Timestamp) -> bool {
        let Some(most) = self.per_second.map(f64::from) else { return false };
        let (tokens, since) = &mut self.buckets[operation as usize];
        let passed =
            if *since == Timestamp::default() { 1.0 } else { now.duration_since(*since).as_secs_f64() };
        *tokens = (*tokens + passed * most).min(most);
        *since = now;
        let is_empty = *tokens < 1.0;
        if !is_empty {
            *tokens -= 1.0;
        }
        is_empty
    }

    /// CopyProjectVersion.
    pub fn judge(&mut self, copy: &CopyRequest, now: Timestamp) -> Result<ProjectVersionArn, Refusal> {
        if let Some(code) = self.refusals.get_mut(&copy.version_name).and_then(VecDeque::pop_front) {
            return Err(refusal(code));
        }
        if self.forbidden || self.lacks_policy {
            return Err(refusal("AccessDeniedException"));
        }
        let (project, name) = (&copy.destination_project_arn, copy.version_name.as_str());
        if self.named(project, name).any(|model| model.is_there(now)) {
            return Err(refusal("ResourceInUseException"));
        }
        while self.under_way.first().is_some_and(|(ends, _)| *ends <= now) {
            self.under_way.pop_first();
        }
        if self.at_once.is_some_and(|most| self.under_way.len() >= most) {
            return Err(refusal("LimitExceededException"));
        }
        let destiny = self.destinies.get(name).unwrap_or(&self.usual).clone();
        let ends = later(now, destiny.takes);
        let life = vec![(now, ModelStatus::CopyingInProgress), (ends, destiny.ends)];
        let source = Some(copy.source_project_version_arn.to_string());
        let bucket = Some(copy.output_config.s3_bucket.clone());
        self.accepted += 1;
        self.under_way.insert((ends, self.serial));
        let (project, name) = (project.clone(), name.to_owned());
        let arn = self.add(&project, &name, source, bucket, life, later(now, destiny.seen_after));
        if let Some(looks) = &mut self.looks {
            looks.last.insert(arn.clone(), now);
        }
        Ok(arn)
    }

    fn add(
        &mut self,
        project: &ProjectArn,
        name: &str,
        source: Option<String>,
        bucket: Option<String>,
        life: Vec<(Timestamp, ModelStatus)>,
        seen_from: Timestamp,
    ) -> ProjectVersionArn {
        self.serial += 1;
        let head = project.as_str().rsplit_once('/').map_or("", |(head, _)| head);
        let arn =
            ProjectVersionArn::parse(&format!("{head}/version/{name}/{}", 1_762_000_000_000 + self.serial))
                .expect("a project's ARN with a name makes a version's ARN");
        let all = self.projects.entry(project.clone()).or_default();
        self.places.insert(arn.clone(), (project.clone(), all.len()));
        let name = name.to_owned();
        all.push(Model { arn: arn.clone(), name, source, bucket, life, seen_from, gone_at: Timestamp::MAX });
        arn
    }

    /// DescribeProjectVersions, noted as a look at all it shows.
    pub fn look(&mut self, project: &ProjectArn, which: &Which<'_>, now: Timestamp) -> Page<Version> {
        let found = self.describe(project, which, now);
        if let Some(looks) = &mut self.looks {
            found.items.iter().for_each(|version| looks.see(version, now));
        }
        found
    }

    /// DescribeProjectVersions, as of `then`.
    pub fn describe(&self, project: &ProjectArn, which: &Which<'_>, then: Timestamp) -> Page<Version> {
        let all = self.projects.get(project).map(Vec::as_slice).unwrap_or_default();
        let shown = |model: &&Model| model.is_there(then) && model.seen_from <= then;
        match which {
            Which::Named(names) => {
                let wanted = |model: &&Model| names.contains(&model.name);
                let found = all
                    .iter()
                    .filter(shown)
                    .filter(wanted)
                    .map(|model| model.described(then, self.hides_source));
                Page { items: found.collect(), ..Page::default() }
            }
            Which::Page(cursor) => {
                let end = cursor.as_ref().and_then(|cursor| cursor.0.parse().ok()).unwrap_or(all.len());
                let mut page = Page::default();
                for (i, model) in all.iter().enumerate().take(end).rev().filter(|(_, model)| shown(model)) {
                    if page.items.len() == 100 {
                        page.next = Some(Cursor((i + 1).to_string()));
                        break;
                    }
                    page.items.push(model.described(then, self.hides_source));
                }
                page
            }
        }
    }
}
