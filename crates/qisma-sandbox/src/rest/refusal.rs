//! Error codes of the family and their texts, which no client may branch on: they follow `language`.

use serde_json::{Value, json};

use crate::books::BooksError;
use crate::lang::Lang;
use crate::orders::{self, Impossible};

/// How an endpoint spells code and text.
#[derive(Clone, Copy)]
pub enum Shape {
    /// `ErrorCode` as a string.
    Capitalised,
    /// `errorCode` as a string.
    Text,
    /// `errorCode` as a number.
    Number,
}

impl Shape {
    fn with(self, code: i64, text: &str) -> Value {
        match self {
            Self::Capitalised => json!({ "ErrorCode": code.to_string(), "ErrorMessage": text }),
            Self::Text => json!({ "errorCode": code.to_string(), "errorMessage": text }),
            Self::Number => json!({ "errorCode": code, "errorMessage": text }),
        }
    }
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// The merchant has used this order number before.
    DuplicateOrderNumber,
    /// Too long, or with characters that an order number cannot have.
    BadOrderNumber,
    /// No currency has this code.
    UnknownCurrency,
    /// A field that must be there is not.
    Missing(&'static str),
    /// A field says something it cannot.
    WrongValue(&'static str),
    /// The login is wrong.
    AccessDenied,
    /// The merchant has no such order.
    UnknownOrder,
    /// No such saved card, or it was given up.
    NoBinding,
    /// The order's state, or what is left of it, does not allow it.
    Impossible(Impossible),
    /// The books failed.
    System,
}

impl From<Impossible> for Refusal {
    fn from(cause: Impossible) -> Self {
        Self::Impossible(cause)
    }
}

impl From<BooksError> for Refusal {
    fn from(cause: BooksError) -> Self {
        tracing::error!(%cause, "the sandbox's books failed");
        Self::System
    }
}

impl Refusal {
    const fn code(self) -> i64 {
        match self {
            Self::DuplicateOrderNumber | Self::BadOrderNumber => 1,
            Self::NoBinding => 2,
            Self::UnknownCurrency => 3,
            Self::Missing(_) => 4,
            Self::WrongValue(_) | Self::AccessDenied => 5,
            Self::UnknownOrder => 6,
            Self::Impossible(_) | Self::System => 7,
        }
    }

    /// The whole answer.
    pub fn answer(self, shape: Shape, lang: Lang) -> Value {
        let text = self.text(lang);
        match self {
            Self::Missing(field) | Self::WrongValue(field) => {
                shape.with(self.code(), &format!("{text} [{field}]"))
            }
            _ => shape.with(self.code(), text),
        }
    }

    const fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::DuplicateOrderNumber => lang.pick(
                "Numéro de commande dupliqué",
                "رقم الطلب مستعمل من قبل",
                "Order number is duplicated, order with given order number is processed already",
            ),
            Self::BadOrderNumber => lang.pick(
                "Numéro de commande incorrect",
                "رقم الطلب غير صحيح",
                "Order number is incorrect",
            ),
            Self::UnknownCurrency => {
                lang.pick("Monnaie inconnue", "عملة غير معروفة", "Unknown currency")
            }
            Self::Missing(_) => lang.pick(
                "Paramètre obligatoire absent",
                "معطى إجباري ناقص",
                "A mandatory parameter is missing",
            ),
            Self::WrongValue(_) => lang.pick(
                "Valeur de paramètre incorrecte",
                "قيمة معطى غير صحيحة",
                "Wrong value of a parameter",
            ),
            Self::AccessDenied => lang.pick("Accès refusé", "الدخول مرفوض", "Access denied"),
            Self::UnknownOrder => lang.pick(
                "Identifiant de commande inconnu",
                "معرّف الطلب غير معروف",
                "Unregistered order id",
            ),
            Self::NoBinding => lang.pick(
                "Carte enregistrée introuvable",
                "البطاقة المحفوظة غير موجودة",
                "No such binding, or it is not active",
            ),
            Self::Impossible(Impossible::State) => lang.pick(
                "Le paiement n'est pas dans un état correct",
                "حالة الدفع لا تسمح بهذه العملية",
                "Payment must be in a correct state",
            ),
            Self::Impossible(Impossible::Amount) => lang.pick(
                "Le montant dépasse le montant disponible",
                "المبلغ يتجاوز المبلغ المتاح",
                "The amount exceeds what is available",
            ),
            Self::Impossible(Impossible::Reversal) => lang.pick(
                "L'annulation est impossible",
                "الإلغاء غير ممكن",
                "Reversal is impossible for this order",
            ),
            Self::System => lang.pick("Erreur système", "خطأ في النظام", "System error"),
        }
    }
}

/// The answer of a change that was made.
pub fn success(shape: Shape, lang: Lang) -> Value {
    shape.with(0, success_text(lang))
}

/// The text beside code 0.
pub const fn success_text(lang: Lang) -> &'static str {
    lang.pick("Succès", "تمّ بنجاح", "Success")
}

/// The text beside code 2, which `getOrderStatus.do` gives for a declined order.
pub const fn declined_text(lang: Lang) -> &'static str {
    lang.pick("Paiement refusé", "رُفض الدفع", "Payment is declined")
}

/// What an action code means, for payers and for `actionCodeDescription`.
pub const fn action_text(action_code: i64, lang: Lang) -> &'static str {
    match action_code {
        orders::APPROVED | orders::NOT_TRIED => "",
        orders::CANCELLED => {
            lang.pick("Paiement annulé", "أُلغي الدفع", "The payment was cancelled")
        }
        orders::TIMED_OUT => {
            lang.pick("Délai de paiement dépassé", "انتهت مهلة الدفع", "The time to pay is over")
        }
        orders::CHALLENGE_FAILED => lang.pick(
            "Authentification 3-D Secure échouée",
            "فشل التحقق 3-D Secure",
            "3-D Secure authentication failed",
        ),
        101 => lang.pick(
            "Date de validité incorrecte ou carte expirée",
            "تاريخ الصلوحية غير صحيح أو البطاقة منتهية",
            "Wrong expiry date, or the card has expired",
        ),
        111 => lang.pick("Carte non valide", "بطاقة غير صالحة", "The card is not valid"),
        116 => lang.pick("Solde insuffisant", "الرصيد غير كاف", "Insufficient funds"),
        121 => lang.pick("Plafond atteint", "تمّ بلوغ السقف", "The card's limit is reached"),
        125 => lang.pick("Code de sécurité incorrect", "رمز الأمان غير صحيح", "Wrong security code"),
        71_015 => {
            lang.pick("Données de carte incorrectes", "معطيات البطاقة غير صحيحة", "Wrong card data")
        }
        _ => lang.pick("Paiement refusé", "رُفض الدفع", "The payment was declined"),
    }
}
