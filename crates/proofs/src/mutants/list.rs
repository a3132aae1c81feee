//! The list of the mutants, with the change that each makes in the shipped code.

use super::Mutant;

const fn of(name: &'static str, file: &'static str, find: &'static str, replacement: &'static str) -> Mutant {
    Mutant { name, file, find, replacement }
}

const START_COPY: &str = "start_copy.rs";
const COPIER: &str = "copier.rs";
const COPY_CALL: &str = "copy_call.rs";
const PUBLISHER: &str = "publisher.rs";
const BUDGET: &str = "budget.rs";
const SWEEP: &str = "check_copies/mod.rs";
const STARTS: &str = "check_copies/start_waiting.rs";
const CANCELLING: &str = "domain/decisions/cancelling.rs";
const STARTING: &str = "domain/decisions/starting.rs";
const ANSWER: &str = "domain/decisions/copy_answer.rs";
const WAITING: &str = "domain/decisions/waiting.rs";
const NAME: &str = "domain/decisions/name_holder.rs";
const POLLING: &str = "domain/decisions/polling.rs";
const TRANSITION: &str = "domain/transition.rs";
const MODEL: &str = "domain/model.rs";
const TIMES: &str = "domain/times.rs";
const POLICY: &str = "domain/project_policy.rs";

pub const ALL: &[Mutant] = &[
    of(
        "a message is acknowledged that is not recorded",
        START_COPY,
        "Ok(Err(_)) => batch.counts.ledger_errors += 1,",
        "Ok(Err(_)) => continue,",
    ),
    of(
        "a taken name is a failure",
        ANSWER,
        "            AnswerDecision::DescribeName(accepted)\n",
        "            AnswerDecision::Save(accepted.end(Outcome::Failed(Failure::new(\"VersionNameTaken\", \"\").into()), now))\n",
    ),
    of(
        "a lost answer is a failure",
        ANSWER,
        "CopyAnswer::Unanswered { .. } => AnswerDecision::Save(keep_starting(accepted, now)),",
        "CopyAnswer::Unanswered { .. } => AnswerDecision::Save(accepted.end(Outcome::Failed(Failure::new(\"Lost\", \"\").into()), now)),",
    ),
    of(
        "after a lost answer the record waits",
        ANSWER,
        "CopyAnswer::Unanswered { .. } => AnswerDecision::Save(keep_starting(accepted, now)),",
        "CopyAnswer::Unanswered { .. } => AnswerDecision::Save(wait(accepted, WaitReason::Unknown, Failure::new(\"Lost\", \"\"), (5, 60), now, &rules.times)),",
    ),
    of(
        "saves do not mind the revision",
        COPIER,
        "let saved = self.world.ledger().save(accepted.into()).await?;",
        "let mut record: Record = accepted.into();\n        let latest = self.world.ledger().load(&record.header().key.clone()).await?;\n        record.header_mut().revision = latest.map_or(0, |latest| latest.header().revision);\n        let saved = self.world.ledger().save(record).await?;",
    ),
    of(
        "a version that is missing once is deleted",
        POLLING,
        "let Some(since) = copying.missing_since else {",
        "let Some(since) = copying.missing_since.or(Some(Timestamp::UNIX_EPOCH)) else {",
    ),
    of(
        "RUNNING is an unknown word",
        MODEL,
        "            Self::CopyingCompleted\n",
        "            Self::Running => Progress::Unknown,\n            Self::CopyingCompleted\n",
    ),
    of(
        "FAILED is a failed copy",
        MODEL,
        "            Self::CopyingCompleted\n",
        "            Self::Failed => Progress::Failed,\n            Self::CopyingCompleted\n",
    ),
    of(
        "a version is adopted whatever its source",
        MODEL,
        "Some(source) if source != copy.source_project_version_arn.as_str() => Origin::OtherSource(source),",
        "Some(source) if source.is_empty() => Origin::OtherSource(source),",
    ),
    of(
        "announced before recorded",
        COPIER,
        "let saved = self.world.ledger().save(accepted.into()).await?;",
        "let record: Record = accepted.into();\n        let all: Vec<_> = record.header().outbox.iter().collect();\n        let _ = crate::ports::Bus::publish(self.world.bus(), &all).await;\n        let saved = self.world.ledger().save(record).await?;",
    ),
    of(
        "marked before published",
        PUBLISHER,
        "        self.publish_all(&mut all, budget).await;",
        "        for one in &mut all {\n            let mut empty = one.record.clone();\n            empty.header_mut().outbox.clear();\n            if let Ok(Some(saved)) = self.world.ledger().save(empty).await {\n                one.record.header_mut().revision = saved.header().revision;\n            }\n        }\n        self.publish_all(&mut all, budget).await;",
    ),
    of(
        "a refused announcement is marked as published",
        PUBLISHER,
        "            one.has_failed = true;\n",
        "            one.accepted += 1;\n            one.has_failed = true;\n",
    ),
    of(
        "a later announcement does not wait for an earlier one",
        PUBLISHER,
        "self.record.header().outbox.get(self.accepted).filter(|_| !self.has_failed)",
        "self.record.header().outbox.last().filter(|_| !self.has_failed && self.accepted == 0)",
    ),
    of(
        "a mark empties the whole outbox",
        PUBLISHER,
        "published.header_mut().outbox.drain(..accepted);",
        "published.header_mut().outbox.clear();",
    ),
    of(
        "nothing is published again",
        SWEEP,
        "let unpublished = sweep.publish_unpublished().await;",
        "let unpublished = Vec::new();",
    ),
    of(
        "a lease ends before a late call can land",
        TIMES,
        "pub const LEASE_DURATION: SignedDuration = SignedDuration::from_mins(20);",
        "pub const LEASE_DURATION: SignedDuration = SignedDuration::from_mins(3);",
    ),
    of(
        "a lease that has not ended is recovered",
        NAME,
        "_ if !has_lease_ended => StartDecision::NotDue,",
        "_ if !has_lease_ended && !*unanswered => StartDecision::NotDue,",
    ),
    of(
        "a name without a version ends a start whose answer was lost",
        NAME,
        "            StartDecision::Call(with_new_lease(accepted, lease_owner, now))",
        "            StartDecision::Save(accepted.end(Outcome::TimedOut(start_timed_out(times, None).into()), now))",
    ),
    of(
        "a failure is recorded while a lost call may land",
        POLLING,
        "copying.unsettled_until.is_none_or(|until| now >= until)",
        "copying.unsettled_until.is_none_or(|_| now >= copying.copy.started_at)",
    ),
    of(
        "an adopted copy forgets the call that may land",
        STARTING,
        "State::Starting { lease, unanswered: true } if lease.until > now => Some(lease.until),",
        "State::Starting { lease, unanswered: true } if lease.until > Timestamp::MAX => Some(lease.until),",
    ),
    of(
        "the lease is not saved before the call",
        STARTS,
        "let leased = match self.copier.save(accepted).await {",
        "let leased = match Ok::<_, crate::ports::Unavailable>(Some(Record::from(accepted))) {",
    ),
    of(
        "lost starts are never recovered",
        SWEEP,
        "let recover = sweep.recover_starts(&unpublished);",
        "let recover = async {};",
    ),
    of(
        "the permission time-out begins with every refusal",
        WAITING,
        "let since = accepted.refused_since.unwrap_or(now);\n    if now",
        "let since = now;\n    if now",
    ),
    of(
        "a missing permission is final at once",
        WAITING,
        "if now >= saturating_add(since, times.permission_timeout) {",
        "if now >= since {",
    ),
    of(
        "a throttled start fails",
        ANSWER,
        "Meaning::Invalid => accepted",
        "Meaning::Invalid | Meaning::Throttled => accepted",
    ),
    of(
        "starting never times out",
        STARTING,
        "now >= saturating_add(accepted.header.requested_at, times.start_timeout)",
        "now >= saturating_add(Timestamp::MAX, times.start_timeout)",
    ),
    of(
        "copying never times out",
        POLLING,
        "if running_for >= times.copy_timeout && is_settled(&copying, now) {",
        "if running_for >= SignedDuration::MAX {",
    ),
    of(
        "a status is announced every time",
        TRANSITION,
        "            && !self.header.has_announced(status)\n",
        "",
    ),
    of(
        "an announcement does not reach the outbox",
        TRANSITION,
        "self.outbox.push(announcement.to_outgoing(now));",
        "let _ = announcement.to_outgoing(now);",
    ),
    of(
        "an end forgets its version",
        POLLING,
        "let why = Unfulfilled { failure, copy: Some(copying.copy), model_status: Some(status) };\n        accepted.end(Outcome::Failed(why), now)",
        "let why = Unfulfilled { failure, copy: None, model_status: Some(status) };\n        accepted.end(Outcome::Failed(why), now)",
    ),
    of(
        "a redelivery starts again",
        START_COPY,
        "let Recorded::New(record) = recorded else { return Ok(Some(recorded)) };",
        "let (Recorded::New(record) | Recorded::Unsaved(record) | Recorded::Known(record)) = recorded;",
    ),
    of(
        "another request under a known id is taken for a redelivery",
        "domain/intake.rs",
        "recorded.header().fingerprint == self.record.header().fingerprint",
        "!recorded.header().fingerprint.is_empty()",
    ),
    of(
        "one message twice in a batch is one delivery",
        START_COPY,
        "let owner = format!(\"{invocation}/{n}\");",
        "let _ = n;\n            let owner = format!(\"{invocation}/{}\", message.id);",
    ),
    of(
        "a copy is polled by its name",
        "check_copies/poll_copies.rs",
        "Some(&version.arn) == copy.project_version_arn.as_ref()",
        "version.arn.version_name() == copy.version_name",
    ),
    of(
        "DELETING is copied",
        MODEL,
        "Self::Deleting => Progress::Deleting,",
        "Self::Deleting => Progress::Copied,",
    ),
    of(
        "COPYING_FAILED is still copying",
        MODEL,
        "Self::CopyingFailed => Progress::Failed,",
        "Self::CopyingFailed => Progress::Copying,",
    ),
    of(
        "an unknown word is copied",
        MODEL,
        "Self::Unknown(_) => Progress::Unknown,",
        "Self::Unknown(_) => Progress::Copied,",
    ),
    of(
        "a name that is being deleted is a conflict",
        NAME,
        "    if version.status.progress() == Progress::Deleting {\n        return Verdict::Nothing;\n    }\n",
        "",
    ),
    of(
        "within one project a copy is never recognized by its time",
        NAME,
        "Origin::NotShown if starts.iter().any(|start| may_have_made(*start, version)) => {",
        "Origin::NotShown if starts.iter().any(|start| *start == Timestamp::MAX && may_have_made(*start, version)) => {",
    ),
    of(
        "a copy is called without its policy",
        COPY_CALL,
        "let policy_put_at = match self.ensure_policy(&accepted, policies, budget).await {",
        "let policy_put_at = match Ok::<Option<jiff::Timestamp>, crate::domain::project_policy::PolicyMissing>(None) {",
    ),
    of(
        "a policy allows two hours",
        POLICY,
        "let expiry = self.expires.then(|| saturating_add(now, POLICY_LIFETIME));",
        "let expiry = self.expires.then(|| saturating_add(now, POLICY_LIFETIME * 2));",
    ),
    of(
        "a policy never expires",
        POLICY,
        "let expiry = self.expires.then(|| saturating_add(now, POLICY_LIFETIME));",
        "let expiry = self.expires.then(|| saturating_add(now, POLICY_LIFETIME)).filter(|_| false);",
    ),
    of(
        "an expired policy fits",
        POLICY,
        "self.expires && (LEAST_TIME_LEFT..=most).contains(&left)",
        "self.expires && (-POLICY_LIFETIME * 1000..=most).contains(&left)",
    ),
    of(
        "a policy is put without the revision that was read",
        POLICY,
        "Change::Put { revision_id: Some(policy.revision_id.clone()) }",
        "Change::Put { revision_id: Some(policy.revision_id.clone()).filter(|_| false) }",
    ),
    of(
        "a full project is a failure",
        "domain/decisions/policy_missing.rs",
        "wait(accepted, WaitReason::PolicyFull, failure, (10, 300), now, times)",
        "accepted.end(crate::domain::record::Outcome::Failed(failure.into()), now)",
    ),
    of(
        "a full project gives up a valid policy of another copier",
        POLICY,
        "policy.name.starts_with(NAME_PREFIX) && expiry.is_some_and(|expiry| expiry <= now)",
        "expiry.is_none_or(|expiry| expiry <= now)",
    ),
    of(
        "a refusal of a policy that is not seen yet is final",
        POLICY,
        "put_at.is_none_or(|put_at| now.duration_since(put_at) > SEEN_AFTER)",
        "put_at.is_none_or(|put_at| now >= put_at)",
    ),
    of(
        "an invocation that hangs is not ended",
        BUDGET,
        "timeout_at(self.end, work).await.ok()",
        "timeout_at(self.end + Duration::from_secs(600), work).await.ok()",
    ),
    of(
        "a request that is being started is cancelled",
        CANCELLING,
        "State::Starting { .. } => Err(NotCancelled::Starting),",
        "State::Starting { .. } => Ok(accepted.end(Outcome::Failed(Failure::new(failure::CANCELLED, \"\").into()), now)),",
    ),
];
