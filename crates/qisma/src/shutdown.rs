//! How the process is asked to stop. The first SIGTERM or SIGINT cancels a token that everything
//! listens to; the second ends the process at once, for whoever cannot wait.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
pub use tokio_util::sync::CancellationToken;

/// What a shell reports for a process that SIGINT ended. Nothing is lost by it: whatever was
/// acknowledged is on disk already.
const EXIT_INTERRUPTED: i32 = 130;

/// Starts to listen for the signals, inside a runtime. The token is cancelled by the first one.
pub fn on_signals() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        let name = either(&mut terminate, &mut interrupt).await;
        tracing::info!(signal = name, "stopping: finishing what was begun (once more to end now)");
        stop.cancel();
        let name = either(&mut terminate, &mut interrupt).await;
        tracing::warn!(signal = name, "asked twice to stop: ending at once");
        std::process::exit(EXIT_INTERRUPTED);
    });
    Ok(token)
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
