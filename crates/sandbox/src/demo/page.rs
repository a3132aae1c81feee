//! Where the demo prints, and how: a page for people, with a bar where the output is a terminal and plain
//! lines where it isn't; or announcements as JSON and nothing else.

use std::io;
use std::path::Path;

use console::{Term, style, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sandbox::PublishedEvent;
use sandbox::deployment::{Deployment, root};
use serde_json::Value;

use super::progress::Copy;
use super::text;
use crate::output;

/// How much of the functions' logs is shown when something went wrong.
const LAST_LINES: usize = 10;
/// A line may hold a whole HTTP answer; this much of it tells enough.
const LINE_LENGTH: usize = 500;
/// Plain progress is told in these steps.
const STEP: u64 = 25;

/// The page for one demo.
pub(super) struct Page {
    form: Form,
    /// Whether only announcements are shown.
    quiet: bool,
}

enum Form {
    Json,
    /// The bar is there while something is copied.
    Bar(Option<ProgressBar>),
    Plain {
        /// The step that was told last.
        told: u64,
    },
}

impl Page {
    pub(super) fn new(json: bool, quiet: bool) -> Self {
        let form = match (json, Term::stdout().is_term() && !quiet) {
            (true, _) => Form::Json,
            (false, true) => Form::Bar(None),
            (false, false) => Form::Plain { told: 0 },
        };
        Self { form, quiet }
    }

    /// Says what is going to happen.
    pub(super) fn begin(&self, request: &Path, speed: f64) -> io::Result<()> {
        self.note(&format!(
            "A model is copied in the sandbox, a local AWS. Its clock runs {speed} times as fast as yours.\n\
             {} is sent to the queue; what follows is announced on the event bus.",
            style(request.strip_prefix(root()).unwrap_or(request).display()).bold()
        ))
    }

    /// Shows what an announcement says that the one before it about the same request did not.
    pub(super) fn announce(&self, event: &PublishedEvent, before: Option<&Value>) -> io::Result<()> {
        match self.form {
            Form::Json => output::print(event.to_json_line()),
            _ => self.line(&format!("\n{}\n", text::announcement(&event.detail, before))),
        }
    }

    pub(super) fn progress(&mut self, copies: &[Copy]) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        match &mut self.form {
            Form::Json => {}
            Form::Bar(bar) if copies.is_empty() => clear(bar),
            Form::Bar(bar) => show(bar.get_or_insert_with(new_bar), copies),
            Form::Plain { told } => {
                for Copy { name, percent } in copies {
                    let step = percent / STEP;
                    if step > *told {
                        *told = step;
                        output::print(format_args!("copying {name}: {}%", step * STEP))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Says what it took. A debug build's memory says nothing about what is deployed.
    pub(super) fn end(&mut self, deployment: &Deployment) -> io::Result<()> {
        self.progress(&[])?;
        if cfg!(debug_assertions) {
            return Ok(());
        }
        let functions = [deployment.start_copy(), deployment.check_copies()];
        // Nothing but Linux tells.
        for function in functions.into_iter().filter(|function| function.peak_memory() > 0) {
            let tenths = function.peak_memory() * 10 / (1024 * 1024);
            let name = &function.settings().name;
            self.note(&format!("Peak memory of {name}: {}.{} MB", tenths / 10, tenths % 10))?;
        }
        Ok(())
    }

    /// Shows what the functions logged last, for whoever has to find out what went wrong.
    pub(super) fn log(&mut self, lines: &[String]) {
        // What went wrong is said below.
        let _ = self.progress(&[]);
        for line in lines.iter().skip(lines.len().saturating_sub(LAST_LINES)) {
            output::note(truncate_str(line, LINE_LENGTH, "…"));
        }
    }

    /// Shows what is good to know, to people who want to.
    pub(super) fn note(&self, text: &str) -> io::Result<()> {
        if self.quiet { Ok(()) } else { self.line(text) }
    }

    fn line(&self, text: &str) -> io::Result<()> {
        match &self.form {
            Form::Json => Ok(()),
            Form::Bar(Some(bar)) => bar.suspend(|| output::print(text)),
            Form::Bar(None) | Form::Plain { .. } => output::print(text),
        }
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stdout());
    // A template that can't be read would leave indicatif's own, which is good too.
    if let Ok(style) = ProgressStyle::with_template("copying {msg} {bar:40.cyan/dim} {percent:>3}%") {
        bar.set_style(style);
    }
    bar
}

/// Several copies share the bar; it shows the one that has furthest to go.
fn show(bar: &ProgressBar, copies: &[Copy]) {
    let names: Vec<&str> = copies.iter().map(|copy| copy.name.as_str()).collect();
    bar.set_message(names.join(", "));
    bar.set_position(copies.iter().map(|copy| copy.percent).min().unwrap_or(0));
}

fn clear(bar: &mut Option<ProgressBar>) {
    if let Some(bar) = bar.take() {
        bar.finish_and_clear();
    }
}
