//! A payer's browser without scripts: it follows forms, 303s and the one kind of refresh that pages
//! use, and stops where the shop begins.

use qisma_domain::ids::PaymentId;
use reqwest::Response;
use reqwest::header::HeaderMap;

use super::world::{PATIENCE, PHONE, World};

/// Number, expiry, security code.
pub type Card = (&'static str, &'static str, &'static str);

pub const VISA: Card = ("4509 2111 1111 1119", "12/26", "748");
pub const FRICTIONLESS: Card = ("4509 2111 1111 1127", "12/26", "748");
pub const NO_FUNDS: Card = ("5104051111111115", "12/26", "186");

/// A page as the payer sees it, redirects already followed.
pub struct Page {
    pub url: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

impl World {
    /// Opens a payment's page.
    pub async fn open(&self, payment: PaymentId) -> Page {
        self.get(&format!("{}/pay/{payment}", self.url)).await
    }

    /// Opens an address of gateway or bank.
    pub async fn get(&self, url: &str) -> Page {
        let response = self.client.get(url).send().await.unwrap();
        self.follow(url, response).await
    }

    async fn follow(&self, url: &str, mut response: Response) -> Page {
        let mut url = url.to_owned();
        while response.status() == 303 {
            let location = response.headers()["location"].to_str().unwrap();
            url = reqwest::Url::parse(&url).unwrap().join(location).unwrap().into();
            if !url.starts_with(&self.url) && !url.starts_with(&self.bank) {
                break;
            }
            response = self.client.get(&url).send().await.unwrap();
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { url, status, headers, html: response.text().await.unwrap() }
    }

    /// Goes from the payment's page to the bank's.
    pub async fn go_to_bank(&self, payment: PaymentId) -> Page {
        let leaving = self.open(payment).await.submit(self, "/card", &[]).await;
        assert!(leaving.url.ends_with("/bank"), "{}: {}", leaving.url, leaving.html);
        let bank = leaving.leave(self).await;
        assert!(bank.url.starts_with(&self.bank), "{}", bank.url);
        bank
    }

    /// Pays by card, to the page that the gateway shows afterwards.
    pub async fn pay_by_card(&self, payment: PaymentId, card: Card) -> Page {
        self.go_to_bank(payment).await.pay(self, card).await.leave(self).await
    }

    /// Asks for a code, to the page that takes it.
    pub async fn ask_for_code(&self, payment: PaymentId) -> Page {
        self.open(payment).await.submit(self, "/wallet", &[("phone", PHONE)]).await
    }

    /// The newest code on the phone's page, once one is there that was not there before.
    pub async fn code(&self) -> String {
        // A message is sent after the answer to the form, so it may be a moment away.
        let come = async {
            loop {
                let html = self.get(&format!("{}/phone/{PHONE}", self.bank)).await.html;
                let codes = codes_in(&html);
                let mut seen = self.codes_seen.lock().unwrap();
                if !codes.is_empty() && *seen != codes {
                    seen.clone_from(&codes);
                    return codes[0].clone();
                }
            }
        };
        tokio::time::timeout(PATIENCE, come).await.expect("no code came")
    }
}

fn codes_in(html: &str) -> Vec<String> {
    let runs = html.split(|c: char| !c.is_ascii_digit());
    runs.filter(|run| run.len() == 6).map(ToOwned::to_owned).collect()
}

/// A code that is certainly another one.
pub fn wrong(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

impl Page {
    /// Sends the form whose action ends so, with its hidden fields and these.
    pub async fn submit(&self, world: &World, action: &str, typed: &[(&str, &str)]) -> Self {
        let (url, fields) = self.form(action, typed);
        let response = world.client.post(&url).form(&fields).send().await.unwrap();
        world.follow(&url, response).await
    }

    /// The address and the fields of the form whose action ends so.
    pub fn form(&self, action: &str, typed: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        let forms = self.html.split("<form").skip(1);
        let form = forms
            .map(|form| form.split("</form>").next().unwrap())
            .find(|form| attribute(form, "action").ends_with(action))
            .unwrap_or_else(|| panic!("no form {action} at {}: {}", self.url, self.html));
        let hidden = form.split("<input").skip(1).filter(|tag| attribute(tag, "type") == "hidden");
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields: Vec<_> =
            hidden.map(|tag| own(attribute(tag, "name"), attribute(tag, "value"))).collect();
        fields.extend(typed.iter().map(|(name, value)| own(name, value)));
        let action = attribute(form, "action").replace("&amp;", "&");
        let url = reqwest::Url::parse(&self.url).unwrap().join(&action).unwrap();
        (url.into(), fields)
    }

    pub fn has_form(&self, action: &str) -> bool {
        self.html.contains(&format!("{action}\""))
    }

    /// Follows the page's refresh.
    pub async fn leave(&self, world: &World) -> Self {
        let marker = "<meta http-equiv=\"refresh\" content=\"0;url=";
        let rest = self.html.split(marker).nth(1);
        let rest = rest.unwrap_or_else(|| panic!("{} leads nowhere: {}", self.url, self.html));
        let way = rest.split('"').next().unwrap().replace("&amp;", "&");
        let url = reqwest::Url::parse(&self.url).unwrap().join(&way).unwrap();
        world.get(url.as_str()).await
    }

    /// Types a card at the bank, to the bank's last page.
    pub async fn pay(&self, world: &World, card: Card) -> Self {
        let typed = [("cc-number", card.0), ("cc-exp", card.1), ("cc-csc", card.2)];
        let page = self.fill(world, &typed).await;
        if page.html.contains("one-time-code") {
            return page.fill(world, &[("one-time-code", "123456")]).await;
        }
        page
    }

    /// Fills the bank's one form in by `autocomplete`.
    async fn fill(&self, world: &World, values: &[(&str, &str)]) -> Self {
        let mut fields = vec![];
        for input in self.html.split("<input").skip(1) {
            let kind = attribute(input, "autocomplete");
            let value = values.iter().find(|(name, _)| *name == kind).map(|(_, value)| *value);
            let value = value.or((kind == "cc-name").then_some("Foulen Ben Foulen"));
            fields.extend(value.map(|value| (attribute(input, "name"), value)));
        }
        let (url, _) = self.form("", &[]);
        let response = world.client.post(&url).form(&fields).send().await.unwrap();
        world.follow(&url, response).await
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    let tag = tag.split('>').next().unwrap();
    tag.split(&format!(" {name}=\"")).nth(1).map_or("", |rest| rest.split('"').next().unwrap())
}
