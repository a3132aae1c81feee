//! CreateProject, DescribeProjects and DeleteProject.

use serde_json::{Value, json};

use super::{Answer, Call, is_named, page::page, present, seconds};
use crate::{
    ProjectArn,
    answer::AwsError,
    clock::later,
    model::request,
    world::{Feature, Project, Tags},
};

request!(Create {
    required project_name: String = NAME,
    optional feature: Option<Feature> = FEATURE,
    optional auto_update: Option<String> = AUTO_UPDATE,
    optional tags: Option<Tags> = TAGS,
});

pub(super) fn create(mut call: Call<'_>, request: Create) -> Answer {
    let (world, account) = (&call.state.world, &call.caller.account);
    let name = format!("arn:aws:rekognition:{}:{account}:project/{}", world.region, request.project_name);
    if world.projects.iter().any(|project| project.name() == name) {
        return Err(AwsError::in_use(format!("A project named `{}` exists already.", request.project_name)));
    }
    let own = world.projects.iter().filter(|project| project.project_arn.account() == account).count();
    if call.state.settings.quotas.projects.is_some_and(|most| own >= most) {
        return Err(AwsError::limit_exceeded("The account has as many projects as it may have."));
    }
    let project_arn: ProjectArn = call.new_arn(&name)?;
    call.state.world.projects.push(Project {
        project_arn: project_arn.clone(),
        created_at: Some(call.now),
        feature: request.feature.unwrap_or_default(),
        auto_update: request.auto_update,
        deleted_at: None,
        tags: request.tags.unwrap_or_default(),
        policies: Vec::new(),
        unseen_policy_changes: Vec::new(),
        versions: Vec::new(),
    });
    Ok(json!({"ProjectArn": project_arn}))
}

request!(Describe {
    optional next_token: Option<String> = TOKEN,
    optional max_results: Option<usize> = PAGE_SIZE,
    optional project_names: Option<Vec<String>> = NAMES,
    optional features: Option<Vec<Feature>> = FEATURES,
});

pub(super) fn describe(call: Call<'_>, request: Describe) -> Answer {
    // Without a filter AWS shows custom labels only.
    let features = request.features.unwrap_or_else(|| vec![Feature::CustomLabels]);
    let projects =
        call.state.world.projects.iter().filter(|Project { project_arn: arn, feature, .. }| {
            arn.account() == call.caller.account
                && is_named(request.project_names.as_ref(), arn.project_name())
                && features.contains(feature)
        });
    let items = projects.map(|project| ((project.number(), project.project_arn.to_string()), project));
    let scope = format!("projects {} {:?} {features:?}", call.caller.account, request.project_names);
    let (projects, next) = page(items, request.max_results, request.next_token.as_deref(), &scope)?;
    call.listing("ProjectDescriptions", projects.into_iter().map(description).collect(), next)
}

fn description(project: &Project) -> Value {
    present(json!({
        "ProjectArn": project.project_arn,
        "CreationTimestamp": seconds(project.created_at()),
        "Status": if project.deleted_at.is_some() { "DELETING" } else { "CREATED" },
        "Datasets": [],
        // AWS's answer for a project of custom labels is an empty text.
        "Feature": if project.feature == Feature::CustomLabels { json!("") } else { json!(project.feature) },
        "AutoUpdate": project.auto_update,
    }))
}

request!(Delete { required project_arn: String = PROJECT_ARN, });

pub(super) fn delete(mut call: Call<'_>, request: Delete) -> Answer {
    let end = later(call.now, call.state.settings.deleting);
    let project = call.own_project(&request.project_arn)?;
    if !project.versions.is_empty() {
        return Err(AwsError::in_use("The project has versions: delete them first."));
    }
    if project.deleted_at.is_some() {
        return Err(AwsError::in_use("The project is being deleted."));
    }
    project.deleted_at = Some(end);
    Ok(json!({"Status": "DELETING"}))
}
