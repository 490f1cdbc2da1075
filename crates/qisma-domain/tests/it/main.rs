//! The rules of money against golden vectors and against their properties.

mod allocation;
mod split;
mod vectors;
