//! What the disk does while the lane writes: the WAL stays small, and a write that fails ends it.

use qisma_store::{ReadError, RunError};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use crate::commands::{create_merchant, merchant};
use crate::support::{Told, embedded, open, queued};

/// In the environment of the child process: where its database is.
const CHILD: &str = "QISMA_TEST_SMALL_DISK";

fn bytes_of(path: &Path) -> u64 {
    std::fs::metadata(path).expect("the file is there").len()
}

#[tokio::test]
async fn the_wal_grows_under_a_reader_and_no_further_once_it_is_gone() {
    let place = embedded();
    place.people(2).await;
    let (go, is_go) = mpsc::channel::<()>();
    let (there, is_there) = mpsc::channel();
    let reading = queued(place.store.read(move |reader| {
        reader.merchant(merchant(1))?;
        there.send(()).map_err(|_| ReadError::Closed)?;
        let _ = is_go.recv();
        Ok(())
    }))
    .await;
    is_there.recv().unwrap();
    for _ in 0..250 {
        place.payment().await;
    }
    go.send(()).unwrap();
    reading.await.unwrap();
    let wal = place.path.with_extension("db-wal");
    let grown = bytes_of(&wal);
    // More than the 1,000 pages at which it is checkpointed: the reader kept it from that.
    assert!(1_000 * 4_096 < grown, "{grown}");
    for _ in 0..400 {
        place.payment().await;
    }
    assert!(bytes_of(&wal) < grown + 1_000_000, "{} after {grown}", bytes_of(&wal));
}

/// The child's part: write until the disk fails, tell what was answered.
async fn write_until_it_fails(path: &str) {
    let told = Told::default();
    let store = open(Path::new(path), &told);
    let mut answered = 0;
    let failed = loop {
        match store.run(create_merchant(answered)).await {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(failed, RunError::Unknown), "{failed:?}");
    assert!(matches!(store.run(create_merchant(999_999)).await, Err(RunError::Unknown)));
    assert_eq!(told.fatal().len(), 1);
    std::fs::write(format!("{path}.answered"), answered.to_string())
        .expect("a small file still fits");
}

/// A limit on the size of files, with its signal ignored, makes writes fail as on a broken disk.
#[tokio::test]
async fn a_disk_that_fails_at_the_commit_leaves_the_outcome_unknown_and_loses_no_answer() {
    if let Ok(path) = std::env::var(CHILD) {
        return write_until_it_fails(&path).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("qisma.db");
    let name = "durability::a_disk_that_fails_at_the_commit_leaves_the_outcome_unknown_and_loses_no_answer";
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(CHILD, &path)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    let answered = std::fs::read_to_string(dir.path().join("qisma.db.answered")).unwrap();
    let answered: usize = answered.parse().unwrap();
    assert!(0 < answered);
    let again = open(&path, &Told::default());
    let found = again.read(|reader| reader.merchants(-1, 1_000_000)).await.unwrap();
    assert!(answered <= found.len(), "{answered} answered, {} found", found.len());
    assert!(found.len() <= answered + 1);
}
