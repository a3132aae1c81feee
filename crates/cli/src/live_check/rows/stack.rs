//! The rows about a deployed stack: its templates, events, metrics and permissions.

use super::Row;

pub(super) const REST: &[Row] = &[
    Row::new(
        24,
        "`states:SendTaskSuccess` can be allowed on one state machine [captured]",
        "",
        "run the example",
        "`Resource: \"*\"` in examples/step-functions",
    ),
    Row::new(
        25,
        "`FILL(invocations, 0) - FILL(errors, 0)` of Lambda's metrics serves in an alarm, and Lambda's \
         metrics arrive within two minutes, so that *checker-silent* does not flap and rings within seven \
         minutes; where a function was not invoked for days, missing data is breaching [inferred]",
        "",
        "deploy, wait a day; disable the rule for ten minutes",
        "`EvaluationPeriods` of that alarm",
    ),
    Row::new(
        26,
        "EventBridge starts check-copies every minute",
        "",
        "look at the sum of AWS/Lambda Invocations a minute over a day",
        "nothing: sweeps are independent",
    ),
    Row::new(
        27,
        "A rule that sends to another account's bus brings `events:detail-type`, for the role's policy and \
         for that bus's [inferred: the condition keys belong to PutEvents]",
        "",
        "forward a request from a source account",
        "if it is the role's that fails, take the condition from `ForwardingRole`, here and in the hub. Keep \
         the bus's: without it an admitted account could forge announcements",
    ),
    Row::new(
        28,
        "*requests-not-taken* is on where nothing leaves the queue, and only there: SQS reports a queue's \
         messages and deletions every minute while there are any, and `FILL` serves for a metric without \
         values, too [doc; inferred for the latter]",
        "",
        "disable start-copy's event source mapping, send a request, wait 20 minutes; enable it, send 10,000",
        "the alarm's expression, looked at minute by minute in the console",
    ),
    Row::new(
        29,
        "AWS/Events counts what is lost by `RuleName` on the default bus, by `RuleName` and `EventBusName` on \
         another [doc; captured for the default bus], and a rule's Ref on another bus is BUS|NAME",
        "",
        "look at the dimensions of the rule's metrics; by hand: deploy with a key that keeps EventBridge out, once on the default bus and once on another; send a \
         request; wait for *requests-lost*",
        "the alarm's dimensions",
    ),
    Row::new(
        30,
        "`events:source` and `events:detail-type` hold in a role's own policy for PutEvents (statement \
         `Announce`) [doc]",
        "",
        "send a request: with the condition wrong nothing is announced, and *announcements-unpublished* is on \
         after some minutes",
        "take the condition that fails from `Announce`",
    ),
    Row::new(
        31,
        "A list is a String with commas, which `Fn::Split` makes a list of where a policy needs one; \
         CloudFormation's Java patterns read `(^|,)` as the tests' Python does [inferred]",
        "",
        "deploy with `OutputBuckets` only; then with two entries in each list; then with \
         `AllowedSourceAccounts` alone, which has to be refused",
        "the pattern in template.yaml",
    ),
    Row::new(
        32,
        "EventBridge keeps what was refused at once, without retries, as `NO_PERMISSIONS`; of a queue that is \
         gone, or whose key is disabled, as `NO_RESOURCE` [captured]",
        "",
        "by hand, since it closes a running stack's way in for a while: take the first statement from the request queue's policy, and an account from `RequesterAccounts`; \
         send a request to each; read `ERROR_CODE` and `ERROR_MESSAGE` of what is kept",
        "*dead-letters* and *unforwarded* in [operate.md](operate.md)",
    ),
];

pub(super) const TEMPLATES: &[Row] = &[
    Row::new(
        36,
        "CloudFormation replaces a rule when its name changes: it creates the new one, and removes the old \
         one in the clean-up [doc]; a rule whose name another stack has on this bus is refused [inferred]; \
         `ArnLike` takes `rule/*model-copy-requests-*` for `rule/BUS/NAME`, too [doc]",
        "",
        "send a request each second through a change of EventBusName; count them; deploy a second stack on \
         the same bus",
        "the rule's name, the pattern in both queues' policies",
    ),
    Row::new(
        37,
        "SNS sends `aws:SourceAccount` to SQS [doc for both keys; inferred for each call]",
        "",
        "publish to a topic among the `DirectSenders`",
        "take StringEquals from `NamedTopicsMaySend`, and say in SECURITY.md that DirectSenders may name \
         another account's topic",
    ),
    Row::new(
        38,
        "KMS sees `aws:SourceAccount` when EventBridge or SNS sends to an encrypted queue [inferred: AWS's \
         guides recommend the key for both]",
        "",
        "deploy with a key whose policy has the condition; send a request; look for *requests-lost*",
        "take the condition from the documented key policy, and say so there",
    ),
    Row::new(
        39,
        "`events.amazonaws.com` assumes a rule's role with `aws:SourceAccount` [inferred]",
        "",
        "forward a request from a source account",
        "take the condition from `ForwardingRole`'s trust, here and in the hub",
    ),
    Row::new(
        40,
        "A CopyProjectVersion call carries `aws:TagKeys` when it has tags, for each of its three permissions \
         [doc: the reference lists the key for all three]",
        "",
        "deploy with `AllowedTagKeys`; copy with an allowed tag, with another one through a changed function, \
         and without",
        "the condition of `CopyIntoDestinationProjects`",
    ),
    Row::new(
        41,
        "A bus policy's statement of the same StatementId can be on the old and on the new bus while \
         EventBusName changes [inferred: bus and id together are its identity]",
        "",
        "36 covers it",
        "let StatementId contain the bus",
    ),
    Row::new(
        42,
        "A ledger that was kept can be imported by a template that holds it alone, and a later update with \
         the whole template leaves it as it is [doc; tried on MiniStack]",
        "",
        "delete a stack with records in flight; follow \"The stack is gone\" in operate.md; compare event ids",
        "that section",
    ),
    Row::new(
        43,
        "Rollback triggers that one update sets count for later updates, too [doc], also where the CLI of SAM \
         makes the change set",
        "",
        "`examples/update`; then `sam deploy` of a function that fails at start",
        "set them with each update",
    ),
    Row::new(
        44,
        "`replay-name` is a field of a replayed event, so that `exists: false` leaves it out [doc]",
        "",
        "replay an archive onto the bus",
        "the pattern of the three rules",
    ),
];
