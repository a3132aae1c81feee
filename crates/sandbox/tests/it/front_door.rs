//! The port as a client sees it: signatures, errors, faults, the record of calls and the `/_sandbox/` interface.

use crate::support::*;
use jiff::SignedDuration;
use sandbox::{Effect, Fault, World, ledger_table};
use serde_json::{Value, json};

const COPY: &str = "rekognition:CopyProjectVersion";

#[tokio::test]
async fn an_error_has_the_wire_form_of_its_service() {
    let sandbox = start().await;
    let reply = call(&sandbox, SOURCE, "rekognition:DeleteProject", &json!({})).await;
    assert_eq!(reply.status, 400);
    let body = reply.json();
    assert_eq!(
        (&body["__type"], &body["Code"]),
        (&json!("ValidationException"), &json!("ValidationException"))
    );
    assert!(body["Logref"].is_string() && body["Message"].as_str().unwrap().contains("projectArn"));
    for header in ["x-amzn-requestid: ", "content-type: application/x-amz-json-1.1"] {
        assert!(reply.headers.contains(header), "{}", reply.headers);
    }
    let reply = call(&sandbox, SOURCE, "events:PutEvents", &json!({"Entries": []})).await;
    assert_eq!(reply.json()["__type"], "ValidationException");
    let reply = call(&sandbox, SOURCE, "dynamodb:DescribeTable", &json!({"TableName": "nothing"})).await;
    assert_eq!(reply.json()["__type"], "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException");
}

#[tokio::test]
async fn an_unsigned_request_or_one_with_another_scope_is_refused() {
    let sandbox = start().await;
    let wrong_service = authorization(SOURCE, "s3");
    let wrong_region = authorization(SOURCE, "rekognition").replace("us-east-1", "eu-west-1");
    let unknown_key = authorization("AKIAEXAMPLE", "rekognition");
    for (authorization, code) in [
        (None, "MissingAuthenticationTokenException"),
        (Some("AWS4-HMAC-SHA256 Credential=x"), "IncompleteSignatureException"),
        (Some(wrong_service.as_str()), "InvalidSignatureException"),
        (Some(wrong_region.as_str()), "InvalidSignatureException"),
        (Some(unknown_key.as_str()), "UnrecognizedClientException"),
    ] {
        let mut headers = vec![
            ("x-amz-target", "RekognitionService.DescribeProjects"),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        headers.extend(authorization.map(|text| ("authorization", text)));
        let reply = raw(&sandbox, &text("POST", "/", &headers, "{}")).await.unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (400, code));
    }
    assert!(sandbox.calls().is_empty(), "a call without a caller is not recorded");
}

#[tokio::test]
async fn an_operation_that_the_sandbox_does_not_have_is_unknown() {
    let sandbox = start().await;
    let json = "application/x-amz-json-1.1";
    for (method, target, content_type) in [
        ("POST", Some("RekognitionService.DetectLabels"), json),
        ("POST", Some("DynamoDB_20120810.Guess"), "application/x-amz-json-1.0"),
        ("POST", Some("Nobody.Nothing"), json),
        ("POST", Some("nothing"), json),
        ("POST", None, json),
        ("POST", Some("RekognitionService.DescribeProjects"), "text/plain"),
        ("PUT", Some("RekognitionService.DescribeProjects"), json),
        ("DELETE", None, json),
    ] {
        let authorization = authorization(SOURCE, "rekognition");
        let mut headers = vec![("authorization", authorization.as_str()), ("content-type", content_type)];
        headers.extend(target.map(|target| ("x-amz-target", target)));
        let reply = raw(&sandbox, &text(method, "/", &headers, "{}")).await.unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (400, "UnknownOperationException"), "{target:?}");
    }
}

#[tokio::test]
async fn a_broken_body_is_a_clean_error() {
    let sandbox = start().await;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for action in [COPY, "dynamodb:PutItem", "events:PutEvents"] {
        for body in ["", "x", "[]", "1", "null", "{\"a\":", "\u{0}", &deep] {
            let reply = raw(&sandbox, &signed(SOURCE, action, body)).await.unwrap();
            assert_eq!(reply.status, 400, "{action} {body:.20} {}", reply.body);
            let code = reply.code();
            assert!(["SerializationException", "ValidationException"].contains(&code.as_str()), "{code}");
        }
    }
}

#[tokio::test]
async fn a_request_is_checked_against_the_service_model() {
    let sandbox = start().await;
    let body = json!({"SourceProjectArn": "x", "VersionName": "", "OutputConfig": {"S3Bucket": "a"}});
    let refused = call(&sandbox, SOURCE, COPY, &body).await;
    assert_eq!(refused.code(), "ValidationException");
    for part in
        ["7 validation errors", "'sourceProjectArn'", "'destinationProjectArn'", "'outputConfig.s3Bucket'"]
    {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    for (body, code) in [
        (json!({"MaxResults": null, "Surprise": {}}), ""),
        (json!({"MaxResults": "1"}), "SerializationException"),
        (json!({"MaxResults": 1.5}), "SerializationException"),
        (json!({"ProjectNames": "x"}), "SerializationException"),
    ] {
        let reply = call(&sandbox, SOURCE, "rekognition:DescribeProjects", &body).await;
        assert_eq!(reply.code(), code, "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let sandbox = start().await;
    let body = json!({"x": "y".repeat(16 * 1024 * 1024)});
    let reply = call(&sandbox, SOURCE, "rekognition:DescribeProjects", &body).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "RequestEntityTooLargeException"));
}

#[tokio::test]
async fn every_answer_has_the_date_of_the_sandboxs_clock() {
    let sandbox = start_at_noon(|_| {}).await;
    sandbox.clock().advance(SignedDuration::from_hours(35));
    let answers = [
        call(&sandbox, SOURCE, "rekognition:DescribeProjects", &json!({})).await,
        call(&sandbox, SOURCE, "rekognition:DeleteProject", &json!({})).await,
        call(&sandbox, SOURCE, "dynamodb:ListTables", &json!({})).await,
        call(&sandbox, SOURCE, "events:PutEvents", &json!({})).await,
        request(&sandbox, "GET", "/_sandbox/clock", "").await,
        request(&sandbox, "GET", "/nothing", "").await,
    ];
    for answer in answers {
        let dates: Vec<_> = answer.headers.lines().filter(|line| line.starts_with("date: ")).collect();
        assert_eq!(dates, ["date: wed, 25 nov 2026 23:00:00 gmt"]);
    }
}

#[tokio::test]
async fn an_item_is_deleted_when_its_time_to_live_is_over_by_the_sandboxs_clock() {
    let sandbox = start().await;
    sandbox.create_ledger(DESTINATION, "items").unwrap();
    let expires_at = (sandbox.clock().now() + SignedDuration::from_hours(1)).as_second().to_string();
    let item = json!({"id": {"S": "a"}, "expiresAt": {"N": expires_at}});
    let put = json!({"TableName": "items", "Item": item});
    assert_eq!(call(&sandbox, DESTINATION, "dynamodb:PutItem", &put).await.status, 200);
    let get = json!({"TableName": "items", "Key": {"id": {"S": "a"}}});
    sandbox.clock().advance(SignedDuration::from_mins(58));
    assert_eq!(call(&sandbox, DESTINATION, "dynamodb:GetItem", &get).await.json()["Item"], item);
    sandbox.clock().advance(SignedDuration::from_mins(4));
    assert_eq!(call(&sandbox, DESTINATION, "dynamodb:GetItem", &get).await.json(), json!({}));
}

#[tokio::test]
async fn a_lost_request_has_no_effect_and_a_lost_answer_has_one() {
    for (effect, versions) in [(Effect::LoseRequest, 0), (Effect::LoseAnswer, 1)] {
        let sandbox = start().await;
        sandbox.fault(Fault::new(COPY, effect).on_call(1));
        assert!(try_call(&sandbox, DESTINATION, COPY, &copy("v1")).await.is_none());
        assert_eq!(sandbox.project(PRODUCTION).unwrap().versions.len(), versions);
        assert_eq!(sandbox.calls().iter().map(|call| call.status).collect::<Vec<_>>(), [0]);
    }
}

#[tokio::test]
async fn a_slow_call_has_its_effect_although_its_client_has_disconnected() {
    let sandbox = start().await;
    sandbox.fault(Fault::new(COPY, Effect::Delay(SignedDuration::from_millis(20))));
    send_and_leave(&sandbox, &signed(DESTINATION, COPY, &copy("v1").to_string())).await;
    let copied = async {
        while sandbox.project(PRODUCTION).unwrap().versions.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), copied).await.expect("a copy");
}

#[tokio::test]
async fn an_error_comes_instead_of_the_work_or_after_it() {
    let sandbox = start().await;
    sandbox.fault(Fault::new(COPY, Effect::Delay(SignedDuration::from_millis(1))));
    sandbox.fault(Fault::new(COPY, Effect::error("ServiceUnavailable")).on_call(1));
    sandbox.fault(Fault::new(COPY, Effect::error_after_effect("InternalServerError")).on_call(2));
    for (status, code, versions) in [(503, "ServiceUnavailable", 0), (500, "InternalServerError", 1)] {
        let reply = call(&sandbox, DESTINATION, COPY, &copy("v1")).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code));
        assert_eq!(sandbox.project(PRODUCTION).unwrap().versions.len(), versions);
    }
}

#[tokio::test]
async fn every_call_is_recorded_with_caller_action_resources_and_outcome() {
    let sandbox = start().await;
    sandbox.create_ledger(DESTINATION, "ledger").unwrap();
    call(&sandbox, DESTINATION, COPY, &copy("v1")).await;
    let query = json!({"TableName": "ledger", "IndexName": "due", "KeyConditionExpression": "step = :s",
        "ExpressionAttributeValues": {":s": {"S": "x"}}});
    let reply = call(&sandbox, DESTINATION, "dynamodb:Query", &query).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": "mine"});
    call(&sandbox, DESTINATION, "events:PutEvents", &json!({"Entries": [entry]})).await;
    call(&sandbox, STRANGER, "rekognition:DescribeProjectVersions", &json!({"ProjectArn": FLOWERS})).await;
    let calls = sandbox.calls();
    let table = "arn:aws:dynamodb:us-east-1:444455556666:table/ledger/index/due";
    let bus = "arn:aws:events:us-east-1:444455556666:event-bus/mine";
    let denied = Some("AccessDeniedException");
    let expected: [(&str, &str, &[&str], Option<&str>); 4] = [
        (DESTINATION, COPY, &[FLOWERS, FLOWERS_VERSION, PRODUCTION], None),
        (DESTINATION, "dynamodb:Query", &[table], None),
        (DESTINATION, "events:PutEvents", &[bus], None),
        (STRANGER, "rekognition:DescribeProjectVersions", &[FLOWERS], denied),
    ];
    assert_eq!(calls.len(), expected.len());
    for (call, (account, action, resources, error)) in calls.iter().zip(expected) {
        assert_eq!((call.account.as_str(), call.action.as_str()), (account, action));
        assert_eq!(call.resources, resources);
        assert_eq!(call.error.as_deref(), error);
    }
    assert_eq!(calls[0].caller, "arn:aws:iam::444455556666:root");
}

#[tokio::test]
async fn what_is_published_is_listed_and_requests_apart() {
    let sandbox = start().await;
    let entry = |detail_type: &str| json!({"Source": "s", "DetailType": detail_type, "Detail": "{\"a\": 1}"});
    let entries = json!({"Entries": [entry("t"), entry("Rekognition Model Copy Requested")]});
    let reply = call(&sandbox, DESTINATION, "events:PutEvents", &entries).await.json();
    for (index, path) in ["/_sandbox/announcements", "/_sandbox/requests"].iter().enumerate() {
        let event = sandbox.announcements()[index].to_event();
        assert_eq!(
            (&event["id"], &event["account"]),
            (&reply["Entries"][index]["EventId"], &json!(DESTINATION))
        );
        let listed = request(&sandbox, "GET", path, "").await.json();
        let [listed] = &listed.as_array().unwrap()[..] else { panic!("{listed}") };
        assert_eq!((&listed["id"], &listed["detail"]["a"]), (&event["id"], &json!(1)));
        assert_eq!(
            (&listed["detail-type"], &listed["event-bus-name"]),
            (&event["detail-type"], &json!("default"))
        );
    }
}

#[tokio::test]
async fn each_account_has_its_own_tables_and_a_condition_that_fails_returns_the_row() {
    let sandbox = start().await;
    sandbox.create_ledger(DESTINATION, "ledger").unwrap();
    let tables = async |account: &str| {
        call(&sandbox, account, "dynamodb:ListTables", &json!({})).await.json()["TableNames"].clone()
    };
    assert_eq!(tables(DESTINATION).await, json!(["ledger"]));
    assert_eq!(tables(SOURCE).await, json!([]));
    let put = json!({
        "TableName": "ledger",
        "Item": {"id": {"S": "a"}, "step": {"S": "COPYING"}, "due": {"N": "1"}, "record": {"S": "{}"}},
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    assert_eq!(call(&sandbox, DESTINATION, "dynamodb:PutItem", &put).await.status, 200);
    let refusal = call(&sandbox, DESTINATION, "dynamodb:PutItem", &put).await;
    assert_eq!(refusal.code(), "ConditionalCheckFailedException");
    assert_eq!(refusal.json()["Item"]["record"]["S"], "{}");
    sandbox.reset().unwrap();
    let get = json!({"TableName": "ledger", "Key": {"id": {"S": "a"}}});
    let answer = call(&sandbox, DESTINATION, "dynamodb:GetItem", &get).await;
    assert_eq!((answer.status, answer.json()), (200, json!({})), "the table is back, empty");
}

#[tokio::test]
async fn sts_names_the_caller_and_opens_sessions_of_roles() {
    let sandbox = start().await;
    let who = sts(&sandbox, DESTINATION, "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!(element(&who.body, "Arn"), "arn:aws:iam::444455556666:root");
    let role = "RoleArn=arn:aws:iam::444455556666:role/copier&RoleSessionName=me";
    let assumed = sts(&sandbox, DESTINATION, &format!("Action=AssumeRole&Version=2011-06-15&{role}")).await;
    let (key, token) = (element(&assumed.body, "AccessKeyId"), element(&assumed.body, "SessionToken"));
    let reply = call_as_session(&sandbox, (key, token), "CopyProjectVersion", &copy("v1")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let calls = sandbox.calls();
    assert_eq!(calls.last().unwrap().caller, "arn:aws:sts::444455556666:assumed-role/copier/me");
    assert_eq!(calls[1].resources, ["arn:aws:iam::444455556666:role/copier"]);
    for (body, code) in [
        ("Action=AssumeRole&RoleArn=x&RoleSessionName=me", "ValidationException"),
        ("Action=AssumeRole", "ValidationException"),
        (
            "Action=AssumeRole&RoleArn=arn:aws:iam::444455556666:role/x&RoleSessionName=%3Cx%3E",
            "ValidationException",
        ),
        ("Action=Guess", "InvalidAction"),
        ("", "InvalidAction"),
    ] {
        let reply = sts(&sandbox, DESTINATION, body).await;
        assert_eq!((reply.status, element(&reply.body, "Code")), (400, code), "{body}");
    }
}

#[tokio::test]
async fn a_sandbox_that_is_dropped_closes_its_port() {
    let sandbox = start().await;
    let address = sandbox.endpoint().replace("http://", "");
    drop(sandbox);
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn everything_is_set_and_read_under_sandbox_paths() {
    let sandbox = start().await;
    let send = async |method: &str, path: &str, body: Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        request(&sandbox, method, path, &body).await
    };
    let clock = send("POST", "/_sandbox/clock", json!({"now": "2026-11-24T12:00:00Z", "paused": true})).await;
    assert_eq!(clock.json(), json!({"now": "2026-11-24T12:00:00Z", "speed": 1.0, "paused": true}));
    let clock = send("POST", "/_sandbox/clock", json!({"advance": "2h"})).await;
    assert_eq!(clock.json()["now"], "2026-11-24T14:00:00Z");
    assert_eq!(send("POST", "/_sandbox/clock", json!({"speed": 0})).await.status, 400);

    let fault = json!({"action": "rekognition:*", "times": 1, "effect": {"error": {"code": "ThrottlingException", "status": 500}}});
    let faults = send("POST", "/_sandbox/faults", fault).await;
    assert_eq!(faults.json().as_array().unwrap().len(), 1, "{}", faults.body);
    let reply = call(&sandbox, SOURCE, "rekognition:DescribeProjects", &json!({})).await;
    assert_eq!((reply.status, reply.code().as_str()), (500, "ThrottlingException"));
    for (action, status) in [
        (COPY, 200),
        ("dynamodb:*", 200),
        ("*", 200),
        ("rekognition:CopyProjectVersions", 400),
        ("s3:*", 400),
        ("CopyProjectVersion", 400),
    ] {
        let fault = json!({"action": action, "effect": "loseAnswer"});
        assert_eq!(send("POST", "/_sandbox/faults", fault).await.status, status, "{action}");
    }
    assert_eq!(send("POST", "/_sandbox/faults", json!({"action": "*"})).await.status, 400);
    assert_eq!(send("DELETE", "/_sandbox/faults", Value::Null).await.status, 204);
    assert!(sandbox.faults().is_empty());

    let settings =
        send("PUT", "/_sandbox/settings", json!({"copying": "2h", "quotas": {"versions": 3}})).await;
    assert_eq!(settings.json()["copying"], "PT2H");
    assert_eq!(sandbox.settings().quotas.versions, Some(3));

    let forced = json!({"projectVersionArn": FLOWERS_VERSION, "status": "HIBERNATING"});
    assert_eq!(send("POST", "/_sandbox/status", forced).await.status, 204);
    assert_eq!(sandbox.version(FLOWERS_VERSION).unwrap().status.as_str(), "HIBERNATING");
    let nobody = json!({"projectVersionArn": "x", "status": "RUNNING"});
    assert_eq!(send("POST", "/_sandbox/status", nobody).await.status, 404);

    let world = send("GET", "/_sandbox/world", Value::Null).await;
    assert_eq!(World::from_json(&world.body).unwrap(), sandbox.world());
    assert_eq!(send("POST", "/_sandbox/reset", Value::Null).await.status, 204);
    assert_eq!(sandbox.world(), World::small());
    assert!(sandbox.calls().is_empty());
    assert_eq!(send("PUT", "/_sandbox/world", world.json()).await.status, 204);
    assert_eq!(sandbox.version(FLOWERS_VERSION).unwrap().status.as_str(), "HIBERNATING");
    assert_eq!(send("POST", "/_sandbox/reset", json!({"projects": []})).await.status, 204);
    assert!(sandbox.world().projects.is_empty());
    assert_eq!(send("PUT", "/_sandbox/world", json!({"project": []})).await.status, 400);
    let calls = send("GET", "/_sandbox/calls", Value::Null).await;
    assert_eq!(calls.json(), json!([]));
}

#[tokio::test]
async fn a_table_has_an_arn_of_its_account_and_region_which_names_it() {
    let sandbox = start().await;
    sandbox.create_ledger(DESTINATION, "items").unwrap();
    let arn = "arn:aws:dynamodb:us-east-1:444455556666:table/items";
    for name in ["items", arn] {
        let shown = call(&sandbox, DESTINATION, "dynamodb:DescribeTable", &json!({"TableName": name})).await;
        assert_eq!(shown.json()["Table"]["TableArn"], arn, "{name}");
    }
    let get = json!({"TableName": arn, "Key": {"id": {"S": "a"}}});
    assert_eq!(call(&sandbox, DESTINATION, "dynamodb:GetItem", &get).await.json(), json!({}));

    let table = ledger_table(DESTINATION, "encrypted").definition;
    let encrypted = with(&table, &json!({"SSESpecification": {"Enabled": true}}));
    let shown = call(&sandbox, DESTINATION, "dynamodb:CreateTable", &encrypted).await.json();
    let key = shown["TableDescription"]["SSEDescription"]["KMSMasterKeyArn"].as_str().unwrap();
    assert!(key.starts_with("arn:aws:kms:us-east-1:444455556666:key/"), "{key}");
}
