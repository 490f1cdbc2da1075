//! Arguments that are words of the domain: checked by the command line, so that a slip is answered
//! with what is allowed.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use qisma_domain::app::WebhookMode;
use qisma_domain::fees::{Bps, BpsOutOfRange};
use qisma_domain::ids::Mode;
use qisma_domain::merchant::MerchantStatus;
use qisma_domain::money::Amount;

/// How many rows a list has when nobody says.
pub const COUNT_DEFAULT: i64 = 100;

/// `test` or `live`.
pub fn mode() -> impl TypedValueParser<Value = Mode> {
    let words = [Mode::Test, Mode::Live].map(Mode::as_str);
    words_of(words, Mode::parse)
}

/// An amount in millimes.
pub fn amount(text: &str) -> Result<Amount, String> {
    let millimes = text.parse().map_err(|_| "must be a whole number of millimes".to_owned())?;
    Amount::from_millimes(millimes).map_err(|error| error.to_string())
}

/// A part in basis points.
pub fn bps(text: &str) -> Result<Bps, String> {
    let number = text.parse::<u16>().map_err(|_| BpsOutOfRange).and_then(Bps::try_from);
    number.map_err(|error| error.to_string())
}

/// A merchant's status.
pub fn merchant_status() -> impl TypedValueParser<Value = MerchantStatus> {
    use MerchantStatus as S;
    let words = [S::Onboarding, S::Active, S::Suspended, S::Closed].map(S::as_str);
    words_of(words, S::parse)
}

/// How webhooks are sent.
pub fn webhook_mode() -> impl TypedValueParser<Value = WebhookMode> {
    let words = [WebhookMode::Get, WebhookMode::Post, WebhookMode::Auto].map(WebhookMode::as_str);
    words_of(words, WebhookMode::parse)
}

fn words_of<const N: usize, T: Clone + Send + Sync + 'static>(
    words: [&'static str; N],
    parse: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words)
        .map(move |word| parse(&word).expect("each of the words above can be read"))
}
