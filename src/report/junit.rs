//! The results as `JUnit` XML, for continuous integration.

use crate::results::Results;
use crate::verdict::{Finding, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;
use std::time::Duration;

/// One test suite a group, one test case a scenario. A finding below the gate is told in the output of its case.
///
/// # Errors
/// When the report cannot be written as XML.
pub fn junit(results: &Results) -> Result<String, quick_junit::SerializeError> {
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for case in &results.cases {
        let group = case.id.split('/').next().unwrap_or_default();
        let reason = case.reason.clone().unwrap_or_default();
        let mut status = match case.verdict {
            Verdict::Pass | Verdict::Known | Verdict::Flaky => TestCaseStatus::success(),
            Verdict::Fail | Verdict::Fixed => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
            Verdict::Unsupported | Verdict::Skipped => TestCaseStatus::skipped(),
        };
        match case.verdict {
            Verdict::Fail | Verdict::Fixed => {
                status.set_message(case.findings.first().map_or_else(|| case.title.clone(), headline));
                status.set_description(text(&case.findings));
            }
            Verdict::Error | Verdict::Skipped => drop(status.set_message(reason)),
            Verdict::Unsupported => drop(status.set_message(format!("the target has no {reason}"))),
            Verdict::Pass | Verdict::Known | Verdict::Flaky => {}
        }
        let mut test = TestCase::new(case.id.as_str(), status);
        test.set_classname(format!("{}.{group}", results.head.profile));
        test.set_time(Duration::from_secs_f64(case.duration_ms.max(0.0) / 1e3));
        if matches!(case.verdict, Verdict::Pass | Verdict::Known | Verdict::Flaky) && !case.findings.is_empty() {
            let reason = case.reason.as_ref().map(|reason| format!("{}: {reason}\n", case.verdict)).unwrap_or_default();
            test.set_system_out(reason + &text(&case.findings));
        }
        suites.entry(group).or_default().push(test);
    }
    let mut report = Report::new(format!("milvus-conformance {}", results.head.profile));
    for (group, mut tests) in suites {
        tests.sort_by(|left, right| left.name.as_str().cmp(right.name.as_str()));
        let mut suite = TestSuite::new(group);
        suite.add_test_cases(tests);
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn headline(finding: &Finding) -> String {
    format!("{} ({}): {}", finding.requirement, finding.level, finding.message)
}

fn text(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect()
}
