//! What a page tells the payer about what just happened.

use super::quantities;
use super::words::{Markup, Words};

/// Why a bank or a wallet refused, as far as it concerns the payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineReason {
    /// Not enough money available (ISO 8583 action code 116).
    InsufficientFunds,
    /// Above a limit of the card or the wallet.
    LimitExceeded,
    /// Wrong or expired card details.
    CardInvalid,
    /// 3-D Secure did not confirm the holder.
    AuthenticationFailed,
    /// Anything else, also what is better not told to whoever holds the card.
    Other,
}

impl DeclineReason {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "decline-funds",
            Self::LimitExceeded => "decline-limit",
            Self::CardInvalid => "decline-card",
            Self::AuthenticationFailed => "decline-authentication",
            Self::Other => "decline-other",
        }
    }
}

/// What a page tells the payer about what just happened, and what to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The last attempt was declined.
    Declined(DeclineReason),
    /// The acquirer does not answer or refuses to open an order.
    CardUnavailable,
    /// No further card is taken for this payment, or not within this hour.
    TooManyCards,
    /// The wallet rail does not answer.
    WalletUnavailable,
    /// Not a Tunisian mobile number. Belongs to the phone field.
    PhoneInvalid,
    /// The limit of codes of this payment or this phone is reached. Belongs to the phone field.
    TooManyCodes,
    /// The previous attempt was left.
    AttemptAbandoned,
    /// Another browser is paying.
    OpenElsewhere,
    /// The bank's status is not known yet, so the attempt cannot be left.
    BankUndecided,
    /// Not six digits. Belongs to the code field.
    CodeMalformed,
    /// Not the code. Belongs to the code field.
    CodeWrong {
        /// How many tries the code still has.
        tries_left: u32,
    },
    /// The code is too old. Belongs to the code field.
    CodeExpired,
    /// All tries of the code are used.
    CodeTriesUsed,
    /// Another code was sent.
    CodeResent,
    /// A resend was asked for too soon.
    ResendTooEarly {
        /// Seconds until another code may be asked for.
        wait_secs: i64,
    },
    /// The form's security token was refused.
    FormRefused,
}

/// How a notice looks and how urgently a screen reader says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Error,
    Info,
}

/// The field that a notice belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Phone,
    Code,
}

impl Notice {
    pub(super) const fn tone(self) -> Tone {
        match self {
            Self::AttemptAbandoned | Self::OpenElsewhere | Self::CodeResent => Tone::Info,
            _ => Tone::Error,
        }
    }

    pub(super) const fn field(self) -> Option<Field> {
        match self {
            Self::PhoneInvalid | Self::TooManyCodes => Some(Field::Phone),
            Self::CodeMalformed | Self::CodeWrong { .. } | Self::CodeExpired => Some(Field::Code),
            _ => None,
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Declined(reason) => reason.key(),
            Self::CardUnavailable => "notice-card-unavailable",
            Self::TooManyCards => "notice-too-many-cards",
            Self::WalletUnavailable => "notice-wallet-unavailable",
            Self::PhoneInvalid => "notice-phone-invalid",
            Self::TooManyCodes => "notice-too-many-codes",
            Self::AttemptAbandoned => "notice-attempt-abandoned",
            Self::OpenElsewhere => "notice-open-elsewhere",
            Self::BankUndecided => "notice-bank-undecided",
            Self::CodeMalformed => "notice-code-malformed",
            Self::CodeWrong { .. } => "notice-code-wrong",
            Self::CodeExpired => "notice-code-expired",
            Self::CodeTriesUsed => "notice-code-tries-used",
            Self::CodeResent => "notice-code-resent",
            Self::ResendTooEarly { .. } => "notice-resend-early",
            Self::FormRefused => "notice-form-refused",
        }
    }

    fn markup(self, words: Words) -> Markup {
        match self {
            Self::Declined(reason) => {
                let next = Markup::escaped(&words.text("decline-next"));
                Markup::escaped(&words.text(reason.key())).then(&next)
            }
            Self::CodeWrong { tries_left } => {
                let tries = words.counted("tries-left", i64::from(tries_left));
                Markup::escaped(&words.text(self.key())).then(&Markup::escaped(&tries))
            }
            Self::ResendTooEarly { wait_secs } => {
                words.phrase(self.key(), &[("wait", &quantities::seconds(words, wait_secs))])
            }
            _ => Markup::escaped(&words.text(self.key())),
        }
    }
}

/// A notice as a page shows it: over the content, or at the field it belongs to.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) over: Option<(Tone, Markup)>,
    pub(super) phone: Option<Markup>,
    pub(super) code: Option<Markup>,
}

impl Shown {
    /// Places a notice. A page without the field shows it over the content.
    pub(super) fn place(notice: Option<Notice>, words: Words, field_here: Option<Field>) -> Self {
        let Some(notice) = notice else { return Self::default() };
        let text = notice.markup(words);
        match notice.field().filter(|field| Some(*field) == field_here) {
            Some(Field::Phone) => Self { phone: Some(text), ..Self::default() },
            Some(Field::Code) => Self { code: Some(text), ..Self::default() },
            None => Self { over: Some((notice.tone(), text)), ..Self::default() },
        }
    }

    /// Whether there is a mistake to mend.
    pub(super) fn is_error(&self) -> bool {
        let over = self.over.as_ref().is_some_and(|(tone, _)| *tone == Tone::Error);
        over || self.phone.is_some() || self.code.is_some()
    }
}
