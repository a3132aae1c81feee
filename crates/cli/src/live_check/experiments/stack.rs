//! Rows 26, 29 and 30: the rows about a deployed stack. They do not disturb it.

use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::domain::record::Record;

use crate::live_check::answer::{Answer, Observation, Tested, Verdict};
use crate::live_check::journal::DeployedStack;
use crate::live_check::lab::Lab;

/// How late Lambda's metrics may be.
const METRICS_DELAY: SignedDuration = SignedDuration::from_mins(5);
/// How many minutes have to be seen.
const FEWEST_MINUTES: i32 = 30;
/// How long start-copy may take to record a request, and the announcement to leave the outbox.
const LONGEST: Duration = Duration::from_secs(120);

/// Row 26: how often check-copies is invoked.
pub(super) async fn schedule(lab: &Lab, seen: &mut Observation) -> Tested {
    const PART: &str = "invocations";
    let stack = lab.deployed()?;
    let to = (lab.now() - METRICS_DELAY).as_second() / 60 * 60;
    let answer = lab.invocations(&stack.checker, to - 3600, to).await;
    let minutes = seen.need(PART, answer)?;
    // A stack may be younger than an hour.
    let first = minutes.iter().map(|(at, _)| *at).min().unwrap_or(to);
    let watched = i32::try_from((to - first) / 60).unwrap_or_default();
    // One minute may have two invocations and the next none; EventBridge may repeat one.
    let rate = minutes.iter().map(|(_, sum)| sum).sum::<f64>() / f64::from(watched);
    match rate {
        _ if watched < FEWEST_MINUTES => seen.note(PART, "too few minutes to tell", Verdict::Unknown),
        0.95..=1.05 => seen.note(PART, "one a minute", Verdict::AsAssumed),
        ..0.95 => seen.note(PART, "fewer", Verdict::Otherwise),
        _ => seen.note(PART, "more", Verdict::Otherwise),
    }
    Ok(())
}

/// Row 29: under which dimensions EventBridge counts what a rule does.
pub(super) async fn dimensions(lab: &Lab, seen: &mut Observation) -> Tested {
    const PART: &str = "dimensions";
    let stack = lab.deployed()?;
    let (bus, name) = match stack.rule.split_once('|') {
        Some((bus, name)) => (Some(bus), name),
        None => (None, stack.rule.as_str()),
    };
    let expected_bus = Some(stack.bus.as_str()).filter(|bus| *bus != "default");
    let form = if bus.is_some() { "bus and name" } else { "name" };
    seen.note("the rule's Ref", form, Verdict::of(bus == expected_bus));
    let metrics = seen.need(PART, lab.rule_metrics(name).await)?;
    let expected = expected_bus.map(|bus| ("EventBusName", bus)).into_iter().chain([("RuleName", name)]);
    let is_expected = |metric: &Vec<(String, String)>| {
        metric.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected.clone())
    };
    if metrics.iter().any(is_expected) {
        seen.note(PART, "those of the alarm", Verdict::AsAssumed);
    } else if metrics.is_empty() {
        seen.note(PART, "no metric: try again ten minutes after a request", Verdict::Unknown);
    } else {
        seen.note(PART, "others", Verdict::Otherwise);
    }
    Ok(())
}

/// Row 30: whether the functions may announce.
pub(super) async fn announcement(lab: &Lab, seen: &mut Observation) -> Tested {
    let stack = lab.deployed()?;
    let (id, begun) = (lab.new_name(), lab.now());
    let sent = lab.send_request(stack, &id).await;
    seen.need("send a request", sent)?;
    let recorded = poll(lab, stack, &id, |_| true).await;
    if !seen.need("its record", recorded)? {
        seen.note("its record", "not there", Verdict::Unknown);
        return Ok(());
    }
    seen.note("its record", "there", Verdict::AsAssumed);
    let announced = poll(lab, stack, &id, |record| record.header().outbox.is_empty()).await;
    let is_announced = seen.need("announced", announced)?;
    seen.took("announced", is_announced.then(|| lab.since(begun)), 2 * LONGEST);
    Ok(())
}

/// Reads the record of a request until the condition holds. Returns whether it held in time.
async fn poll(lab: &Lab, stack: &DeployedStack, id: &str, is_so: fn(&Record) -> bool) -> Answer<bool> {
    let begun = lab.now();
    while !lab.record_of(stack, id).await?.as_ref().is_some_and(is_so) {
        if lab.since(begun) > LONGEST {
            return Ok(false);
        }
        lab.sleep(Duration::from_secs(2)).await;
    }
    Ok(true)
}
