//! Where the demo prints, and how: a page for people, with a bar where the output is a terminal and plain
//! lines where it isn't; or announcements as JSON and nothing else.

use std::path::Path;

use console::{Term, style, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sandbox::PublishedEvent;
use sandbox::deployment::{Deployment, root};

use super::progress::Copy;
use super::text;

/// How much of the functions' logs is shown when something went wrong.
const LAST_LINES: usize = 10;
/// A line may hold a whole HTTP answer; this much of it tells enough.
const LINE_LENGTH: usize = 500;
/// Plain progress is told in these steps.
const STEP: u64 = 25;

/// The page for one demo.
pub(super) enum Page {
    Json,
    /// The bar is there while something is copied.
    Bar(Option<ProgressBar>),
    Plain {
        /// The step that was told last.
        told: u64,
    },
}

impl Page {
    pub(super) fn new(json: bool) -> Self {
        match (json, Term::stdout().is_term()) {
            (true, _) => Self::Json,
            (false, true) => Self::Bar(None),
            (false, false) => Self::Plain { told: 0 },
        }
    }

    /// Says what is going to happen.
    pub(super) fn begin(&self, request: &Path, speed: f64) {
        self.line(&format!(
            "A model is copied in the sandbox, a local AWS, {speed} times as fast as it usually is.\n\
             {} is sent to the queue; what follows is announced on the event bus.",
            style(request.strip_prefix(root()).unwrap_or(request).display()).bold()
        ));
    }

    pub(super) fn announce(&self, event: &PublishedEvent) {
        match self {
            Self::Json => println!("{}", event.to_event()),
            _ => self.line(&format!("\n{}\n", text::announcement(&event.detail))),
        }
    }

    pub(super) fn progress(&mut self, copies: &[Copy]) {
        match self {
            Self::Json => {}
            Self::Bar(bar) if copies.is_empty() => clear(bar),
            Self::Bar(bar) => show(bar.get_or_insert_with(new_bar), copies),
            Self::Plain { told } => {
                for Copy { name, percent } in copies {
                    let step = percent / STEP;
                    if step > *told {
                        *told = step;
                        println!("copying {name}: {}%", step * STEP);
                    }
                }
            }
        }
    }

    /// Says what it took.
    pub(super) fn end(&mut self, deployment: &Deployment) {
        self.progress(&[]);
        let functions = [deployment.start_copy(), deployment.check_copies()];
        // Nothing but Linux tells.
        for function in functions.into_iter().filter(|function| function.peak_memory() > 0) {
            let tenths = function.peak_memory() * 10 / (1024 * 1024);
            self.line(&format!(
                "Peak memory of {}: {}.{} MB",
                function.settings().name,
                tenths / 10,
                tenths % 10
            ));
        }
    }

    /// Shows what the functions logged last, for whoever has to find out what went wrong.
    pub(super) fn log(&mut self, lines: &[String]) {
        self.progress(&[]);
        for line in lines.iter().skip(lines.len().saturating_sub(LAST_LINES)) {
            eprintln!("{}", truncate_str(line, LINE_LENGTH, "…"));
        }
    }

    fn line(&self, text: &str) {
        match self {
            Self::Json => {}
            Self::Bar(Some(bar)) => bar.suspend(|| println!("{text}")),
            Self::Bar(None) | Self::Plain { .. } => println!("{text}"),
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
