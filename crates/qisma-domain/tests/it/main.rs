//! The rules of money against golden vectors and against their properties.

mod allocation;
mod events;
mod split;
mod vectors;
