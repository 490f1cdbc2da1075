//! docs/ledger.md and docs/webhooks.md say what the code does.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use qisma_domain::account::AccountKind;
use qisma_domain::journal::EntryKind;
use qisma_domain::signature::{WebhookSecret, sign};
use qisma_store::audit::Invariant;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    fs::read_to_string(path).unwrap()
}

/// The cells of all table rows that begin like this.
fn rows<'page>(page: &'page str, begin: &str) -> Vec<Vec<&'page str>> {
    let rows = page.lines().filter(|line| line.starts_with(begin));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn the_chart_names_every_kind_of_account_and_whether_it_may_fall_below_zero() {
    let page = page("ledger.md");
    for kind in AccountKind::ALL {
        let word = kind.as_str();
        let found = rows(&page, &format!("| `{word}` |"));
        let expected = if kind.may_be_negative() { "yes" } else { "never" };
        let last: Vec<_> = found.iter().filter_map(|row| row.last().copied()).collect();
        assert_eq!(last, [expected], "docs/ledger.md: the account `{word}`");
    }
}

#[test]
fn the_table_of_entries_names_every_kind() {
    let page = page("ledger.md");
    for kind in EntryKind::ALL {
        let cell = format!("| `{}` |", kind.as_str());
        assert!(page.contains(&cell), "docs/ledger.md lacks the entry {cell}");
    }
}

#[test]
fn the_page_says_what_each_invariant_is() {
    let page = page("ledger.md");
    for invariant in Invariant::ALL {
        let id = invariant.id();
        assert_eq!(rows(&page, &format!("| {id} |")).len(), 1, "docs/ledger.md: {id}");
    }
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SENT_AT_SECS: i64 = 1_614_265_330;
const BODY: &str = r#"{"test": 2432232314}"#;

fn signature() -> String {
    let secret = WebhookSecret::parse(SECRET).ok().unwrap();
    sign(&[secret], ID, SENT_AT_SECS, BODY.as_bytes())
}

#[test]
fn the_example_to_try_is_a_real_one() {
    let page = page("webhooks.md");
    for part in [SECRET, ID, BODY, &SENT_AT_SECS.to_string(), &signature()] {
        assert!(page.contains(&format!("`{part}`")), "docs/webhooks.md lacks {part}");
    }
}

/// The sample in a language.
fn sample(page: &str, language: &str) -> String {
    let begin = format!("```{language}\n");
    let (_, rest) = page.split_once(&begin).expect("the page has a sample in this language");
    rest.split("```").next().unwrap_or_default().to_owned()
}

/// Runs a sample on the example, a changed body and a late one, and expects yes, no, no.
fn check_sample(program: &str, language: &str, calls: &str) {
    let calls = calls
        .replace("SECRET", SECRET)
        .replace("BODY", BODY)
        .replace("\"ID\"", &format!("{ID:?}"))
        .replace("SENT_AT", &SENT_AT_SECS.to_string())
        .replace("LATE", &(SENT_AT_SECS + 301).to_string())
        .replace("SIGNATURE", &format!("v1,AAAA {}", signature()));
    let mut running = Command::new(program)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; run scripts/setup"));
    let code = format!("{}\n{calls}", sample(&page("webhooks.md"), language));
    running.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap().to_lowercase();
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["true", "false", "false"]);
}

#[test]
fn the_python_sample_tells_genuine_from_forged_and_late() {
    let calls = r#"
headers = {"webhook-id": "ID", "webhook-timestamp": "SENT_AT", "webhook-signature": "SIGNATURE"}
print(is_genuine("SECRET", headers, b'BODY', SENT_AT))
print(is_genuine("SECRET", headers, b'BODY ', SENT_AT))
print(is_genuine("SECRET", headers, b'BODY', LATE))
"#;
    check_sample("python3", "python", calls);
}

#[test]
fn the_javascript_sample_tells_genuine_from_forged_and_late() {
    let calls = r#"
const headers = {"webhook-id": "ID", "webhook-timestamp": "SENT_AT", "webhook-signature": "SIGNATURE"};
console.log(isGenuine("SECRET", headers, Buffer.from('BODY'), SENT_AT));
console.log(isGenuine("SECRET", headers, Buffer.from('BODY '), SENT_AT));
console.log(isGenuine("SECRET", headers, Buffer.from('BODY'), LATE));
"#;
    check_sample("node", "javascript", calls);
}
