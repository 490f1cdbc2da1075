//! Licences, banned crates, doubles and sources of what we depend on, after `deny.toml`.
//!
//! cargo-deny does this better and also knows the advisories, but takes minutes to build. So it is
//! used where it is installed; elsewhere this file reads the same rules itself.

use crate::{ci, spdx};
use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Where crates come from when nobody says otherwise, as `cargo metadata` writes it.
const DEFAULT_REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks the dependencies, with cargo-deny if it is there.
pub fn run() -> anyhow::Result<()> {
    if !ci::has_cargo_command("deny") {
        println!(
            "deny: advisories NOT RUN, cargo-deny is not installed (cargo install cargo-deny)"
        );
        return check_ourselves();
    }
    ci::cargo("deny check bans licenses sources")?;
    // The advisories are a git repository elsewhere. That it cannot be reached is no fault of ours.
    if ci::cargo("deny fetch db").is_err() {
        println!("deny: advisories NOT RUN, their database cannot be reached");
        return Ok(());
    }
    ci::cargo("deny check --disable-fetch advisories")
}

#[derive(Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    triple: String,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<CrateRule>,
    skip: Vec<CrateRule>,
}

/// A crate by name, or by name and the beginning of its version: `syn`, `syn@2`.
#[derive(Deserialize)]
struct CrateRule {
    #[serde(rename = "crate")]
    spec: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    #[serde(default)]
    allow_registry: Vec<String>,
    #[serde(default)]
    allow_git: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

#[derive(Deserialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// Absent for our own crates.
    source: Option<String>,
}

impl CrateRule {
    fn names(&self, package: &Package) -> bool {
        let (name, version) = self.spec.split_once('@').unwrap_or((&self.spec, ""));
        let rest = package.version.strip_prefix(version);
        let same_version = rest.is_some_and(|rest| {
            // `syn@2` must not mean 20.0.
            version.is_empty() || rest.is_empty() || rest.starts_with('.')
        });
        name == package.name && same_version
    }
}

fn check_ourselves() -> anyhow::Result<()> {
    let text = std::fs::read_to_string("deny.toml").context("deny.toml cannot be read")?;
    let rules: Rules = toml::from_str(&text).context("deny.toml")?;
    ensure!(!rules.licenses.allow.is_empty(), "deny.toml allows no licence at all");
    let mut packages = BTreeSet::new();
    for target in &rules.graph.targets {
        packages.extend(packages_for(&target.triple)?);
    }
    let mistakes = mistakes(&rules, &packages);
    for mistake in &mistakes {
        println!("deny: {mistake}");
    }
    ensure!(mistakes.is_empty(), "{} of the rules in deny.toml are broken", mistakes.len());
    println!(
        "deny: {} packages, licences, bans, doubles and sources are as allowed",
        packages.len()
    );
    Ok(())
}

fn packages_for(triple: &str) -> anyhow::Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--all-features"])
        .args(["--filter-platform", triple])
        .output()
        .context("cargo metadata cannot be started")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let built: BTreeSet<String> = metadata.resolve.nodes.into_iter().map(|node| node.id).collect();
    Ok(metadata.packages.into_iter().filter(|package| built.contains(&package.id)).collect())
}

fn mistakes(rules: &Rules, packages: &BTreeSet<Package>) -> Vec<String> {
    let mut mistakes = Vec::new();
    for package in packages.iter().filter(|package| package.source.is_some()) {
        mistakes.extend(licence_mistake(&rules.licenses, package));
        mistakes.extend(source_mistake(&rules.sources, package));
        mistakes.extend(ban_mistake(&rules.bans, package));
    }
    mistakes.extend(double_mistakes(&rules.bans, packages));
    mistakes
}

fn licence_mistake(licences: &Licences, package: &Package) -> Option<String> {
    let Package { name, version, license, .. } = package;
    let Some(expression) = license else {
        return Some(format!("{name} {version} names no licence; find it out before using it"));
    };
    let is_allowed = |licence: &str| licences.allow.iter().any(|allowed| allowed == licence);
    match spdx::is_satisfied(expression, &is_allowed) {
        Ok(true) => None,
        Ok(false) => Some(format!("{name} {version} is under {expression}, which is not allowed")),
        Err(cause) => Some(format!("{name} {version} is under {expression}: {cause}")),
    }
}

fn source_mistake(sources: &Sources, package: &Package) -> Option<String> {
    let source = package.source.as_deref()?;
    let is_known = source == DEFAULT_REGISTRY
        || sources.allow_registry.iter().any(|url| source == format!("registry+{url}"))
        || sources.allow_git.iter().any(|url| source.starts_with(&format!("git+{url}")));
    (!is_known).then(|| {
        format!("{} {} comes from {source}, which is not allowed", package.name, package.version)
    })
}

fn ban_mistake(bans: &Bans, package: &Package) -> Option<String> {
    let ban = bans.deny.iter().find(|ban| ban.names(package))?;
    Some(format!("{} {} is banned: {}", package.name, package.version, ban.reason))
}

/// Two versions of one crate are built, linked and patched twice, so each old one needs its excuse;
/// and an excuse that nothing needs any more must go, or the next double hides behind it.
fn double_mistakes(bans: &Bans, packages: &BTreeSet<Package>) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        if !bans.skip.iter().any(|skip| skip.names(package)) {
            versions.entry(&package.name).or_default().push(&package.version);
        }
    }
    let doubles =
        versions.iter().filter(|(_, versions)| versions.len() > 1).map(|(name, versions)| {
            format!(
                "{name} is there as {}; drop one, or say in `skip` who needs it",
                versions.join(", ")
            )
        });
    let idle = bans.skip.iter().filter(|skip| !packages.iter().any(|package| skip.names(package)));
    let idle = idle.map(|skip| format!("nothing needs {} any more; take it off `skip`", skip.spec));
    doubles.chain(idle).collect()
}

#[cfg(test)]
mod tests;
