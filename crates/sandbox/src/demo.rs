//! The whole life of one request, for people to watch: queue, start, copy, schedule, announcements.
//!
//! It runs the real functions and decides only when to look and what is worth showing.

mod page;
mod progress;
mod request;
mod story;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sandbox::deployment::{Deployment, DeploymentSettings};
use sandbox::{Sandbox, World};

use self::page::Page;
use self::story::Story;
use crate::{Trouble, browser, programs, serve};

/// The sandbox's clock against ours: a copy, which takes 30 s there, takes 3 s here.
const SPEED: f64 = 10.0;
/// How often the page is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// The schedule strikes every so many frames: every 5 s of the sandbox's time.
const FRAMES_A_CHECK: u32 = 5;
/// Longer than any request takes that isn't waiting for somebody.
const PATIENCE: Duration = Duration::from_secs(60);

/// Copy a model in the sandbox and watch: builds the functions, sends a request, prints the announcements
///
/// Ends with exit status 0 if every request ended in COMPLETED, and with another if not.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Send this request instead of events/copy-requested.json: bare, as an EventBridge event, an SNS
    /// notification or an SQS batch (see events/)
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// Print nothing but the announcements, as JSON, one a line
    #[arg(long)]
    json: bool,
    /// Open the sandbox's page in a browser, and run on after the end until Ctrl-C
    #[arg(long)]
    open: bool,
}

pub(crate) async fn run(options: Options) -> Result<ExitCode, Trouble> {
    let file = options.request.unwrap_or_else(|| programs::root().join("events/copy-requested.json"));
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("the request `{}` can't be read: {error}", file.display()))?;
    let mut page = Page::new(options.json);
    let binaries = programs::build().await?;
    let mut settings = DeploymentSettings::default();
    // Nobody will mend a policy while the demo runs, so what is denied is denied for good.
    settings.environment.insert("PERMISSION_TIMEOUT_SECONDS".to_owned(), "0".to_owned());
    let deployment = Deployment::start(Sandbox::builder(World::small()), binaries, settings).await?;
    deployment.sandbox().clock().set_speed(SPEED);

    if options.open {
        let address = format!("{}/", deployment.sandbox().endpoint());
        eprintln!("The sandbox's page is at {address} until Ctrl-C.");
        browser::open(&address);
    }
    page.begin(&file, SPEED);
    for message in request::messages(&text) {
        deployment.send(message);
    }
    let told = tell(&deployment, &mut page).await;
    let Ok(story) = told else {
        page.log(&deployment.logs()?);
        return told.map(|_| ExitCode::FAILURE);
    };
    page.end(&deployment);
    if options.open {
        tokio::select! {
            () = run_on(&deployment) => {}
            stopped = serve::told_to_stop() => stopped?,
        }
    }
    Ok(if story.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the functions for those who use the page, and leaves it to the page to show what happens.
async fn run_on(deployment: &Deployment) {
    loop {
        deployment.deliver().await;
        let _ = deployment.check().await;
        tokio::time::sleep(FRAME * FRAMES_A_CHECK).await;
    }
}

/// Runs the functions and shows what is announced, until every request has ended.
async fn tell(deployment: &Deployment, page: &mut Page) -> Result<Story, Trouble> {
    let began = Instant::now();
    let mut story = Story::default();
    let mut frames = 0_u32;
    loop {
        if frames.is_multiple_of(FRAMES_A_CHECK) {
            for delivered in deployment.deliver().await {
                if !delivered.failed().is_empty() {
                    delivered.answer?;
                    return Err("start-copy could not take the request in".into());
                }
            }
            deployment.check().await?;
        }
        for event in story.hear(&deployment.sandbox().announcements()) {
            page.announce(&event);
        }
        page.progress(&progress::copies(&deployment.sandbox().world(), deployment.sandbox().clock().now()));
        if story.is_over() && deployment.queue_depth() == 0 {
            return Ok(story);
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("not over after {PATIENCE:?}: {story}").into());
        }
        tokio::time::sleep(FRAME).await;
        frames += 1;
    }
}
