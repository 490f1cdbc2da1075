//! The steps of the small tables: merchants, apps, keys, terminals, wallets and windows of sent codes.

use qisma_domain::app::{App, KeyPair};
use qisma_domain::changes::Changes;
use qisma_domain::link::Link;
use qisma_domain::merchant::Merchant;
use qisma_domain::terminal::Terminal;
use qisma_domain::time::Timestamp;
use qisma_domain::wallet::{PhoneWindow, Wallet};
use std::mem::take;

use super::param::{Id, Param};
use super::plan::{Steps, apart, column};
use super::sets;
use super::step::Step;
use crate::fold::{Write, fold_rows};

/// What a batch changes in them, folded.
pub(super) struct People {
    merchants: Vec<Write<Merchant>>,
    apps: Vec<Write<App>>,
    key_pairs: Vec<Write<KeyPair>>,
    terminals: Vec<Terminal>,
    wallets: Vec<Wallet>,
    phone_windows: Vec<Write<PhoneWindow>>,
}

impl People {
    /// Takes these rows out of the changes.
    pub(super) fn of(changes: &mut Changes) -> Self {
        let key_pairs = take(&mut changes.key_pairs);
        let windows = take(&mut changes.phone_windows);
        let mut terminals = take(&mut changes.terminals);
        terminals.sort_by_key(|row| (row.merchant, row.id.clone()));
        let mut wallets = take(&mut changes.wallets);
        wallets.sort_by_key(|row| row.id);
        Self {
            merchants: fold_rows(take(&mut changes.merchants), |row| row.id, |row| row.version),
            apps: fold_rows(take(&mut changes.apps), |row| row.id, |row| row.version),
            key_pairs: fold_rows(key_pairs, |row| row.public_key.clone(), |row| row.version),
            terminals,
            wallets,
            phone_windows: fold_rows(
                windows,
                |row| (row.mode, row.phone.clone()),
                |row| row.version,
            ),
        }
    }

    pub(super) fn steps(&self) -> Steps<'_> {
        let mut steps = vec![];
        self.merchants(&mut steps);
        self.apps(&mut steps);
        self.key_pairs(&mut steps);
        self.terminals(&mut steps);
        self.wallets(&mut steps);
        self.phone_windows(&mut steps);
        steps
    }

    fn merchants<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.merchants);
        steps.push(Step {
            sql: sets::UPDATE_MERCHANT,
            rows: old.len(),
            what: "merchants",
            params: vec![
                column!(Numbers, old, |write| write.row.id.number()),
                column!(Texts, old, |write| write.row.name.as_str()),
                column!(MaybeTexts, old, |write| write.row.image_url.as_ref().map(Link::as_str)),
                column!(Texts, old, |write| write.row.status.as_str()),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
            ],
        });
        steps.push(Step {
            sql: sets::INSERT_MERCHANT,
            rows: new.len(),
            what: "new merchants",
            params: vec![
                column!(Numbers, new, |write| write.row.id.number()),
                column!(Texts, new, |write| write.row.name.as_str()),
                column!(MaybeTexts, new, |write| write.row.image_url.as_ref().map(Link::as_str)),
                column!(Texts, new, |write| write.row.status.as_str()),
                column!(Numbers, new, |write| write.row.created_at.micros()),
                column!(Numbers, new, |write| write.row.version),
            ],
        });
    }

    fn apps<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.apps);
        steps.push(Step {
            sql: sets::UPDATE_APP,
            rows: old.len(),
            what: "apps",
            params: vec![
                column!(Ids, old, |write| Id(*write.row.id.as_bytes())),
                column!(Texts, old, |write| write.row.webhook_mode.as_str()),
                column!(Bytes, old, |write| write.row.webhook_secret_sealed.as_slice()),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
            ],
        });
        steps.push(Step {
            sql: sets::INSERT_APP,
            rows: new.len(),
            what: "new apps",
            params: vec![
                column!(Ids, new, |write| Id(*write.row.id.as_bytes())),
                column!(Numbers, new, |write| write.row.merchant.number()),
                column!(Texts, new, |write| write.row.mode.as_str()),
                column!(Texts, new, |write| write.row.webhook_mode.as_str()),
                column!(Bytes, new, |write| write.row.webhook_secret_sealed.as_slice()),
                column!(Numbers, new, |write| write.row.created_at.micros()),
                column!(Numbers, new, |write| write.row.version),
            ],
        });
    }

    fn key_pairs<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.key_pairs);
        let expires = |row: &KeyPair| row.expires_at.map(Timestamp::micros);
        steps.push(Step {
            sql: sets::UPDATE_KEY_PAIR,
            rows: old.len(),
            what: "key pairs",
            params: vec![
                column!(Texts, old, |write| write.row.public_key.as_str()),
                column!(MaybeNumbers, old, |write| expires(&write.row)),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
            ],
        });
        steps.push(Step {
            sql: sets::INSERT_KEY_PAIR,
            rows: new.len(),
            what: "new key pairs",
            params: vec![
                column!(Texts, new, |write| write.row.public_key.as_str()),
                column!(Ids, new, |write| Id(*write.row.app.as_bytes())),
                column!(Texts, new, |write| write.row.kind.as_str()),
                column!(MaybeTexts, new, |write| write.row.name.as_deref()),
                column!(Bytes, new, |write| write.row.private_key_hash.as_slice()),
                column!(Numbers, new, |write| write.row.created_at.micros()),
                column!(MaybeNumbers, new, |write| expires(&write.row)),
                column!(Numbers, new, |write| write.row.version),
            ],
        });
    }

    fn terminals<'p>(&'p self, steps: &mut Steps<'p>) {
        let new = &self.terminals;
        steps.push(Step {
            sql: sets::INSERT_TERMINAL,
            rows: new.len(),
            what: "new terminals",
            params: vec![
                column!(Numbers, new, |row| row.merchant.number()),
                column!(Texts, new, |row| row.id.as_str()),
                column!(Texts, new, |row| row.serial_number.as_str()),
                column!(Numbers, new, |row| row.created_at.micros()),
                column!(Numbers, new, |row| row.version),
            ],
        });
    }

    fn wallets<'p>(&'p self, steps: &mut Steps<'p>) {
        let new = &self.wallets;
        steps.push(Step {
            sql: sets::INSERT_WALLET,
            rows: new.len(),
            what: "new wallets",
            params: vec![
                column!(Shards, new, |row| row.id.shard().0.into()),
                column!(Ids, new, |row| Id(*row.id.as_bytes())),
                column!(Texts, new, |row| row.mode.as_str()),
                column!(Texts, new, |row| row.phone.as_str()),
                column!(Texts, new, |row| row.name.as_str()),
                column!(Numbers, new, |row| row.created_at.micros()),
                column!(Numbers, new, |row| row.version),
            ],
        });
    }

    fn phone_windows<'p>(&'p self, steps: &mut Steps<'p>) {
        let (new, old) = apart(&self.phone_windows);
        let shard = |row: &PhoneWindow| i16::from(row.phone.shard(row.mode).0);
        let codes =
            |row: &PhoneWindow| serde_json::to_string(&row.codes).expect("numbers are JSON");
        steps.push(Step {
            sql: sets::UPDATE_PHONE_WINDOW,
            rows: old.len(),
            what: "windows of sent codes",
            params: vec![
                column!(Shards, old, |write| shard(&write.row)),
                column!(Texts, old, |write| write.row.mode.as_str()),
                column!(Texts, old, |write| write.row.phone.as_str()),
                column!(OwnTexts, old, |write| codes(&write.row)),
                column!(Numbers, old, |write| write.row.version),
                column!(Numbers, old, |write| write.expected_version),
            ],
        });
        steps.push(Step {
            sql: sets::INSERT_PHONE_WINDOW,
            rows: new.len(),
            what: "new windows of sent codes",
            params: vec![
                column!(Shards, new, |write| shard(&write.row)),
                column!(Texts, new, |write| write.row.mode.as_str()),
                column!(Texts, new, |write| write.row.phone.as_str()),
                column!(OwnTexts, new, |write| codes(&write.row)),
                column!(Numbers, new, |write| write.row.version),
            ],
        });
    }
}
