//! Reports: pure functions of the results.

mod coverage;
mod junit;

pub use coverage::{Checked, Coverage, Errors, OperationCoverage, Operations, Orderings, Properties, Requirements};
pub use coverage::{TransportRules, coverage};
pub use junit::junit;
