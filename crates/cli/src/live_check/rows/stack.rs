//! The rows about a deployed stack: its templates, events, metrics and permissions.

use super::Row;

pub(super) const REST: &[Row] = &[
    Row::new(
        24,
        "`states:SendTaskSuccess` can be allowed on one state machine [captured]",
        "",
        "run examples/step-functions",
        "write `Resource: \"*\"` in examples/step-functions",
    ),
    Row::new(
        25,
        "An alarm can use `FILL(invocations, 0) - FILL(errors, 0)` of Lambda's metrics. These metrics arrive within two \
         minutes, so *checker-silent* does not flap and is on within seven minutes. If a function was not invoked for \
         days, the missing data counts as breaching [inferred]",
        "",
        "deploy and wait a day; then disable the rule for ten minutes",
        "change `EvaluationPeriods` of that alarm",
    ),
    Row::new(
        26,
        "EventBridge starts check-copies every minute",
        "",
        "look at the sum of AWS/Lambda's `Invocations` per minute over a day",
        "nothing: each sweep works on its own",
    ),
    Row::new(
        27,
        "When a rule sends to another account's bus, `events:detail-type` is set, both for the role's policy and for \
         that bus's policy [inferred: the condition keys belong to PutEvents]",
        "",
        "forward a request from a source account",
        "the role's condition fails: delete it from `ForwardingRole` in source-account.yaml and in examples/hub. Keep \
         the bus's condition: without it, an admitted account could forge announcements",
    ),
    Row::new(
        28,
        "*requests-not-taken* is on only if nothing leaves the queue. SQS reports a queue's messages and deletions \
         every minute while there are any [doc], and `FILL` also works on a metric without values [inferred]",
        "",
        "disable start-copy's event source mapping, send a request, wait 20 minutes; enable it, send 10,000",
        "look at the alarm's expression minute by minute in the console, and change it",
    ),
    Row::new(
        29,
        "AWS/Events counts lost events by `RuleName` on the default bus, and by `RuleName` and `EventBusName` on \
         another bus [doc; captured for the default bus]. A rule's Ref on another bus is BUS|NAME",
        "",
        "look at the dimensions of the rule's metrics. By hand: deploy with a key that does not admit EventBridge, once on \
         the default bus and once on another; send a \
         request; wait for *requests-lost*",
        "change the alarm's dimensions",
    ),
    Row::new(
        30,
        "A role's own policy can use `events:source` and `events:detail-type` for PutEvents (statement \
         `Announce`) [doc]",
        "",
        "send a request; if a condition fails, nothing is announced, and *announcements-unpublished* is on \
         after some minutes",
        "delete the condition that fails from `Announce`",
    ),
    Row::new(
        31,
        "A list parameter is a String with commas, and `Fn::Split` makes a list of it for a policy. CloudFormation's \
         Java patterns read `(^|,)` as the tests' Python does [inferred]",
        "",
        "deploy with `OutputBuckets` only; then with two entries in each list; then with \
         `AllowedSourceAccounts` alone, which must be refused",
        "change the pattern in template.yaml",
    ),
    Row::new(
        32,
        "EventBridge does not retry a refused event: it puts the event into the rule's dead-letter queue at once. The code is \
         `NO_PERMISSIONS`, or `NO_RESOURCE` if the queue does not exist or its key is disabled [captured]",
        "",
        "take the first statement out of the request queue's policy for some minutes and send a request; by hand: take an \
         account out of `RequesterAccounts` and send a request from it; read `ERROR_CODE` and `ERROR_MESSAGE` of the dead \
         letter",
        "change *dead-letters* and *unforwarded* in [operate.md](operate.md)",
    ),
];

pub(super) const TEMPLATES: &[Row] = &[
    Row::new(
        36,
        "CloudFormation replaces a rule when its name changes: it creates the new one, and removes the old \
         one in the clean-up [doc]. It refuses a rule whose name another stack has on this bus [inferred]. \
         In `ArnLike`, `rule/*model-copy-requests-*` also matches `rule/BUS/NAME` [doc]",
        "",
        "send a request each second while EventBusName changes, and count the records; deploy a second stack on \
         the same bus",
        "change the rule's name, and the pattern in both queues' policies",
    ),
    Row::new(
        37,
        "SNS sends `aws:SourceAccount` to SQS [doc for both keys; inferred for each call]",
        "",
        "publish to a topic among the `DirectSenders`",
        "delete StringEquals from `NamedTopicsMaySend`, and say in SECURITY.md that DirectSenders may name \
         another account's topic",
    ),
    Row::new(
        38,
        "KMS sees `aws:SourceAccount` when EventBridge or SNS sends to an encrypted queue [inferred: AWS's \
         guides recommend the key for both]",
        "",
        "deploy with a key whose policy has the condition; send a request; look for *requests-lost*",
        "delete the condition from the key policy in operate.md, and say so there",
    ),
    Row::new(
        39,
        "`events.amazonaws.com` assumes a rule's role with `aws:SourceAccount` [inferred]",
        "",
        "forward a request from a source account",
        "delete the condition from the trust policy of `ForwardingRole`, in source-account.yaml and in examples/hub",
    ),
    Row::new(
        40,
        "A CopyProjectVersion call carries `aws:TagKeys` when it has tags, for each of its three permissions \
         [doc: the reference lists the key for all three]",
        "",
        "deploy with `AllowedTagKeys`; copy with an allowed tag and without tags; copy with another tag through a changed \
         function",
        "change the condition of `CopyIntoDestinationProjects`",
    ),
    Row::new(
        41,
        "While EventBusName changes, the old and the new bus can have a policy statement with the same StatementId \
         [inferred: bus and id together identify a statement]",
        "",
        "row 36 tests it",
        "add the bus to StatementId",
    ),
    Row::new(
        42,
        "A template with the ledger alone can import a ledger that was kept, and a later update with \
         the whole template does not change it [doc; tried on MiniStack]",
        "",
        "delete a stack with records in flight; follow \"The stack is gone\" in operate.md; compare event ids",
        "change that section",
    ),
    Row::new(
        43,
        "Rollback triggers of one update also hold for later updates [doc], even if `sam deploy` creates the change set",
        "",
        "`examples/update`; then `sam deploy` of a function that fails at start",
        "set them with each update",
    ),
    Row::new(
        44,
        "`replay-name` is a field of a replayed event, so that `exists: false` leaves it out [doc]",
        "",
        "replay an archive onto the bus",
        "change the pattern of the three rules",
    ),
];
