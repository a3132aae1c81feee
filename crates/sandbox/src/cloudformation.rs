//! CloudFormation's [DescribeStacks](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html),
//! with the stacks of the world.

use std::collections::BTreeMap;

use crate::{
    answer::AwsError,
    query::{elements, parameters},
    world::{Stack, World},
};

pub(crate) const OPERATIONS: &[&str] = &["DescribeStacks"];

pub(crate) const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

/// The account's stacks, or the one that the request names, as XML.
pub(crate) fn answer(body: &str, account: &str, world: &World) -> Result<String, AwsError> {
    let mut own = world.stacks.iter().filter(|stack| stack.account == account);
    let stacks: Vec<&Stack> = match parameters(body).get("StackName") {
        None => own.collect(),
        Some(name) => {
            let message = || format!("Stack with id {name} does not exist");
            let found = own.find(|stack| stack.name == *name);
            vec![found.ok_or_else(|| AwsError::new("ValidationError", message()))?]
        }
    };
    let members: String = stacks.into_iter().map(|stack| member(stack, &world.region)).collect();
    Ok(format!("<Stacks>{members}</Stacks>"))
}

fn member(stack: &Stack, region: &str) -> String {
    let Stack { account, name, outputs, parameters } = stack;
    let id = format!("arn:aws:cloudformation:{region}:{account}:stack/{name}/sandbox");
    let list = |kind: &str, values: &BTreeMap<String, String>| {
        let member = |(key, value): (&String, &String)| {
            let (key_name, value_name) = (format!("{kind}Key"), format!("{kind}Value"));
            format!("<member>{}</member>", elements(&[(&key_name, key), (&value_name, value)]))
        };
        format!("<{kind}s>{}</{kind}s>", values.iter().map(member).collect::<String>())
    };
    let head = elements(&[
        ("StackId", &id),
        ("StackName", name),
        ("StackStatus", "CREATE_COMPLETE"),
        ("CreationTime", "2026-11-01T00:00:00Z"),
    ]);
    format!("<member>{head}{}{}</member>", list("Parameter", parameters), list("Output", outputs))
}
