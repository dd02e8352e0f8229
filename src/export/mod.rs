//! The contract in the forms of other tools.

mod openapi;

pub use openapi::openapi;
