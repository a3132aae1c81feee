//! What each refusal advises.

use super::*;
use crate::domain::examples::{rules, starting};

const ROLE: &str = "arn:aws:iam::111122223333:role/model-copier-policies";

fn copy() -> CopyRequest {
    starting().copy
}

/// The rules of a copier that puts the policies of account 111122223333.
fn putting() -> PolicyRules {
    PolicyRules { roles: [("111122223333".to_owned(), ROLE.to_owned())].into(), ..rules().policies }
}

fn refused(code: &str, message: &str) -> String {
    permission(code, message, &copy(), &rules().policies)
}

fn denied(rest: &str) -> String {
    let message = format!(
        "User: arn:aws:sts::444455556666:assumed-role/start-copy/start-copy is not authorized to perform: {rest}"
    );
    refused("AccessDeniedException", &message)
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
         {{\"AWS\":[\"arn:aws:iam::444455556666:root\"]}},\"Resource\":\"{version}\"}}],\"Version\":\"2012-10-17\"}}'"
    );
    let because = "because no resource-based policy allows the rekognition:CopyProjectVersion action";
    assert_eq!(denied(&format!("rekognition:CopyProjectVersion on resource: {version} {because}")), expected);
    assert_eq!(denied("rekognition:CopyProjectVersion"), expected);
    assert_eq!(refused("AccessDeniedException", "no"), expected);
}

#[test]
fn a_copy_that_is_refused_in_spite_of_the_policy_names_the_policy_and_its_roles() {
    let remedy = permission("AccessDeniedException", "no", &copy(), &putting());
    assert!(remedy.starts_with("policy `model-copier-444455556666-copier` of `arn:aws"), "{remedy}");
    for part in
        ["`arn:aws:iam::444455556666:role/start-copy`", "SourceProjects", "ProjectPolicyExpires=false"]
    {
        assert!(remedy.contains(part), "{part} in {remedy}");
    }
    let mut unconditioned = putting();
    unconditioned.policy.expires = false;
    let remedy = permission("AccessDeniedException", "no", &copy(), &unconditioned);
    assert!(!remedy.contains("ProjectPolicyExpires"), "{remedy}");
}

#[test]
fn a_permission_that_the_copiers_role_lacks_comes_as_a_statement() {
    let (version, destination) = (copy().source_project_version_arn, copy().destination_project_arn);
    let key = "arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let not_by_identity = "because no identity-based policy allows it";
    let projects = "parameters DestinationProjects and SourceProjects";
    let copies = "\"rekognition:CreateProjectVersion\"";
    let key_actions = r#""kms:CreateGrant","kms:DescribeKey","kms:GenerateDataKey","kms:Decrypt""#;
    let table: &[(&str, &[&str])] = &[
        (
            &format!("rekognition:CreateProjectVersion on resource: {destination}"),
            &[projects, copies, ":444455556666:project/flowers-production/*\""],
        ),
        (&format!("rekognition:CopyProjectVersion on resource: {destination}"), &[projects]),
        (&format!("rekognition:CopyProjectVersion {not_by_identity}"), &[projects]),
        (
            &format!("rekognition:CopyProjectVersion on resource: {version} {not_by_identity}"),
            &["(parameter SourceProjects of template.yaml)", ":111122223333:project/flowers/*\""],
        ),
        (
            &format!("kms:GenerateDataKey on resource: {key} {not_by_identity}"),
            &["parameter ModelKeys", key, key_actions],
        ),
        (
            "s3:PutObject on resource: \"arn:aws:s3:::flowers-production-models/a\".",
            &["parameter OutputBuckets", "bucket `flowers-production-models`", "s3:PutObject"],
        ),
        (
            "logs:PutLogEvents on resource: arn:aws:logs:us-east-1:444455556666:log-group:x",
            &["\"logs:PutLogEvents\"", "log-group:x"],
        ),
    ];
    for (missing, parts) in table {
        let remedy = denied(missing);
        for part in *parts {
            assert!(remedy.contains(part), "{part} in {remedy}");
        }
    }
    let with_key = CopyRequest { kms_key_id: Some("alias/models".to_owned()), ..copy() };
    let message = "User: me is not authorized to perform: kms:CreateGrant";
    let remedy = permission("AccessDeniedException", message, &with_key, &rules().policies);
    assert!(remedy.contains("\"Resource\":\"alias/models\""), "{remedy}");
}

#[test]
fn an_explicit_deny_is_not_answered_with_one_more_allow() {
    let remedy = denied(
        "s3:PutObject on resource: arn:aws:s3:::b/a with an explicit deny in a service control policy",
    );
    assert!(remedy.starts_with("a service control policy denies `s3:PutObject` on `arn:aws:s3:::b/a`: have"));
}

#[test]
fn within_an_account_no_project_policy_is_asked_for() {
    let own = "arn:aws:rekognition:us-east-1:444455556666:project/flowers-staging/1761994800000";
    let own = CopyRequest { source_project_arn: own.to_owned().try_into().unwrap(), ..copy() };
    let remedy = permission("AccessDeniedException", "no", &own, &rules().policies);
    assert!(!remedy.contains("put-project-policy"), "{remedy}");
    assert!(remedy.contains("rekognition:CreateProjectVersion"), "{remedy}");
}

#[test]
fn an_error_without_an_action_names_the_permission_of_its_service() {
    for (code, part) in [
        (
            "ResourceNotFoundException",
            "check that `arn:aws:rekognition:us-east-1:111122223333:project/flowers/",
        ),
        ("InvalidS3ObjectException", "parameter OutputBuckets"),
        ("KMSAccessDeniedException", "parameter ModelKeys"),
    ] {
        assert!(refused(code, "no").contains(part), "{}", refused(code, "no"));
    }
}

#[test]
fn a_refusal_on_the_way_to_a_policy_names_the_role_and_what_it_lacks() {
    let (list, put) = ("rekognition:ListProjectPolicies", "rekognition:PutProjectPolicy");
    let table: &[(&str, &str, &[&str])] = &[
        ("sts:AssumeRole", "AccessDenied", &[ROLE, "ExternalId", "CopierRoleArns", "SourceAccountRoles"]),
        (
            put,
            "AccessDeniedException",
            &[ROLE, "`rekognition:PutProjectPolicy`", "flowers/17", "ProjectArns"],
        ),
        (put, "MalformedPolicyDocumentException", &["ProjectPolicyExpires=false"]),
        (list, "ResourceNotFoundException", &["check that `arn:aws"]),
    ];
    for (action, code, parts) in table {
        let remedy = policy(action, code, &copy(), &putting());
        for part in *parts {
            assert!(remedy.contains(part), "{part} in {remedy}");
        }
    }
}

#[test]
fn a_full_project_is_named_with_its_policies_or_its_limit() {
    let remedy = no_slot(&["a", "b", "c", "d", "e"].map(str::to_owned));
    assert!(remedy.contains("`a`, `b`, `c`, `d`, `e`") && remedy.contains("goes on"), "{remedy}");
    let remedy = quota(&copy());
    assert!(remedy.contains("project/flowers-production/") && remedy.contains("100"), "{remedy}");
}

#[test]
fn at_the_command_line_no_remedy_names_a_parameter_or_a_role_of_a_stack() {
    let caller = "arn:aws:iam::444455556666:user/release";
    let on_key = "to perform: kms:CreateGrant on resource: arn:aws:kms:us-east-1:444455556666:key/1";
    let own = "to perform: rekognition:CopyProjectVersion because no identity-based policy allows";
    let mut remedies = Vec::new();
    for policies in [rules().policies, putting()] {
        let policies = PolicyRules { caller: Caller::Person(caller.to_owned()), ..policies };
        for (code, message) in [
            ("AccessDeniedException", "no"),
            ("AccessDeniedException", on_key),
            ("AccessDeniedException", "to perform: sts:Other"),
            ("AccessDeniedException", own),
            ("InvalidS3ObjectException", "no"),
            ("ResourceNotFoundException", "no"),
        ] {
            let message = format!("not authorized {message}");
            remedies.push(permission(code, &message, &copy(), &policies));
        }
        for code in ["AccessDeniedException", "MalformedPolicyDocumentException", "ResourceNotFoundException"]
        {
            remedies.push(policy("rekognition:PutProjectPolicy", code, &copy(), &policies));
        }
    }
    for remedy in &remedies {
        assert!(!remedy.contains("arameter") && !remedy.contains("copier's"), "{remedy}");
    }
    assert!(remedies.iter().filter(|remedy| remedy.contains(caller)).count() > 6, "{remedies:#?}");
    let profile = "give `--source-profile` with a profile of that account";
    assert!(remedies[0].starts_with(profile), "{}", remedies[0]);
}
