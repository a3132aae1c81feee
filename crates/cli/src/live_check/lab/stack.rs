//! The calls to a deployed stack: its metrics, its bus and its ledger.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, DimensionFilter, Statistic};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use rekognition_model_copier::aws::item;
use rekognition_model_copier::domain::envelope::DETAIL_TYPE;
use rekognition_model_copier::domain::id::RecordKey;
use rekognition_model_copier::domain::record::Record;
use serde_json::json;

use super::Lab;
use crate::live_check::answer::{Answer, CallError, Stop, word};
use crate::live_check::journal::Thing;

impl Lab {
    /// How often a function was invoked in each minute from and to these seconds since 1970: the minute's second and a
    /// number. A minute without an invocation is left out.
    pub(crate) async fn invocations(&self, function: &str, from: i64, to: i64) -> Answer<Vec<(i64, f64)>> {
        let call = self.clients.cloudwatch.get_metric_statistics().namespace("AWS/Lambda");
        let call = call
            .metric_name("Invocations")
            .dimensions(Dimension::builder().name("FunctionName").value(function).build())
            .start_time(DateTime::from_secs(from))
            .end_time(DateTime::from_secs(to))
            .period(60)
            .statistics(Statistic::Sum);
        let answer = self.call("GetMetricStatistics", call.send()).await?;
        let minute =
            |point: aws_sdk_cloudwatch::types::Datapoint| Some((point.timestamp?.secs(), point.sum?));
        Ok(answer.datapoints.unwrap_or_default().into_iter().filter_map(minute).collect())
    }

    /// The dimensions of each metric that EventBridge has of a rule: names and values, in order.
    pub(crate) async fn rule_metrics(&self, rule: &str) -> Answer<Vec<Vec<(String, String)>>> {
        let of_rule = DimensionFilter::builder().name("RuleName").value(rule).build();
        let call = self.clients.cloudwatch.list_metrics().namespace("AWS/Events").dimensions(of_rule);
        let answer = self.call("ListMetrics", call.send()).await?;
        let metrics = answer.metrics.unwrap_or_default().into_iter().map(|metric| {
            let dimensions = metric.dimensions.unwrap_or_default().into_iter();
            let mut dimensions: Vec<_> = dimensions.filter_map(|it| it.name.zip(it.value)).collect();
            dimensions.sort();
            dimensions
        });
        Ok(metrics.collect())
    }

    /// Puts a request on the stack's bus that names nothing to copy, so that it has to be rejected.
    pub(crate) async fn send_request(&self, id: &str) -> Result<Answer<()>, Stop> {
        let call = self.clients.events.put_events().entries(self.entry(id)?).send();
        Ok(self.call("PutEvents", call).await.and_then(|answer| is_put(&answer)))
    }

    /// The same while the request queue refuses it.
    pub(crate) async fn send_request_to_refuse(&self, id: &str) -> Result<Answer<()>, Stop> {
        let call = self.clients.events.put_events().entries(self.entry(id)?).send();
        let thing = Thing::DeadLetter { request: id.to_owned() };
        let answer = self.make("PutEvents", thing, call, |_| None).await?;
        Ok(answer.and_then(|answer| is_put(&answer)))
    }

    fn entry(&self, id: &str) -> Result<PutEventsRequestEntry, Stop> {
        let stack = self.stack()?;
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(stack.output("EventBusName")?)
            .source(format!("{}.requests", stack.output("EventSource")?))
            .detail_type(DETAIL_TYPE)
            .detail(json!({ "requestId": id }).to_string())
            .build())
    }

    /// The record of a request of the run's account.
    pub(crate) async fn record_of(&self, id: &str) -> Result<Answer<Option<Record>>, Stop> {
        let key = RecordKey { requester: self.run.identity.account.clone(), request_id: id.to_owned() };
        let call = self.clients.dynamodb.get_item().table_name(self.stack()?.output("LedgerTable")?);
        let call = call.consistent_read(true).key("id", AttributeValue::S(key.to_string()));
        Ok(self.call("GetItem", call.send()).await.and_then(|answer| {
            let record = answer.item.as_ref().map(item::read).transpose();
            record.map_err(|_| CallError::in_answer("Unreadable"))
        }))
    }
}

fn is_put(answer: &PutEventsOutput) -> Answer<()> {
    let code = answer.entries().iter().find_map(|entry| entry.error_code());
    code.map_or(Ok(()), |code| Err(CallError::in_answer(word(code))))
}
