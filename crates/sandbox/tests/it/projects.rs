//! Projects, training, policies, tags and pages as a client sees them.

use crate::support::*;
use serde_json::{Value, json};

#[tokio::test]
async fn a_project_is_created_once_shown_to_its_account_and_deleted_when_empty() {
    let sandbox = start_at_noon(|_| {}).await;
    let create = json!({"ProjectName": "roses", "Tags": {"team": "roses"}});
    let arn = ok(&sandbox, SOURCE, "CreateProject", &create).await["ProjectArn"].clone();
    assert_eq!(refused(&sandbox, SOURCE, "CreateProject", &create).await, "ResourceInUseException");
    ok(&sandbox, DESTINATION, "CreateProject", &create).await;
    let shown = ok(&sandbox, SOURCE, "DescribeProjects", &json!({})).await;
    let shown_projects = shown["ProjectDescriptions"].as_array().unwrap();
    let arns: Vec<&Value> = shown_projects.iter().map(|project| &project["ProjectArn"]).collect();
    assert_eq!(arns, [&arn, &json!(FLOWERS)], "newest first");
    assert_eq!(shown["ProjectDescriptions"][0]["Feature"], "", "as AWS answers for custom labels");
    let by_name = json!({"ProjectNames": ["flowers"]});
    let shown = ok(&sandbox, SOURCE, "DescribeProjects", &by_name).await;
    assert_eq!(shown["ProjectDescriptions"].as_array().unwrap().len(), 1);
    let deletion = json!({"ProjectArn": arn});
    assert_eq!(ok(&sandbox, SOURCE, "DeleteProject", &deletion).await["Status"], "DELETING");
    pass(&sandbox, 5);
    assert_eq!(refused(&sandbox, SOURCE, "DeleteProject", &deletion).await, "ResourceNotFoundException");
    let flowers = json!({"ProjectArn": FLOWERS});
    assert_eq!(refused(&sandbox, SOURCE, "DeleteProject", &flowers).await, "ResourceInUseException");
}

#[tokio::test]
async fn another_accounts_project_is_out_of_reach() {
    let sandbox = start_at_noon(|_| {}).await;
    let project = json!({"ProjectArn": FLOWERS});
    let version = json!({"ProjectVersionArn": FLOWERS_VERSION, "MinInferenceUnits": 1});
    let policy = json!({"ProjectArn": FLOWERS, "PolicyName": "p", "PolicyDocument": "{}"});
    let tags = json!({"ResourceArn": FLOWERS_VERSION, "Tags": {}, "TagKeys": []});
    for (operation, request) in [
        ("DescribeProjectVersions", &project),
        ("DeleteProject", &project),
        ("ListProjectPolicies", &project),
        ("StartProjectVersion", &version),
        ("StopProjectVersion", &version),
        ("DeleteProjectVersion", &version),
        ("PutProjectPolicy", &policy),
        ("DeleteProjectPolicy", &policy),
        ("TagResource", &tags),
        ("UntagResource", &tags),
        ("ListTagsForResource", &tags),
    ] {
        let code = refused(&sandbox, STRANGER, operation, request).await;
        assert_eq!(code, "AccessDeniedException", "{operation}");
    }
}

#[tokio::test]
async fn training_takes_its_time_and_a_model_in_training_can_be_neither_copied_nor_deleted() {
    let sandbox = start_at_noon(|_| {}).await;
    let train = json!({"ProjectArn": FLOWERS, "VersionName": "v2", "OutputConfig": {"S3Bucket": "b-1"}});
    let arn = ok(&sandbox, SOURCE, "CreateProjectVersion", &train).await["ProjectVersionArn"].clone();
    assert_eq!(refused(&sandbox, SOURCE, "CreateProjectVersion", &train).await, "ResourceInUseException");
    assert_eq!(status(&sandbox, SOURCE, FLOWERS, "v2").await.as_deref(), Some("TRAINING_IN_PROGRESS"));
    let early = with(&copy("v2"), &json!({"SourceProjectVersionArn": arn}));
    assert_eq!(
        refused(&sandbox, DESTINATION, "CopyProjectVersion", &early).await,
        "InvalidParameterException"
    );
    let one = json!({"ProjectVersionArn": arn});
    assert_eq!(refused(&sandbox, SOURCE, "DeleteProjectVersion", &one).await, "ResourceInUseException");
    pass(&sandbox, 30);
    assert_eq!(status(&sandbox, SOURCE, FLOWERS, "v2").await.as_deref(), Some("TRAINING_COMPLETED"));
    ok(&sandbox, DESTINATION, "CopyProjectVersion", &early).await;
}

#[tokio::test]
async fn versions_come_in_pages_newest_first() {
    let sandbox = start_at_noon(|_| {}).await;
    for n in 0..7 {
        ok(&sandbox, DESTINATION, "CopyProjectVersion", &copy(&format!("v{n}"))).await;
    }
    let request = json!({"ProjectArn": PRODUCTION, "MaxResults": 4});
    let first = ok(&sandbox, DESTINATION, "DescribeProjectVersions", &request).await;
    let request = with(&request, &json!({"NextToken": first["NextToken"]}));
    let last = ok(&sandbox, DESTINATION, "DescribeProjectVersions", &request).await;
    assert_eq!(last["NextToken"], Value::Null);
    let shown = [&first, &last].map(|page| page["ProjectVersionDescriptions"].as_array().unwrap().clone());
    let name = |version: &Value| {
        version["ProjectVersionArn"].as_str().unwrap().split('/').nth(3).unwrap().to_owned()
    };
    let names: Vec<String> = shown.concat().iter().map(name).collect();
    assert_eq!(names, ["v6", "v5", "v4", "v3", "v2", "v1", "v0"]);
    let foreign = json!({"ProjectArn": PRODUCTION, "NextToken": "made up"});
    let code = refused(&sandbox, DESTINATION, "DescribeProjectVersions", &foreign).await;
    assert_eq!(code, "InvalidPaginationTokenException");
}

#[tokio::test]
async fn a_missing_version_is_an_empty_list_and_a_missing_project_an_error() {
    let sandbox = start_at_noon(|_| {}).await;
    assert_eq!(status(&sandbox, DESTINATION, PRODUCTION, "nobody").await, None);
    let request = json!({"ProjectArn": PRODUCTION.replace("production", "nowhere")});
    let code = refused(&sandbox, DESTINATION, "DescribeProjectVersions", &request).await;
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_policy_is_changed_and_deleted_only_by_its_revision() {
    let sandbox = start_at_noon(|_| {}).await;
    let listed = ok(&sandbox, SOURCE, "ListProjectPolicies", &json!({"ProjectArn": FLOWERS})).await;
    let policy = &listed["ProjectPolicies"][0];
    let put = json!({
        "ProjectArn": FLOWERS,
        "PolicyName": policy["PolicyName"],
        "PolicyDocument": policy["PolicyDocument"],
    });
    let code =
        async |change: Value| refused(&sandbox, SOURCE, "PutProjectPolicy", &with(&put, &change)).await;
    assert_eq!(code(json!({})).await, "ResourceAlreadyExistsException");
    assert_eq!(code(json!({"PolicyRevisionId": "abc"})).await, "InvalidPolicyRevisionIdException");
    let fresh = json!({"PolicyName": "new", "PolicyRevisionId": "abc"});
    assert_eq!(code(fresh).await, "InvalidPolicyRevisionIdException");
    assert_eq!(
        code(json!({"PolicyName": "bad", "PolicyDocument": "{}"})).await,
        "MalformedPolicyDocumentException"
    );
    let revision = json!({"PolicyRevisionId": policy["PolicyRevisionId"]});
    let new = ok(&sandbox, SOURCE, "PutProjectPolicy", &with(&put, &revision)).await;
    assert_ne!(new["PolicyRevisionId"], policy["PolicyRevisionId"]);
    assert_eq!(code(revision.clone()).await, "InvalidPolicyRevisionIdException");
    let delete = with(&put, &revision);
    let stale = refused(&sandbox, SOURCE, "DeleteProjectPolicy", &delete).await;
    assert_eq!(stale, "InvalidPolicyRevisionIdException");
    ok(&sandbox, SOURCE, "DeleteProjectPolicy", &put).await;
    assert_eq!(refused(&sandbox, SOURCE, "DeleteProjectPolicy", &put).await, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_project_has_at_most_five_policies_and_lists_them_in_pages() {
    let sandbox = start_at_noon(|_| {}).await;
    let document = sandbox.project(FLOWERS).unwrap().policies[0].document.clone();
    let put =
        |n: u32| json!({"ProjectArn": FLOWERS, "PolicyName": format!("p{n}"), "PolicyDocument": document});
    for n in 0..4 {
        ok(&sandbox, SOURCE, "PutProjectPolicy", &put(n)).await;
    }
    assert_eq!(refused(&sandbox, SOURCE, "PutProjectPolicy", &put(4)).await, "LimitExceededException");
    let first = json!({"ProjectArn": FLOWERS, "MaxResults": 3});
    let page = ok(&sandbox, SOURCE, "ListProjectPolicies", &first).await;
    assert_eq!(page["ProjectPolicies"].as_array().unwrap().len(), 3);
    let second = with(&first, &json!({"NextToken": page["NextToken"]}));
    let page = ok(&sandbox, SOURCE, "ListProjectPolicies", &second).await;
    assert_eq!(page["ProjectPolicies"].as_array().unwrap().len(), 2);
    assert_eq!(page["NextToken"], Value::Null);
}

#[tokio::test]
async fn tags_are_added_replaced_and_removed() {
    let sandbox = start_at_noon(|_| {}).await;
    for arn in [FLOWERS, FLOWERS_VERSION] {
        let tags = |tags: Value| json!({"ResourceArn": arn, "Tags": tags});
        ok(&sandbox, SOURCE, "TagResource", &tags(json!({"a": "1", "b": "2"}))).await;
        ok(&sandbox, SOURCE, "TagResource", &tags(json!({"b": "3"}))).await;
        ok(&sandbox, SOURCE, "UntagResource", &json!({"ResourceArn": arn, "TagKeys": ["a", "nothing"]}))
            .await;
        let listed = ok(&sandbox, SOURCE, "ListTagsForResource", &json!({"ResourceArn": arn})).await;
        assert_eq!(listed, json!({"Tags": {"b": "3"}}));
    }
    let strange = json!({"ResourceArn": "arn:aws:s3:::a-bucket-of-ours"});
    let code = refused(&sandbox, SOURCE, "ListTagsForResource", &strange).await;
    assert_eq!(code, "InvalidParameterException");
}

#[tokio::test]
async fn training_needs_both_data_sets_or_neither_and_has_results() {
    let sandbox = start_at_noon(|_| {}).await;
    let train = json!({"ProjectArn": STAGING, "VersionName": "v2", "OutputConfig": {"S3Bucket": "b-1"}});
    let one = with(&train, &json!({"TrainingData": {"Assets": []}}));
    let code = refused(&sandbox, DESTINATION, "CreateProjectVersion", &one).await;
    assert_eq!(code, "InvalidParameterException");
    ok(&sandbox, DESTINATION, "CreateProjectVersion", &train).await;
    let name = json!({"ProjectArn": STAGING, "VersionNames": ["v2"]});
    let results = ["EvaluationResult", "ManifestSummary", "TrainingDataResult", "TestingDataResult"];
    let shown = ok(&sandbox, DESTINATION, "DescribeProjectVersions", &name).await;
    assert!(results.iter().all(|name| shown["ProjectVersionDescriptions"][0].get(name).is_none()), "{shown}");
    pass(&sandbox, 31);
    let shown = ok(&sandbox, DESTINATION, "DescribeProjectVersions", &name).await;
    assert!(results.iter().all(|name| shown["ProjectVersionDescriptions"][0][name].is_object()), "{shown}");
    assert_eq!(shown["ProjectVersionDescriptions"][0]["BillableTrainingTimeInSeconds"], 30);
    assert!(shown["ProjectVersionDescriptions"][0]["TrainingEndTimestamp"].is_number(), "{shown}");
}
