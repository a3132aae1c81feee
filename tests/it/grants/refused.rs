//! What is refused: by us, by the other account, or by Rekognition.

use super::*;

/// Sends a request that is refused on the way to its grant; its failure, once it is final.
async fn refused(copier: &Copier) -> Value {
    copier.send(&[&request("v1")]).await;
    assert_eq!(copier.words("v1"), ["QUEUED"]);
    copier.pass(minutes(16)).await;
    copier.sweep().await;
    assert_eq!(copier.words("v1"), ["QUEUED", "FAILED"]);
    assert_eq!(copier.calls(COPY), 0, "nothing is called without a grant");
    assert_eq!(policies(copier), []);
    copier.last("v1")["failure"].clone()
}

#[tokio::test]
async fn a_wrong_external_id_is_refused_and_the_remedy_names_role_and_setting() {
    let copier = deployed_with(&[("EXTERNAL_ID", "guessed")], |_| {}).await;
    let failure = refused(&copier).await;
    assert_eq!(failure["code"], "AccessDenied");
    let remedy = failure["remedy"].as_str().unwrap();
    assert!(remedy.contains(ROLE) && remedy.contains("`EXTERNAL_ID`"), "{remedy}");
    assert!(!failure.to_string().contains("guessed"), "the external id is nobody's business: {failure}");
}

#[tokio::test]
async fn a_role_that_trusts_another_copier_is_refused() {
    let copier = deployed_with(&[], |world| {
        world.roles[0].trust = world.roles[0]
            .trust
            .replace("role/start-copy", "role/another")
            .replace("role/check-copies", "role/others");
    })
    .await;
    assert_eq!(refused(&copier).await["code"], "AccessDenied");
}

#[tokio::test]
async fn a_role_that_is_not_there_is_refused() {
    let copier =
        deployed_with(&[("SOURCE_ACCOUNT_ROLES", "arn:aws:iam::111122223333:role/admin")], |_| {}).await;
    let failure = refused(&copier).await;
    assert!(failure["remedy"].as_str().unwrap().contains("role/admin"), "{failure}");
}

#[tokio::test]
async fn a_project_that_is_not_on_the_companions_list_is_refused() {
    let copier = deployed_with(&[], |world| {
        world.roles[0].policy = world.roles[0].policy.replace("project/flowers/", "project/trees/");
    })
    .await;
    let failure = refused(&copier).await;
    assert_eq!(failure["code"], "AccessDeniedException");
    let remedy = failure["remedy"].as_str().unwrap();
    assert!(remedy.contains(ROLE) && remedy.contains(SOURCE) && remedy.contains("ProjectArns"), "{remedy}");
}

#[tokio::test]
async fn an_account_that_is_not_on_the_list_and_a_bucket_elsewhere_are_rejected_and_nothing_is_granted() {
    let copier = deployed().await;
    let elsewhere = |text: &str| json!(text.replace("111122223333", "777788889999"));
    let stranger = with(
        request("stranger"),
        json!({"sourceProjectArn": elsewhere(SOURCE), "sourceProjectVersionArn": elsewhere(SOURCE_VERSION)}),
    );
    let bucket = with(request("bucket"), json!({"outputConfig": {"s3Bucket": "somebody-elses"}}));
    copier.send(&[&stranger, &bucket]).await;
    for (id, field) in [("stranger", "sourceProjectArn"), ("bucket", "outputConfig.s3Bucket")] {
        assert_eq!(copier.words(id), ["REJECTED"], "{id}");
        assert!(
            copier.last(id)["failure"]["message"].as_str().unwrap().contains(field),
            "{:?}",
            copier.last(id)
        );
    }
    copier.sweep().await;
    assert_eq!((copier.calls("sts:AssumeRole"), copier.calls(COPY)), (0, 0));
}

#[tokio::test]
async fn an_account_forged_into_a_direct_request_is_not_believed() {
    let copier = deployed().await;
    let event = json!({
        "detail-type": "Rekognition Model Copy Requested", "source": "anybody", "account": "111122223333",
        "id": "e", "detail": request("v1"),
    });
    copier.deployment.invoke_start(&event).await.unwrap();
    assert!(copier.item("v1").await.is_some(), "it is the own account's request");
    assert!(copier.item_by_key("111122223333#v1").await.is_none());
}
