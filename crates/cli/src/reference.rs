//! Writes docs/cli.md from the same texts as `--help`.

use clap::{Arg, Command, CommandFactory};

use crate::commands::Cli;
use crate::exit::EXIT_CODES;

const HEAD: &str = "\
# The command line

Generated from the program's help by `UPDATE=1 cargo test --workspace --test command_line reference`.
";

pub fn markdown() -> String {
    let mut command = Cli::command();
    command.build();
    let mut text = format!("{HEAD}\n");
    write_section(&command, &mut text);
    text.push_str(&format!(
        "\n## Exit codes\n\n```text\n{}\n```\n",
        EXIT_CODES.trim_start_matches("Exit codes:\n")
    ));
    text.push_str("\n## Options of every command\n\n");
    write_options(command.get_arguments().filter(|argument| argument.is_global_set()), &mut text);
    for command in command.get_subcommands() {
        write_subcommand(command, &mut text);
    }
    text
}

fn write_subcommand(command: &Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    text.push_str(&format!("\n## {name}\n\n"));
    write_section(command, text);
    let own = command.get_arguments().filter(|argument| !is_of_every_command(argument)).collect::<Vec<_>>();
    if !own.is_empty() {
        text.push('\n');
        write_options(own.into_iter(), text);
    }
    let examples = command.get_after_long_help().or(command.get_after_help());
    if let Some(examples) = examples {
        let examples = examples.to_string();
        let lines = examples.lines().skip(1).map(|line| line.strip_prefix("  ").unwrap_or(line));
        text.push_str(&format!("\n```sh\n{}\n```\n", lines.collect::<Vec<_>>().join("\n")));
    }
    command.get_subcommands().for_each(|command| write_subcommand(command, text));
}

fn write_section(command: &Command, text: &mut String) {
    let about = command.get_long_about().or(command.get_about());
    if let Some(about) = about {
        text.push_str(&format!("{}\n", about.to_string().trim()));
    }
}

fn write_options<'a>(arguments: impl Iterator<Item = &'a Arg>, text: &mut String) {
    text.push_str("| option | |\n|---|---|\n");
    for argument in arguments {
        let help =
            argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        let help = help.replace("\n\n", ". ").split_whitespace().collect::<Vec<_>>().join(" ");
        let values: Vec<String> =
            argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        let takes_value = argument.get_action().takes_values();
        let values = match takes_value && !values.is_empty() {
            true => format!(": {}", values.join(", ")),
            false => String::new(),
        };
        text.push_str(&format!("| `{argument}` | {}{values} |\n", help.replace('|', "\\|")));
    }
}

fn is_of_every_command(argument: &Arg) -> bool {
    argument.get_help_heading() == Some("Global options")
        || ["help", "version"].contains(&argument.get_id().as_str())
}
