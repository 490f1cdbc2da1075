//! How clusters begin and end.

use crate::owner::{Owner, runs};
use throwaway_postgres::{Cluster, Options, Stop};

fn quick() -> Options {
    Options { fsync: false, ..Options::default() }
}

#[test]
fn nothing_is_left_when_the_owner_is_killed() {
    let owner = Owner::start("alone");
    let (directory, server_id) = (owner.directory.clone(), owner.server_id.clone());
    assert!(runs(&server_id), "the server should run while its owner does");
    let watch = owner.watch(directory.join("lock"));
    owner.kill();
    watch.until_gone();
    assert!(!directory.exists(), "{} is still there", directory.display());
    assert!(!runs(&server_id), "the server {server_id} still runs");
}

#[test]
fn nothing_is_left_when_the_owner_drops_it() {
    let cluster = Cluster::start(&quick()).unwrap();
    let (directory, server_id) =
        (cluster.directory().to_owned(), cluster.server_id().unwrap().to_string());
    drop(cluster);
    assert!(!directory.exists(), "{} is still there", directory.display());
    assert!(!runs(&server_id), "the server {server_id} still runs");
}

#[test]
fn nothing_is_left_of_a_server_that_was_killed() {
    let cluster = Cluster::start(&quick()).unwrap();
    let directory = cluster.directory().to_owned();
    cluster.stop(Stop::Killed).unwrap();
    drop(cluster);
    assert!(!directory.exists(), "{} is still there", directory.display());
}

#[test]
fn a_shared_cluster_outlives_one_user_and_ends_after_the_last() {
    let (first, second) = (Owner::start("shared"), Owner::start("shared"));
    assert_eq!(first.directory, second.directory);
    assert_eq!(first.url, second.url);
    let directory = first.directory.clone();
    let (parent, name) = (directory.parent().unwrap(), directory.file_name().unwrap());
    // The name of a directory is that of what is shared, and two numbers.
    let name = name.to_str().unwrap().rsplitn(3, '-').last().unwrap();
    let lock = parent.join(format!("{name}.lock"));
    let watch = second.watch(lock.clone());
    first.kill();
    assert!(runs(&second.server_id), "the server should run while anyone uses it");
    second.kill();
    watch.until_gone();
    assert!(!directory.exists(), "{} is still there", directory.display());
    assert!(!lock.exists(), "{} is still there", lock.display());
}

#[test]
fn a_server_that_does_not_start_says_why() {
    let error = Cluster::start(&quick().with("no_such_setting", "on")).err().unwrap();
    assert!(error.to_string().contains("unrecognized configuration parameter"), "{error:#}");
}

#[test]
fn a_server_that_does_not_start_leaves_nothing() {
    let parent = tempfile::tempdir().unwrap();
    // The account that servers run as must get there.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(parent.path(), open).unwrap();
    let options = Options { parent: Some(parent.path().to_owned()), ..quick() };
    assert!(Cluster::start(&options.with("no_such_setting", "on")).is_err());
    let place = parent.path().join("throwaway-postgres");
    assert_eq!(std::fs::read_dir(place).unwrap().count(), 0);
}
