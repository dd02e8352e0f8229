//! Running scenarios: plan → cases → events.
//!
//! The engine prints nothing and keeps no results; whoever listens to its events does.

mod calls;
mod case;
mod cleanup;
mod event;
mod filter;
mod latency;
mod ledger;
mod plan;
mod replay;
mod room;
mod run;
mod shard;
mod shrink;
mod steps;

pub use calls::{Body, Call, CallRequest, CallResponse};
pub use cleanup::remove;
pub use event::{CaseReport, CleanupReport, Event, Leftover, RequirementTally, Undocumented, Wait};
pub use filter::{Filter, FilterError, Subject};
pub use latency::Latency;
pub use ledger::{Entry, Ledger, LedgerError, Unfinished};
pub use plan::{Checked, FILTERED, NEEDS_AUTH, NEEDS_PASSWORD, OF_THE_EMBEDDED, Plan, PlanError, PlannedCase, Skipped};
pub use replay::Replay;
pub use run::{BROKE, Interrupt, Options, Running, Session, run_one, start};
pub use shard::Shard;
pub use steps::Caller;
