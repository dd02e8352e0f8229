//! Reports: pure functions of the results.

mod junit;

pub use junit::junit;
