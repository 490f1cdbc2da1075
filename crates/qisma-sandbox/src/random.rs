//! Chance as a parameter: order ids, approval codes and reference numbers.

use std::sync::{Mutex, PoisonError};

/// The generator the sandbox was given, shared by its requests.
pub struct Random {
    rng: Mutex<Box<dyn rand::Rng + Send>>,
}

impl Random {
    /// Takes the generator over.
    pub fn new(rng: Box<dyn rand::Rng + Send>) -> Self {
        Self { rng: Mutex::new(rng) }
    }

    /// A new order id: a random UUID in its 36 characters.
    pub fn order_id(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// `len` random digits, at most 18.
    pub fn digits(&self, len: usize) -> String {
        let number = self.rng.lock().unwrap_or_else(PoisonError::into_inner).next_u64();
        let text = format!("{number:020}");
        // The first digits of a u64 are not evenly spread, the last ones are.
        text[text.len() - len..].to_owned()
    }
}
