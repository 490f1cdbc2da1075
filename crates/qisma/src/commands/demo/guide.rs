//! What the demo prints: a request to paste, and where to look next.

use std::net::SocketAddr;
use std::path::PathBuf;

use qisma_sandbox::ShopOptions;
use serde_json::{Value, json};

use super::sandbox_clock;
use super::seed::WALLETS;
use crate::operations::apps::NewApp;

/// Where everything of a running demo is.
pub struct Guide {
    /// The gateway.
    pub gateway: SocketAddr,
    /// The sandbox bank, without a slash at the end.
    pub bank: String,
    /// The shop.
    pub shop: SocketAddr,
    /// The data directory.
    pub data: PathBuf,
    /// The platform's app.
    pub app: NewApp,
}

impl Guide {
    /// The documented orchestration request, with this demo's keys.
    fn generate_command(&self) -> String {
        let shop = self.shop;
        // Written out, so that its members stand in the order of the documentation.
        let body = format!(
            "{{\"amount\":10000,\"success_link\":\"http://{shop}/thank-you\",\"fail_link\":\
             \"http://{shop}/not-paid\",\"webhook\":\"http://{shop}/webhook\",\
             \"developer_tracking_id\":\"order-1\",\"destination\":[{{\"amount\":8000,\
             \"destination\":\"1234\"}},{{\"amount\":2000,\"destination\":\"4321\"}}]}}"
        );
        format!(
            "curl -s http://{}/api/v2/generate_payment {} -H 'Content-Type: application/json' -d \
             '{body}'",
            self.gateway,
            self.authorization(),
        )
    }

    fn verify_command(&self) -> String {
        let authorization = self.authorization();
        format!(
            "curl -s http://{}/api/v2/verify_payment/{{payment_id}} {authorization}",
            self.gateway
        )
    }

    fn authorization(&self) -> String {
        format!("-H 'Authorization: Bearer {}:{}'", self.app.public_key, self.app.private_key)
    }

    /// A command of this binary, as it was called, on the demo's data.
    fn own_command(&self, command: &str) -> String {
        let program = std::env::args().next().unwrap_or_else(|| "qisma".to_owned());
        format!("{program} {command} --data {}", self.data.display())
    }

    /// What the shop has to know.
    pub fn shop_options(&self) -> ShopOptions {
        ShopOptions { verify_command: self.verify_command(), clock: sandbox_clock() }
    }

    /// The guide for programs.
    pub fn description(&self) -> Value {
        json!({
            "gateway": format!("http://{}", self.gateway),
            "sandbox": self.bank,
            "shop": format!("http://{}", self.shop),
            "data": self.data.display().to_string(),
            "app": self.app,
            "generate_command": self.generate_command(),
            "verify_command": self.verify_command(),
        })
    }

    /// The guide for people.
    pub fn text(&self) -> String {
        let [(phone, ..), (other_phone, ..)] = WALLETS;
        let bank = &self.bank;
        format!(
            "Everything runs. Ask for a payment of 10 dinars: 8 for merchant 1234, 2 for 4321.\n\
             \n\
             {generate}\n\
             \n\
             Open the link of the answer and pay:\n  \
             by wallet  phone {phone} (or {other_phone}); its code arrives at {bank}/phone/{phone}\n  \
             by card    ask again with \"accept_card\": true; card 4509 2111 1111 1119, 12/26, 748, \
             code 123456;\n             \
             more cards, and ways to make the bank fail, at {bank}/\n\
             \n\
             Then look what happened ({{payment_id}} is in the answer above):\n  \
             {verify}\n  \
             {balance}\n  \
             {books}\n  \
             http://{shop}/  the shop, with the webhooks it received\n\
             \n\
             Merchant 5678 is suspended and receives nothing. Ctrl-C stops everything; the next demo \
             starts afresh.",
            generate = self.generate_command(),
            verify = self.verify_command(),
            balance = self.own_command("balance show 1234"),
            books = self.own_command("verify"),
            shop = self.shop,
        )
    }
}
