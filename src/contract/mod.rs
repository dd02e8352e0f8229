//! The contract: `specs/` as typed, linked values, and compiled for one profile.
//!
//! Nothing here knows of scenarios, servers or the network. Sources of the rules are named in the data itself.

mod bounds;
mod compiled;
mod failure;
mod hazard;
mod operation;
mod over_grpc;
mod profile_facts;
mod reading;
mod requirement;
mod schema;
mod tree;
mod whole;

pub use bounds::Bounds;
pub use compiled::{CompiledOperation, ProfileContract, SchemaFault, Side};
pub use failure::{ByProfile, KnownFailure};
pub use hazard::{Hazard, Provoked};
pub use operation::{Created, Effect, Example, Header, ObjectKind, Operation, OperationFile};
pub use over_grpc::OVER_GRPC;
pub use profile_facts::{ProfileFacts, Recognised, SuccessCodes, Telling};
pub use reading::{Form, Reading};
pub use requirement::{Requirement, requirements_schema};
pub use schema::mark_mistakes;
pub use tree::{Tree, TreeError};
pub use whole::{Contract, automatic};
