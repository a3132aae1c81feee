//! Generates docs/parameters.md from the parameters of template.yaml, and tests that the page is current.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::root;
use crate::support::template::{template, text_of};

const HEAD: &str = "\
# Parameters

This page is for engineers who deploy the stack. It lists what each parameter sets, its default, and the form of its value. In a \
list, commas separate the entries, without spaces. If a later `sam deploy` does not name a parameter, the parameter keeps its \
value: [how to change one](operate.md#change-parameters).

Generated from [template.yaml](../template.yaml): `UPDATE=1 cargo test --workspace --test it parameters` writes it.
";

#[test]
fn the_page_of_parameters_is_current() {
    let (path, page) = (root().join("docs/parameters.md"), page(&template("template.yaml")));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/parameters.md is stale: run this test with `UPDATE=1`");
}

fn page(template: &Value) -> String {
    let mut page = HEAD.to_owned();
    let mut parameters = template["Parameters"].as_object().unwrap().clone();
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    for group in groups.as_array().unwrap() {
        let label = text_of(&group["Label"]["default"]);
        write!(page, "\n## {label}\n\n| parameter | default | what it sets | form |\n|---|---|---|---|\n")
            .unwrap();
        for name in group["Parameters"].as_array().unwrap() {
            let parameter = parameters.remove(name.as_str().unwrap()).unwrap();
            let default = match parameter.get("Default").map(text_of).as_deref() {
                None => "required".to_owned(),
                Some("") => "empty".to_owned(),
                Some(default) => format!("`{default}`"),
            };
            let (name, what) = (text_of(name), text_of(&parameter["Description"]));
            writeln!(page, "| `{name}` | {default} | {what} | {} |", form(&parameter)).unwrap();
        }
    }
    assert!(parameters.is_empty(), "in no group: {parameters:?}");
    page
}

fn form(parameter: &Value) -> String {
    let ends = ["MinValue", "MaxValue"].map(|end| parameter.get(end).map(text_of));
    match (parameter.get("AllowedValues"), ends) {
        (Some(values), _) => values.as_array().unwrap().iter().map(text_of).collect::<Vec<_>>().join(", "),
        (None, [Some(least), Some(most)]) => format!("{least} to {most}"),
        _ => text_of(&parameter["ConstraintDescription"]),
    }
}
