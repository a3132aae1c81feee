//! Rows 26, 29 and 30: the rows about a deployed stack. They do not disturb it.

use std::time::Duration;

use jiff::SignedDuration;
use rekognition_model_copier::domain::record::Record;

use crate::live_check::answer::{Answer, Stop, Tested, Verdict};
use crate::live_check::lab::Lab;

/// How late Lambda's metrics may be.
const METRICS_DELAY: SignedDuration = SignedDuration::from_mins(5);
/// How many minutes have to be seen.
const FEWEST_MINUTES: i32 = 30;
/// How long start-copy may take to record a request, and the announcement to leave the outbox.
const LONGEST: Duration = Duration::from_secs(120);

/// Row 26: how often check-copies is invoked.
pub(super) async fn schedule(lab: &Lab) -> Tested {
    const PART: &str = "invocations";
    let to = (lab.now() - METRICS_DELAY).as_second() / 60 * 60;
    let function = lab.stack()?.output("CheckCopiesFunction")?;
    let minutes = lab.need(PART, lab.invocations(function, to - 3600, to).await)?;
    // A stack may be younger than an hour.
    let first = minutes.iter().map(|(at, _)| *at).min().unwrap_or(to);
    let watched = i32::try_from((to - first) / 60).unwrap_or_default();
    // One minute may have two invocations and the next none; EventBridge may repeat one.
    let rate = minutes.iter().map(|(_, sum)| sum).sum::<f64>() / f64::from(watched);
    match rate {
        _ if watched < FEWEST_MINUTES => lab.note(PART, "too few minutes to tell", Verdict::Unknown),
        0.95..=1.05 => lab.note(PART, "one a minute", Verdict::AsAssumed),
        ..0.95 => lab.note(PART, "fewer", Verdict::Otherwise),
        _ => lab.note(PART, "more", Verdict::Otherwise),
    }
    Ok(())
}

/// Row 29: under which dimensions EventBridge counts what a rule does.
pub(super) async fn dimensions(lab: &Lab) -> Tested {
    const PART: &str = "dimensions";
    let stack = lab.stack()?;
    let rule = stack.output("RequestRule")?;
    let (bus, name) = rule.split_once('|').map_or((None, rule), |(bus, name)| (Some(bus), name));
    let expected_bus = Some(stack.output("EventBusName")?).filter(|bus| *bus != "default");
    let form = if bus.is_some() { "bus and name" } else { "name" };
    lab.note("the rule's Ref", form, Verdict::of(bus == expected_bus));
    let metrics = lab.need(PART, lab.rule_metrics(name).await)?;
    let expected = expected_bus.map(|bus| ("EventBusName", bus)).into_iter().chain([("RuleName", name)]);
    let is_expected = |metric: &Vec<(String, String)>| {
        metric.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected.clone())
    };
    if metrics.iter().any(is_expected) {
        lab.note(PART, "those of the alarm", Verdict::AsAssumed);
    } else if metrics.is_empty() {
        lab.note(PART, "no metric: try again ten minutes after a request", Verdict::Unknown);
    } else {
        lab.note(PART, "others", Verdict::Otherwise);
    }
    Ok(())
}

/// Row 30: whether the functions may announce.
pub(super) async fn announcement(lab: &Lab) -> Tested {
    let (id, begun) = (lab.new_name(), lab.now());
    lab.need("send a request", lab.send_request(&id).await?)?;
    if !lab.need("its record", poll(lab, &id, |_| true).await?)? {
        lab.note("its record", "not there", Verdict::Unknown);
        return Ok(());
    }
    lab.note("its record", "there", Verdict::AsAssumed);
    let announced = poll(lab, &id, |record| record.header().outbox.is_empty()).await?;
    let is_announced = lab.need("announced", announced)?;
    lab.took("announced", is_announced.then(|| lab.since(begun)), 2 * LONGEST);
    Ok(())
}

/// Reads the record of a request until the condition holds. Returns whether it held in time.
async fn poll(lab: &Lab, id: &str, is_so: fn(&Record) -> bool) -> Result<Answer<bool>, Stop> {
    let begun = lab.now();
    loop {
        match lab.record_of(id).await? {
            Err(refused) => return Ok(Err(refused)),
            Ok(record) if record.as_ref().is_some_and(is_so) => return Ok(Ok(true)),
            Ok(_) if lab.since(begun) > LONGEST => return Ok(Ok(false)),
            Ok(_) => lab.sleep(Duration::from_secs(2)).await,
        }
    }
}
