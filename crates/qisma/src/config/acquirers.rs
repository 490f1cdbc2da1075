//! The settings of those who take cards for us.

use secrecy::SecretString;
use url::Url;

use super::reader::Reader;

/// Where the sandbox bank is when nothing else is said.
const SANDBOX_ROOT: &str = "http://127.0.0.1:8081/";
/// The ISO 4217 number of the Tunisian dinar, the only currency of test payments.
const TND: u16 = 788;

/// Who takes cards for us, in test mode and in live.
#[derive(Clone, Debug)]
pub struct Acquirers {
    /// How long an answer may take before the outcome counts as unknown.
    pub timeout_secs: u64,
    /// Test payments.
    pub sandbox: SandboxAcquirer,
    /// Live payments; none: no live cards.
    pub smt: Option<AcquirerSettings>,
}

/// One account at an acquirer of the SMT/BPC family.
#[derive(Clone, Debug)]
pub struct AcquirerSettings {
    /// The full base address, ending in `/payment/rest/`.
    pub url: Url,
    /// Who we are there.
    pub user_name: String,
    /// The password, which goes into form posts and nowhere else.
    pub password: SecretString,
    /// The ISO 4217 number that is sent with an order (with leading zeros to three digits).
    pub currency: u16,
    /// The key of its callbacks' checksum; none: the checksum is not looked at.
    pub callback_key: Option<SecretString>,
}

/// The sandbox bank as seen from the gateway.
#[derive(Clone, Debug)]
pub struct SandboxAcquirer {
    /// Its root, to which `phone/{number}` is added; ends with a slash.
    pub root: Url,
    /// The account under which test payments are registered.
    pub account: AcquirerSettings,
}

impl SandboxAcquirer {
    /// Whether it is where it is when nobody says anything of it.
    pub fn is_default(&self) -> bool {
        self.root.as_str() == SANDBOX_ROOT
    }
}

impl Acquirers {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            timeout_secs: reader.number("acquirers.timeout_secs", 1..=120),
            sandbox: read_sandbox(reader),
            smt: read_smt(reader),
        }
    }
}

fn read_sandbox(reader: &mut Reader<'_>) -> SandboxAcquirer {
    let root = reader.base_url("acquirers.sandbox.url").unwrap_or_else(|| {
        // Test payments always have a bank: without one nothing could be tried.
        Url::parse(SANDBOX_ROOT).expect("a literal address is valid")
    });
    let account = AcquirerSettings {
        url: root.join("payment/rest/").expect("a literal path can be added to a web address"),
        user_name: reader.text("acquirers.sandbox.user_name").unwrap_or_default().to_owned(),
        password: reader.secret("acquirers.sandbox.password").unwrap_or_default(),
        currency: TND,
        callback_key: reader.secret("acquirers.sandbox.callback_key"),
    };
    SandboxAcquirer { root, account }
}

fn read_smt(reader: &mut Reader<'_>) -> Option<AcquirerSettings> {
    let url = reader.base_url("acquirers.smt.url");
    let user_name = reader.text("acquirers.smt.user_name").map(str::to_owned);
    let password = reader.secret("acquirers.smt.password");
    let currency = reader.number("acquirers.smt.currency", 1..=999);
    let callback_key = reader.secret("acquirers.smt.callback_key");
    // Everything is read before this, so that no mistake hides behind an unset address.
    let url = url?;
    if !url.path().ends_with("/payment/rest/") {
        reader.must_be("acquirers.smt.url", "the full base address, ending in /payment/rest/");
    }
    if user_name.is_none() {
        reader.must_be("acquirers.smt.user_name", "set together with acquirers.smt.url");
    }
    if password.is_none() {
        reader.must_be("acquirers.smt.password", "set together with acquirers.smt.url");
    }
    let (user_name, password) = user_name.zip(password)?;
    Some(AcquirerSettings { url, user_name, password, currency, callback_key })
}
