//! What must not be in any file: things that only one machine has, and things that a page would have
//! to fetch from somebody else.

use super::{File, check, check_accepted, check_refused};

/// Folders and registries of somebody's machine. What names them works nowhere else.
const PRIVATE_PLACES: &[&str] = &[
    "/home/",
    "/root/",
    "/work/",
    "deb.debian.org",
    "files.pythonhosted.org",
    "index.crates.io",
    "pypi.org/simple",
    "registry.npmjs.org",
    "static.crates.io",
];

/// What says to a package manager where to look; whoever installs decides that.
const REGISTRY_SETTINGS: &[(&str, &str)] = &[
    ("package-lock.json", "\"resolved\""),
    (".npmrc", "registry ="),
    (".npmrc", "registry="),
    ("requirements.txt", "-url"),
    (".cargo/config.toml", "[source"),
    (".cargo/config.toml", "[registries"),
];

/// The only address a page may name without fetching it.
const NAMESPACES: &str = "http://www.w3.org/";

fn private_places(file: &File) -> Vec<String> {
    if file.is_of_tidy() {
        return Vec::new();
    }
    let found = PRIVATE_PLACES.iter().filter(|place| file.text.contains(**place));
    let places = found
        .map(|place| format!("{}: `{place}` exists on one machine only; leave it out", file.path));
    let settings = REGISTRY_SETTINGS
        .iter()
        .filter(|(name, setting)| file.path.ends_with(name) && file.text.contains(setting));
    let settings = settings.map(|(_, setting)| {
        format!("{}: `{setting}`: whoever installs chooses the registry; leave it out", file.path)
    });
    places.chain(settings).collect()
}

/// Templates, stylesheets, scripts and pictures that we serve.
fn is_served(file: &File) -> bool {
    let is_page = ["html", "css", "js", "svg", "ftl"].contains(&file.extension());
    is_page && file.is_under("crates/") && !file.path.contains("/tests/")
}

fn served(file: &File) -> Vec<String> {
    if !is_served(file) {
        return Vec::new();
    }
    let mut mistakes = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let place = format!("{}:{}", file.path, index + 1);
        let line = line.replace(NAMESPACES, "").replace("| ", "|");
        if line.contains("|safe") {
            mistakes.push(format!("{place}: `|safe` lets markup in; let askama escape the value"));
        }
        let foreign = ["http://", "https://", "=\"//", "='//", "url(//"];
        if foreign.iter().any(|begin| line.contains(begin)) {
            mistakes
                .push(format!("{place}: an address of somebody else; serve the file ourselves"));
        }
    }
    mistakes
}

/// The browser waits for what it expects to see; a fixed wait is slow or wrong.
fn browser_waits(file: &File) -> Vec<String> {
    let waits = file.extension() == "mjs" && file.text.contains("waitForTimeout");
    let message = format!("{}: `waitForTimeout`: wait for what should appear", file.path);
    if waits { vec![message] } else { Vec::new() }
}

#[test]
fn nothing_names_a_place_that_one_machine_has() {
    check(private_places);
}

#[test]
fn pages_fetch_nothing_from_others_and_escape_everything() {
    check(served);
}

#[test]
fn browser_tests_do_not_wait_for_a_fixed_time() {
    check(browser_waits);
}

#[test]
fn a_private_place_is_refused() {
    for place in PRIVATE_PLACES {
        check_refused(private_places, "docs/a.md", &format!("see {place}"), "leave it out");
    }
}

#[test]
fn a_registry_setting_is_refused() {
    for (name, setting) in REGISTRY_SETTINGS {
        check_refused(private_places, name, setting, "leave it out");
    }
}

#[test]
fn unescaped_output_is_refused() {
    for output in ["{{ name|safe }}", "{{ name | safe }}"] {
        check_refused(served, "crates/qisma/templates/a.html", output, "let askama escape");
    }
}

#[test]
fn a_resource_of_somebody_else_is_refused() {
    for link in ["<img src=\"https://a.tn/b.png\">", "<img src=\"//a.tn/b.png\">", "url(//a.tn/b)"]
    {
        check_refused(served, "crates/qisma/templates/a.html", link, "serve the file ourselves");
    }
}

#[test]
fn a_namespace_and_an_own_address_are_accepted() {
    let text = "<svg xmlns=\"http://www.w3.org/2000/svg\"><a href=\"/pay/{{ id }}\">";
    check_accepted(served, "crates/qisma/templates/a.html", text);
}

#[test]
fn a_fixed_wait_is_refused() {
    let path = "crates/qisma/tests/browser/a.mjs";
    check_refused(browser_waits, path, "await page.waitForTimeout(1)", "should appear");
}
