//! Each rule is shown a package that breaks it.

use super::*;

const RULES: &str = r#"
[graph]
targets = [{ triple = "x86_64-unknown-linux-gnu" }]
[licenses]
allow = ["MIT"]
[bans]
deny = [{ crate = "openssl", reason = "TLS is rustls" }]
skip = [{ crate = "syn@2", reason = "old macros" }]
[sources]
"#;

fn package(name: &str, version: &str) -> Package {
    Package {
        id: format!("{name} {version}"),
        name: name.to_owned(),
        version: version.to_owned(),
        license: Some("MIT".to_owned()),
        source: Some(DEFAULT_REGISTRY.to_owned()),
    }
}

/// What is wrong with these packages beside a `syn` 2, which keeps the entry of `skip` in use.
fn mistakes_of(packages: &[Package]) -> Vec<String> {
    let rules = toml::from_str(RULES).unwrap();
    let packages = packages.iter().cloned().chain([package("syn", "2.0.1")]).collect();
    mistakes(&rules, &packages)
}

#[track_caller]
fn check_refused(packages: &[Package], reason: &str) {
    let mistakes = mistakes_of(packages);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].contains(reason), "{mistakes:?}");
}

#[test]
fn packages_that_keep_the_rules_pass() {
    assert_eq!(mistakes_of(&[package("serde", "1.0.0")]), Vec::<String>::new());
}

#[test]
fn a_licence_off_the_list_is_refused() {
    let license = Some("MPL-2.0".to_owned());
    check_refused(&[Package { license, ..package("copyleft", "1.0.0") }], "MPL-2.0");
}

#[test]
fn a_package_without_a_licence_is_refused() {
    check_refused(&[Package { license: None, ..package("nobody", "1.0.0") }], "names no licence");
}

#[test]
fn a_banned_crate_is_refused_with_its_reason() {
    check_refused(&[package("openssl", "1.0.0")], "TLS is rustls");
}

#[test]
fn an_unknown_source_is_refused() {
    let source = Some("git+https://example.com/fork".to_owned());
    check_refused(&[Package { source, ..package("fork", "1.0.0") }], "comes from git+");
}

#[test]
fn our_own_crates_need_no_licence_and_no_source() {
    let own = Package { license: None, source: None, ..package("qisma", "0.1.0") };
    assert_eq!(mistakes_of(&[own]), Vec::<String>::new());
}

#[test]
fn a_second_version_is_refused() {
    check_refused(&[package("rand", "0.9.1"), package("rand", "0.10.0")], "0.10.0, 0.9.1");
}

#[test]
fn an_excused_old_version_may_stay() {
    assert_eq!(mistakes_of(&[package("syn", "3.0.0")]), Vec::<String>::new());
}

#[test]
fn an_excuse_for_one_version_does_not_cover_a_longer_number() {
    check_refused(&[package("syn", "20.0.0"), package("syn", "3.0.0")], "20.0.0, 3.0.0");
}

#[test]
fn an_excuse_that_nothing_needs_is_refused() {
    let rules = toml::from_str(RULES).unwrap();
    let mistakes = mistakes(&rules, &BTreeSet::from([package("syn", "3.0.0")]));
    assert_eq!(mistakes, ["nothing needs syn@2 any more; take it off `skip`"]);
}
