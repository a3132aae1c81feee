//! A state of the model and all that can come of it: two requests for one name, two function instances, calls
//! that land late, somebody outside, and time.

use rekognition_model_copier::domain::announcement::Status;
use rekognition_model_copier::domain::record::Record;

use super::actor::Actor;
use super::decide::{Decision, Input, Model, Word, calls, decide};
use super::record::{Arn, DELETED, Phase, Rec, TAKEN};
use crate::model::Next;

/// How often each thing may go wrong, or be done by others, on one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Lost answers, errors, throttles.
    pub faults: u8,
    /// Functions killed.
    pub crashes: u8,
    /// Deletions and models trained by others.
    pub outside: u8,
    /// Changes of the permission.
    pub permission: u8,
}

/// The world and everybody in it. A snapshot's last member tells whether it is still the present revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The ledger.
    pub records: [Rec; 2],
    /// What was ever published of each request, as bits.
    pub published: [u8; 2],
    /// The version that has the name.
    pub model: Option<Model>,
    /// Calls that can still land: for how many ticks, by request; -1 for none.
    pub late: [i8; 2],
    /// Whether copying is permitted.
    pub permitted: bool,
    /// The functions.
    pub actors: [Actor; 2],
    /// Whether somebody else has done anything.
    pub meddled: bool,
    /// What may still go wrong.
    pub left: Budget,
}

/// What the model is of.
#[derive(Debug)]
pub struct Setting {
    /// Each request's record at its beginning.
    pub beginnings: Vec<Record>,
    /// Each request's source model.
    pub sources: [u8; 2],
}

impl State {
    /// Nothing has happened.
    pub fn first(budget: Budget) -> Self {
        Self {
            records: [Rec::default(); 2],
            published: [0; 2],
            model: None,
            late: [-1; 2],
            permitted: true,
            actors: [Actor::Idle; 2],
            meddled: false,
            left: budget,
        }
    }

    /// Whether all is said and done.
    pub fn is_over(&self) -> bool {
        self.records.iter().all(|record| record.is_ended() && record.unpublished == 0)
    }

    /// Everything that can happen next.
    pub fn successors(&self, setting: &Setting, next: Next<'_, State>) {
        for i in 0..2 {
            // Two instances that do nothing are alike.
            if i == 1 && self.actors[0] == self.actors[1] {
                continue;
            }
            match self.actors[i] {
                Actor::Idle => self.begin(i, setting, next),
                actor => {
                    self.step(i, actor, setting, next);
                    if self.left.crashes > 0 {
                        let mut state = self.with(i, Actor::Idle);
                        state.left.crashes -= 1;
                        next(state, Ok(()));
                    }
                }
            }
        }
        self.outside(setting, next);
    }

    pub(super) fn with(&self, i: usize, actor: Actor) -> Self {
        let mut state = *self;
        state.actors[i] = actor;
        state
    }

    pub(super) fn faulty(mut self) -> Option<Self> {
        self.left.faults = self.left.faults.checked_sub(1)?;
        Some(self)
    }

    /// An idle instance takes a message or what is due.
    fn begin(&self, i: usize, setting: &Setting, next: Next<'_, State>) {
        for r in 0..2_u8 {
            let n = usize::from(r);
            if self.records[n].phase == Phase::None {
                // Every later delivery finds the record and does nothing.
                let mut state = *self;
                state.records[n] = Rec::of(&setting.beginnings[n]);
                state.actors[i] = Actor::Call(r, state.records[n], true);
                next(state, Ok(()));
                continue;
            }
            for actor in self.due(r, setting).into_iter().flatten() {
                next(self.with(i, actor), Ok(()));
            }
        }
    }

    /// What a sweep would do for a record. The index may lag, so that what is unpublished keeps nothing else
    /// from being done; whether a step has anything to do, the decision tells.
    fn due(&self, r: u8, setting: &Setting) -> [Option<Actor>; 3] {
        let record = self.records[usize::from(r)];
        let publish = (record.unpublished > 0).then_some(Actor::Publish(r, record, true));
        let (see, blind) = match record.phase {
            Phase::Starting(0) | Phase::Unanswered(_) => {
                (Some(Input::TakeOver(self.model)), Some(Input::TakeOverBlindly))
            }
            Phase::Waiting(0) => (Some(Input::Start), None),
            Phase::Copying(_) => (Some(Input::Look(self.seen_by(record))), Some(Input::LookBlindly)),
            _ => (None, None),
        };
        let useful = |input: &Input| decide(&setting.beginnings, r, record, *input) != Decision::Nothing;
        let blind = blind.filter(|input| self.left.faults > 0 && useful(input));
        let decide = |input: Input| Actor::Decide(r, input);
        [publish, see.filter(useful).map(decide), blind.map(decide)]
    }

    fn seen_by(&self, record: Rec) -> Option<Model> {
        self.model.filter(|_| record.arn == Arn::Present)
    }

    /// A call arrives.
    pub(super) fn land(&self, r: u8, setting: &Setting) -> (Self, Input) {
        let mut state = *self;
        if !self.permitted {
            return (state, Input::Refused("AccessDeniedException"));
        }
        if self.model.is_some() {
            return (state, Input::Refused("ResourceInUseException"));
        }
        state.model =
            Some(Model { source: setting.sources[usize::from(r)], word: Word::Copying, gone: false });
        (state, Input::Accepted(Arn::Present))
    }

    pub(super) fn write(
        &self,
        i: usize,
        r: u8,
        rec: Rec,
        fresh: bool,
        setting: &Setting,
    ) -> (Self, Result<(), String>) {
        if !fresh {
            return (*self, Ok(()));
        }
        let n = usize::from(r);
        let mut state = *self;
        state.records[n] = rec;
        for actor in &mut state.actors {
            actor.goes_stale(r);
        }
        (state, self.may_become(i, r, rec, setting))
    }

    fn may_become(&self, i: usize, r: u8, rec: Rec, setting: &Setting) -> Result<(), String> {
        let n = usize::from(r);
        let before = self.records[n];
        if before.is_ended() && (before.phase, before.why) != (rec.phase, rec.why) {
            return Err(format!("request {r} ended twice: {before:?}, {rec:?}"));
        }
        if before.is_ended() || before.phase == rec.phase {
            return Ok(());
        }
        let other = |actor: &Actor| match actor {
            Actor::Call(of, rec, _) => *of == r && calls(&setting.beginnings, r, *rec),
            _ => false,
        };
        let calling = self.actors.iter().enumerate().any(|(j, actor)| j != i && other(actor));
        if rec.has_failed() && (self.late[n] >= 0 || calling) {
            return Err(format!("request {r} failed with a call that may land: {rec:?}"));
        }
        let present = self.seen_by(rec);
        if matches!(rec.phase, Phase::Copying(_))
            && present.is_some_and(|model| model.source != setting.sources[n])
        {
            return Err(format!("request {r} holds a copy of another model"));
        }
        let there = present.is_some_and(|model| model.word != Word::Deleting);
        if rec.is_ended() && rec.why == DELETED && there {
            return Err(format!("request {r} takes its copy for deleted"));
        }
        if rec.is_ended() && rec.why == TAKEN && setting.sources[0] == setting.sources[1] && !self.meddled {
            return Err(format!("request {r} takes its own name for taken"));
        }
        Ok(())
    }

    pub(super) fn publish(&self, r: u8, rec: Rec) -> (Self, Result<(), String>) {
        let n = usize::from(r);
        let finals: u8 = Status::ALL.iter().filter(|s| s.is_final()).fold(0, |bits, s| bits | 1 << *s as u8);
        let mut state = *self;
        state.published[n] |= rec.announced;
        let new = rec.announced & !self.published[n];
        let holds = if new != 0 && self.published[n] & finals != 0 {
            Err(format!("request {r} speaks after its end: {new:b}"))
        } else if (state.published[n] & finals).count_ones() > 1 {
            Err(format!("request {r} has two answers"))
        } else if rec.announced & !self.records[n].announced != 0 {
            Err(format!("request {r} announces what is not recorded"))
        } else {
            Ok(())
        };
        (state, holds)
    }

    /// What happens without us.
    fn outside(&self, setting: &Setting, next: Next<'_, State>) {
        for r in 0..2_u8 {
            if self.late[usize::from(r)] >= 0 {
                let (mut state, _) = self.land(r, setting);
                state.late[usize::from(r)] = -1;
                next(state, Ok(()));
            }
        }
        let word = |word| {
            let mut state = *self;
            state.model = self.model.map(|model| Model { word, ..model });
            state
        };
        match self.model.map(|model| model.word) {
            Some(Word::Copying) => {
                for end in [Word::Copied, Word::CopyingFailed, Word::HostingFailed] {
                    next(word(end), Ok(()));
                }
            }
            Some(Word::Deleting) => next(self.gone(), Ok(())),
            _ => {}
        }
        if self.left.outside > 0 {
            let mut state = word(Word::Deleting);
            state.left.outside -= 1;
            state.meddled = true;
            if self.model.is_none() {
                state.model = Some(Model { source: 0, word: Word::Trained, gone: false });
                next(state, Ok(()));
            } else if self.model != state.model {
                next(state, Ok(()));
            }
        }
        if self.left.permission > 0 {
            let mut state = *self;
            state.permitted = !self.permitted;
            state.left.permission -= 1;
            next(state, Ok(()));
        }
        // A function lives shorter than a tick. One that is frozen in the middle is a fault.
        if self.actors == [Actor::Idle; 2] {
            next(self.tick(), Ok(()));
        } else if let Some(state) = self.faulty() {
            next(state.tick(), Ok(()));
        }
    }

    /// The version that is being deleted is gone.
    pub fn gone(&self) -> Self {
        let mut state = Self { model: None, ..*self };
        for rec in &mut state.records {
            rec.forget();
        }
        for actor in &mut state.actors {
            actor.each(Rec::forget);
            if let Actor::Answer(_, _, _, input) | Actor::Decide(_, input) = actor {
                input.forget();
            }
        }
        state
    }

    /// A tick passes. What can land no later is lost.
    pub fn tick(&self) -> Self {
        let mut state = *self;
        for rec in &mut state.records {
            *rec = rec.later();
        }
        for actor in &mut state.actors {
            actor.each(|rec| *rec = rec.later());
        }
        for late in &mut state.late {
            *late = (*late - 1).max(-1);
        }
        state
    }

    /// What happens when nothing goes wrong: what has begun goes on, then what is due, then time.
    pub fn calm(&self, setting: &Setting) -> Self {
        let mut first = None;
        let mut take = |state: State, _: Result<(), String>| {
            first.get_or_insert(state);
        };
        for (i, actor) in self.actors.iter().enumerate().filter(|(_, actor)| **actor != Actor::Idle) {
            self.step(i, *actor, setting, &mut take);
        }
        if let Some(r) = (0..2_u8).find(|r| self.late[usize::from(*r)] >= 0) {
            let (mut state, _) = self.land(r, setting);
            state.late[usize::from(r)] = -1;
            take(state, Ok(()));
        }
        match self.model {
            Some(Model { word: Word::Deleting, .. }) => take(self.gone(), Ok(())),
            Some(model @ Model { word: Word::Copying, .. }) => {
                take(Self { model: Some(Model { word: Word::Copied, ..model }), ..*self }, Ok(()));
            }
            _ => {}
        }
        let calm = Self { left: Budget { faults: 0, ..self.left }, ..*self };
        if first.is_none() {
            calm.begin(0, setting, &mut |state, holds| {
                let _ = holds;
                first.get_or_insert(State { left: self.left, ..state });
            });
        }
        first.unwrap_or_else(|| self.tick())
    }
}

impl Rec {
    fn forget(&mut self) {
        if self.arn == Arn::Present {
            self.arn = Arn::Gone;
        }
    }
}
