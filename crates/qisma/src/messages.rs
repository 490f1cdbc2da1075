//! Text messages to payers. A message holds a one-time code, so its text is in no error, no log
//! and no URL, and is sent from memory only.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use crate::outbound::{ClientSetupError, operator_client};

const TIMEOUT: Duration = Duration::from_secs(5);
/// ITU-T E.164.
const PHONE_DIGITS_MAX: usize = 15;

/// Where messages go.
#[derive(Clone, Debug)]
pub enum MessageSender {
    /// Test mode: the sandbox shows them on its page `/phone/{number}`.
    Sandbox {
        /// The HTTP client.
        client: Client,
        /// The sandbox's root.
        root: Url,
    },
    /// An SMS gateway that takes `{"to", "text"}` as JSON.
    Gateway {
        /// The HTTP client.
        client: Client,
        /// Where messages are posted.
        url: Url,
        /// Sent as a bearer token.
        token: SecretString,
    },
    /// Nowhere: the wallet rail cannot be used.
    None,
}

/// The settings do not make a sender.
#[derive(Debug, thiserror::Error)]
pub enum MessageSetupError {
    /// The URL is not one.
    #[error("the address for text messages must be an absolute http or https URL")]
    Url,
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Client(#[from] ClientSetupError),
}

/// Why a message was not sent, or perhaps not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// There is nowhere to send it.
    #[error("no sender of text messages is set up: set the SMS gateway's address and token")]
    NotConfigured,
    /// Not `+` and up to 15 digits.
    #[error("the phone number is not in international form, such as +21655555555")]
    PhoneInvalid,
    /// Nobody listens there.
    #[error("the sender of text messages cannot be reached: check its address")]
    Unreachable,
    /// No answer; the message may have been sent all the same.
    #[error("the sender of text messages did not answer")]
    NoAnswer,
    /// The sender did not take it.
    #[error("the sender of text messages answered HTTP status {0}")]
    Refused(u16),
}

impl MessageSender {
    /// A sender to the sandbox whose root is given, such as `http://127.0.0.1:8081`.
    pub fn sandbox(root: &str) -> Result<Self, MessageSetupError> {
        Ok(Self::Sandbox { root: http_url(root)?, client: operator_client(TIMEOUT, TIMEOUT)? })
    }

    /// A sender to an SMS gateway.
    pub fn gateway(url: &str, token: SecretString) -> Result<Self, MessageSetupError> {
        let client = operator_client(TIMEOUT, TIMEOUT)?;
        Ok(Self::Gateway { url: http_url(url)?, client, token })
    }

    /// Sends a text to a phone in international form. Never repeats it.
    pub async fn send(&self, phone_e164: &str, text: &str) -> Result<(), MessageError> {
        if !is_e164(phone_e164) {
            return Err(MessageError::PhoneInvalid);
        }
        let call = match self {
            Self::Sandbox { client, root } => {
                let mut url = root.clone();
                url.path_segments_mut()
                    .expect("an http URL has a path")
                    .pop_if_empty()
                    .extend(["phone", phone_e164]);
                json_body(client.post(url), &json!({ "text": text }))
            }
            Self::Gateway { client, url, token } => {
                let body = json!({ "to": phone_e164, "text": text });
                json_body(client.post(url.clone()), &body).bearer_auth(token.expose_secret())
            }
            Self::None => return Err(MessageError::NotConfigured),
        };
        let response = call.send().await.map_err(|error| {
            if error.is_connect() { MessageError::Unreachable } else { MessageError::NoAnswer }
        })?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(MessageError::Refused(response.status().as_u16()))
        }
    }
}

fn json_body(call: RequestBuilder, body: &serde_json::Value) -> RequestBuilder {
    call.header(reqwest::header::CONTENT_TYPE, "application/json").body(body.to_string())
}

fn http_url(raw: &str) -> Result<Url, MessageSetupError> {
    Url::parse(raw)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or(MessageSetupError::Url)
}

fn is_e164(phone: &str) -> bool {
    phone.strip_prefix('+').is_some_and(|digits| {
        (1..=PHONE_DIGITS_MAX).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::canned::{Canned, CannedServer, closed_address};

    const PHONE: &str = "+21655555555";

    #[tokio::test]
    async fn the_sandbox_gets_the_text_at_the_phones_page() {
        let server = CannedServer::start(Canned::ok("{}")).await;
        let sender = MessageSender::sandbox(&server.url()).expect("a sender");
        assert_eq!(sender.send(PHONE, "Code 123456").await, Ok(()));
        let seen = server.only_request();
        assert!(seen.starts_with("POST /phone/+21655555555 HTTP/1.1\r\n"), "{seen}");
        assert!(seen.ends_with("{\"text\":\"Code 123456\"}"), "{seen}");
    }

    #[tokio::test]
    async fn the_gateway_gets_number_text_and_token() {
        let server = CannedServer::start(Canned::answer("202 Accepted", "")).await;
        let url = format!("{}/sms", server.url());
        let sender = MessageSender::gateway(&url, "t0ken".into()).expect("a sender");
        assert_eq!(sender.send(PHONE, "Code 123456").await, Ok(()));
        let seen = server.only_request();
        assert!(seen.starts_with("POST /sms HTTP/1.1\r\n"), "{seen}");
        assert!(seen.contains("\r\nauthorization: Bearer t0ken\r\n"), "{seen}");
        let body = seen.split("\r\n\r\n").last().expect("a body");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body, json!({"to": PHONE, "text": "Code 123456"}));
    }

    #[tokio::test]
    async fn a_refusal_is_an_error_with_its_status() {
        let server = CannedServer::start(Canned::answer("429 Slow Down", "Code 123456")).await;
        let sender = MessageSender::sandbox(&server.url()).expect("a sender");
        assert_eq!(sender.send(PHONE, "Code 123456").await, Err(MessageError::Refused(429)));
    }

    #[tokio::test]
    async fn nobody_listening_is_an_error() {
        let root = format!("http://{}", closed_address().await);
        let sender = MessageSender::sandbox(&root).expect("a sender");
        assert_eq!(sender.send(PHONE, "x").await, Err(MessageError::Unreachable));
    }

    #[tokio::test]
    async fn without_a_sender_nothing_is_sent() {
        let result = MessageSender::None.send(PHONE, "x").await;
        assert_eq!(result, Err(MessageError::NotConfigured));
    }

    #[tokio::test]
    async fn a_number_that_is_no_number_is_refused_unsent() {
        for phone in ["55555555", "+", "+216/../../x", "+1234567890123456", ""] {
            let result = MessageSender::None.send(phone, "x").await;
            assert_eq!(result, Err(MessageError::PhoneInvalid), "{phone}");
        }
    }

    #[test]
    fn the_token_is_not_printed() {
        let sender = MessageSender::gateway("http://127.0.0.1/", "t0ken".into()).expect("a sender");
        assert!(!format!("{sender:?}").contains("t0ken"));
    }
}
