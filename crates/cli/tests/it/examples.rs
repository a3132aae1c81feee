//! The examples in the commands' help: each is a command line, and those that need nothing but the sandbox work.

use std::process::Stdio;

use clap::{CommandFactory, Parser};
use model_copier::commands::Cli;
use sandbox::{Effect, Fault};

use crate::stack_requests::sent;
use crate::support::{ACCOUNT, Machine, Ran};

const EVENT: &str = include_str!("../../../../events/copy-requested.json");

/// The examples of a command and of those below it, a line each.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_long_help().or(command.get_after_help());
    let help = help.map(|help| help.to_string().replace("\\\n", " ")).unwrap_or_default();
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with("model-copier "));
    let own: Vec<String> = lines.map(str::to_owned).collect();
    own.into_iter().chain(command.get_subcommands().flat_map(examples)).collect()
}

/// The words after the program's name, without where standard input and output are.
fn words(example: &str) -> Vec<&str> {
    example.split_whitespace().skip(1).take_while(|word| !["<", ">"].contains(word)).collect()
}

/// A stack, and a user's machine, that have the request of the examples in the same state.
async fn machine(is_waiting: bool) -> Machine {
    let machine = Machine::with_stack(0).await;
    if is_waiting {
        let throttled = Effect::error("ThrottlingException");
        machine.sandbox.fault(Fault::new("rekognition:CopyProjectVersion", throttled));
    }
    let own = EVENT.replace("111122223333\",\n  \"time", &format!("{ACCOUNT}\",\n  \"time"));
    assert_ne!(own, EVENT);
    sent(&machine, &[EVENT.to_owned(), own]).await;
    machine.stack().check().await.unwrap();
    std::fs::write(machine.state().join("request.json"), EVENT).unwrap();
    let ran = run(&machine, "model-copier copy request.json --timeout 0s", false).await;
    assert!(matches!(ran.code, Some(0 | 5)), "{ran:?}");
    machine
}

async fn run(machine: &Machine, example: &str, with_functions: bool) -> Ran {
    let mut command = machine.program(words(example));
    command.current_dir(machine.state());
    if let Some((_, file)) = example.split_once(" < ") {
        command.stdin(Stdio::from(std::fs::File::open(machine.state().join(file)).unwrap()));
    }
    let ran = async { Ran::of(command.output().await.unwrap()) };
    if with_functions { machine.while_functions_run(ran).await } else { ran.await }
}

#[tokio::test]
async fn every_example_of_the_help_is_a_command_line() {
    let examples = examples(&Cli::command());
    assert!(examples.len() > 20);
    for example in examples {
        let parsed = Cli::try_parse_from(std::iter::once("model-copier").chain(words(&example)));
        assert!(parsed.is_ok(), "{example}: {parsed:?}");
    }
}

#[tokio::test]
async fn the_examples_that_need_the_sandbox_alone_work() {
    let (ended, waiting) = (machine(false).await, machine(true).await);
    let mut ran = 0;
    for example in examples(&Cli::command()) {
        let (machine, code) = match words(&example)[0] {
            "copy" | "list" | "show" | "retry" | "policies" => (&ended, 0),
            "cancel" => (&waiting, 0),
            _ => continue,
        };
        let result = run(machine, &example, std::ptr::eq(machine, &ended)).await;
        assert_eq!(result.code, Some(code), "{example}: {result:?}");
        ran += 1;
    }
    assert!(ran > 15, "{ran}");
}
