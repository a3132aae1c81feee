//! The whole life of one request, for people to watch: queue, start, copy, schedule, announcements.
//!
//! It runs the real functions and decides only when to look and what is worth showing.

mod fault;
mod page;
mod progress;
mod request;
mod story;
mod text;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sandbox::deployment::{Binaries, Deployment, DeploymentSettings, SCHEDULE, root};
use sandbox::{Call, Sandbox, World};

use self::fault::FaultStory;
use self::page::Page;
use self::story::Story;
use crate::{Trouble, browser, is_closed_pipe, output, serve};

/// The sandbox's clock against ours: a copy, which takes 30 s there, takes 3 s here.
const SPEED: f64 = 10.0;
/// How often the page is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// The schedule strikes every so many frames: every 5 s of the sandbox's time while something is copied, and every
/// minute, to which the clock is turned, while nothing is.
const FRAMES_A_CHECK: u32 = 5;
/// Longer than any request takes that isn't waiting for somebody.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the copier reads as the buckets that it may write to.
const BUCKETS: &str = "ALLOWED_OUTPUT_BUCKETS";

/// Copy a model in the sandbox and watch: builds the functions, sends a request, prints the announcements
///
/// Ends with exit status 0 if every request ended in COMPLETED (with --fault: as the story tells), and with another if
/// not. Settings of the copier in your environment are passed on, such as ALLOWED_OUTPUT_BUCKETS=my-models.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Send this request instead of events/copy-requested.json: bare, as an EventBridge event, an SNS
    /// notification or an SQS batch (see events/). The world that it needs is made for it
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Begin with this world (JSON, see crates/sandbox/world.json) instead of the one that the request needs
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Tell what happens when something goes wrong
    #[arg(long, value_name = "WHAT")]
    fault: Option<FaultStory>,
    /// Print nothing but the announcements, as JSON, one a line
    #[arg(long)]
    json: bool,
    /// Open the sandbox's page in a browser, and run on after the end until Ctrl-C
    #[arg(long)]
    open: bool,
}

pub(crate) async fn run(options: Options, quiet: bool) -> Result<ExitCode, Trouble> {
    let file = options.request.unwrap_or_else(|| root().join("events/copy-requested.json"));
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("the request `{}` can't be read: {error}", file.display()))?;
    let messages = request::messages(&text);
    let needed = world::needed(&messages);
    let mut world = match (&options.world, &needed) {
        (Some(file), _) => World::from_file(file)?,
        (None, Some(needed)) => needed.world.clone(),
        (None, None) => World::small(),
    };
    let mut settings = DeploymentSettings::from_env(&world);
    if let (None, Some(needed)) = (&options.world, needed) {
        settings.environment.entry(BUCKETS.to_owned()).or_insert(needed.bucket);
    }
    if let Some(fault) = options.fault {
        fault.prepare(&mut world, &messages)?;
    }
    let binaries = Binaries::build(quiet)?;
    let deployment = Deployment::start(Sandbox::builder(world), binaries, settings).await?;
    deployment.sandbox().clock().set_speed(SPEED);

    let mut page = Page::new(options.json, quiet);
    if options.open {
        let address = format!("{}/", deployment.sandbox().endpoint());
        output::note(format_args!("The sandbox's page is at {address} until Ctrl-C."));
        browser::open(&address);
    }
    page.begin(&file, SPEED)?;
    if let Some(fault) = options.fault {
        page.note(fault.says())?;
    }
    let mut demo = Demo { deployment: &deployment, fault: options.fault, page: &mut page, last_call: None };
    let told = demo.tell(messages).await;
    let story = match told {
        Ok(story) => story,
        Err(trouble) => {
            if !is_closed_pipe(trouble.as_ref()) {
                page.log(&deployment.logs()?);
            }
            return Err(trouble);
        }
    };
    page.end(&deployment)?;
    if options.open {
        tokio::select! {
            () = run_on(&deployment) => {}
            stopped = serve::told_to_stop() => stopped?,
        }
    }
    if let Some(fault) = options.fault {
        page.note(&fault::summary(&story, &deployment.sandbox().calls(), &deployment.sandbox().world()))?;
        return Ok(if story.ended_in(fault.end()) { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    Ok(if story.ended_in("COMPLETED") { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the functions for those who use the page, and leaves it to the page to show what happens.
async fn run_on(deployment: &Deployment) {
    let mut advances = deployment.sandbox().take_over_advances();
    loop {
        deployment.deliver().await;
        let _ = deployment.check().await;
        if let Ok(Some((time, over))) = tokio::time::timeout(FRAME * FRAMES_A_CHECK, advances.recv()).await {
            deployment.pass(time).await;
            // The page may have gone.
            let _ = over.send(());
        }
    }
}

/// A demo under way.
struct Demo<'a> {
    deployment: &'a Deployment,
    fault: Option<FaultStory>,
    page: &'a mut Page,
    /// The last call that was worth a line.
    last_call: Option<Call>,
}

impl Demo<'_> {
    /// Runs the functions and shows what is announced, until every request has ended.
    async fn tell(&mut self, messages: Vec<String>) -> Result<Story, Trouble> {
        let (sandbox, clock) = (self.deployment.sandbox(), self.deployment.sandbox().clock());
        let (began, start, mut seen) = (Instant::now(), clock.now(), 0);
        let mut story = Story::default();
        for message in messages {
            self.deployment.send(message);
        }
        if let Some(fault) = self.fault {
            fault.strike(self.deployment).await;
        }
        let (mut frames, mut idle_checks) = (0_u32, 0_u32);
        loop {
            if frames.is_multiple_of(FRAMES_A_CHECK) {
                let is_idle = progress::copies(&sandbox.world(), clock.now()).is_empty();
                idle_checks = if is_idle { idle_checks + 1 } else { 0 };
                self.step(idle_checks > 2).await?;
            }
            if let Some(fault) = self.fault {
                fault.settle(sandbox, clock.now().duration_since(start));
                seen = self.show_calls(seen, start)?;
            }
            for (event, before) in story.hear(&sandbox.announcements()) {
                self.page.announce(&event, before.as_ref())?;
            }
            self.page.progress(&progress::copies(&sandbox.world(), clock.now()))?;
            if story.is_over() && self.deployment.queue_depth() == 0 {
                return Ok(story);
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("not over after {PATIENCE:?}: {story}").into());
            }
            tokio::time::sleep(FRAME).await;
            frames += 1;
        }
    }

    /// Delivers the queue and strikes the schedule. What waits while nothing is copied waits for minutes: the clock is
    /// turned.
    async fn step(&self, turns_clock: bool) -> Result<(), Trouble> {
        for delivered in self.deployment.deliver().await {
            if self.fault.is_none() && !delivered.failed().is_empty() {
                delivered.answer?;
                return Err("start-copy could not take the request in".into());
            }
        }
        if turns_clock {
            self.deployment.pass(SCHEDULE).await;
        } else if self.fault.is_some() {
            let _ = self.deployment.check().await;
        } else {
            self.deployment.check().await?;
        }
        Ok(())
    }

    /// Shows the calls that tell the story, and returns how many calls there were.
    fn show_calls(&mut self, seen: usize, start: Timestamp) -> Result<usize, Trouble> {
        let calls = self.deployment.sandbox().calls_after(seen);
        for call in &calls {
            let is_again = text::is_same(self.last_call.as_ref(), call);
            if let Some(line) = text::call(call, start) {
                self.last_call = Some(call.clone());
                if !is_again {
                    self.page.note(&line)?;
                }
            }
        }
        Ok(seen + calls.len())
    }
}
