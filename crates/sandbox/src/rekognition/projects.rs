//! CreateProject, DescribeProjects, DeleteProject.

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, page::page, seconds};
use crate::{
    arn::{ProjectArn, ProjectName},
    clock::later,
    error::AwsError,
    world::{Feature, Project, Tags},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    project_name: String,
    feature: Option<Feature>,
    auto_update: Option<String>,
    tags: Option<Tags>,
}

pub(super) fn create(mut call: Call<'_>) -> Answer {
    let request: Create = call.read()?;
    let name = ProjectName {
        partition: "aws".to_owned(),
        region: call.state.world.region.clone(),
        account: call.caller.account.clone(),
        name: request.project_name,
    };
    if call.state.world.project_named(&name).is_some() {
        return Err(AwsError::in_use(format!("A project named `{}` exists already.", name.name)));
    }
    let own = call
        .state
        .world
        .projects
        .iter()
        .filter(|project| project.project_arn.project.account == name.account);
    if call.state.settings.quotas.projects.is_some_and(|most| own.count() >= most) {
        return Err(AwsError::new(
            "LimitExceededException",
            "The account has as many projects as it may have.",
        ));
    }
    let project_arn = ProjectArn { project: name, number: call.number() };
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    next_token: Option<String>,
    max_results: Option<usize>,
    project_names: Option<Vec<String>>,
    features: Option<Vec<Feature>>,
}

pub(super) fn describe(mut call: Call<'_>) -> Answer {
    let request: Describe = call.read()?;
    // Without a filter: custom labels only, as AWS has it.
    let features = request.features.unwrap_or_else(|| vec![Feature::CustomLabels]);
    let named = |name: &String| request.project_names.as_ref().is_none_or(|names| names.contains(name));
    let projects = call.state.world.projects.iter().filter(|project| {
        let name = &project.project_arn.project;
        name.account == call.caller.account && named(&name.name) && features.contains(&project.feature)
    });
    let mut items: Vec<_> = projects
        .map(|project| ((project.project_arn.number, project.project_arn.to_string()), project))
        .collect();
    items.sort_by(|(a, _), (b, _)| b.cmp(a));
    let scope = format!("projects {} {:?} {features:?}", call.caller.account, request.project_names);
    let (projects, next) = page(items, request.max_results, 100, request.next_token.as_deref(), &scope)?;
    let descriptions: Vec<_> = projects.into_iter().map(description).collect();
    Ok(call.listed("ProjectDescriptions", descriptions, next))
}

fn description(project: &Project) -> serde_json::Value {
    let mut description = json!({
        "ProjectArn": project.project_arn,
        "CreationTimestamp": seconds(project.created_at()),
        "Status": if project.deleted_at.is_some() { "DELETING" } else { "CREATED" },
        "Datasets": [],
        // AWS's answer for a project of custom labels.
        "Feature": if project.feature == Feature::CustomLabels { json!("") } else { json!(project.feature) },
    });
    if let (Some(members), Some(auto_update)) = (description.as_object_mut(), &project.auto_update) {
        members.insert("AutoUpdate".to_owned(), auto_update.as_str().into());
    }
    description
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    project_arn: String,
}

pub(super) fn delete(mut call: Call<'_>) -> Answer {
    let Delete { project_arn } = call.read()?;
    let end = later(call.now, call.state.settings.deleting);
    let project = call.own_project("DeleteProject", &project_arn)?;
    if !project.versions.is_empty() {
        return Err(AwsError::in_use("The project has versions: delete them first."));
    }
    if project.deleted_at.is_some() {
        return Err(AwsError::in_use("The project is being deleted."));
    }
    project.deleted_at = Some(end);
    Ok(json!({"Status": "DELETING"}))
}
