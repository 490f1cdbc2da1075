//! `qisma apikey`.

use std::path::Path;

use serde_json::json;

use super::{offline_and_live, qisma};

fn merchant_with_an_app(data: &Path) {
    qisma(data, "merchant create --name Souk --id 1234").json();
    qisma(data, "app create --merchant 1234 --mode test").json();
}

#[test]
fn an_api_key_is_shown_once() {
    offline_and_live(|data| {
        merchant_with_an_app(data);
        let made = qisma(data, "apikey create --merchant 1234 --name till").json();
        let key = made["api_key"].as_str().unwrap();
        assert_eq!(key.len(), 64);
        let list = qisma(data, "apikey list");
        assert!(!list.stdout.contains(key) && !list.stdout.contains(&key[32..]), "{list:?}");
        let app = qisma(data, "app list").json();
        let listed = list.json();
        let created_at = listed[0]["created_at"].clone();
        assert_eq!(
            listed,
            json!([{
                "id": made["id"], "merchant": "1234", "mode": "test",
                "app_id": app[0]["app_id"], "name": "till", "created_at": created_at,
                "revoked_at": null,
            }])
        );
    });
}

#[test]
fn an_apps_list_of_keys_has_no_api_key() {
    offline_and_live(|data| {
        merchant_with_an_app(data);
        qisma(data, "apikey create --merchant 1234").json();
        assert_eq!(qisma(data, "app list").json()[0]["keys"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_revoked_key_stays_in_the_list_with_its_end() {
    offline_and_live(|data| {
        merchant_with_an_app(data);
        let made = qisma(data, "apikey create --merchant 1234").json();
        let id = made["id"].as_str().unwrap();
        let revoked = qisma(data, &format!("apikey revoke {id}")).json();
        assert!(revoked["revoked_at"].is_string(), "{revoked}");
        assert_eq!(qisma(data, &format!("apikey revoke {id}")).json(), revoked);
        assert_eq!(qisma(data, "apikey list").json(), json!([revoked]));
    });
}

#[test]
fn a_key_that_does_not_exist_cannot_be_revoked() {
    offline_and_live(|data| {
        merchant_with_an_app(data);
        let public_key = qisma(data, "app list").json()[0]["keys"][0]["public_key"].clone();
        for id in ["x", public_key.as_str().unwrap()] {
            let refused = qisma(data, &format!("apikey revoke {id}"));
            assert!(refused.error().contains("qisma apikey list"), "{refused:?}");
        }
    });
}

#[test]
fn a_merchant_without_an_app_is_told_how_to_make_one() {
    offline_and_live(|data| {
        merchant_with_an_app(data);
        let refused = qisma(data, "apikey create --merchant 1234 --mode live");
        let error = refused.error();
        assert!(error.contains("qisma app create --merchant 1234 --mode live"), "{error}");
    });
}
