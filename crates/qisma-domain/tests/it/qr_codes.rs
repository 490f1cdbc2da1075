//! QR codes of any merchant and amount can be read again by the rules of EMVCo.

use proptest::prelude::*;
use qisma_domain::emv::{Code, Collector};
use qisma_domain::ids::PaymentId;
use qisma_domain::money::{Amount, Currency};
use std::collections::BTreeMap;

/// Reads objects as any reader does: two digits, two digits, so many characters.
fn read(text: &str) -> BTreeMap<String, String> {
    let mut letters = text.chars();
    let mut found = BTreeMap::new();
    loop {
        let tag: String = letters.by_ref().take(2).collect();
        if tag.is_empty() {
            return found;
        }
        let length: String = letters.by_ref().take(2).collect();
        let length: usize = length.parse().expect("a length is two digits");
        let value: String = letters.by_ref().take(length).collect();
        assert_eq!(value.chars().count(), length, "tag {tag} is cut off");
        assert_eq!(found.insert(tag, value), None, "a tag stands once");
    }
}

proptest! {
    #[test]
    fn every_code_can_be_read_again(
        name in any::<String>(),
        millimes in 1_i64..=999_999_999_999,
        id in any::<[u8; 16]>(),
        host in "[a-z]{1,60}",
    ) {
        let collector = Collector {
            guid: "tn.qisma".into(),
            account: None,
            category: "5999".into(),
            city: "Tunis".into(),
            postal_code: None,
        };
        let payment = PaymentId::from_bytes(id);
        let link = format!("https://{host}.example/pay/{payment}");
        let code = Code {
            collector: &collector,
            payment: &payment,
            merchant: "1234",
            merchant_name: &name,
            amount: Amount::from_millimes(millimes).unwrap(),
            currency: Currency::Tnd,
            link: &link,
        };
        let found = read(&code.text().unwrap());
        let shown: String = found["59"].clone();
        prop_assert!(shown.is_ascii() && (1..=25).contains(&shown.len()));
        let (dinars, rest) = found["54"].split_once('.').unwrap_or((&found["54"], ""));
        let rest: i64 = format!("{rest:0<3}").parse().unwrap();
        prop_assert_eq!(dinars.parse::<i64>().unwrap() * 1_000 + rest, millimes);
        prop_assert_eq!(&read(&found["62"])["05"], &payment.to_string());
        prop_assert_eq!(&read(&found["26"])["01"], "1234");
        if let Some(template) = found.get("80") {
            prop_assert_eq!(&read(template)["01"], &link);
        }
    }
}
