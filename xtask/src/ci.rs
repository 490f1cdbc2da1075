//! What continuous integration does, step by step, and how long each step took.
//!
//! All of it uses the dev profile and no compiler flags of its own, so that nothing is built twice.

use anyhow::{Context as _, bail, ensure};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What to do of it all.
#[derive(clap::Args)]
pub struct Options {
    /// Do only these steps, in their usual order.
    #[arg(long, value_delimiter = ',', value_name = "STEP,...")]
    only: Vec<String>,
    /// Name the steps and do nothing.
    #[arg(long)]
    list: bool,
}

struct Step {
    name: &'static str,
    run: fn() -> anyhow::Result<()>,
}

/// In the order in which a mistake is cheapest to find. The tests come last but for what needs the
/// built binary.
const STEPS: &[Step] = &[
    Step { name: "fmt", run: || cargo("fmt --all --check") },
    Step { name: "deny", run: crate::deny::run },
    Step {
        name: "clippy",
        run: || cargo("clippy --workspace --all-targets --all-features --locked -- -D warnings"),
    },
    Step { name: "doc", run: documentation },
    Step { name: "doctests", run: || cargo("test --workspace --doc --locked") },
    Step { name: "tests", run: tests },
    Step { name: "postgres", run: || tests_on_servers(WHOLE_SUITE, &["plain"]) },
    Step {
        name: "servers",
        run: || tests_on_servers(STORE_SUITE, &["serializable", "pooled", "eighteen"]),
    },
    Step { name: "clients", run: crate::clients::run },
    Step { name: "schemathesis", run: || this("schemathesis") },
    // The harnesses first show that they catch what they are for.
    Step { name: "controls", run: || this("crash --controls") },
    Step { name: "crash", run: || this("crash --kills 50") },
    Step { name: "malformed", run: || this("malformed --count 100000") },
];

/// Does the steps in order and stops at the first that fails, naming it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let steps = chosen(STEPS, &options.only)?;
    if options.list {
        for step in steps {
            println!("{}", step.name);
        }
        return Ok(());
    }
    let mut times = Vec::new();
    for step in steps {
        println!("\n==> {}", step.name);
        let begun = Instant::now();
        let outcome = (step.run)();
        times.push((step.name, begun.elapsed()));
        if let Err(cause) = outcome {
            print_times(&times);
            return Err(cause.context(format!("ci: the step `{}` failed", step.name)));
        }
    }
    print_times(&times);
    println!("ci: all steps passed");
    Ok(())
}

fn chosen<'steps>(steps: &'steps [Step], only: &[String]) -> anyhow::Result<Vec<&'steps Step>> {
    for name in only {
        ensure!(
            steps.iter().any(|step| step.name == name),
            "there is no step `{name}`; `cargo xtask ci --list` names them"
        );
    }
    let wanted = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    Ok(steps.iter().filter(wanted).collect())
}

fn print_times(times: &[(&str, Duration)]) {
    println!();
    for (name, duration) in times {
        println!("{:>6} s  {name}", duration.as_secs());
    }
    let total: Duration = times.iter().map(|(_, duration)| *duration).sum();
    println!("{:>6} s  in all", total.as_secs());
}

/// Broken links and missing examples in the documentation are mistakes like any other.
fn documentation() -> anyhow::Result<()> {
    let mut command = cargo_command("doc --workspace --no-deps --document-private-items --locked");
    // Private items are documented too, so a link to one leads somewhere.
    command.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links");
    finish(command)
}

/// Nextest runs the tests of all binaries at once and ends one that hangs; cargo alone will do.
fn tests() -> anyhow::Result<()> {
    if has_cargo_command("nextest") {
        return cargo("nextest run --workspace --locked");
    }
    println!("cargo-nextest is not installed; cargo test runs the same tests, more slowly");
    cargo("test --workspace --lib --bins --tests --locked")
}

/// What meets the database over HTTP, in a browser or directly; the command line's tests start
/// processes of their own, on the embedded engine.
const WHOLE_SUITE: &str =
    "package(qisma-store) | (package(qisma) & test(/^(api|browser|checkout|verify|webhooks)::/))";
const STORE_SUITE: &str = "package(qisma-store) & test(/^(batches|lane|reading)::/)";

/// The same tests on PostgreSQL servers of their own, profile by profile.
fn tests_on_servers(suite: &str, profiles: &[&str]) -> anyhow::Result<()> {
    for profile in profiles {
        println!("on PostgreSQL, profile {profile}:");
        // Without nextest nothing can be chosen by suite, so all integration tests run.
        let mut command = if has_cargo_command("nextest") {
            let mut chosen = cargo_command("nextest run --workspace --locked -E");
            chosen.arg(suite);
            chosen
        } else {
            cargo_command("test --workspace --test it --locked")
        };
        command.env("QISMA_TEST_POSTGRES", profile);
        finish(command)?;
    }
    Ok(())
}

/// Another of our own tasks, by the binary that is running.
fn this(words: &str) -> anyhow::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(words.split(' ')).stdin(Stdio::null());
    finish(command)
}

/// Whether `cargo NAME` is installed.
pub fn has_cargo_command(name: &str) -> bool {
    let mut command = cargo_command(name);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs cargo with these words, split at spaces.
///
/// Fails when cargo does.
pub fn cargo(words: &str) -> anyhow::Result<()> {
    finish(cargo_command(words))
}

fn cargo_command(words: &str) -> Command {
    // Cargo names itself to what it runs, so that one build does not mix two toolchains.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(words.split(' ')).stdin(Stdio::null());
    // What cargo sets for us as a running package would make the crates we build look changed.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_set_for_packages) {
            command.env_remove(name);
        }
    }
    command
}

fn is_set_for_packages(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

fn finish(mut command: Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be started"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str]) -> anyhow::Result<Vec<&'static str>> {
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        Ok(chosen(STEPS, &only)?.iter().map(|step| step.name).collect())
    }

    #[test]
    fn without_a_choice_every_step_is_done() {
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
    }

    #[test]
    fn chosen_steps_keep_their_usual_order() {
        assert_eq!(names(&["tests", "fmt"]).unwrap(), ["fmt", "tests"]);
    }

    #[test]
    fn an_unknown_step_is_refused_rather_than_skipped() {
        assert!(names(&["tets"]).is_err());
    }

    #[test]
    fn a_command_that_fails_is_an_error() {
        assert!(cargo("no-such-command-of-cargo").is_err());
    }
}
