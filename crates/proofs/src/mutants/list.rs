//! The mutants: what each changes in the shipped code. The first nine are the faults that the design's own
//! model caught; the tenth of those, deleting a record on error, has no port to do it with.

use super::Mutant;

const fn of(name: &'static str, file: &'static str, find: &'static str, put: &'static str) -> Mutant {
    Mutant { name, file, find, put, harmless: None }
}

const fn harmless(mutant: Mutant, why: &'static str) -> Mutant {
    Mutant { harmless: Some(why), ..mutant }
}

const INTAKE: &str = "start_copy.rs";
const COPIER: &str = "copier.rs";
const START: &str = "domain/decide/start.rs";
const NAME: &str = "domain/decide/name.rs";
const LOOK: &str = "domain/decide/look.rs";
const STARTED: &str = "domain/decide/mod.rs";
const RECORD: &str = "domain/record.rs";
const MODEL: &str = "domain/model.rs";
const TIMES: &str = "domain/times.rs";
const GRANT: &str = "domain/grant.rs";
const GRANTS: &str = "grants.rs";
const SWEEP: &str = "check_copies/mod.rs";

/// All mutants.
pub const ALL: &[Mutant] = &[
    of(
        "a message is acknowledged that is not recorded",
        INTAKE,
        "                    });\n                }\n                Err(_)",
        "                    });\n                    continue;\n                }\n                Err(_)",
    ),
    of(
        "a taken name is a failure",
        START,
        "Meaning::NameTaken => return Answered::LookUpName(record),",
        "Meaning::NameTaken => return Answered::Write(record.ending(Status::Failed, Some(Failure::new(failure::VERSION_NAME_TAKEN, \"\")), None, now)),",
    ),
    of(
        "a lost answer is a failure",
        START,
        "CopyAnswer::Unanswered { .. } => Answered::Write(unanswered(record)),",
        "CopyAnswer::Unanswered { .. } => Answered::Write(record.ending(Status::Failed, Some(Failure::new(\"Lost\", \"\")), None, now)),",
    ),
    of(
        "after a lost answer the record waits",
        START,
        "CopyAnswer::Unanswered { .. } => Answered::Write(unanswered(record)),",
        "CopyAnswer::Unanswered { .. } => Answered::Write(waiting(record, WaitReason::Unknown, Failure::new(\"Lost\", \"\"), SignedDuration::from_secs(5), SignedDuration::from_secs(60), now, times)),",
    ),
    of(
        "writes do not mind the revision",
        COPIER,
        "let written = self.ledger.save(record).await?;",
        "let key = record.key.clone();\n        let latest = self.ledger.load(&key).await?.map_or(record.revision, |latest| latest.revision);\n        let written = self.ledger.save(Record { revision: latest, ..record }).await?;",
    ),
    of(
        "one absence is a deletion",
        LOOK,
        "let first = match &copying.doubt {\n        Some(doubt) if doubt.of == of => doubt.clone(),",
        "let first = match &copying.doubt {\n        Some(doubt) if doubt.of == of => doubt.clone(),\n        _ if of == DoubtOf::Absent => Doubt { of: of.clone(), since: Timestamp::UNIX_EPOCH },",
    ),
    of(
        "RUNNING is a word nobody knows",
        MODEL,
        "Self::CopyingCompleted | Self::Starting | Self::Running |",
        "Self::Running => Progress::Unknown,\n            Self::CopyingCompleted | Self::Starting |",
    ),
    of(
        "a version is adopted whatever its source",
        MODEL,
        "        source && bucket && key\n",
        "        let _ = source;\n        bucket && key\n",
    ),
    of(
        "announced before recorded",
        COPIER,
        "let written = self.ledger.save(record).await?;",
        "let letters: Vec<Outgoing> = record.outbox.clone();\n        self.bus.publish(&letters.iter().collect::<Vec<_>>()).await;\n        let written = self.ledger.save(record).await?;",
    ),
    of(
        "marked before published",
        COPIER,
        "let mut published = vec![0; records.len()];",
        "let mut early = Vec::new();\n        for record in records {\n            let marked = self.ledger.save(record.clone().published(record.outbox.len())).await;\n            let revision = marked.ok().flatten().map_or(record.revision, |marked| marked.revision);\n            early.push(Record { revision, ..record });\n        }\n        let records = early;\n        let mut published = vec![0; records.len()];",
    ),
    of(
        "what the bus refused is marked as published",
        COPIER,
        "                    Err(error) => {\n                        let span",
        "                    Err(error) => {\n                        published.iter_mut().skip(*i).take(1).for_each(|count| *count += 1);\n                        let span",
    ),
    of(
        "a mark empties the whole outbox",
        RECORD,
        "self.outbox.drain(..count.min(self.outbox.len()));",
        "self.outbox.drain(..count.max(self.outbox.len()));",
    ),
    of(
        "a lease ends before a late call can land",
        TIMES,
        "pub const LEASE: SignedDuration = SignedDuration::from_mins(20);",
        "pub const LEASE: SignedDuration = SignedDuration::from_mins(3);",
    ),
    of(
        "a lease that has not ended is taken over",
        NAME,
        "_ if !lease_ended => Start::NotDue,",
        "_ if !lease_ended && !*unanswered => Start::NotDue,",
    ),
    of(
        "an absent version ends a start whose answer was lost",
        NAME,
        "Verdict::Adopt(_) | Verdict::Nothing => Start::Call(taking(record, owner, now)),",
        "Verdict::Adopt(_) | Verdict::Nothing => Start::Ended(record.ending(Status::TimedOut, Some(timed_out(times, None)), None, now)),",
    ),
    of(
        "a failure is recorded while a lost call may land",
        LOOK,
        "copying.unsettled_until.is_none_or(|until| now >= until)",
        "copying.unsettled_until.is_none_or(|_| now >= copying.started_at)",
    ),
    of(
        "an adopted copy forgets the call that may land",
        STARTED,
        "State::Starting { lease, unanswered: true } if lease.until > now => Some(lease.until),",
        "State::Starting { lease, unanswered: true } if lease.until > Timestamp::MAX => Some(lease.until),",
    ),
    of(
        "the lease is not written before the call",
        "check_copies/start.rs",
        "let leased = match self.copier.write(record).await {",
        "let leased = match Ok::<_, crate::ports::Unavailable>(Some(record)) {",
    ),
    of(
        "the permission's time begins anew each time",
        START,
        "let since = record.refused_since.unwrap_or(now);",
        "let since = now;",
    ),
    of(
        "a missing permission is final at once",
        START,
        "if now >= after(since, times.permission_timeout) {",
        "if now >= since {",
    ),
    of(
        "a throttled start fails",
        START,
        "Meaning::Invalid => {",
        "Meaning::Invalid | Meaning::Throttled => {",
    ),
    of(
        "starting never times out",
        START,
        "if now >= after(record.requested_at, times.start_timeout) {",
        "if now >= after(Timestamp::MAX, times.start_timeout) {",
    ),
    of(
        "copying never times out",
        LOOK,
        "if copied_for >= times.copy_timeout && is_settled(&copying, now) {",
        "if copied_for >= SignedDuration::MAX {",
    ),
    of(
        "a status is announced every time",
        RECORD,
        "        if self.announced.contains(&status) {\n            return self;\n        }\n        self.announcing_as",
        "        self.announcing_as",
    ),
    of(
        "what is announced is not in the outbox",
        RECORD,
        "self.outbox.push(Outgoing::new(&announcement, now));",
        "let _ = Outgoing::new(&announcement, now);",
    ),
    of(
        "a redelivery starts again",
        INTAKE,
        "                Ok(Some(Taken::Known(record)))\n            }\n            Created::Exists(_)",
        "                Ok(Some(self.first_step(record).await))\n            }\n            Created::Exists(_)",
    ),
    of(
        "another request under a known id is taken for a redelivery",
        INTAKE,
        "Created::Exists(record) if record.fingerprint == intake.record.fingerprint => {",
        "Created::Exists(record) if !record.fingerprint.is_empty() => {",
    ),
    of(
        "one message twice in a batch is one delivery",
        INTAKE,
        "let owner = format!(\"{invocation}/{i}\");",
        "let _ = i;\n            let owner = format!(\"{invocation}/{}\", message.id);",
    ),
    of(
        "a copy is looked at by its name",
        "check_copies/look.rs",
        "Some(&version.arn) == entry.project_version_arn.as_ref()",
        "Some(version.arn.version_name()) == entry.version_name.as_deref()",
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
        "a word nobody knows is copied",
        MODEL,
        "Self::Unknown(_) => Progress::Unknown,",
        "Self::Unknown(_) => Progress::Copied,",
    ),
    of(
        "FAILED is a failed copy",
        MODEL,
        "Self::Failed | Self::Deprecated | Self::Expired => Progress::CopiedIfSeenAgain,",
        "Self::Failed => Progress::Failed,\n            Self::Deprecated | Self::Expired => Progress::CopiedIfSeenAgain,",
    ),
    of(
        "a name that is being deleted is a conflict",
        NAME,
        "        Progress::Deleting => Verdict::Nothing,\n",
        "",
    ),
    of("lost starts are never taken over", SWEEP, "report += sweep.take_over(&unpublished).await;", ""),
    of(
        "nothing is published again",
        SWEEP,
        "let (mut report, unpublished) = sweep.publish().await;",
        "let (mut report, unpublished) = (Report::default(), Vec::new());",
    ),
    of(
        "an end forgets its version",
        RECORD,
        "let project_version_arn = copying.as_ref().map(|copying| copying.project_version_arn.clone());",
        "let project_version_arn = copying.as_ref().and(None);",
    ),
    of(
        "an ended request keeps its grant",
        RECORD,
        "self.grant.then_some((Step::Withdraw, *at))",
        "self.grant.then_some((Step::Withdraw, *at)).filter(|_| false)",
    ),
    of(
        "a request that failed keeps its grant",
        RECORD,
        "State::Ended { at, .. } => self.grant.then_some((Step::Withdraw, *at)),",
        "State::Ended { at, status, .. } => (self.grant && *status != Status::Failed).then_some((Step::Withdraw, *at)),",
    ),
    of(
        "the record is marked before its grant is released",
        "check_copies/withdraw.rs",
        "if let Err(error) = self.copier.release(&record).await {",
        "let _ = self.copier.ledger.save(record.clone().without_grant()).await;\n        if let Err(error) = self.copier.release(&record).await {",
    ),
    of(
        "another request's grant is withdrawn with one's own",
        GRANTS,
        "grants.released(|key| *key == record.key, self.now())",
        "grants.released(|key| key.sender == record.key.sender, self.now())",
    ),
    of(
        "a policy is put without the revision that was read",
        "domain/policy.rs",
        "revision_id: present.map(|policy| policy.revision_id.clone()),",
        "revision_id: None,",
    ),
    of(
        "writes of grants do not mind the revision",
        GRANTS,
        "if let Some(grants) = self.ledger.save_grants(grants).await? {\n                        return",
        "let latest = self.ledger.grants(project).await?.map_or(0, |latest| latest.revision);\n                    if let Some(grants) = self.ledger.save_grants(Grants { revision: latest, ..grants }).await? {\n                        return",
    ),
    of(
        "a whole project is allowed although it may not be",
        GRANT,
        "if self.project_wide {",
        "if !self.project_wide {",
    ),
    of(
        "a policy without room is a failure",
        "domain/decide/grant.rs",
        "waiting(record, WaitReason::PolicyFull, failure, secs(10), secs(300), now, times)",
        "record.ending(crate::domain::announcement::Status::Failed, Some(failure), None, now)",
    ),
    of(
        "a project without room for our policy is a missing permission",
        GRANT,
        "\"LimitExceededException\" | \"ServiceQuotaExceededException\"",
        "\"ServiceQuotaExceededException\"",
    ),
    of(
        "grants are at rest without a look at the policy",
        GRANTS,
        "let Some(grants) = self.align(project).await? else { return Ok(()) };\n        // INVARIANT: at rest only",
        "let Some(grants) = self.ledger.grants(project).await? else { return Ok(()) };\n        if grants.clone().settled(looked_at).is_none() {\n            self.align(project).await?;\n        }\n        // INVARIANT: at rest only",
    ),
    of(
        "grants are at rest while a change can land",
        GRANT,
        "None => now >= after(self.changed_at, LEASE),",
        "None => now >= self.changed_at,",
    ),
    harmless(
        of(
            "the policy is read after the grants",
            GRANTS,
            "let present = self.rekognition.policy(project, &name).await?;\n            let Some(grants) = self.ledger.grants(project).await? else { return Ok(None) };",
            "let Some(grants) = self.ledger.grants(project).await? else { return Ok(None) };\n            let present = self.rekognition.policy(project, &name).await?;",
        ),
        "a change that takes something is followed by another look, which puts it back: what is called in the milliseconds between is refused, waits, and is called again",
    ),
    harmless(
        of(
            "the policy is changed long after the grants were written",
            GRANT,
            "self.settled_at.is_none() && now < after(self.changed_at, CHANGE_BY)",
            "self.settled_at.is_none() && now >= self.changed_at",
        ),
        "a grant is released by a write, after which grants are not at rest for as long as a change sent before can land: it takes a function that is frozen in between, as in src/grants/tests/frozen.rs",
    ),
    of(
        "a copy is called without its grant",
        COPIER,
        "if let Err(why) = self.grant(&record).await {",
        "if let Err(why) = Ok::<(), crate::domain::grant::Ungranted>(()) {",
    ),
    harmless(
        of(
            "a record is taken further although it needs another step",
            SWEEP,
            "_ => record.next_of_state().is_some_and(|(next, _)| next == step),",
            "_ => true,",
        ),
        "every decision looks at the state again and answers that nothing is due",
    ),
];
