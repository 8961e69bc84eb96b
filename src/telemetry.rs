//! Where log lines go: to the journal with fields where stderr is the journal's, else to stderr,
//! as text on a terminal and as JSON Lines everywhere else.
//!
//! A line of a recovery carries `drd_run` (its number), `drd_state` and `drd_side` in each of these
//! forms; in the journal they are DRD_RUN, DRD_STATE and DRD_SIDE. Every line passes through
//! [`sink`], so that no reader of the log can hold up the process. Deliberately absent: files and
//! rotation (journald or the container keeps what is written), and traces.

mod journal;
pub mod message_id;
mod repeats;
pub mod sink;

use drd_state_machine::time::Span;
use journal::{JournalLayer, JournalSocket};
use repeats::RepeatLimit;
use sink::{DropReports, DroppedLines, Sink};
use std::fs::File;
use std::io::{IsTerminal, Write as _};
use std::os::fd::AsFd as _;
use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, registry};

/// What drd itself does, and the warnings of its libraries.
const DEFAULT_FILTER: &str = "warn,drd=info,drd_state_machine=info,drd_bootstrap=info";
/// Of the whole process, as logging is; read by the metrics at each scrape.
static DROPPED: DroppedLines = DroppedLines::none();

/// The form of a line, and with it where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// To be read on a terminal.
    Text {
        /// With colours.
        colour: bool,
    },
    /// JSON Lines.
    Json,
    /// journald's own protocol, with fields.
    Journal,
}

/// How to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// Which lines, in `tracing`'s filter language.
    pub filter: String,
    /// In which form.
    pub form: Form,
}

/// What stderr is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stderr {
    /// It is a terminal.
    pub terminal: bool,
    /// Its device and inode; `None` when they cannot be read.
    pub identity: Option<(u64, u64)>,
}

impl Stderr {
    fn of_process() -> Stderr {
        let stat = rustix::fs::fstat(std::io::stderr()).ok();
        Stderr {
            terminal: std::io::stderr().is_terminal(),
            identity: stat.map(|stat| (stat.st_dev, stat.st_ino)),
        }
    }

    /// Whether journald reads it: `JOURNAL_STREAM` names the stream that the service manager
    /// connected, and a child whose stderr was sent elsewhere inherits the variable (systemd.exec(5)).
    fn is_the_journal(&self, stream: Option<&str>) -> bool {
        let named = stream.and_then(|s| s.split_once(':'));
        let named = named.and_then(|(dev, ino)| Some((dev.parse().ok()?, ino.parse().ok()?)));
        named.is_some() && named == self.identity
    }
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `DRD_LOG` (or `RUST_LOG`) is no filter.
    #[error(
        "DRD_LOG={given:?} is no log filter; nothing was started. Example: DRD_LOG=info,drd=debug"
    )]
    Filter {
        /// What was given.
        given: String,
        /// What is wrong with it.
        #[source]
        source: ParseError,
    },
    /// Logging was started before.
    #[error("start logging")]
    Started(#[from] TryInitError),
    /// stderr is closed, or there is no thread for the lines.
    #[error("start the thread that writes log lines")]
    Thread(#[from] std::io::Error),
}

/// Logging, for as long as the process runs: its end waits a moment for the last lines.
#[derive(Debug)]
#[must_use = "the last lines are lost when this is dropped early"]
pub struct Logging(Sink);

impl Drop for Logging {
    fn drop(&mut self) {
        self.0.flush(sink::FLUSH_MAX);
    }
}

/// How many log lines of this process were dropped, by reason.
pub fn dropped() -> &'static DroppedLines {
    &DROPPED
}

impl Telemetry {
    /// `DRD_LOG`, else `RUST_LOG`, else the default; colours on a terminal unless `NO_COLOR` is
    /// set to something (no-color.org).
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>, stderr: Stderr) -> Telemetry {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let filter = given("DRD_LOG").or_else(|| given("RUST_LOG"));
        let form = if stderr.is_the_journal(given("JOURNAL_STREAM").as_deref()) {
            Form::Journal
        } else if stderr.terminal {
            let colour = given("NO_COLOR").is_none();
            Form::Text { colour }
        } else {
            Form::Json
        };
        Telemetry {
            filter: filter.unwrap_or_else(|| DEFAULT_FILTER.to_owned()),
            form,
        }
    }

    /// The same, from this process.
    pub fn from_process() -> Telemetry {
        Telemetry::from_variables(|name| std::env::var(name).ok(), Stderr::of_process())
    }

    /// Starts logging, once for the whole process. A panic is logged as well: the standard
    /// message goes to stderr directly, and would wait for a reader.
    ///
    /// # Errors
    /// When the filter cannot be read, or logging was started before.
    pub fn start(&self) -> Result<Logging, TelemetryError> {
        let filter = EnvFilter::try_new(&self.filter).map_err(|source| TelemetryError::Filter {
            given: self.filter.clone(),
            source,
        })?;
        let repeats = RepeatLimit::default();
        let lines = registry().with(filter).with(repeats.clone());
        let sink = match self.form {
            Form::Text { colour } => {
                let sink = to_stderr(repeats)?;
                lines.with(text(colour, sink.clone())).try_init()?;
                sink
            }
            Form::Json => {
                let sink = to_stderr(repeats)?;
                lines.with(json(sink.clone())).try_init()?;
                sink
            }
            Form::Journal => match JournalSocket::open() {
                Ok(socket) => {
                    let send = move |line: &[u8]| socket.send(line);
                    let sink = Sink::start(send, &DROPPED, upkeep(repeats))?;
                    lines.with(JournalLayer(sink.clone())).try_init()?;
                    sink
                }
                Err(error) => {
                    let sink = to_stderr(repeats)?;
                    lines.with(json(sink.clone())).try_init()?;
                    tracing::warn!(%error, "journald takes no fields: its stream gets JSON Lines");
                    sink
                }
            },
        };
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "drd panicked")));
        Ok(Logging(sink))
    }
}

/// Not by way of [`std::io::stderr`], whose lock a write that hangs would keep from all others.
fn to_stderr(repeats: RepeatLimit) -> std::io::Result<Sink> {
    let mut stderr = File::from(std::io::stderr().as_fd().try_clone_to_owned()?);
    let write = move |line: &[u8]| stderr.write_all(line);
    Sink::start(write, &DROPPED, upkeep(repeats))
}

/// Writes the last text of the process to stderr, and waits a moment at most for its reader.
pub fn write_last(text: String) {
    if let Ok(sink) = to_stderr(RepeatLimit::default()) {
        sink.push(text.into_bytes());
        sink.flush(sink::FLUSH_MAX);
    }
}

/// Reports what is missing from the log, one warning per reason and minute.
fn upkeep(repeats: RepeatLimit) -> impl FnMut(Span) + Send + 'static {
    let mut drops = DropReports::default();
    move |now| {
        for (reason, count) in drops.due(&DROPPED, now) {
            let reason = reason.name();
            tracing::warn!(count, reason, "log lines were dropped");
        }
        for held_back in repeats.due(now) {
            let (count, line) = (held_back.count, held_back.message);
            tracing::warn!(count, %line, "a warning was repeated and not logged again");
        }
    }
}

/// Without the fields that only programs search for.
fn text<S: Subscriber + for<'a> LookupSpan<'a>>(colour: bool, sink: Sink) -> impl Layer<S> {
    let fields = debug_fn(|out, field, value| match field.name() {
        "message" => write!(out, "{value:?}"),
        "message_id" => Ok(()),
        name => write!(out, " {name}={value:?}"),
    });
    tracing_subscriber::fmt::layer()
        .with_ansi(colour)
        .with_target(false)
        .fmt_fields(fields)
        .with_writer(sink)
}

fn json<S: Subscriber + for<'a> LookupSpan<'a>>(sink: Sink) -> impl Layer<S> {
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(sink)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPE: Stderr = Stderr {
        terminal: false,
        identity: Some((9, 4711)),
    };
    const TERMINAL: Stderr = Stderr {
        terminal: true,
        identity: Some((24, 5)),
    };

    fn with(variables: &[(&str, &str)], stderr: Stderr) -> Telemetry {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Telemetry::from_variables(find, stderr)
    }

    #[test]
    fn drd_log_goes_before_rust_log_and_an_empty_one_counts_as_absent() {
        let both = [("DRD_LOG", "debug"), ("RUST_LOG", "trace")];
        assert_eq!(with(&both, TERMINAL).filter, "debug");
        assert_eq!(
            with(&[("DRD_LOG", ""), ("RUST_LOG", "trace")], TERMINAL).filter,
            "trace"
        );
        assert_eq!(with(&[], TERMINAL).filter, DEFAULT_FILTER);
    }

    #[test]
    fn colours_need_a_terminal_and_no_objection() {
        let form = |variables: &[(&str, &str)]| with(variables, TERMINAL).form;
        assert_eq!(form(&[]), Form::Text { colour: true });
        assert_eq!(form(&[("NO_COLOR", "")]), Form::Text { colour: true });
        assert_eq!(form(&[("NO_COLOR", "1")]), Form::Text { colour: false });
        assert_eq!(with(&[], PIPE).form, Form::Json);
    }

    #[test]
    fn lines_go_to_the_journal_only_where_stderr_is_the_journal() {
        let form = |stream: &str, stderr| with(&[("JOURNAL_STREAM", stream)], stderr).form;
        assert_eq!(form("9:4711", PIPE), Form::Journal);
        assert_eq!(form("9:4712", PIPE), Form::Json, "redirected to a file");
        assert_eq!(form("8:4711", PIPE), Form::Json);
        assert_eq!(form("9:4711", TERMINAL), Form::Text { colour: true });
        let unknown = Stderr {
            identity: None,
            ..PIPE
        };
        for nonsense in ["", "9", "9:", ":4711", "nine:4711"] {
            assert_eq!(form(nonsense, PIPE), Form::Json, "{nonsense:?}");
            assert_eq!(form(nonsense, unknown), Form::Json, "{nonsense:?}");
        }
    }

    #[test]
    fn a_filter_that_is_none_is_named() {
        let wrong = Telemetry {
            filter: "drd=loud".to_owned(),
            form: Form::Json,
        };
        let error = wrong.start().expect_err("loud is no level");
        assert!(
            error.to_string().contains("DRD_LOG=\"drd=loud\""),
            "{error}"
        );
    }
}
