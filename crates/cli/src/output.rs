//! Results on standard output; progress, notes and errors on standard error. A closed pipe is success.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use clap::ColorChoice;
use serde::Serialize;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::arguments::{Form, Global};
use crate::exit::Failure;
use crate::when::Style;

/// Where a command writes.
pub struct Output {
    pub(crate) form: Form,
    quiet: bool,
    /// Whether progress is shown at a terminal.
    pub(crate) is_terminal: bool,
    has_color: bool,
    /// How times are written in results.
    pub(crate) times: Style,
    streams: Mutex<Streams>,
}

struct Streams {
    results: Box<dyn Write + Send>,
    rest: Box<dyn Write + Send>,
    /// Whether the last line on standard error is a status line, which the next line replaces.
    has_status_line: bool,
}

impl Output {
    /// Standard output and standard error.
    pub fn of_process(global: &Global) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self {
            quiet: global.quiet,
            is_terminal,
            has_color: match global.color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none(),
            },
            times: if io::stdout().is_terminal() { Style::Relative } else { Style::Rfc3339 },
            ..Self::to(global.output, io::stdout(), io::stderr())
        }
    }

    /// Streams that are no terminal.
    pub fn to(form: Form, results: impl Write + Send + 'static, rest: impl Write + Send + 'static) -> Self {
        let streams = Streams { results: Box::new(results), rest: Box::new(rest), has_status_line: false };
        Self {
            form,
            quiet: false,
            is_terminal: false,
            has_color: false,
            times: Style::Rfc3339,
            streams: Mutex::new(streams),
        }
    }

    /// Writes a result: one line of JSON in the forms `json` and `jsonl`, else the result of `text`.
    pub(crate) fn result<T: Serialize + ?Sized>(
        &self,
        value: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let line = match self.form {
            Form::Text => text(),
            Form::Json => json(value, true)?,
            Form::Jsonl => json(value, false)?,
        };
        self.write(&line)
    }

    /// Writes a list: an array in the form `json`, one item per line in `jsonl`, else the result of `text`.
    pub(crate) fn results<T: Serialize>(
        &self,
        values: &[T],
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        match self.form {
            Form::Text | Form::Json => self.result(values, text),
            Form::Jsonl => values.iter().try_for_each(|value| self.write(&json(value, false)?)),
        }
    }

    /// Writes a note, which is for people and not for programs.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.rest(&format!("{text}\n"), false);
        }
    }

    /// Writes the status line in place of the previous one. Only at a terminal.
    pub(crate) fn status_line(&self, text: &str) {
        if !self.quiet && self.is_terminal {
            let line = if self.has_color { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() };
            self.rest(&line, true);
        }
    }

    /// Writes an error: a line, or JSON in the forms `json` and `jsonl`.
    pub fn error(&self, failure: &Failure) {
        let text = match self.form {
            Form::Text if self.has_color => format!("\x1b[31merror:\x1b[0m {failure}\n"),
            Form::Text => format!("error: {failure}\n"),
            Form::Json | Form::Jsonl => {
                let code = failure.exit() as u8;
                format!("{}\n", serde_json::json!({ "error": failure.to_string(), "exitCode": code }))
            }
        };
        self.rest(&text, false);
    }

    /// Writes a question, also with `--quiet`.
    pub(crate) fn prompt(&self, text: &str) {
        self.rest(text, false);
    }

    /// Writes the warnings of the copier's code as notes: they say why a step failed and is retried.
    pub fn write_warnings(&self) {
        if self.quiet {
            return;
        }
        // In place of the status line.
        let head = if self.is_terminal { "\r\x1b[Kwarning: " } else { "warning: " };
        let stream = move || {
            let mut stream = io::stderr();
            let _ = stream.write_all(head.as_bytes());
            stream
        };
        // The filter leaves out spans, too.
        let is_warning = |metadata: &Metadata<'_>| {
            *metadata.level() <= Level::WARN && metadata.target().starts_with("rekognition_model_copier")
        };
        let layer = tracing_subscriber::fmt::layer().with_writer(stream).with_ansi(false);
        let layer = layer.without_time().with_level(false).with_target(false);
        // If a subscriber is already set, it stays.
        let _ = tracing_subscriber::registry().with(layer.with_filter(filter_fn(is_warning))).try_init();
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        let mut streams = self.streams();
        clear(&mut streams);
        let text = text.trim_end_matches('\n');
        let end = if text.is_empty() { "" } else { "\n" };
        let written = streams.results.write_all(format!("{text}{end}").as_bytes());
        let written = written.and_then(|()| streams.results.flush());
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::ClosedPipe),
            Err(error) => Err(Failure::Error(format!("standard output cannot be written: {error}"))),
        }
    }

    fn rest(&self, text: &str, is_status_line: bool) {
        let mut streams = self.streams();
        // A closed standard error cannot be reported, and nothing depends on it.
        clear(&mut streams);
        let _ = streams.rest.write_all(text.as_bytes());
        let _ = streams.rest.flush();
        streams.has_status_line = is_status_line;
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Removes the status line.
fn clear(streams: &mut Streams) {
    if std::mem::take(&mut streams.has_status_line) {
        let _ = streams.rest.write_all(b"\r\x1b[K");
        let _ = streams.rest.flush();
    }
}

/// A table whose columns are as wide as their widest cell.
pub(crate) fn table<const N: usize>(names: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(names.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        widths.iter_mut().zip(row).for_each(|(width, cell)| *width = (*width).max(cell.len()));
    }
    let line = |row: &[String; N]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn json<T: Serialize + ?Sized>(value: &T, is_pretty: bool) -> Result<String, Failure> {
    let text = if is_pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    let text =
        text.map_err(|error| Failure::Error(format!("a result cannot be written as JSON: {error}")))?;
    // The `context` of a request keeps its line breaks. In JSON they are never inside a string.
    Ok(if is_pretty { text } else { text.replace(['\n', '\r'], " ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_json_lines_is_one_line() {
        let context = serde_json::value::RawValue::from_string("{\n  \"a\": \"b\"\r\n}".to_owned()).unwrap();
        let line = json(&context, false).unwrap();
        assert_eq!(line.lines().count(), 1, "{line:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["a"], "b");
    }
}
