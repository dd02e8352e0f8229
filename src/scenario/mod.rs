//! The script language: parsed with places, filled in from variables, and checked against the contract.
//!
//! Nothing here runs a scenario; that is the engine's part.

mod check;
mod encoding;
mod file;
mod library;
mod lint;
mod surface;
mod template;

pub(crate) use check::TIME;
pub use check::check;
pub use file::{Encoding, Expectations, Fails, Fixture, Given, GivenFull, Scenario, Step, parse_duration};
pub use library::{Library, LibraryError, ScenarioId, ScenarioSource};
pub use lint::{LintReport, lint};
pub use surface::{Surface, not_over_grpc};
pub use template::{Scope, TemplateError, as_text};

/// The JSON Schemas of the files that people write, by file name, made from the types that read them.
pub fn editor_schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("scenario.schema.json", schemars::schema_for!(Scenario)),
        ("fixture.schema.json", schemars::schema_for!(Fixture)),
        ("operation.schema.json", schemars::schema_for!(crate::contract::OperationFile)),
        ("profile.schema.json", schemars::schema_for!(crate::contract::ProfileFacts)),
        ("errors.schema.json", schemars::schema_for!(indexmap::IndexMap<String, crate::contract::KnownFailure>)),
        ("readings.schema.json", schemars::schema_for!(indexmap::IndexMap<String, crate::contract::Reading>)),
        ("requirements.schema.json", crate::contract::requirements_schema()),
    ]
}
