//! What of a server a scenario tries: HTTP itself, or the state behind it.

use super::{Fails, Library, Scenario, Step};
use crate::contract::{Contract, OVER_GRPC};
use schemars::JsonSchema;
use serde::Deserialize;

/// What of a server a scenario tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Surface {
    /// What only HTTP has: paths, headers, the form of bodies, the checks of the front, the forms of values. Over gRPC there
    /// is nothing of it to try.
    Http,
    /// What the server keeps, whichever way it is asked.
    State,
}

/// Codes that the front for HTTP gives by itself.
const OF_THE_FRONT: std::ops::RangeInclusive<i64> = 1800..=1899;

/// The group whose scenarios are about HTTP.
const TRANSPORT: &str = "transport/";

impl Surface {
    /// What a scenario tries, as it says itself or as its steps show: those that send something odd, ask for statuses and
    /// header fields, or want a failure that only the front for HTTP gives are about HTTP.
    pub fn of(id: &str, scenario: &Scenario, contract: &Contract) -> Self {
        if let Some(said) = scenario.surface {
            return said;
        }
        let about_http = |step: &Step| {
            let odd = step.body.is_some() || step.invalid || !step.headers.is_empty();
            let route = step.method.is_some() || step.path.is_some() || step.status.is_some();
            odd || route
                || !step.receives.is_empty()
                || step.fails.as_ref().is_some_and(|fails| of_front(fails, contract))
        };
        if id.starts_with(TRANSPORT) || scenario.steps.iter().flat_map(Step::all).any(about_http) {
            Surface::Http
        } else {
            Surface::State
        }
    }
}

/// Whether every failure named is one of the front for HTTP.
fn of_front(fails: &Fails, contract: &Contract) -> bool {
    let mut named = fails.named().peekable();
    named.peek().is_some()
        && named.all(|id| {
            contract
                .failures
                .get(id)
                .is_some_and(|failure| failure.codes.values().flatten().all(|code| OF_THE_FRONT.contains(code)))
        })
}

/// The first operation of a scenario and its fixtures that cannot be done over gRPC.
pub fn not_over_grpc(scenario: &Scenario, library: &Library) -> Option<String> {
    let fixtures = scenario.given.values().filter_map(|given| library.fixture(&given.fixture().value));
    let steps = fixtures.flat_map(|fixture| &fixture.steps).chain(&scenario.steps).flat_map(Step::all);
    let mut called = steps.filter_map(|step| step.call.as_ref().map(|call| call.value.as_str()));
    called.find(|name| !OVER_GRPC.contains(name)).map(str::to_owned)
}
