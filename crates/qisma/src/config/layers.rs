//! Puts the sources of settings on top of one another: defaults, file, variables, flags. Only
//! names are judged here; what the values may be is said where each is read.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};
use zeroize::Zeroizing;

use super::nearest::nearest;
use super::{DEFAULTS, SettingOrigin, Sources};
use crate::data_dir::DataDir;

/// What a variable that sets a setting begins with.
const VARIABLE_PREFIX: &str = "QISMA__";

/// The settings whose values are never shown.
const SECRETS: [&str; 6] = [
    "acquirers.sandbox.callback_key",
    "acquirers.sandbox.password",
    "acquirers.smt.callback_key",
    "acquirers.smt.password",
    "messages.sms.token",
    "sandbox.callback_key",
];

/// The secret that is read as a key rather than as text.
pub(super) const MASTER_KEY: &str = "security.master_key";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One setting as it is in force. It has no `Debug`, because the value may be a secret.
pub struct Setting {
    pub value: Value,
    pub origin: Origin,
    may_be_unset: bool,
}

/// Every known setting, with the value of the topmost source that sets it.
pub struct Layers {
    settings: BTreeMap<String, Setting>,
}

impl Layers {
    /// Merges the sources. Names that are not known end up in `problems`.
    pub fn merge(sources: &Sources, directory: &DataDir, problems: &mut Vec<String>) -> Self {
        let defaults: Table = DEFAULTS.parse().expect("the compiled-in settings are valid TOML");
        let mut layers = Self { settings: BTreeMap::new() };
        layers.take_defaults("", defaults);
        layers.merge_file(sources, directory, problems);
        layers.merge_variables(sources, problems);
        for flag in &sources.flags {
            assert!(layers.settings.contains_key(flag.key), "{} sets no setting", flag.name);
            layers.set_text(flag.key, &flag.value, Origin::Flag(flag.name));
        }
        layers
    }

    /// A setting by its name, which must be one of the compiled-in file.
    pub fn get(&self, key: &str) -> &Setting {
        self.settings
            .get(key)
            .unwrap_or_else(|| panic!("{key} is missing from the compiled-in settings"))
    }

    /// The names of all settings.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.settings.keys().map(String::as_str)
    }

    /// Every setting as it may be shown.
    pub fn origins(&self) -> Vec<SettingOrigin> {
        let shown = |(key, setting): (&String, &Setting)| SettingOrigin {
            key: key.clone(),
            value: shown_value(key, &setting.value),
            origin: setting.origin.to_string(),
        };
        self.settings.iter().map(shown).collect()
    }

    /// The settings file, if it holds a secret and others than its owner may read it.
    pub fn exposed_file_with_secrets(&self) -> Option<PathBuf> {
        let path = self.settings.iter().find_map(|(key, setting)| match &setting.origin {
            Origin::File(path) if is_secret(key) && is_set(&setting.value) => Some(path),
            Origin::File(path) if holds_password(key, &setting.value) => Some(path),
            _ => None,
        })?;
        let mode = fs::metadata(path).ok()?.permissions().mode();
        (mode & 0o077 != 0).then(|| path.clone())
    }

    fn take_defaults(&mut self, prefix: &str, table: Table) {
        for (name, value) in table {
            match value {
                Value::Table(section) => self.take_defaults(&format!("{prefix}{name}."), section),
                value => {
                    let may_be_unset = !is_set(&value);
                    let setting = Setting { value, origin: Origin::Default, may_be_unset };
                    self.settings.insert(format!("{prefix}{name}"), setting);
                }
            }
        }
    }

    fn merge_file(&mut self, sources: &Sources, directory: &DataDir, problems: &mut Vec<String>) {
        let path = sources.file.clone().unwrap_or_else(|| directory.config_path());
        if sources.file.is_none() && !path.exists() {
            return;
        }
        let text = match fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(cause) => {
                problems.push(format!("{}: cannot be read: {cause}", path.display()));
                return;
            }
        };
        match text.parse::<Table>() {
            Ok(table) => self.merge_table("", table, &path, problems),
            Err(error) => {
                // Only the line's number: the parser's own text quotes the line, secret or not.
                let start = error.span().map_or(0, |span| span.start);
                let before = text.as_bytes().get(..start).unwrap_or_default();
                let line = before.split(|byte| *byte == b'\n').count();
                problems.push(format!("{}: line {line} is not valid TOML", path.display()));
            }
        }
    }

    fn merge_table(&mut self, prefix: &str, table: Table, path: &Path, problems: &mut Vec<String>) {
        for (name, value) in table {
            let key = format!("{prefix}{name}");
            let section = format!("{key}.");
            let is_section = self.settings.keys().any(|known| known.starts_with(&section));
            match value {
                Value::Table(inner) if is_section => {
                    self.merge_table(&section, inner, path, problems);
                }
                _ if is_section => problems.push(format!(
                    "{key} ({}) is a section; write [{key}] and its settings below it",
                    Origin::File(path.to_owned())
                )),
                value if self.settings.contains_key(&key) => {
                    self.set(&key, value, Origin::File(path.to_owned()));
                }
                _ => {
                    let meant = nearest(&key, self.keys()).map(str::to_owned);
                    problems.push(unknown(&key, &Origin::File(path.to_owned()), meant));
                }
            }
        }
    }

    fn merge_variables(&mut self, sources: &Sources, problems: &mut Vec<String>) {
        // In order of their names, so that messages come in the same order every time.
        let variables: BTreeMap<_, _> = sources.variables.iter().map(|(n, v)| (n, v)).collect();
        for (name, text) in variables {
            let Some(path) = name.strip_prefix(VARIABLE_PREFIX) else { continue };
            let key = path.replace("__", ".").to_lowercase();
            let origin = Origin::Variable(name.clone());
            if self.settings.contains_key(&key) {
                self.set_text(&key, text, origin);
            } else {
                let meant = nearest(&key, self.keys()).map(variable_name);
                problems.push(unknown(name, &origin, meant));
            }
        }
    }

    /// Sets a value that came as text, reading it as the kind of value that the default is.
    fn set_text(&mut self, key: &str, text: &str, origin: Origin) {
        let value = match &self.get(key).value {
            Value::Integer(_) => text.parse().ok().map(Value::Integer),
            Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
            Value::Array(_) => Some(list(text)),
            _ => None,
        };
        // Text of the wrong kind is kept as it is; whoever reads the setting says what is allowed.
        let value = value.unwrap_or_else(|| Value::String(text.to_owned()));
        self.set(key, value, origin);
    }

    /// Puts a value on top. An empty text means "not set", so what lies below stays, unless the
    /// setting may be unset and this unsets it.
    fn set(&mut self, key: &str, value: Value, origin: Origin) {
        let setting = self.settings.get_mut(key).expect("the caller has looked the name up");
        if is_set(&value) || setting.may_be_unset {
            setting.value = value;
            setting.origin = origin;
        }
    }
}

fn list(text: &str) -> Value {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let item = |item: &str| match item.parse() {
        Ok(number) => Value::Integer(number),
        Err(_) => Value::String(item.to_owned()),
    };
    Value::Array(items.map(item).collect())
}

fn variable_name(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.replace('.', "__").to_uppercase())
}

fn unknown(name: &str, origin: &Origin, meant: Option<String>) -> String {
    let place = match origin {
        Origin::File(_) => format!("{name} ({origin})"),
        _ => origin.to_string(),
    };
    match meant {
        Some(meant) => format!("{place} is not a setting; did you mean {meant}?"),
        None => format!("{place} is not a setting; qisma.default.toml lists them all"),
    }
}

/// Whether the value of a setting must never be shown.
pub(super) fn is_secret(key: &str) -> bool {
    key == MASTER_KEY || SECRETS.contains(&key)
}

fn is_set(value: &Value) -> bool {
    value.as_str() != Some("")
}

/// Whether an address of a database may hold a password, in whatever spelling: only files have none.
fn holds_password(key: &str, value: &Value) -> bool {
    let is_plain = |text: &str| text.is_empty() || text.starts_with("sqlite:");
    key == "database.url" && value.as_str().is_some_and(|text| !is_plain(text))
}

/// A value as it may be shown: secrets as stars, everything else as TOML.
pub(super) fn shown_value(key: &str, value: &Value) -> String {
    // An address with a user or a query is refused everywhere, but the message comes first, and
    // that is where people put passwords.
    let may_hold_password =
        value.as_str().is_some_and(|text| text.contains(':') && text.contains(['@', '?']));
    let is_hidden =
        may_hold_password || holds_password(key, value) || is_secret(key) && is_set(value);
    if is_hidden { "***".to_owned() } else { value.to_string() }
}
