//! Where log lines go: stderr, for people on a terminal, as JSON Lines everywhere else.
//!
//! Deliberately absent: files and rotation (systemd or the container keeps stderr), journald's own
//! fields (not built yet), and traces.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// drd's own story, and what libraries call a warning.
const DEFAULT_FILTER: &str = "warn,drd=info,drd_state_machine=info,drd_bootstrap=info";

/// How to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// Which lines, in `tracing`'s filter language.
    pub filter: String,
    /// JSON Lines instead of text.
    pub json: bool,
    /// Colours, in text.
    pub colour: bool,
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
}

impl Telemetry {
    /// `DRD_LOG`, else `RUST_LOG`, else the default; colours on a terminal unless `NO_COLOR` is
    /// set to something (no-color.org).
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>, terminal: bool) -> Telemetry {
        let said = |name: &str| variable(name).filter(|value| !value.is_empty());
        let filter = said("DRD_LOG").or_else(|| said("RUST_LOG"));
        Telemetry {
            filter: filter.unwrap_or_else(|| DEFAULT_FILTER.to_owned()),
            json: !terminal,
            colour: terminal && said("NO_COLOR").is_none(),
        }
    }

    /// The same, from this process.
    pub fn from_process() -> Telemetry {
        Telemetry::from_variables(
            |name| std::env::var(name).ok(),
            std::io::stderr().is_terminal(),
        )
    }

    /// Starts logging, once for the whole process.
    ///
    /// # Errors
    /// When the filter cannot be read, or logging was started before.
    pub fn start(&self) -> Result<(), TelemetryError> {
        let filter = EnvFilter::try_new(&self.filter).map_err(|source| TelemetryError::Filter {
            given: self.filter.clone(),
            source,
        })?;
        let lines = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(self.colour)
            .with_writer(std::io::stderr);
        if self.json {
            lines.json().flatten_event(true).finish().try_init()?;
        } else {
            lines.with_target(false).finish().try_init()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)], terminal: bool) -> Telemetry {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Telemetry::from_variables(find, terminal)
    }

    #[test]
    fn drd_log_goes_before_rust_log_and_an_empty_one_says_nothing() {
        let both = [("DRD_LOG", "debug"), ("RUST_LOG", "trace")];
        assert_eq!(with(&both, true).filter, "debug");
        assert_eq!(
            with(&[("DRD_LOG", ""), ("RUST_LOG", "trace")], true).filter,
            "trace"
        );
        assert_eq!(with(&[], true).filter, DEFAULT_FILTER);
    }

    #[test]
    fn colours_need_a_terminal_and_nobody_who_minds() {
        assert!(with(&[], true).colour);
        assert!(with(&[("NO_COLOR", "")], true).colour);
        assert!(!with(&[("NO_COLOR", "1")], true).colour);
        let piped = with(&[], false);
        assert!(piped.json && !piped.colour);
    }

    #[test]
    fn a_filter_that_is_none_is_named() {
        let wrong = Telemetry {
            filter: "drd=loud".to_owned(),
            json: true,
            colour: false,
        };
        let error = wrong.start().expect_err("loud is no level");
        assert!(
            error.to_string().contains("DRD_LOG=\"drd=loud\""),
            "{error}"
        );
    }
}
