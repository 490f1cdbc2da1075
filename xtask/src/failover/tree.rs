//! A process with everything it has started, to be killed or frozen as one machine would be.

use anyhow::{Context as _, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A process may start another between our look and the signal, so we look again.
const LOOKS: usize = 3;

/// Sends a signal, such as `KILL`, to these processes and all below them.
pub fn signal(roots: &[u32], name: &str) -> anyhow::Result<()> {
    let there = parents()?;
    ensure!(roots.iter().all(|root| there.contains_key(root)), "some are gone already: {roots:?}");
    for _ in 0..LOOKS {
        let found = below(roots, &parents()?);
        let mut kill = Command::new("kill");
        kill.args(["-s", name]).args(found.iter().map(u32::to_string));
        // Some may have ended since we looked, and of those it complains.
        kill.output().context("`kill` cannot be started")?;
    }
    Ok(())
}

/// The postmaster of a data directory, when it runs.
pub fn postmaster(data: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// Every process of the machine and its parent.
fn parents() -> anyhow::Result<BTreeMap<u32, u32>> {
    let mut parents = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").context("/proc cannot be read")? {
        let name = entry?.file_name();
        let Some(number) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended meanwhile.
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        if let Some(parent) = parent(&stat) {
            parents.insert(number, parent);
        }
    }
    Ok(parents)
}

/// Reads `42 (a name) S 7 ...`. The name may hold spaces and parentheses.
fn parent(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

/// The roots, then all below them: who starts others is told before those.
fn below(roots: &[u32], parents: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut found: Vec<u32> = roots.to_vec();
    let mut seen: BTreeSet<u32> = roots.iter().copied().collect();
    let mut next = 0;
    while next < found.len() {
        let children = parents.iter().filter(|(_, parent)| **parent == found[next]);
        let new: Vec<u32> = children.map(|(child, _)| *child).collect();
        found.extend(new.into_iter().filter(|child| seen.insert(*child)));
        next += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_past_any_name() {
        assert_eq!(parent("42 (postgres: a) b) S 7 42 42 0"), Some(7));
        assert_eq!(parent(""), None);
    }

    #[test]
    fn a_tree_is_its_roots_and_all_below_them() {
        let parents = [(2, 1), (3, 2), (4, 3), (5, 1), (6, 5), (7, 6)].into();
        assert_eq!(below(&[2, 6], &parents), [2, 6, 3, 7, 4]);
    }
}
