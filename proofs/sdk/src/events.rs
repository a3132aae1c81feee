//! EventBridge over the wire: the world's own port, as PutEvents.

use jiff::Timestamp;
use proofs::process::Process;
use rekognition_model_copier::domain::announcement::{DETAIL_TYPE, Status};
use rekognition_model_copier::domain::outbox::Outgoing;
use rekognition_model_copier::ports::{Bus, Unavailable};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::wire::{Call, Reply, Service, text};

/// The bus's name.
pub const BUS: &str = "announcements";

/// Answers a call.
pub async fn answer(aws: &Aws, process: &Process, call: &Call) -> Reply {
    let entries = call.body["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    if call.operation != "PutEvents" || !(1..=10).contains(&entries.len()) {
        return Service::Events.refused("ValidationException");
    }
    let letters: Option<Vec<Outgoing>> = entries.iter().map(letter).collect();
    let Some(letters) = letters else {
        aws.shared.with(|world| world.watch.must(false, || format!("no announcements: {}", call.body)));
        return Service::Events.refused("ValidationException");
    };
    let results = process.publish(&letters.iter().collect::<Vec<_>>()).await;
    aws.shared.with(|world| {
        let chance = &mut world.chance;
        match results.iter().find_map(|result| result.as_ref().err()) {
            None => put(&results),
            // Some of them, or none and said so entry by entry.
            Some(_) if results.iter().any(Result::is_ok) || chance.once_in(3) => put(&results),
            Some(Unavailable(why)) if why == "Throttle" => Service::Events.throttled(chance),
            Some(_) => Service::Events.unclear(chance),
        }
    })
}

fn put(results: &[Result<(), Unavailable>]) -> Reply {
    let entry = |(i, result): (usize, &Result<(), Unavailable>)| match result {
        Ok(()) => json!({"EventId": i.to_string()}),
        Err(_) => json!({"ErrorCode": "InternalFailure", "ErrorMessage": "says the world"}),
    };
    let entries: Vec<Value> = results.iter().enumerate().map(entry).collect();
    let failed = results.iter().filter(|result| result.is_err()).count();
    Reply::good(&json!({"FailedEntryCount": failed, "Entries": entries}))
}

/// The announcement that an entry is.
fn letter(entry: &Value) -> Option<Outgoing> {
    let detail = RawValue::from_string(entry["Detail"].as_str()?.to_owned()).ok()?;
    let said: Value = serde_json::from_str(detail.get()).ok()?;
    let millis = (entry["Time"].as_f64()? * 1000.0).round();
    let resources = entry["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_ours = text(entry, "EventBusName") == BUS && text(entry, "DetailType") == DETAIL_TYPE;
    is_ours.then_some(Outgoing {
        status: serde_json::from_value::<Status>(said["status"].clone()).ok()?,
        time: Timestamp::from_millisecond(millis as i64).ok()?,
        resources: resources.iter().filter_map(|arn| arn.as_str().map(str::to_owned)).collect(),
        detail,
    })
}
