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

use jiff::{SignedDuration, Timestamp};
use sandbox::{
    Sandbox, World,
    deployment::{Binaries, Deployment, SCHEDULE, root, settings_from_env},
};

use self::{fault::FaultStory, screen::Screen, story::Story};
use crate::{Failure, is_closed_pipe, output, serve};

/// The speed of the sandbox's clock: a copy takes 30 s there, and 3 s here.
const SPEED: f64 = 10.0;
/// How often the demo looks for news.
const FRAME: Duration = Duration::from_millis(100);
/// The interval of the schedule in frames. During a copy that is 5 s of sandbox time. Otherwise the demo advances the clock
/// by a minute each time.
const FRAMES_PER_CHECK: u32 = 5;
/// The same interval in sandbox time.
const CHECK_INTERVAL: SignedDuration = SignedDuration::from_secs(5);
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

    let mut screen = Screen::new(options.json, is_quiet);
    if options.open {
        let address = format!("{}/", sandbox.endpoint());
        output::note(format_args!("The sandbox's page is at {address} until Ctrl-C."));
        output::open_browser(&address);
    }
    screen.begin(&file, SPEED)?;
    if let Some(fault) = options.fault {
        screen.note(fault.introduction())?;
    }
    let demo = Demo { deployment: &deployment, fault: options.fault, start: sandbox.clock().now() };
    let story = match demo.run(messages, &mut screen).await {
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
            ended = deployment.keep_running(CHECK_INTERVAL, |_| Ok::<_, Failure>(())) => ended?,
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

/// A demo in progress.
struct Demo<'a> {
    deployment: &'a Deployment,
    fault: Option<FaultStory>,
    /// Sandbox time.
    start: Timestamp,
}

impl Demo<'_> {
    /// Runs the functions and shows what happens, until every request has ended.
    async fn run(&self, messages: Vec<String>, screen: &mut Screen) -> Result<Story, Failure> {
        let (sandbox, clock) = (self.deployment.sandbox(), self.deployment.sandbox().clock());
        let (began, mut seen) = (Instant::now(), 0);
        let mut story = Story::default();
        for message in messages {
            self.deployment.send(message);
        }
        if let Some(fault) = self.fault {
            fault.strike(self.deployment).await;
        }
        let (mut frames, mut idle_checks) = (0_u32, 0_u32);
        loop {
            if frames.is_multiple_of(FRAMES_PER_CHECK) {
                let is_idle = story::copies(&sandbox.world(), clock.now()).is_empty();
                idle_checks = if is_idle { idle_checks + 1 } else { 0 };
                self.run_functions(idle_checks > 2).await?;
            }
            if let Some(fault) = self.fault {
                fault.settle(sandbox, clock.now().duration_since(self.start));
                let calls = sandbox.calls_after(seen);
                seen += calls.len();
                calls.into_iter().try_for_each(|call| screen.show_call(call, self.start))?;
            }
            for (event, before) in story.read(&sandbox.announcements()) {
                screen.announce(&event, before.as_ref())?;
            }
            screen.show_progress(&story::copies(&sandbox.world(), clock.now()))?;
            if story.is_over() && self.deployment.queue_depth() == 0 {
                return Ok(story);
            }
            if began.elapsed() > TIMEOUT {
                return Err(format!("not over after {TIMEOUT:?}: {story}").into());
            }
            tokio::time::sleep(FRAME).await;
            frames += 1;
        }
    }

    /// Delivers the queue and runs the schedule. While nothing is copied, a request may wait for minutes: then
    /// `may_advance` lets the clock advance.
    async fn run_functions(&self, may_advance: bool) -> Result<(), Failure> {
        for delivered in self.deployment.deliver().await {
            if self.fault.is_none() && !delivered.failed.is_empty() {
                delivered.answer?;
                return Err("start-copy could not take the request in".into());
            }
        }
        if may_advance {
            self.deployment.pass(SCHEDULE).await;
            return Ok(());
        }
        let checked = self.deployment.check().await;
        // A fault may fail the function: that is what the story shows.
        if self.fault.is_none() { checked.map(drop).map_err(Failure::from) } else { Ok(()) }
    }
}
