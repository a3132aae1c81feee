//! Part `cost`: computes the price of the counted calls and milliseconds at list, and that of two other ways to wait for a copy.
//! Both poll every copy alone.

use std::collections::BTreeMap;
use std::fs;

use proofs::weather::Kind;
use serde::Deserialize;

use crate::page::{at_most, at_most_one_of, fill, goal, goals_table, path, table, today};
use crate::sweeps::{Pending, Swept, lives, sweep};
use crate::{Outcome, in_real_time, written};

/// How long a copy takes, in minutes. It is polled every minute.
const MINUTES: f64 = 30.0;
/// Minutes of an average month.
const MONTH: f64 = 43_800.0;
/// The memory of a function in template.yaml.
const GIGABYTES: f64 = 0.25;
/// Hours of an average month.
const HOURS: f64 = MONTH / 60.0;
/// Days of an average month.
const DAYS: f64 = HOURS / 24.0;
/// How long an invocation of Lambda takes apart from its calls, in seconds.
const OVERHEAD: f64 = 0.010;
/// Lambda's long polls of an empty queue: five at a time, 20 s each.
const POLLS: f64 = 15.0 * MONTH;
/// Operations of a durable function for one copy without its polls: its start, the call, the announcement and its end. A poll
/// is one operation, with the wait before it.
const DURABLE_OPERATIONS: f64 = 4.0;
/// How much longer each wait of a durable function with backoff is than the one before. It notices the end of the copy at most
/// two minutes late.
const BACKOFF: f64 = 1.03;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceList {
    region: String,
    as_of: String,
    prices: BTreeMap<String, Price>,
}

#[derive(Deserialize)]
struct Price {
    price: f64,
    unit: String,
    page: String,
    /// Where the price was seen, and how old that source is.
    seen: String,
}

impl PriceList {
    fn of(&self, name: &str) -> f64 {
        self.prices.get(name).map_or(f64::NAN, |price| price.price)
    }

    fn lambda(&self, invocations: f64, seconds: f64) -> f64 {
        invocations * self.of("lambdaRequest") + seconds * GIGABYTES * self.of("lambdaGbSecondArm")
    }

    fn log(&self, bytes: f64) -> f64 {
        bytes / 1e9 * self.of("logGb")
    }

    fn metric_hours(&self, hours: f64) -> f64 {
        hours * self.of("metric") / HOURS
    }

    fn sweep(&self, swept: &Swept, bytes: f64) -> f64 {
        self.lambda(1.0, swept.seconds() + OVERHEAD)
            + swept.read_units * self.of("dynamoDbReadUnit")
            + self.log(bytes)
    }

    /// Returns the price of one copy in a durable function that polls it so often.
    fn durable(&self, polls: f64) -> f64 {
        (DURABLE_OPERATIONS + polls) * (self.of("durableOperation") + 1e-6 * self.of("durableGbWritten"))
            + self.lambda(polls + 1.0, (polls + 1.0) * (seconds_of(Kind::Describe) + OVERHEAD))
    }
}

pub(crate) fn measure() -> Outcome<()> {
    let list: PriceList = serde_json::from_str(&fs::read_to_string(path("crates/bench/prices.json"))?)?;
    let life = lives(100)?;
    let idle = sweep(Pending::default())?;
    let written = in_real_time(written::measure())?;
    // The cost of a request includes its start in a batch of ten, and its end in a sweep.
    let saving = 3.0 * seconds_of(Kind::Save) + seconds_of(Kind::Publish);
    let start = seconds_of(Kind::Copy) + saving + 9.0 / 5.0 + OVERHEAD;
    let end = saving / 10.0;
    let own = list.lambda(0.1, start / 10.0 + end)
        + life.write_units / 100.0 * list.of("dynamoDbWriteUnit")
        + list.of("dynamoDbReadUnit")
        + 3.0 * list.of("event")
        + (1.0 + 2.0 / 10.0) * list.of("sqsRequest")
        + list.log(written.request_bytes);
    let transitions = 2.0 + 3.0 * MINUTES;
    let step_functions = 1000.0 * transitions * list.of("stateTransition");
    let durable = 1000.0 * list.durable(MINUTES);
    // The waits are a geometric series, whose sum must reach the end of the copy.
    let with_backoff = (1.0 + MINUTES * (BACKOFF - 1.0)).ln() / BACKOFF.ln();
    let durable_with_backoff = 1000.0 * list.durable(with_backoff.ceil());

    let head = [
        "pending",
        "Describe a sweep",
        "a sweep lasts",
        "polled every",
        "1,000 copies",
        "Step Functions loop",
        "durable function",
    ];
    let mut rows = Vec::new();
    let (mut cheapest, mut dearest) = (f64::MAX, 0.0_f64);
    for copies in [100, 300, 1_000, 3_000, 10_000, 30_000, 100_000] {
        let swept = sweep(Pending { copies, projects: copies / 100, versions: 100, ..Pending::default() })?;
        let polls = MINUTES * list.sweep(&swept, written.poll_bytes) / copies as f64;
        let thousand = 1000.0 * (own + polls);
        (cheapest, dearest) = (cheapest.min(thousand), dearest.max(thousand));
        let apart = 60.0 * (copies as f64 / swept.report.copying as f64).max(1.0);
        rows.push(vec![
            copies.to_string(),
            swept.count(Kind::Describe).to_string(),
            format!("{:.1} s", swept.seconds()),
            format!("{apart:.0} s"),
            format!("${thousand:.4}"),
            format!("${step_functions:.2}"),
            format!("${durable:.2}"),
        ]);
    }
    let logs = MONTH * list.log(written.idle_bytes);
    let ledger = MONTH * idle.read_units * list.of("dynamoDbReadUnit");
    let lambda = MONTH * list.sweep(&idle, 0.0) - ledger;
    let metrics = list.metric_hours(written.idle_metrics * HOURS);
    let watched = alarm_metrics(&fs::read_to_string(path("template.yaml"))?);
    let alarms = watched * list.of("alarm");
    let polls = POLLS * list.of("sqsRequest");
    let month = alarms + polls + lambda + ledger + logs + metrics;
    let steady = written.metrics * list.of("metric");
    let copy = dearest / 1000.0;
    // A copy without others costs as much as its sweeps cost more than idle ones.
    let one = Pending { copies: 1, projects: 1, versions: 1, ..Pending::default() };
    let alone = sweep(one)?;
    let polls_alone =
        MINUTES * (list.sweep(&alone, written.poll_bytes) - list.sweep(&idle, written.idle_bytes));
    let metrics_of_copy = list.metric_hours(written.metric_hours);
    let one_a_day = month + DAYS * (own + polls_alone + metrics_of_copy);
    let cheaper_from = (month + steady) / (durable / 1000.0 - copy);
    let cheaper_from_with_backoff = (month + steady) / (durable_with_backoff / 1000.0 - copy);
    let goals = [
        at_most("cost of a copy from 100 to 100,000 pending", 1.3, "the cheapest", dearest / cheapest),
        at_most_one_of(
            "1,000 copies of 30 minutes, polled every minute",
            20.0,
            "the Step Functions loop",
            dearest / step_functions,
        ),
        goal("an idle month, all of it", "≤ $1.55", format!("${month:.2}"), month <= 1.55),
        goal("a month with one copy a day", "≤ $2.00", format!("${one_a_day:.2}"), one_a_day <= 2.0),
    ];
    let sum = [
        (format!("{watched:.0} metrics that alarms watch, with AlarmTopicArn"), alarms),
        (format!("{POLLS:.0} polls of the empty queue by Lambda"), polls),
        ("43,800 sweeps: Lambda".to_owned(), lambda),
        ("43,800 sweeps: reads of the ledger".to_owned(), ledger),
        (format!("43,800 sweeps: {:.0} bytes of log each", written.idle_bytes), logs),
        (format!("{:.0} custom metrics", written.idle_metrics), metrics),
        ("an idle month".to_owned(), month),
    ]
    .map(|(what, price)| vec![what, format!("${price:.3}")]);
    let beside = format!(
        "CloudWatch bills a custom metric by the hours in which it is written. A copy without errors writes {:.0} \
         metrics in {:.0} metric-hours. If no other copy runs in those hours, they cost ${metrics_of_copy:.4}, which is \
         more than the rest of the copy. With copies in every hour, they cost ${steady:.2} a month, however many copies \
         there are. An idle copier costs money, and an idle durable function does not. So the copier is cheaper only \
         from about {} copies a month on (from about {} if the durable function polls with backoff).",
        written.metrics,
        written.metric_hours,
        hundreds(cheaper_from),
        hundreds(cheaper_from_with_backoff),
    );
    let not_counted = format!(
        "The sums on this page leave out:\n\n\
         - roles in source accounts, which add the alarm *policy-errors* (${:.2} a month)\n\
         - the dashboard of examples/dashboard (${} a month once an account has three)\n\
         - a KMS key of your own (${} a month and ${} a million requests)\n\
         - storage of the ledger, its backups and the logs (at most a cent a month)\n\
         - S3's price for the copied model in your bucket and for the requests that write it\n\
         - Rekognition, which charges for training and for the hours in which a model runs; its price page names no \
         price for copying or keeping a version",
        list.of("alarm"),
        list.of("dashboard"),
        list.of("key"),
        1e6 * list.of("keyRequest"),
    );
    let prices: Vec<Vec<String>> = list
        .prices
        .values()
        .map(|price| {
            vec![price.page.clone(), price.unit.clone(), format!("${}", price.price), price.seen.clone()]
        })
        .collect();
    let own = 1000.0 * own;
    fill(
        "cost",
        &format!(
            "Counted on {}, at list prices for {} ({}), without free tiers. Logs and metrics are counted from what the \
             real functions write. Each copy is assumed to last 30 minutes. In the column *1,000 copies*, ${own:.4} pays \
             for {:.0} write units and three events a copy, and for starting and ending it. Polling costs the rest. The \
             two other ways poll every copy alone, once a minute. The Step Functions loop is a Standard workflow with \
             three transitions a poll ({transitions} a copy). The durable function has one operation a poll ({} a \
             copy). If each of its waits is {:.0} % longer than the one before, its 1,000 copies cost \
             ${durable_with_backoff:.2}.\n\n{}\n{not_counted}\n\n{}\n{beside}\n\n{}\n{}",
            today(),
            list.region,
            list.as_of,
            life.write_units / 100.0,
            DURABLE_OPERATIONS + MINUTES,
            100.0 * (BACKOFF - 1.0),
            table(&["an idle month", ""], &sum),
            table(&head, &rows),
            goals_table(&goals),
            table(&["price page", "unit", "price", "seen at"], &prices),
        ),
    )
}

/// Counts the metrics of the alarms of a stack without roles in source accounts.
fn alarm_metrics(template: &str) -> f64 {
    let resources = template.split("\n\n").filter(|text| text.contains("Type: AWS::CloudWatch::Alarm"));
    let made = resources.filter(|text| !text.contains("Condition: HasSourceAccountRoles"));
    made.map(|text| text.matches("MetricName: ").count()).sum::<usize>() as f64
}

fn hundreds(number: f64) -> String {
    let rounded = (number / 100.0).round() as u64;
    format!("{},{}00", rounded / 10, rounded % 10)
}

fn seconds_of(kind: Kind) -> f64 {
    kind.latency().as_secs_f64()
}
