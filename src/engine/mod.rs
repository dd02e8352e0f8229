//! Running scenarios: plan → cases → events.
//!
//! The engine prints nothing and keeps no results; whoever listens to its events does.

mod case;
mod cleanup;
mod event;
mod filter;
mod ledger;
mod plan;
mod replay;
mod run;
mod shard;
mod steps;

pub use cleanup::remove;
pub use event::{CaseReport, CleanupReport, Event, Leftover, RequirementTally, Undocumented, Wait};
pub use filter::{Filter, FilterError, Subject};
pub use ledger::{Entry, Ledger, LedgerError, Unfinished};
pub use plan::{Checked, Plan, PlanError, PlannedCase, Skipped};
pub use replay::Replay;
pub use run::{BROKE, Interrupt, Options, Running, Session, run_one, start};
pub use shard::Shard;
pub use steps::Caller;
