//! journald's native protocol: one event is one datagram of fields, queued like any other line.
//!
//! `tracing-journald` sends from the thread that logs, and a journald that hangs stops it there.
//! Deliberately absent: spans, whose fields drd does not use, and journald's way for a line beyond
//! a datagram's size: values are cut long before that.

use super::sink::Sink;
use std::fmt::{self, Write as _};
use std::io;
use std::os::unix::net::UnixDatagram;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Where journald listens (systemd-journald.service(8)).
const SOCKET: &str = "/run/systemd/journal/socket";
/// What journald and the filters of its readers call this program, whatever its file is called.
const IDENTIFIER: &str = "drd";
/// A datagram takes about 200 KiB (net.core.wmem_default) and a line has one long value at most:
/// the cause of an error.
const VALUE_BYTES_MAX: usize = 32 * 1024;

/// The socket.
#[derive(Debug)]
pub(super) struct JournalSocket(UnixDatagram);

impl JournalSocket {
    /// Proves that journald is there, by an empty datagram, which it discards. One that hangs with
    /// a full buffer is there as well, and is not waited for.
    ///
    /// # Errors
    /// When there is no journald.
    pub fn open() -> io::Result<JournalSocket> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        match socket.send_to(&[], SOCKET) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => socket.set_nonblocking(false)?,
        }
        Ok(JournalSocket(socket))
    }

    /// Sends one event's fields, and waits until journald takes them.
    ///
    /// # Errors
    /// When there is no journald any more, or the datagram is too large for it.
    pub fn send(&self, fields: &[u8]) -> io::Result<()> {
        self.0.send_to(fields, SOCKET).map(|_| ())
    }
}

/// Encodes events and queues them.
#[derive(Debug)]
pub(super) struct JournalLayer(pub Sink);

impl<S: Subscriber> Layer<S> for JournalLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.push(encoded(event));
    }
}

fn encoded(event: &Event<'_>) -> Vec<u8> {
    let mut fields = Fields::default();
    fields.describe(event.metadata());
    event.record(&mut fields);
    fields.encoded
}

#[derive(Debug, Default)]
struct Fields {
    encoded: Vec<u8>,
    value: String,
}

impl Fields {
    fn describe(&mut self, metadata: &Metadata<'_>) {
        self.put("PRIORITY", format_args!("{}", priority(metadata.level())));
        self.put("TARGET", format_args!("{}", metadata.target()));
        if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
            self.put("CODE_FILE", format_args!("{file}"));
            self.put("CODE_LINE", format_args!("{line}"));
        }
        self.put("SYSLOG_IDENTIFIER", format_args!("{IDENTIFIER}"));
    }

    /// A name, a line break, the value's length in 8 bytes (little endian), the value, a line
    /// break: the form that any value fits (systemd.io/JOURNAL_NATIVE_PROTOCOL).
    fn put(&mut self, name: &str, value: fmt::Arguments<'_>) {
        self.value.clear();
        // Only a value's own formatting can fail; what it wrote until then is kept.
        let _ = self.value.write_fmt(value);
        let value = cut(&self.value);
        self.encoded.extend(journal_name(name));
        self.encoded.push(b'\n');
        self.encoded.extend((value.len() as u64).to_le_bytes());
        self.encoded.extend(value.bytes());
        self.encoded.push(b'\n');
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format_args!("{value:?}"));
    }
}

/// Capital letters, digits and underscores; no underscore first, which marks journald's own.
fn journal_name(name: &str) -> impl Iterator<Item = u8> {
    name.bytes()
        .map(|c| if c == b'.' { b'_' } else { c })
        .skip_while(|c| *c == b'_')
        .filter(|c| *c == b'_' || c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_uppercase())
}

fn cut(value: &str) -> &str {
    let end = value.floor_char_boundary(VALUE_BYTES_MAX);
    value.get(..end).unwrap_or(value)
}

/// syslog's levels: what drd does is information, not a notice, which journalctl prints bold.
fn priority(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::sink::DroppedLines;
    use std::sync::mpsc;
    use std::time::Duration;
    use tracing_subscriber::layer::SubscriberExt as _;

    static DROPPED: DroppedLines = DroppedLines::none();

    /// The fields of a datagram, read as journald reads them.
    fn decoded(mut bytes: &[u8]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let (name, rest) = (&bytes[..end], &bytes[end + 1..]);
            let (length, rest) = rest.split_at(8);
            let length = u64::from_le_bytes(length.try_into().expect("8 bytes")) as usize;
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
            fields.push((text(name), text(&rest[..length])));
            assert_eq!(rest[length], b'\n');
            bytes = &rest[length + 1..];
        }
        fields
    }

    fn logged(log: impl FnOnce()) -> Vec<(String, String)> {
        let (sent, datagrams) = mpsc::channel();
        let output = move |line: &[u8]| sent.send(line.to_vec()).map_err(io::Error::other);
        let sink = Sink::start(output, &DROPPED, |_| {}).expect("a thread");
        let subscriber = tracing_subscriber::registry().with(JournalLayer(sink));
        tracing::subscriber::with_default(subscriber, log);
        let datagram = datagrams.recv_timeout(Duration::from_secs(5));
        decoded(&datagram.expect("one datagram"))
    }

    #[test]
    fn an_event_is_one_datagram_with_its_own_field_names_in_capitals() {
        let fields = logged(|| {
            let none: Option<u64> = None;
            let text = "two\nlines";
            tracing::warn!(
                message_id = "ab",
                drd_run = 7,
                drd_side = none,
                _http.code = 5,
                text,
                "not {}",
                "armed"
            );
        });
        let of = |name: &str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(of("MESSAGE"), Some("not armed"));
        assert_eq!(of("MESSAGE_ID"), Some("ab"));
        assert_eq!((of("DRD_RUN"), of("DRD_SIDE")), (Some("7"), None));
        assert_eq!(
            (of("HTTP_CODE"), of("TEXT")),
            (Some("5"), Some("two\nlines"))
        );
        assert_eq!(
            (of("PRIORITY"), of("SYSLOG_IDENTIFIER")),
            (Some("4"), Some("drd"))
        );
        assert!(of("CODE_FILE").is_some() && of("CODE_LINE").is_some() && of("TARGET").is_some());
    }

    #[test]
    fn a_value_is_cut_before_a_datagram_is_too_large_and_never_within_a_character() {
        let long = format!("x{}", "é".repeat(VALUE_BYTES_MAX));
        let fields = logged(|| tracing::error!(%long, "failed"));
        let (_, value) = fields
            .iter()
            .find(|(name, _)| name == "LONG")
            .expect("a field");
        assert_eq!(value.len(), VALUE_BYTES_MAX - 1);
    }

    #[test]
    fn levels_are_those_of_syslog() {
        let levels = [
            Level::ERROR,
            Level::WARN,
            Level::INFO,
            Level::DEBUG,
            Level::TRACE,
        ];
        assert_eq!(levels.map(|level| priority(&level)), [3, 4, 6, 7, 7]);
    }
}
