//! Reports: pure functions of the results.

mod annotations;
mod badge;
mod compare;
mod coverage;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod tap;
mod words;

pub use annotations::annotations;
pub use badge::{badge, badge_json};
pub use compare::{Comparison, Named, Pair, Row, Series, Side, Turn};
pub use coverage::{Checked, Coverage, Errors, OperationCoverage, Operations, Orderings, Properties, Requirements};
pub use coverage::{TransportRules, coverage};
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub use tap::tap;

use crate::results::Results;

/// A form in which results can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `JUnit` XML.
    Junit,
    /// The results themselves, in one order and indented.
    Json,
    /// Markdown, for the summary of a job.
    Markdown,
    /// One page to read.
    Html,
    /// SARIF 2.1.0, for viewers of findings in code.
    Sarif,
    /// Commands that GitHub shows beside the files of a change.
    Annotations,
    /// Test Anything Protocol, version 13.
    Tap,
    /// A picture for a web site.
    Badge,
    /// What shields.io makes a picture of.
    BadgeJson,
}

/// A report could not be written in its form.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the report: {0}")]
pub struct ReportError(String);

impl Format {
    /// The report as text.
    ///
    /// # Errors
    /// When a text of the results cannot be written in the form, which XML knows of.
    pub fn of(self, results: &Results) -> Result<String, ReportError> {
        let broken = |error: &dyn std::fmt::Display| ReportError(error.to_string());
        Ok(match self {
            Format::Junit => junit(results).map_err(|error| broken(&error))?,
            Format::Json => json(results).map_err(|error| broken(&error))?,
            Format::Markdown => markdown(results),
            Format::Html => html(results).map_err(|error| broken(&error))?,
            Format::Sarif => sarif(results),
            Format::Annotations => annotations(results),
            Format::Tap => tap(results),
            Format::Badge => badge(results),
            Format::BadgeJson => badge_json(results),
        })
    }
}
