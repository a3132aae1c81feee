use super::*;
use crate::domain::examples::starting;

const ACCOUNT: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::111122223333:role/copier-grants";

fn copy() -> CopyRequest {
    starting().copy.unwrap()
}

fn denied(rest: &str) -> String {
    let message = format!(
        "User: arn:aws:sts::444455556666:assumed-role/start-copy/start-copy is not authorized to perform: {rest}"
    );
    permission("AccessDeniedException", &message, &copy(), ACCOUNT, false)
}

#[test]
fn a_missing_project_policy_comes_with_the_command_that_attaches_it() {
    let source = "arn:aws:rekognition:us-east-1:111122223333:project/flowers/1761904800000";
    let version =
        "arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/flowers.2026-11-02/1762077600000";
    let expected = format!(
        "attach this project policy with credentials of account `111122223333`: aws rekognition put-project-policy \
         --region us-east-1 --project-arn {source} --policy-name copy-to-444455556666 --policy-document \
         '{{\"Statement\":[{{\"Action\":\"rekognition:CopyProjectVersion\",\"Effect\":\"Allow\",\"Principal\":\
         {{\"AWS\":[\"arn:aws:iam::444455556666:root\"]}},\"Resource\":[\"{version}\"]}}],\"Version\":\"2012-10-17\"}}'"
    );
    let because = "because no resource-based policy allows the rekognition:CopyProjectVersion action";
    assert_eq!(denied(&format!("rekognition:CopyProjectVersion on resource: {version} {because}")), expected);
    assert_eq!(denied("rekognition:CopyProjectVersion"), expected);
    assert_eq!(permission("AccessDeniedException", "no", &copy(), ACCOUNT, false), expected);
}

#[test]
fn a_policy_of_ours_that_does_not_help_is_named() {
    let remedy = permission("AccessDeniedException", "no", &copy(), ACCOUNT, true);
    assert!(remedy.starts_with("policy `rekognition-model-copier-444455556666` of `arn:aws"), "{remedy}");
    assert!(remedy.contains("`COPIER_ROLE_ARNS`"), "{remedy}");
}

#[test]
fn what_our_own_role_lacks_is_a_statement_for_it() {
    let destination = copy().destination_project_arn;
    let remedy = denied(&format!("rekognition:CreateProjectVersion on resource: {destination}"));
    assert!(remedy.contains("parameters DestinationProjects and SourceProjects"), "{remedy}");
    assert!(remedy.contains("\"rekognition:CreateProjectVersion\""), "{remedy}");
    assert!(
        remedy.contains("\"arn:aws:rekognition:us-east-1:444455556666:project/flowers-production/*\""),
        "{remedy}"
    );
    for about in [
        format!("rekognition:CopyProjectVersion on resource: {destination}"),
        "rekognition:CopyProjectVersion because no identity-based policy allows it".to_owned(),
    ] {
        let remedy = denied(&about);
        assert!(remedy.contains("parameters DestinationProjects and SourceProjects"), "{remedy}");
    }
}

#[test]
fn what_our_own_role_lacks_on_the_source_project_is_asked_of_no_other() {
    let version = copy().source_project_version_arn;
    let remedy = denied(&format!(
        "rekognition:CopyProjectVersion on resource: {version} because no identity-based policy allows it"
    ));
    assert!(remedy.contains("(parameter SourceProjects of template.yaml)"), "{remedy}");
    assert!(remedy.contains("\"arn:aws:rekognition:us-east-1:111122223333:project/flowers/*\""), "{remedy}");
}

#[test]
fn a_missing_key_permission_names_the_key_and_all_that_a_copy_needs_of_it() {
    let key = "arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let remedy =
        denied(&format!("kms:GenerateDataKey on resource: {key} because no identity-based policy allows"));
    assert!(remedy.contains("parameter ModelKeys"), "{remedy}");
    for part in [key, "kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"] {
        assert!(remedy.contains(part), "{part} in {remedy}");
    }
    let with_key = CopyRequest { kms_key_id: Some("alias/models".to_owned()), ..copy() };
    let message = "User: me is not authorized to perform: kms:CreateGrant";
    let remedy = permission("AccessDeniedException", message, &with_key, ACCOUNT, false);
    assert!(remedy.contains("\"Resource\":\"alias/models\""), "{remedy}");
}

#[test]
fn a_missing_bucket_permission_names_the_bucket() {
    let remedy = denied("s3:PutObject on resource: \"arn:aws:s3:::flowers-production-models/a\".");
    for part in ["parameter OutputBuckets", "bucket `flowers-production-models`", "s3:PutObject"] {
        assert!(remedy.contains(part), "{part} in {remedy}");
    }
}

#[test]
fn an_explicit_deny_is_not_answered_with_one_more_allow() {
    let remedy = denied(
        "s3:PutObject on resource: arn:aws:s3:::b/a with an explicit deny in a service control policy",
    );
    assert_eq!(
        remedy,
        "a service control policy denies `s3:PutObject` on `arn:aws:s3:::b/a`: have it changed, no other policy \
         outweighs it"
    );
}

#[test]
fn an_action_of_another_service_is_named_with_its_resource() {
    let remedy = denied("logs:PutLogEvents on resource: arn:aws:logs:us-east-1:444455556666:log-group:x");
    assert!(remedy.contains("\"logs:PutLogEvents\""), "{remedy}");
    assert!(remedy.contains("log-group:x"), "{remedy}");
}

#[test]
fn within_an_account_no_project_policy_is_asked_for() {
    let own = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/1761994800000";
    let own = CopyRequest { source_project_arn: own.to_owned().try_into().unwrap(), ..copy() };
    let remedy = permission("AccessDeniedException", "no", &own, ACCOUNT, false);
    assert!(!remedy.contains("put-project-policy"), "{remedy}");
    assert!(remedy.contains("rekognition:CreateProjectVersion"), "{remedy}");
}

#[test]
fn what_is_not_there_is_to_be_looked_for() {
    let remedy = permission("ResourceNotFoundException", "no", &copy(), ACCOUNT, false);
    assert!(
        remedy.starts_with("check that `arn:aws:rekognition:us-east-1:111122223333:project/flowers/version/")
    );
}

#[test]
fn a_refusal_on_the_way_to_a_policy_names_the_role_and_what_it_lacks() {
    let assume = grant("sts:AssumeRole", "AccessDenied", ROLE, Some(&copy()));
    for part in [ROLE, "`EXTERNAL_ID`", "`COPIER_ROLE_ARNS`", "sts:AssumeRole"] {
        assert!(assume.contains(part), "{part} in {assume}");
    }
    let put = grant("rekognition:PutProjectPolicy", "AccessDeniedException", ROLE, Some(&copy()));
    for part in [ROLE, "`rekognition:PutProjectPolicy`", "project/flowers/1761904800000", "ProjectArns"] {
        assert!(put.contains(part), "{part} in {put}");
    }
}

#[test]
fn a_project_that_is_not_there_and_a_principal_that_is_none_are_no_missing_permission() {
    let missing = grant("rekognition:ListProjectPolicies", "ResourceNotFoundException", ROLE, Some(&copy()));
    assert!(missing.starts_with("check that `arn:aws") && missing.ends_with("exists"), "{missing}");
    let principal = grant("rekognition:PutProjectPolicy", "MalformedPolicyDocumentException", ROLE, None);
    assert!(principal.contains("`COPIER_ROLE_ARNS`"), "{principal}");
}

#[test]
fn a_policy_without_room_tells_that_the_request_goes_on() {
    let remedy = policy_full(Some(&copy()));
    assert!(
        remedy.contains("goes on by itself") && remedy.contains("`ALLOW_PROJECT_WIDE_GRANTS`"),
        "{remedy}"
    );
}
