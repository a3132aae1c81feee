//! `sandbox demo`: the whole life of a request, for people to watch. It runs the real functions and prints what happens.

mod fault;
mod request;
mod screen;
mod story;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use sandbox::{
    Sandbox, World,
    deployment::{Binaries, Deployment, Round, SCHEDULE, root, settings_from_env},
};

use self::{fault::FaultStory, screen::Screen, story::Story};
use crate::{Failure, is_closed_pipe, output, serve};

/// The speed of the sandbox's clock: a copy takes 30 s there, and 3 s here.
const SPEED: f64 = 10.0;
/// The interval of the schedule in sandbox time, while something is copied.
const CHECK_INTERVAL: SignedDuration = SignedDuration::from_secs(5);
/// After so much sandbox time without a copy in progress, the demo advances the clock by a minute each time that it looks. A
/// request may wait for minutes.
const PATIENCE: SignedDuration = SignedDuration::from_secs(15);
/// A demo fails if its requests have not ended by then.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The copier's variable for the buckets that it may write to.
const BUCKETS: &str = "ALLOWED_OUTPUT_BUCKETS";

/// Copy a model in the sandbox and watch: builds the functions, sends a request, prints the announcements
///
/// Ends with exit status 0 if every request ended in COMPLETED (with --fault: as the story says), and with another if not.
/// Settings of the copier in your environment are passed on, such as ALLOWED_OUTPUT_BUCKETS=my-models.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Send this request instead of events/copy-requested.json: bare, as an EventBridge event, an SNS
    /// notification or an SQS batch (see events/). The demo creates the world that it needs
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Begin with this world (JSON, see crates/sandbox/world.json) instead of the one that the request needs
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Show how the copier handles a fault
    #[arg(long, value_name = "FAULT")]
    fault: Option<FaultStory>,
    /// Print nothing but the announcements, as JSON, one a line
    #[arg(long)]
    json: bool,
    /// Open the sandbox's page in a browser, and run on after the end until Ctrl-C
    #[arg(long)]
    open: bool,
}

pub(crate) async fn run(options: Options, is_quiet: bool) -> Result<ExitCode, Failure> {
    let file = options.request.unwrap_or_else(|| root().join("events/copy-requested.json"));
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("the request `{}` can't be read: {error}", file.display()))?;
    let messages = request::messages(&text);
    let (world, settings) = prepare(options.world.as_deref(), options.fault, &messages)?;
    let binaries = Binaries::build(is_quiet)?;
    let deployment = Deployment::start(Sandbox::builder(world), binaries, settings).await?;
    let sandbox = deployment.sandbox();
    sandbox.clock().set_speed(SPEED);

    let mut screen = Screen::new(options.json, is_quiet, sandbox.clock().now());
    if options.open {
        let address = format!("{}/", sandbox.endpoint());
        output::note(format_args!("The sandbox's page is at {address} until Ctrl-C."));
        output::open_browser(&address);
    }
    screen.begin(&file, SPEED)?;
    if let Some(fault) = options.fault {
        screen.note(fault.introduction())?;
    }
    for message in messages {
        deployment.send(message);
    }
    let story = match watch(&deployment, options.fault, &mut screen).await {
        Ok(story) => story,
        Err(failure) => {
            if !is_closed_pipe(failure.as_ref()) {
                Screen::show_logs(&deployment.logs()?);
            }
            return Err(failure);
        }
    };
    if options.open {
        tokio::select! {
            ended = deployment.keep_running(CHECK_INTERVAL, |_| Ok::<_, Failure>(false)) => ended?,
            stopped = serve::stop_signal() => stopped?,
        }
    }
    if options.fault.is_some() {
        screen.note(&fault::summary(&story, sandbox))?;
    }
    let end = options.fault.map_or("COMPLETED", FaultStory::end);
    Ok(if story.ended_in(end) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Creates the world of these requests, unless `file` holds one, and the copier's settings.
fn prepare(
    file: Option<&Path>,
    fault: Option<FaultStory>,
    messages: &[String],
) -> Result<(World, BTreeMap<String, String>), Failure> {
    let needed = || request::needed(messages).map(|(world, bucket)| (world, Some(bucket)));
    let (mut world, bucket) = match file {
        Some(file) => (World::from_file(file)?, None),
        None => needed().unwrap_or_else(|| (World::small(), None)),
    };
    let mut settings = settings_from_env(&world);
    if let Some(bucket) = bucket {
        settings.entry(BUCKETS.to_owned()).or_insert(bucket);
    }
    if let Some(fault) = fault {
        fault.prepare(&mut world, messages)?;
    }
    Ok((world, settings))
}

/// Runs the functions and shows what happens, until every request has ended.
async fn watch(
    deployment: &Deployment,
    fault: Option<FaultStory>,
    screen: &mut Screen,
) -> Result<Story, Failure> {
    let (sandbox, clock) = (deployment.sandbox(), deployment.sandbox().clock());
    let (start, began) = (clock.now(), Instant::now());
    let mut story = Story::default();
    if let Some(fault) = fault {
        fault.strike(deployment).await;
    }
    let mut last_copy = start;
    let show = |Round { announced, failures }| -> Result<bool, Failure> {
        // A fault may fail the functions: that is what its story shows.
        if let Some(fault) = fault {
            fault.settle(sandbox, clock.now().duration_since(start));
            screen.show_calls(&sandbox.calls())?;
        } else if let Some(failure) = failures.into_iter().next() {
            return Err(failure.into());
        }
        for (event, before) in story.read(&announced) {
            screen.announce(&event, before.as_ref())?;
        }
        let copies = story::copies(&sandbox.world(), clock.now());
        screen.show_progress(&copies)?;
        if !copies.is_empty() {
            last_copy = clock.now();
        } else if clock.now().duration_since(last_copy) > PATIENCE {
            clock.advance(SCHEDULE);
        }
        if began.elapsed() > TIMEOUT {
            return Err(format!("not over after {TIMEOUT:?}: {story}").into());
        }
        Ok(story.is_over() && deployment.queue_depth() == 0)
    };
    deployment.keep_running(CHECK_INTERVAL, show).await?;
    Ok(story)
}
