//! `model-copier dead-letters`: shows, redrives and deletes a stack's dead letters.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::arguments::Global;
use crate::confirm::Confirmation;
use crate::dead_letters::{DeadLetter, DeadLetterQueue, MAX_LETTERS};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::session::Session;
use crate::stack::Stack;
use crate::when::Style;

/// How many characters of a letter's text the output form `text` shows.
const SHOWN_CHARACTERS: usize = 300;

/// Show, redrive or delete a stack's dead letters
///
/// A dead letter is a request that got no answer, because EventBridge could not deliver it, the function start-copy
/// could not record it, or an asynchronous invocation of start-copy failed. Fix the cause before you redrive. To
/// redrive a dead letter is to send it again.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  model-copier dead-letters --stack rekognition-model-copier
  model-copier dead-letters redrive --stack rekognition-model-copier --dry-run
  model-copier dead-letters delete --stack rekognition-model-copier --id 5fea7756-0ea4-451a-a703-a558b933e274")]
pub(crate) struct Arguments {
    /// Without it, the letters are shown.
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
    /// The stack's name
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) stack: Option<String>,
    /// Only the dead letter with this message id; may be given several times
    #[arg(long = "id", value_name = "ID", global = true)]
    pub(crate) ids: Vec<String>,
}

/// The subcommands; without one, the command shows the letters.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show each dead letter with its cause and its request
    Show,
    /// Send dead letters to the stack again
    ///
    /// Read each dead letter first. Anybody in the account who may send to the dead-letter queue can write a letter
    /// there, with any account as its requester.
    ///
    /// The request queue accepts your messages only if your role is in the stack's parameter `DirectSenders`. A
    /// request that the stack has already recorded does no harm if you send it again.
    Redrive(Change),
    /// Delete dead letters; their requesters get no answer
    Delete(Change),
}

/// The flags of a change.
#[derive(Args, Debug)]
pub(crate) struct Change {
    /// Show the chosen dead letters, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
}

pub(super) async fn run(arguments: Arguments, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(stack) = &arguments.stack else {
        return Err(Failure::Usage("give the stack with `--stack`".to_owned()));
    };
    let session = Session::open(global).await?;
    let stack = Stack::read(&session, stack).await?;
    let queue = DeadLetterQueue::of(&session, &stack)?;
    let all = queue.take().await?;
    if all.len() >= MAX_LETTERS {
        output.note(&format!(
            "these are the first {MAX_LETTERS} dead letters: run the command again for the others"
        ));
    }
    let is_chosen =
        |letter: &DeadLetter| arguments.ids.is_empty() || arguments.ids.contains(&letter.message_id);
    let (letters, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_chosen);
    queue.give_back(&others).await?;
    let (is_redrive, change) = match &arguments.action {
        Some(Action::Redrive(change)) if !change.dry_run => (true, change),
        Some(Action::Delete(change)) if !change.dry_run => (false, change),
        _ => {
            queue.give_back(&letters).await?;
            output.results(&letters, || texts(&letters, output.times))?;
            if letters.is_empty() {
                output.note("there are no dead letters");
            }
            return Ok(Exit::Done);
        }
    };
    let word = if is_redrive { "redriven" } else { "deleted" };
    let mut changed = 0;
    let change_all = async {
        if letters.is_empty() {
            return Ok(());
        }
        let shown = texts(&letters, output.times);
        let what = format!("{shown}These dead letters of stack `{}` will be {word}", stack.name);
        let confirmed = Confirmation::ask(&session.identity, &what, change.yes, output)?;
        for letter in &letters {
            match is_redrive {
                true => queue.redrive(letter, confirmed).await?,
                false => queue.delete(letter, confirmed).await?,
            }
            changed += 1;
        }
        Ok(())
    };
    let ended = change_all.await;
    let (changed, left) = letters.split_at(changed);
    queue.give_back(left).await?;
    output.results(changed, || {
        changed.iter().map(|letter| format!("{word}: {}\n", letter.message_id)).collect::<String>()
    })?;
    ended.map(|()| Exit::Done)
}

fn texts(letters: &[DeadLetter], style: Style) -> String {
    let text = |letter: &DeadLetter| {
        let sent_at = letter.sent_at.map_or("-".to_owned(), |at| style.write(at, Timestamp::now()));
        let request = letter.request_id.as_deref().unwrap_or("without a readable id");
        let account = letter.account.iter().map(|account| format!(" of account {account}"));
        let body: String = letter.body.chars().take(SHOWN_CHARACTERS).collect();
        format!(
            "{}  {sent_at}  request {request}{}\n  why:  {}\n  text: {body}\n",
            letter.message_id,
            account.collect::<String>(),
            letter.reason
        )
    };
    letters.iter().map(text).collect()
}
