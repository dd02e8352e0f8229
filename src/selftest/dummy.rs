//! Servers that say the same to everything: a case that passes against one of them checks nothing.

use super::kill::AT_ONCE;
use super::suite::{Suite, caller};
use crate::engine::run_one;
use crate::exchange::{Request, Response};
use crate::profile::Profile;
use crate::target::Answer;
use crate::verdict::Verdict;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A server that says the same to everything.
struct Dummy {
    id: &'static str,
    about: &'static str,
    status: u16,
    content_type: &'static str,
    body: &'static str,
}

const JSON: &str = "application/json; charset=utf-8";

const DUMMIES: [Dummy; 3] = [
    Dummy {
        id: "empty",
        about: "succeeds, and says nothing",
        status: 200,
        content_type: JSON,
        body: r#"{"code":0,"data":{}}"#,
    },
    Dummy {
        id: "failing",
        about: "always fails",
        status: 200,
        content_type: JSON,
        body: r#"{"code":65535,"message":"broken on purpose"}"#,
    },
    Dummy {
        id: "missing",
        about: "has no routes",
        status: 404,
        content_type: "text/plain",
        body: "404 page not found",
    },
];

impl Answer for &'static Dummy {
    fn answer(&self, _: &Request) -> Response {
        let headers = vec![("content-type".to_owned(), self.content_type.to_owned())];
        Response { status: self.status, headers: headers.into(), body: Bytes::from_static(self.body.as_bytes()) }
    }
}

/// What came of the suite against a server that says the same to everything.
#[derive(Clone, Debug, Serialize)]
pub struct DummyResult {
    /// The profile of the suite.
    pub profile: Profile,
    /// `empty`, `failing` or `missing`.
    pub id: &'static str,
    /// What the server does.
    pub about: &'static str,
    /// The cases that ran.
    pub cases: usize,
    /// Cases by verdict.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// The cases that passed: their checks cannot fail.
    pub passed: Vec<String>,
}

/// Runs the suite against each.
pub async fn dummies(suite: &Suite) -> Vec<DummyResult> {
    let mut results = Vec::new();
    for dummy in &DUMMIES {
        let caller = caller(Arc::new(dummy));
        let session = suite.session();
        let mut result = DummyResult {
            profile: suite.profile,
            id: dummy.id,
            about: dummy.about,
            cases: 0,
            verdicts: BTreeMap::new(),
            passed: Vec::new(),
        };
        // Where something is awaited in vain, a case only waits.
        let reports = stream::iter(suite.cases.iter().enumerate())
            .map(|(index, case)| run_one(&session, &caller, index + 1, &case.planned))
            .buffer_unordered(AT_ONCE);
        let mut reports = std::pin::pin!(reports);
        while let Some(report) = reports.next().await {
            result.cases += 1;
            *result.verdicts.entry(report.verdict.word()).or_default() += 1;
            if report.verdict == Verdict::Pass {
                result.passed.push(report.id);
            }
        }
        result.passed.sort();
        results.push(result);
    }
    results
}
