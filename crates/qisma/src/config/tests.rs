//! What the settings promise: the order of sources, no unknown names, no secret in any message.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;

use super::*;

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

struct Place {
    directory: DataDir,
    _keep: tempfile::TempDir,
}

fn place() -> Place {
    let keep = tempfile::tempdir().unwrap();
    Place { directory: DataDir::open(keep.path()).unwrap(), _keep: keep }
}

fn variables(list: &[(&str, &str)]) -> Sources {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Sources { variables: list.iter().map(own).collect(), ..Sources::default() }
}

fn load(list: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(&variables(list), &place().directory)
}

fn load_file(text: &str) -> Result<Config, ConfigError> {
    let place = place();
    fs::write(place.directory.config_path(), text).unwrap();
    Config::load(&Sources::default(), &place.directory)
}

/// Loads one variable, expects exactly one problem, and compares it.
fn check_problem(name: &str, value: &str, expected: &str) {
    assert_eq!(load(&[(name, value)]).unwrap_err().to_string(), expected);
}

fn origin<'a>(config: &'a Config, key: &str) -> &'a SettingOrigin {
    config.origins().iter().find(|setting| setting.key == key).unwrap()
}

#[test]
fn the_defaults_are_valid_and_safe() {
    let config = load(&[]).unwrap();
    assert_eq!(config.unsafe_settings(), Vec::<String>::new());
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        config.acquirers.sandbox.account.url.as_str(),
        "http://127.0.0.1:8081/payment/rest/"
    );
    assert_eq!(config.rails.wallet, WalletRail::Test);
    assert!(config.acquirers.smt.is_none());
}

#[test]
fn every_setting_of_the_defaults_has_its_sentence() {
    let mut previous = "";
    for line in DEFAULTS.lines() {
        let is_setting = line.contains(" = ") && !line.starts_with('#');
        assert!(!is_setting || previous.starts_with("# "), "{line}");
        previous = line;
    }
}

#[test]
fn every_setting_that_sounds_secret_is_hidden() {
    for setting in load(&[]).unwrap().origins() {
        let is_secret_by_name = ["_key", "password", "token"]
            .iter()
            .any(|ending| setting.key.ends_with(ending) && setting.key != "http.tls_key");
        assert_eq!(layers::is_secret(&setting.key), is_secret_by_name, "{}", setting.key);
    }
}

#[test]
fn an_address_of_a_database_in_any_spelling_is_hidden_unless_it_is_a_file() {
    let shown = |text: &str| layers::shown_value("database.url", &text.into());
    assert_eq!(shown("sqlite:q.db"), "\"sqlite:q.db\"");
    for spelling in ["host=db password=hunter2 dbname=money", "postgres://db/money", "hunter2"] {
        assert_eq!(shown(spelling), "***", "{spelling}");
    }
}

#[test]
fn a_file_overrides_the_default() {
    let config = load_file("[http]\nlisten = \"127.0.0.1:9001\"\n").unwrap();
    assert_eq!(config.http.listen.port(), 9001);
}

#[test]
fn a_variable_overrides_the_file_and_a_flag_overrides_both() {
    let place = place();
    let text = "[http]\nlisten = \"127.0.0.1:9001\"\n[sandbox]\nlisten = \"127.0.0.1:9002\"\n";
    fs::write(place.directory.config_path(), text).unwrap();
    let mut sources = variables(&[
        ("QISMA__HTTP__LISTEN", "127.0.0.1:9003"),
        ("QISMA__SANDBOX__LISTEN", "127.0.0.1:9004"),
    ]);
    let value = "127.0.0.1:9005".to_owned();
    sources.flags.push(Flag { name: "--listen", key: "http.listen", value });
    let config = Config::load(&sources, &place.directory).unwrap();
    assert_eq!(config.http.listen.port(), 9005);
    assert_eq!(config.sandbox.listen.port(), 9004);
    assert_eq!(origin(&config, "http.listen").origin, "flag --listen");
    assert_eq!(origin(&config, "sandbox.listen").origin, "variable QISMA__SANDBOX__LISTEN");
    assert_eq!(origin(&config, "ledger.fold").origin, "default");
}

#[test]
fn a_named_file_is_read_instead_of_the_one_in_the_data_directory() {
    let place = place();
    fs::write(place.directory.config_path(), "nonsense").unwrap();
    let named = place.directory.path().join("other.toml");
    fs::write(&named, "[http]\nlisten = \"127.0.0.1:9001\"\n").unwrap();
    let sources = Sources { file: Some(named), ..Sources::default() };
    assert_eq!(Config::load(&sources, &place.directory).unwrap().http.listen.port(), 9001);
}

#[test]
fn a_named_file_that_is_missing_is_refused() {
    let file = Some(PathBuf::from("/nowhere/qisma.toml"));
    let refusal = Config::load(&Sources { file, ..Sources::default() }, &place().directory);
    let message = refusal.unwrap_err().to_string();
    assert!(message.starts_with("/nowhere/qisma.toml: cannot be read"), "{message}");
}

#[test]
fn an_unknown_setting_of_a_file_names_the_nearest() {
    let message = load_file("[http]\nlisen = \"127.0.0.1:9001\"\n").unwrap_err().to_string();
    assert!(message.starts_with("http.lisen (file "), "{message}");
    assert!(message.ends_with("is not a setting; did you mean http.listen?"), "{message}");
}

#[test]
fn an_unknown_variable_names_the_nearest() {
    check_problem(
        "QISMA__DATABASE__URI",
        "sqlite:x",
        "variable QISMA__DATABASE__URI is not a setting; did you mean QISMA__DATABASE__URL?",
    );
}

#[test]
fn a_broken_file_is_refused_by_line_without_quoting_it() {
    let text = "[security]\n\nmaster_key = \"opensesame\n";
    let message = load_file(text).unwrap_err().to_string();
    assert!(message.ends_with("line 3 is not valid TOML"), "{message}");
    assert!(!message.contains("opensesame"));
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let refusal = load(&[
        ("QISMA__HTTP__LISTEN", "nowhere"),
        ("QISMA__WEBHOOKS__TIMEOUT_SECS", "0"),
        ("QISMA__COLOUR", "green"),
    ]);
    assert_eq!(refusal.unwrap_err().problems.len(), 3);
}

#[test]
fn a_bad_value_is_named_with_its_place_and_what_is_allowed() {
    check_problem(
        "QISMA__HTTP__LISTEN",
        "8080",
        "http.listen = \"8080\" (variable QISMA__HTTP__LISTEN) must be an IP address and port such \
         as 127.0.0.1:8080",
    );
    check_problem(
        "QISMA__WEBHOOKS__TIMEOUT_SECS",
        "soon",
        "webhooks.timeout_secs = \"soon\" (variable QISMA__WEBHOOKS__TIMEOUT_SECS) must be a whole \
         number from 1 to 60",
    );
}

#[test]
fn a_postgresql_url_that_names_no_database_is_refused_without_showing_the_password() {
    check_problem(
        "QISMA__DATABASE__URL",
        "postgres://qisma:opensesame@db",
        "database.url = *** (variable QISMA__DATABASE__URL) must be one that can be used: \
         database.url cannot be used: it names no host or no database \
         (postgres://user@host/database)",
    );
}

#[test]
fn balances_follow_the_journal_at_once_or_later_and_in_no_other_way() {
    let config = load(&[("QISMA__LEDGER__FOLD", "deferred")]).unwrap();
    assert_eq!(config.ledger.fold, qisma_store::Fold::Deferred);
    check_problem(
        "QISMA__LEDGER__FOLD",
        "never",
        "ledger.fold = \"never\" (variable QISMA__LEDGER__FOLD) must be \"inline\" or \"deferred\"",
    );
}

#[test]
fn a_live_acquirer_without_its_account_is_refused() {
    let url = "https://ipay.clictopay.com/payment/rest/";
    let refusal = load(&[("QISMA__ACQUIRERS__SMT__URL", url)]).unwrap_err();
    assert_eq!(refusal.problems.len(), 2, "{refusal}");
}

#[test]
fn a_live_acquirer_is_read_with_its_account() {
    let config = load(&[
        ("QISMA__ACQUIRERS__SMT__URL", "http://127.0.0.1:8081/payment/rest"),
        ("QISMA__ACQUIRERS__SMT__USER_NAME", "shop-api"),
        ("QISMA__ACQUIRERS__SMT__PASSWORD", "opensesame"),
        ("QISMA__ACQUIRERS__SMT__CURRENCY", "788"),
    ]);
    let smt = config.unwrap().acquirers.smt.unwrap();
    assert_eq!(smt.url.as_str(), "http://127.0.0.1:8081/payment/rest/");
    assert_eq!(smt.password.expose_secret(), "opensesame");
}

#[test]
fn no_secret_is_printed_anywhere() {
    let config = load(&[
        ("QISMA__SECURITY__MASTER_KEY", MASTER_KEY),
        ("QISMA__SANDBOX__CALLBACK_KEY", "opensesame-1"),
        ("QISMA__ACQUIRERS__SANDBOX__PASSWORD", "opensesame-2"),
        ("QISMA__ACQUIRERS__SANDBOX__CALLBACK_KEY", "opensesame-3"),
        ("QISMA__ACQUIRERS__SMT__URL", "https://ipay.clictopay.com/payment/rest/"),
        ("QISMA__ACQUIRERS__SMT__USER_NAME", "shop-api"),
        ("QISMA__ACQUIRERS__SMT__PASSWORD", "opensesame-4"),
        ("QISMA__ACQUIRERS__SMT__CALLBACK_KEY", "opensesame-5"),
        ("QISMA__MESSAGES__SMS__URL", "https://sms.example/send"),
        ("QISMA__MESSAGES__SMS__TOKEN", "opensesame-6"),
    ])
    .unwrap();
    let printed = format!("{config:?}");
    assert!(!printed.contains("opensesame"), "{printed}");
    assert!(!printed.contains(MASTER_KEY), "{printed}");
    assert_eq!(origin(&config, "acquirers.smt.password").value, "***");
}

#[test]
fn a_bad_master_key_is_refused_without_quoting_it() {
    check_problem(
        "QISMA__SECURITY__MASTER_KEY",
        "b3BlbnNlc2FtZQ==",
        "security.master_key (variable QISMA__SECURITY__MASTER_KEY) must be 32 bytes in base64 (44 \
         characters); `openssl rand -base64 32` makes one",
    );
}

#[test]
fn lists_in_variables_are_separated_by_commas() {
    let config = load(&[
        ("QISMA__HTTP__TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        ("QISMA__WEBHOOKS__PORTS_ALLOWED", "443,9443"),
    ])
    .unwrap();
    assert_eq!(config.http.trusted_proxies.len(), 2);
    assert_eq!(config.webhooks.ports_allowed, [443, 9443]);
}

#[test]
fn a_shorter_time_for_the_whole_shortens_its_part() {
    let webhooks = load(&[("QISMA__WEBHOOKS__TIMEOUT_SECS", "3")]).unwrap().webhooks;
    assert_eq!(webhooks.connect_timeout_secs, 3);
}

#[test]
fn the_wallet_rail_takes_words_and_switches() {
    for (text, expected) in [
        ("test", WalletRail::Test),
        ("always", WalletRail::Always),
        ("true", WalletRail::Always),
        ("never", WalletRail::Never),
        ("false", WalletRail::Never),
    ] {
        let config = load(&[("QISMA__RAILS__WALLET__ENABLED", text)]).unwrap();
        assert_eq!(config.rails.wallet, expected, "{text}");
    }
    let config = load_file("[rails.wallet]\nenabled = false\n").unwrap();
    assert_eq!(config.rails.wallet, WalletRail::Never);
}

#[test]
fn an_empty_variable_leaves_the_default() {
    let config = load(&[("QISMA__HTTP__LISTEN", "")]).unwrap();
    assert_eq!(config.http.listen.port(), 8080);
}

#[test]
fn links_begin_with_the_address_that_was_really_bound() {
    let http = load(&[("QISMA__HTTP__LISTEN", "127.0.0.1:0")]).unwrap().http;
    let bound = "127.0.0.1:45678".parse().unwrap();
    assert_eq!(http.link_base_url_at(bound).as_str(), "http://127.0.0.1:45678/");
}

#[test]
fn links_follow_the_public_address_unless_they_have_their_own() {
    let bound = "127.0.0.1:8080".parse().unwrap();
    let public = ("QISMA__HTTP__PUBLIC_URL", "https://api.example.tn");
    let http = load(&[public]).unwrap().http;
    assert_eq!(http.link_base_url_at(bound).as_str(), "https://api.example.tn/");
    let own = ("QISMA__HTTP__LINK_BASE_URL", "https://pay.example.tn/q");
    let http = load(&[public, own]).unwrap().http;
    assert_eq!(http.link_base_url_at(bound).as_str(), "https://pay.example.tn/q/");
}

#[test]
fn the_sandbox_never_takes_its_address_from_the_gateway() {
    let config = load(&[("QISMA__HTTP__PUBLIC_URL", "https://api.example.tn")]).unwrap();
    let url = config.sandbox.public_url_at("127.0.0.1:8081".parse().unwrap());
    assert_eq!(url.as_str(), "http://127.0.0.1:8081/");
}

#[test]
fn dangerous_settings_are_allowed_but_named() {
    let config = load(&[
        ("QISMA__HTTP__LISTEN", "0.0.0.0:8080"),
        ("QISMA__WEBHOOKS__ALLOW_LOOPBACK", "true"),
        ("QISMA__RAILS__WALLET__ENABLED", "always"),
        ("QISMA__QR__ACCOUNT", "10112107400001578821"),
    ])
    .unwrap();
    let warnings = config.unsafe_settings();
    for key in [
        "http.listen",
        "http.public_url",
        "webhooks.allow_loopback",
        "rails.wallet.enabled",
        "qr.account",
    ] {
        assert!(warnings.iter().any(|warning| warning.starts_with(key)), "{key}: {warnings:?}");
    }
}

#[test]
fn a_proxy_that_must_be_there_but_is_not_named_is_asked_for() {
    let is_asked_for = |settings: &[(&str, &str)]| {
        let warnings = load(settings).unwrap().unsafe_settings().to_vec();
        warnings.iter().any(|warning| warning.ends_with("name it in http.trusted_proxies"))
    };
    let public = ("QISMA__HTTP__PUBLIC_URL", "https://pay.example.tn");
    assert!(is_asked_for(&[public]));
    assert!(!is_asked_for(&[public, ("QISMA__HTTP__TRUSTED_PROXIES", "127.0.0.1")]));
    assert!(!is_asked_for(&[("QISMA__HTTP__PUBLIC_URL", "http://localhost:8080")]));
}

#[test]
fn a_file_with_secrets_that_others_may_read_is_named() {
    let place = place();
    let path = place.directory.config_path();
    fs::write(&path, format!("[security]\nmaster_key = \"{MASTER_KEY}\"\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let config = Config::load(&Sources::default(), &place.directory).unwrap();
    assert!(config.unsafe_settings()[0].contains("chmod 600"), "{:?}", config.unsafe_settings());
}
