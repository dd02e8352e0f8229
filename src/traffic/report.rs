//! What a recording came to: a case for each operation of each profile, and what was not judged.

use super::{Call, Judged, LeftOut, Matched, Unreadable, judge, matched};
use crate::contract::{CompiledOperation, Contract, ProfileContract, automatic};
use crate::diagnostic::Diagnostic;
use crate::engine::{CaseReport, Undocumented};
use crate::exchange::Request;
use crate::judge::{Fault, Outcome};
use crate::profile::Profile;
use crate::target::{Redactor, Secret, curl};
use crate::verdict::{Finding, Level, Verdict};
use indexmap::IndexMap;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Findings of one requirement that are kept for each operation; further ones are counted.
const KEPT: u64 = 5;

/// Routes without an operation that are kept apart; a path may hold anything.
const ROUTES: usize = 1000;

/// Where a repeated call would go: where Milvus listens unless told otherwise.
const ADDRESS: &str = "http://127.0.0.1:19530";

/// Header fields that belong to the API; others, cookies among them, stay out of findings.
const OWN_HEADERS: [&str; 5] =
    ["authorization", "content-type", "db-name", "request-timeout", "accept-type-allow-int64"];

/// Adds up what is said of the calls of any number of files.
#[derive(Debug)]
pub struct Report {
    contract: Arc<Contract>,
    gate: Level,
    strict: bool,
    /// The profile of all calls, when the user names one.
    wanted: Option<Profile>,
    /// By profile, in the order in which the first call of each came.
    pub profiles: IndexMap<Profile, OfProfile>,
    /// Calls that nothing can be said of.
    pub left_out: BTreeMap<LeftOut, u64>,
    /// Calls to pages that are not of the API.
    pub elsewhere: u64,
    /// Calls in all files.
    pub calls: u64,
}

/// What is said of the calls to servers of one profile.
#[derive(Debug)]
pub struct OfProfile {
    contract: ProfileContract,
    /// By operation.
    cases: IndexMap<String, CaseReport>,
    /// Operations that the server was seen to have.
    answered: BTreeSet<String>,
    /// By method and route that is no operation of the profile, the calls.
    pub unknown: BTreeMap<(String, String), u64>,
    /// By operation and code: failures that are no named one, with the first message.
    pub unnamed: BTreeMap<(String, i64), (u64, String)>,
    /// Answers judged in everything but the HTTP status.
    pub without_status: u64,
    /// Answers judged in everything but how they are declared.
    pub without_kind: u64,
    /// Answers judged.
    pub judged: u64,
}

/// Why a call cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file cannot be read on.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Nothing says which contract applies.
    #[error("call {place}: {why}; say --profile")]
    NoProfile {
        /// The line or entry.
        place: u64,
        /// What the recording says instead.
        why: String,
    },
    /// The contract of the profile does not compile.
    #[error("the contract has mistakes")]
    Mistakes(Vec<Diagnostic>),
}

impl Report {
    /// A report without calls.
    pub fn new(contract: Arc<Contract>, wanted: Option<Profile>, gate: Level, strict: bool) -> Self {
        Self {
            contract,
            gate,
            strict,
            wanted,
            profiles: IndexMap::new(),
            left_out: BTreeMap::new(),
            elsewhere: 0,
            calls: 0,
        }
    }

    /// Takes in a call of a file.
    ///
    /// # Errors
    /// When nothing says which contract applies, or the contract does not compile.
    pub fn add(&mut self, file: &str, call: &Call) -> Result<(), Refused> {
        self.calls += 1;
        if let Some(why) = call.left_out {
            *self.left_out.entry(why).or_default() += 1;
            return Ok(());
        }
        if !call.is_of_the_api() {
            self.elsewhere += 1;
            return Ok(());
        }
        let profile = self.wanted.or_else(|| call.profile()).ok_or_else(|| Refused::NoProfile {
            place: call.place,
            why: match &call.server {
                Some(server) => format!("`{server}` is no profile"),
                None => "it does not say which server answered".to_owned(),
            },
        })?;
        if !self.profiles.contains_key(&profile) {
            let contract = self.contract.compile(profile).map_err(Refused::Mistakes)?;
            self.profiles.insert(profile, OfProfile::new(contract));
        }
        if let Some(of_profile) = self.profiles.get_mut(&profile) {
            of_profile.add(file, call, self.gate, self.strict);
        }
        Ok(())
    }
}

impl OfProfile {
    fn new(contract: ProfileContract) -> Self {
        Self {
            contract,
            cases: IndexMap::new(),
            answered: BTreeSet::new(),
            unknown: BTreeMap::new(),
            unnamed: BTreeMap::new(),
            without_status: 0,
            without_kind: 0,
            judged: 0,
        }
    }

    /// The contract that was applied.
    pub fn contract(&self) -> &ProfileContract {
        &self.contract
    }

    /// A case for each operation that was called, by name.
    pub fn cases(&self) -> Vec<CaseReport> {
        let mut cases: Vec<CaseReport> = self.cases.values().cloned().collect();
        cases.sort_by(|left, right| left.id.cmp(&right.id));
        cases
    }

    fn add(&mut self, file: &str, call: &Call, gate: Level, strict: bool) {
        let Self { contract, cases, answered, unknown, unnamed, .. } = self;
        let Matched::Operation(operation) = matched(contract, call) else {
            let key = (call.request.method.clone(), call.route().to_owned());
            if unknown.len() < ROUTES || unknown.contains_key(&key) {
                *unknown.entry(key).or_default() += 1;
            } else {
                *unknown.entry(("any method".to_owned(), "further routes".to_owned())).or_default() += 1;
            }
            return;
        };
        let name = &operation.operation().name;
        let Some(judged) = judge(contract, operation, call, answered.contains(name)) else { return };
        self.judged += 1;
        self.without_status += u64::from(call.status.is_none());
        self.without_kind += u64::from(call.headers.is_none());
        let case = cases.entry(name.clone()).or_insert_with(|| case(operation, file));
        case.calls += 1;
        if !case.file.split(", ").any(|known| known == file) {
            case.file = format!("{}, {file}", case.file);
        }
        match &judged.outcome {
            Outcome::Unsupported => return,
            Outcome::Failure { code, message } if judged.unnamed => {
                unnamed.entry((name.clone(), *code)).or_insert_with(|| (0, message.clone())).0 += 1;
            }
            _ => {}
        }
        if !matches!(judged.outcome, Outcome::Unclear(_) | Outcome::Plain) {
            answered.insert(name.clone());
        }
        if case.verdict == Verdict::Unsupported {
            case.verdict = Verdict::Pass;
            case.reason = None;
        }
        Noting { contract, file, call, name, case, gate }.note(judged, strict);
    }
}

/// A case that has not been judged in anything yet: a server that answers nothing but 404 does not have the operation.
fn case(operation: &CompiledOperation, file: &str) -> CaseReport {
    let name = &operation.operation().name;
    CaseReport::new(
        &format!("recorded/{name}"),
        &format!("Recorded answers of {name} are as documented"),
        file,
        &[operation.response_requirement().to_owned()],
        Verdict::Unsupported,
        Some(name.clone()),
    )
}

/// Writes down what is said of one call.
struct Noting<'a> {
    contract: &'a ProfileContract,
    file: &'a str,
    call: &'a Call,
    name: &'a str,
    case: &'a mut CaseReport,
    gate: Level,
}

impl Noting<'_> {
    fn note(mut self, judged: Judged, strict: bool) {
        for (requirement, fault) in judged.checks {
            self.check(&requirement, fault.map(|fault| *fault));
        }
        for found in judged.undocumented {
            let actual = judged.body.as_ref().and_then(|body| body.pointer(&found)).cloned().unwrap_or_default();
            self.undocumented(found, actual, strict);
        }
        for (reading, form) in judged.readings {
            *self.case.readings.entry(reading).or_default().entry(form).or_default() += 1;
        }
    }

    fn check(&mut self, requirement: &str, fault: Option<Fault>) {
        let tally = self.case.requirements.entry(requirement.to_owned()).or_default();
        let Some(fault) = fault else {
            tally.passed += 1;
            self.case.passed_checks += 1;
            return;
        };
        tally.failed += 1;
        let kept = tally.failed <= KEPT;
        let stated = self.contract.requirement(requirement);
        let level = stated.map_or(Level::Must, |stated| stated.level);
        if level <= self.gate {
            self.case.verdict = Verdict::Fail;
        }
        if kept {
            let sources = stated.map(|stated| stated.sources.clone()).unwrap_or_default();
            let finding = self.finding(requirement, level, sources, fault);
            self.case.findings.push(finding);
        }
    }

    fn finding(&self, requirement: &str, level: Level, sources: Vec<crate::verdict::Source>, fault: Fault) -> Finding {
        let (request, redactor) = repeatable(&self.call.request);
        let mut actual = fault.actual;
        redactor.redact_value(&mut actual);
        Finding {
            requirement: requirement.to_owned(),
            level,
            verdict: Verdict::Fail,
            sources,
            step: format!("{}:{}", self.file, self.call.place),
            operation: self.name.to_owned(),
            message: redactor.redact(&fault.message).into_owned(),
            expected: redactor.redact(&fault.expected).into_owned(),
            actual,
            pointer: fault.pointer,
            line: None,
            curl: curl(ADDRESS, &request, &redactor),
        }
    }

    fn undocumented(&mut self, found: String, actual: Value, strict: bool) {
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let pointer: Vec<&str> = found.split('/').map(|part| if number(part) { "*" } else { part }).collect();
        let note = Undocumented { operation: self.name.to_owned(), pointer: pointer.join("/") };
        if self.case.undocumented.contains(&note) {
            return;
        }
        self.case.undocumented.push(note);
        if strict {
            let fault = Fault {
                message: "a property that no document names".to_owned(),
                expected: "only documented properties (--strict)".to_owned(),
                actual,
                pointer: found,
            };
            self.check(&automatic::response(self.name), Some(fault));
        }
    }
}

/// The request for a command that repeats it, and what keeps its secrets: the token that it was sent with and the passwords
/// that its body names.
fn repeatable(request: &Request) -> (Request, Redactor) {
    let token = request.header("authorization").map(|value| {
        let value = value.strip_prefix("Bearer ").unwrap_or(value);
        let basic = value.strip_prefix("Basic ").and_then(|encoded| crate::base64::decode(encoded).ok());
        Secret::new(basic.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| value.to_owned()))
    });
    let redactor = Redactor::new(token.as_ref(), []);
    let body = serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
    let passwords =
        body.as_object().into_iter().flatten().filter(|(key, _)| key.to_ascii_lowercase().contains("password"));
    passwords.filter_map(|(_, value)| value.as_str()).for_each(|password| redactor.learn(password));
    let own = |name: &str| OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own));
    let headers = request.headers.iter().filter(|(name, _)| own(name)).cloned().collect();
    (Request { headers, ..request.clone() }, redactor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Tree;
    use crate::traffic::each;

    fn report(text: &str, gate: Level, strict: bool) -> Result<Report, Refused> {
        let contract = Arc::new(Contract::load(&Tree::embedded()).unwrap());
        let mut report = Report::new(contract, None, gate, strict);
        each(text.as_bytes(), |call| report.add("a.jsonl", &call))?;
        Ok(report)
    }

    fn line(operation: &str, body: &str) -> String {
        format!(
            r#"{{"server":"2.6","method":"POST","path":"/v2/vectordb/{operation}","headers":{{"Authorization":"Bearer root:Secret-9","Cookie":"sid=1"}},"request":{{"password":"Hidden-7","a":"Hidden-7 root:Secret-9"}},"status":200,"body":{body}}}"#
        )
    }

    #[test]
    fn calls_add_up_by_operation_and_only_the_first_findings_are_kept() {
        let mut lines = vec![line("partitions/has", r#"{"code":0,"data":{"has":true}}"#)];
        lines.extend((0..9).map(|_| line("partitions/has", r#"{"code":0,"data":{}}"#)));
        lines.push(line("no/such", "{}"));
        lines.push(line("collections/has", r#"{"code":4711,"message":"full moon"}"#));
        let report = report(&lines.join("\n"), Level::Must, false).unwrap();
        let of_profile = &report.profiles[&Profile::Milvus26];
        let cases = of_profile.cases();
        let [collections, partitions] = cases.as_slice() else { panic!("{cases:?}") };
        assert_eq!((partitions.calls, partitions.verdict), (10, Verdict::Fail));
        assert_eq!(partitions.findings.len(), 5);
        let tally = partitions.requirements["response.partitions/has"];
        assert_eq!((tally.passed, tally.failed), (1, 9));
        assert_eq!(partitions.findings[0].step, "a.jsonl:2");
        assert_eq!(collections.verdict, Verdict::Pass);
        assert_eq!(of_profile.unknown.values().sum::<u64>(), 1);
        assert_eq!(of_profile.unnamed[&("collections/has".to_owned(), 4711)], (1, "full moon".to_owned()));
        assert_eq!((report.calls, of_profile.judged, of_profile.without_kind), (12, 11, 11));
    }

    #[test]
    fn findings_hold_no_secret_of_the_recording() {
        let text = line("partitions/has", r#"{"code":0,"data":{"has":"Hidden-7 Secret-9"}}"#);
        let report = report(&text, Level::Must, false).unwrap();
        let written = serde_json::to_string(&report.profiles[&Profile::Milvus26].cases()).unwrap();
        for secret in ["Hidden-7", "Secret-9", "sid="] {
            assert!(!written.contains(secret), "{secret} in {written}");
        }
        assert!(written.contains("$MILVUS_TOKEN"));
    }

    #[test]
    fn an_operation_that_is_never_there_is_unsupported_and_what_vanishes_later_is_a_fault() {
        let gone = r#"{"server":"2.6","method":"POST","path":"/v2/vectordb/partitions/has","status":404,"body_raw":"404 page not found"}"#;
        let verdict = |text: &str| report(text, Level::Must, false).unwrap().profiles[0].cases()[0].verdict;
        assert_eq!(verdict(gone), Verdict::Unsupported);
        let there = line("partitions/has", r#"{"code":0,"data":{"has":true}}"#);
        assert_eq!(verdict(&format!("{there}\n{gone}")), Verdict::Fail);
        assert_eq!(verdict(&format!("{gone}\n{there}")), Verdict::Pass);
    }

    #[test]
    fn the_gate_decides_and_strict_asks_for_more() {
        let other =
            line("partitions/has", r#"{"code":4,"message":"collection not found[database=default][collection=a]"}"#);
        let odd = line("partitions/has", r#"{"code":0,"data":{"has":true,"odd":1}}"#);
        for (text, gate, strict, verdict) in [
            (&other, Level::Must, false, Verdict::Pass),
            (&other, Level::Observed, false, Verdict::Fail),
            (&odd, Level::Observed, false, Verdict::Pass),
            (&odd, Level::Observed, true, Verdict::Fail),
        ] {
            let report = report(text, gate, strict).unwrap();
            assert_eq!(report.profiles[0].cases()[0].verdict, verdict, "{text}");
        }
    }

    #[test]
    fn a_call_without_a_profile_is_refused() {
        let text = line("partitions/has", "{}").replace("\"2.6\"", "\"production\"");
        let refused = report(&text, Level::Must, false).unwrap_err().to_string();
        assert_eq!(refused, "call 1: `production` is no profile; say --profile");
    }
}
