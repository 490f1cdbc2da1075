//! The command socket: who can reach it, and clients that say nothing.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use qisma::admin::CommandSocket;
use qisma::data_dir::DataDir;
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

use crate::test_app::TestApp;

/// Far longer than an end in order takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// More than are served at once.
const SILENT_CLIENTS: usize = 40;

#[tokio::test]
async fn clients_that_say_nothing_do_not_keep_the_gateway_from_stopping() {
    let app = TestApp::start().await;
    let place = TempDir::new().unwrap();
    let directory = DataDir::open(place.path()).unwrap();
    let socket = CommandSocket::bind(&directory).unwrap();
    let stop = CancellationToken::new();
    let served = tokio::spawn(socket.serve(app.gateway.clone(), stop.clone()));
    let mut silent = Vec::new();
    for _ in 0..SILENT_CLIENTS {
        silent.push(UnixStream::connect(directory.socket_path()).await.unwrap());
    }
    // The first of them has been greeted, so the gateway is busy with them.
    silent[0].readable().await.unwrap();
    stop.cancel();
    tokio::time::timeout(PATIENCE, served).await.expect("it stops").unwrap();
    assert!(!directory.socket_path().exists());
}

#[tokio::test]
async fn a_socket_half_made_by_a_killed_process_is_cleared_away() {
    let place = TempDir::new().unwrap();
    let directory = DataDir::open(place.path()).unwrap();
    let room = place.path().join("qisma.sock.new");
    std::fs::create_dir(&room).unwrap();
    std::fs::write(room.join("qisma.sock"), "").unwrap();
    let _socket = CommandSocket::bind(&directory).unwrap();
    let mode = directory.socket_path().metadata().unwrap().permissions().mode();
    assert_eq!((mode & 0o777, room.exists()), (0o600, false));
}
