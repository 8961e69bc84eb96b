//! The commands and their help. Data on stdout, talk on stderr, exit codes as DESIGN section 9.
//!
//! Deliberately absent: logic. Each command is one call into the library.

mod bars;
mod doctor;
mod failure;
mod gameday;
mod known;
mod place;
mod preflight;
mod printed;
mod provision;
mod words;

pub use failure::Failure;

use crate::config;
use crate::daemon;
use crate::ledger::{FileLedger, Replayed, replay, what_if};
use crate::status;
use crate::telemetry::Telemetry;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

const EXIT_CODES: &str = "Exit codes: 0 done and verified; 1 failed, nothing running; 2 usage; 3 refused; \
4 (with --detailed-exitcode) not armed, or changes pending; 5 still in progress; 6 missed RTO or RPO, or a rehearsal's \
expectation; 7 AWS or the daemon is unreachable.";

/// Cross-region failover for Aurora on AWS: watch, fail over, prove it.
///
/// Try it without an AWS account:   drd gameday run region-dark
/// Is it ready right now?           drd status
#[derive(Debug, Parser)]
#[command(name = "drd", version, verbatim_doc_comment, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Words,
}

#[derive(Debug, Subcommand)]
enum Words {
    /// Build both regions, or finish or update what is there.
    Bootstrap(Box<provision::BootstrapArgs>),
    /// What an estate offers: endpoints, dashboard, queue, topics.
    Outputs(provision::OutputsArgs),
    /// Take an estate away, and prove that nothing is left.
    Destroy(provision::DestroyArgs),
    /// Run the daemon until SIGTERM.
    Run(RunDaemonArgs),
    /// Ask the running daemon: armed or not, and why.
    Status(StatusArgs),
    /// Check whether an estate can be built, or the one that stands could fail over.
    Doctor(doctor::DoctorArgs),
    /// Check a configuration; print what Prometheus and Grafana are to be given.
    #[command(subcommand)]
    Config(ConfigWords),
    /// Rehearse failovers in the embedded lab: no account, no configuration.
    #[command(subcommand)]
    Gameday(gameday::GamedayWords),
    /// Make every decision of a ledger again: bit for bit, or with another policy.
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
struct Where {
    /// The configuration file; /etc/drd/drd.toml when absent.
    #[arg(long, value_name = "FILE", env = "DRD_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct RunDaemonArgs {
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    estate: place::Estate,
}

#[derive(Debug, Args)]
struct StatusArgs {
    #[command(flatten)]
    place: Where,
    /// Each rule of the decision with its figures.
    #[arg(long)]
    why: bool,
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Exit with 4 when drd is not armed.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exit with 0 while the daemon's control loop turns, whatever its state: for a container's
    /// health check. Of the configuration only [http] listen is used.
    #[arg(long, conflicts_with_all = ["why", "output", "detailed_exitcode"])]
    health: bool,
}

#[derive(Debug, Subcommand)]
enum ConfigWords {
    /// Point at what is wrong, or print what drd understood.
    Check {
        /// The file; /etc/drd/drd.toml when absent.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print the alerting rules for Prometheus.
    Alerts {
        /// Where your people read RUNBOOK.md; every alert links to its section there.
        #[arg(long, value_name = "URL", value_parser = printed::address)]
        runbook: Option<String>,
    },
    /// Print the dashboard for Grafana, made from the metrics of this build.
    Dashboard,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// A ledger file.
    #[arg(value_name = "FILE")]
    ledger: PathBuf,
    /// A configuration whose policy is tried on the same events.
    #[arg(long, value_name = "CONFIG")]
    policy: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// How a command ended, when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0.
    Done,
    /// 1.
    Failed,
    /// 4.
    NotArmed,
    /// 7.
    Unreachable,
    /// 6.
    Missed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::NotArmed => 4,
            Exit::Missed => 6,
            Exit::Unreachable => 7,
        })
    }
}

/// One thread: a command waits for a living.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    Ok(())
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn run(self) -> Result<Exit, Failure> {
        match self.command {
            Words::Bootstrap(args) => provision::bootstrap(&args),
            Words::Outputs(args) => provision::outputs(&args),
            Words::Destroy(args) => provision::destroy(&args),
            Words::Run(args) => run(&args),
            Words::Doctor(args) => doctor::run(&args),
            Words::Status(args) => show_status(&args),
            Words::Config(ConfigWords::Check { file }) => {
                print(&config::check_report(file.as_deref(), variables())?)?;
                Ok(Exit::Done)
            }
            Words::Config(ConfigWords::Alerts { runbook }) => {
                print(&printed::alerts(runbook.as_deref()))?;
                Ok(Exit::Done)
            }
            Words::Config(ConfigWords::Dashboard) => {
                print(&printed::dashboard()?)?;
                Ok(Exit::Done)
            }
            Words::Gameday(words) => gameday::run(&words),
            Words::Replay(args) => replay_ledger(&args),
        }
    }
}

/// drd's own variables; `DRD_CONFIG` and `DRD_LOG` are not overrides.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars().filter(|(name, _)| name != "DRD_CONFIG" && name != "DRD_LOG")
}

fn run(args: &RunDaemonArgs) -> Result<Exit, Failure> {
    let _logging = Telemetry::from_process().start()?;
    let config = place::config(&args.place, &args.estate)?;
    daemon::run(config)?;
    Ok(Exit::Done)
}

/// The file may have been changed, or broken, since the daemon read it: then the daemon is asked
/// where it usually is, so that a mistake in a file never gets a healthy one replaced.
fn show_health(place: &Where) -> Result<Exit, Failure> {
    let said = config::address(place.config.as_deref(), variables());
    let listen = said.unwrap_or_else(|error| {
        let usual = config::ADDRESS;
        let text = format!(
            "drd: the configuration does not say where the daemon listens, asking at {usual}: {error}"
        );
        // A closed stderr must not make a daemon unhealthy.
        let _ = writeln!(std::io::stderr(), "{text}");
        usual
    });
    print(&runtime()?.block_on(status::health(listen))?)?;
    Ok(Exit::Done)
}

fn show_status(args: &StatusArgs) -> Result<Exit, Failure> {
    if args.health {
        return show_health(&args.place);
    }
    let config = config::load(args.place.config.as_deref(), variables())?;
    let view = runtime()?.block_on(status::fetch(config.listen))?;
    match (args.output, args.why) {
        (Output::Json, _) => print(&view.json()?)?,
        (Output::Table, true) => print(&view.why())?,
        (Output::Table, false) => print(&view.table())?,
    }
    let not_armed = args.detailed_exitcode && !view.armed;
    Ok(if not_armed {
        Exit::NotArmed
    } else {
        Exit::Done
    })
}

fn replay_ledger(args: &ReplayArgs) -> Result<Exit, Failure> {
    let found = FileLedger::read(&args.ledger)?;
    if let Some(config) = &args.policy {
        let config = config::load(Some(config), variables())?;
        let mut out = String::from("with this policy drd would have gone:\n");
        for (now, decision) in what_if(&found.entries, &config.policy) {
            let at = Timestamp::from_millisecond(now.0).unwrap_or_default();
            out.push_str(&format!(
                "{at}  {} -> {}: {}\n",
                decision.from, decision.to, decision.because
            ));
        }
        print(&out)?;
        return Ok(Exit::Done);
    }
    let replayed = replay(&found.entries);
    let other: Vec<&Replayed> = replayed.iter().filter(|r| !r.is_same()).collect();
    for r in &replayed {
        let at = Timestamp::from_millisecond(r.now.0).unwrap_or_default();
        let mark = if r.is_same() { "same" } else { "OTHER" };
        print(&format!(
            "{at}  {mark}  {} -> {}: {}",
            r.written.from, r.written.to, r.written.because
        ))?;
        if !r.is_same() {
            print(&format!(
                "    now: {} -> {}: {}",
                r.again.from, r.again.to, r.again.because
            ))?;
        }
    }
    let torn = if found.torn_bytes > 0 {
        ", a torn last line left alone"
    } else {
        ""
    };
    print(&format!(
        "{} lines, {} decisions, {} came out otherwise{torn}",
        found.entries.len(),
        replayed.len(),
        other.len()
    ))?;
    Ok(if other.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}
