//! Part `cost`: what the counted calls and milliseconds come to at list prices, beside two other ways to wait for a
//! copy that both ask for every copy by itself.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::page::{fill, goal, path, table};
use crate::plot::{Curve, Panel, draw};
use crate::sweeps::{Swept, in_virtual_time, lives, sweep};
use crate::world::{COPY, DESCRIBE, EVENTS, LEDGER};
use crate::{Outcome, page};

/// How long a copy takes, in minutes; it is looked at every minute.
const MINUTES: f64 = 30.0;
/// Minutes of an average month.
const MONTH: f64 = 43_800.0;
/// What the template gives a function.
const GIGABYTES: f64 = 0.25;
/// Bytes of log: a request from its start to its end, as counted in part `start-up`, with Lambda's own lines of about
/// 600 bytes an invocation; and an idle sweep, which is one line of metrics of 444 bytes and 26 that CloudWatch adds.
const LOG_OF_REQUEST: f64 = 2_500.0;
const LOG_OF_SWEEP: f64 = 470.0;
/// What a call of Lambda costs besides what its calls wait for.
const OVERHEAD: f64 = 0.010;
/// Metrics that the two functions write, see `telemetry`.
const METRICS: f64 = 22.0;
/// Lambda's long polls of an empty queue: five at a time, 20 s each.
const POLLS: f64 = 15.0 * MONTH;

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
    /// Where the figure was seen, and of when that is.
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

    fn sweep(&self, swept: &Swept) -> f64 {
        self.lambda(1.0, swept.lasted.as_secs_f64() + OVERHEAD)
            + swept.calls.read_units * self.of("dynamoDbReadUnit")
            + self.log(LOG_OF_SWEEP)
    }
}

/// Pending copies, and what follows.
struct Point {
    pending: f64,
    sweep: Swept,
    /// Dollars for 1,000 copies.
    thousand: f64,
    /// Seconds between two looks at the same copy.
    apart: f64,
}

pub(crate) fn measure() -> Outcome<()> {
    let list: PriceList = serde_json::from_str(&fs::read_to_string(path("crates/bench/prices.json"))?)?;
    let life = in_virtual_time(|| lives(100))?;
    let idle = in_virtual_time(|| sweep(0, 1, 0, 0))?;
    // Everything a request needs by itself: its start in a batch of ten, its end in a sweep.
    let start = (COPY + EVENTS + 3 * LEDGER).as_secs_f64() + 9.0 / 5.0 + OVERHEAD;
    let end = (3 * LEDGER + EVENTS).as_secs_f64() / 10.0;
    let own = list.lambda(0.1, start / 10.0 + end)
        + life.write_units / 100.0 * list.of("dynamoDbWriteUnit")
        + list.of("dynamoDbReadUnit")
        + 3.0 * list.of("event")
        + (1.0 + 2.0 / 10.0) * list.of("sqsRequest")
        + list.log(LOG_OF_REQUEST);
    let mut points = Vec::new();
    for pending in [100_usize, 300, 1_000, 3_000, 10_000, 30_000, 100_000] {
        let swept = in_virtual_time(move || sweep(pending, pending / 100, 100, 0))?;
        let looked_at = swept.report.copying as f64;
        let looks = MINUTES * list.sweep(&swept) / pending as f64;
        let apart = 60.0 * (pending as f64 / looked_at).max(1.0);
        points.push(Point { pending: pending as f64, sweep: swept, thousand: 1000.0 * (own + looks), apart });
    }
    let transitions = 2.0 + 3.0 * MINUTES;
    let step_functions = 1000.0 * transitions * list.of("stateTransition");
    let operations = 2.0 + 2.0 * MINUTES;
    let durable = 1000.0
        * (operations * (list.of("durableOperation") + 1e-6 * list.of("durableGbWritten"))
            + list.lambda(MINUTES + 1.0, (MINUTES + 1.0) * (DESCRIBE.as_secs_f64() + OVERHEAD)));

    let rows: Vec<Vec<String>> = points.iter().map(row).collect();
    let head = [
        "pending",
        "Describe a sweep",
        "a sweep lasts",
        "looked at every",
        "1,000 copies",
        "Step Functions loop",
        "durable function",
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|mut row| {
            row.extend([format!("${step_functions:.2}"), format!("${durable:.2}")]);
            row
        })
        .collect();
    let extremes = points
        .iter()
        .fold((f64::MAX, 0.0_f64), |(low, high), point| (low.min(point.thousand), high.max(point.thousand)));
    let flat = extremes.1 / extremes.0;
    let month = MONTH * list.sweep(&idle);
    let logs = MONTH * list.log(LOG_OF_SWEEP);
    let ledger = MONTH * idle.calls.read_units * list.of("dynamoDbReadUnit");
    let share = step_functions / extremes.1;
    let goals = [
        goal(
            "cost of a copy from 100 to 100,000 pending",
            "flat within 1.3 ×",
            format!("{flat:.2} ×"),
            flat <= 1.3,
        ),
        goal(
            "1,000 copies of 30 minutes, looked at every minute",
            "≤ 1/20 of the Step Functions loop",
            format!("1/{share:.0}"),
            share >= 20.0,
        ),
        goal("an idle month: 43,800 sweeps", "≤ $0.05", format!("${month:.3}"), month <= 0.05),
    ];
    // An alarm is paid by the metrics that it looks at.
    let alarms = fs::read_to_string(path("template.yaml"))?.matches("MetricName: ").count() as f64;
    let beside = format!(
        "An idle month is ${ledger:.3} of ledger, ${logs:.3} of logs, and the rest Lambda. Beside the work, and not in the \
         figures above: {METRICS} metrics are ${:.2} a month (the first 10 of an account are free), the {alarms} \
         metrics of the alarms ${:.2} (so are 10 of them); Lambda asks the empty queue {POLLS:.0} times a month (${:.2}, \
         unless SQS's free million covers it), and X-Ray records every sweep (${:.2}, unless its 100,000 free traces \
         do).",
        METRICS * list.of("metric"),
        alarms * list.of("alarm"),
        POLLS * list.of("sqsRequest"),
        MONTH * list.of("trace"),
    );
    let prices: Vec<Vec<String>> = list
        .prices
        .values()
        .map(|price| {
            vec![price.page.clone(), price.unit.clone(), format!("${}", price.price), price.seen.clone()]
        })
        .collect();
    draw(&path("docs/performance.svg"), &panels(&points, step_functions, durable))?;
    let own = 1000.0 * own;
    fill(
        "cost",
        &format!(
            "Counted on {}, priced at list for {} ({}), without free tiers. A copy takes 30 minutes. Of the \
             price of 1,000 copies ${own:.4} are their own: {:.0} write units each, three events, their start and \
             their end; the rest is looking. The Step Functions loop is Standard with three transitions a look \
             ({transitions} a copy), the durable function a wait and a step a look ({operations} operations a copy).\
             \n\n{}\n![cost and time against pending copies](performance.svg)\n\n{}\n{beside}\n\n{}",
            page::today(),
            list.region,
            list.as_of,
            life.write_units / 100.0,
            table(&head, &rows),
            table(&["goal", "", "measured", "reached"], &goals),
            table(&["price page", "unit", "price", "seen at"], &prices),
        ),
    )
}

fn row(point: &Point) -> Vec<String> {
    vec![
        point.pending.to_string(),
        point.sweep.calls.describe.to_string(),
        format!("{:.1} s", point.sweep.lasted.as_secs_f64()),
        format!("{:.0} s", point.apart),
        format!("${:.4}", point.thousand),
    ]
}

fn panels(points: &[Point], step_functions: f64, durable: f64) -> [Panel; 2] {
    let curve = |name, value: &dyn Fn(&Point) -> f64| Curve {
        name,
        points: points.iter().map(|point| (point.pending, value(point))).collect(),
    };
    // One call of Describe a copy, five a second.
    let alone = |point: &Point| (point.pending / 5.0).max(60.0);
    [
        Panel {
            title: "dollars for 1,000 copies",
            curves: vec![
                curve("this", &|point| point.thousand),
                curve("durable function", &|_| durable),
                curve("Step Functions loop", &|_| step_functions),
            ],
        },
        Panel {
            title: "seconds between two looks at a copy",
            curves: vec![curve("this", &|point| point.apart), curve("a call for every copy", &alone)],
        },
    ]
}
