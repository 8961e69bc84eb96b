//! `drd demo`: a live pretend estate that every command can poke.
//!
//! Deliberately absent: the estate and the daemon (`crate::daemon::demo`).

use super::error::CliError;
use super::exit::Exit;
use super::output::{note, print};
use super::process::runtime;
use crate::daemon::client;
use crate::daemon::demo::{Demo, DemoWord, HELP, read};
use clap::Args;
use drd_state_machine::Phase;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// Between two looks at what happened.
const LOOK: Duration = Duration::from_millis(250);
/// Lines that were typed and not read yet.
const LINES_MAX: usize = 16;

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Keep its configuration, ledger and socket here; without it in a temporary folder that is removed.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Decides every duration and chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl DemoArgs {
    pub(super) fn run(&self) -> Result<Exit, CliError> {
        let usual = || std::env::temp_dir().join(format!("drd-demo-{}", std::process::id()));
        let folder = self.dir.clone().unwrap_or_else(usual);
        let ended = runtime()?.block_on(play(&folder, self.seed));
        if self.dir.is_none() {
            let _ = fs_err::remove_dir_all(&folder);
        } else {
            note(&format!(
                "drd: it leaves drd.toml and ledger.jsonl in {}\n",
                folder.display()
            ));
        }
        ended.map(|()| Exit::Done)
    }
}

async fn play(folder: &std::path::Path, seed: u64) -> Result<(), CliError> {
    let demo = Demo::start(folder, seed).await?;
    let config = demo.config();
    print(&format!(
        "Two pretend regions in this process. No account, no network; it ends with this command.\n  status   \
         http://{}/api/v1/status\n  poke it  export DRD_CONFIG={}   then in another shell: drd status, drd pause,\n           \
         drd switchover, drd failover, drd resume\n  here     help, break region-dark, heal, status, quit",
        demo.address(),
        config.display()
    ))?;
    let mut lines = typed();
    let mut every = tokio::time::interval(LOOK);
    let mut state = None;
    let stop = tokio::signal::ctrl_c();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => break,
            line = lines.recv() => match line.map(|line| read(&line)) {
                None | Some(Ok(DemoWord::Quit)) => break,
                Some(Ok(word)) => carry_out(&demo, word).await?,
                Some(Err(wrong)) => note(&format!("drd: {wrong}\n")),
            },
            _ = every.tick() => {
                for moment in demo.take_moments() {
                    let seconds = moment.t.0 / 1000;
                    print(&format!(" {:02}:{:02}  {:<6} {}", seconds / 60, seconds % 60, moment.kind, moment.text))?;
                }
                show_state(&demo, &mut state).await?;
                if demo.has_ended() {
                    break;
                }
            }
        }
    }
    Ok(demo.stop().await?)
}

async fn carry_out(demo: &Demo, word: DemoWord) -> Result<(), CliError> {
    match word {
        DemoWord::Break(fault) => demo.strike(*fault),
        DemoWord::Heal(kind) => {
            if demo.heal(kind) == 0 {
                note("drd: nothing of that kind is broken\n");
            }
        }
        DemoWord::Status => print(&client::fetch(demo.address()).await?.table())?,
        DemoWord::Help => print(HELP)?,
        DemoWord::Quit | DemoWord::Nothing => {}
    }
    Ok(())
}

/// The first line of the status, whenever the state or whether it is armed changed.
async fn show_state(demo: &Demo, shown: &mut Option<(Phase, bool, bool)>) -> Result<(), CliError> {
    let Ok(view) = client::fetch(demo.address()).await else {
        return Ok(());
    };
    let now = (view.state, view.armed, view.paused);
    if shown.replace(now) == Some(now) {
        return Ok(());
    }
    Ok(print(&view.headline())?)
}

/// What is typed, line by line; a prompt where somebody types. The thread ends with its input, or with the
/// process.
fn typed() -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel(LINES_MAX);
    let asks = std::io::stdin().is_terminal();
    std::thread::spawn(move || {
        loop {
            if asks {
                note("demo> ");
            }
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            if !matches!(read, Ok(1..)) || send.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
