//! What the process says about itself: log lines on standard error and metrics.
//!
//! Callers log typed fields only, never bodies, headers or whole requests. The masking of card
//! numbers below is a last net for the day when somebody forgets.

mod mask;
mod metrics;

use std::io;
use std::panic;

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

pub use self::mask::mask_line;
pub use self::metrics::{Metrics, MetricsError};
use crate::config::{Log, LogFormat};

/// Logging could not be started.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// `log.level` is not understood. The settings have checked it, so this is about our own.
    #[error("log.level is not understood: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Something in this process logs already.
    #[error("logging was started twice in one process: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts logging to standard error, and makes panics say where they happened and nothing else.
pub fn start(log: &Log) -> Result<(), TelemetryError> {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(&log.level)?)
        .with_writer(Masked(io::stderr))
        // Colours are control characters, and a log is read by machines too.
        .with_ansi(false);
    match log.format {
        LogFormat::Json => subscriber.json().flatten_event(true).finish().try_init()?,
        LogFormat::Text => subscriber.finish().try_init()?,
    }
    log_panics_by_place();
    Ok(())
}

/// The message of a panic may quote what was being handled, so only its place is logged.
fn log_panics_by_place() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug: one task panicked; please report this place");
    }));
}

/// Masks whatever goes through a writer.
struct Masked<M>(M);

/// One line on its way out. The formatter writes each event in one piece, so a number is never cut
/// in two here.
struct MaskedLine<W>(W);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Masked<M> {
    type Writer = MaskedLine<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        MaskedLine(self.0.make_writer())
    }
}

impl<W: io::Write> io::Write for MaskedLine<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(&mask_line(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A writer that tests can read.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(Masked(move || writer.clone()))
            .json()
            .flatten_event(true)
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_card_number_in_a_message_never_reaches_the_log() {
        let line = logged(|| tracing::info!("the payer typed 4111 1111 1111 1111"));
        assert!(line.contains("the payer typed **** **** **** ****"), "{line}");
    }

    #[test]
    fn a_card_number_in_a_field_leaves_the_line_readable_as_json() {
        let line = logged(|| tracing::info!(number = 4_111_111_111_111_111_u64, "paid"));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["number"], serde_json::Value::Null);
    }

    #[test]
    fn a_line_says_when_in_utc() {
        let line = logged(|| tracing::info!("ready"));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(read["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
    }

    #[test]
    fn a_line_end_in_a_message_starts_no_new_line() {
        let line = logged(|| tracing::info!("first\nsecond"));
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}
