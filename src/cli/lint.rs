//! `lint`: mistakes in the contract, or in scenarios of the user's own.

use super::arguments::{ContractArguments, LintArguments};
use super::failure::{Failure, count, rendered};
use super::workspace::Workspace;
use super::{exit, style};
use crate::diagnostic::Diagnostic;
use crate::generate;
use crate::scenario::{Library, LintReport, check, lint as lint_contract};
use serde_json::json;
use std::io::Write;

pub(super) fn lint(contract: &ContractArguments, arguments: &LintArguments) -> Result<u8, Failure> {
    let report = match Workspace::load_to_check(contract) {
        Ok(workspace) if arguments.paths.is_empty() => {
            let mut report = lint_contract(&workspace.contract, &workspace.library);
            report.problems.extend(generate::mistakes(&workspace.contract, &workspace.library));
            report
        }
        Ok(workspace) => {
            let library = workspace.selected(&arguments.paths)?;
            let mut report = LintReport::default();
            for (_, source) in library.scenarios() {
                report.scenarios += 1;
                let source = source.text()?;
                match Library::parse(&source) {
                    Ok(scenario) => {
                        report.steps += scenario.steps.len();
                        report.problems.extend(check(&source, &scenario, &workspace.contract, &library));
                    }
                    Err(problem) => report.problems.push(problem),
                }
            }
            report
        }
        Err(Failure::Mistakes(problems)) => LintReport { problems, ..LintReport::default() },
        Err(failure) => return Err(failure),
    };
    let mut out = anstream::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", as_json(&report))?;
    } else {
        write!(out, "{}", rendered(&report.problems))?;
        let counts = [
            (report.operations, "operation"),
            (report.requirements, "requirement"),
            (report.errors, "error"),
            (report.readings, "reading"),
            (report.scenarios, "scenario"),
            (report.steps, "step"),
            (report.examples, "example"),
        ];
        let seen: Vec<String> =
            counts.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| count(number, word)).collect();
        let verdict = match report.problems.len() {
            0 => style::good("no mistakes"),
            mistakes => style::bad(&count(mistakes, "mistake")),
        };
        let seen = if seen.is_empty() { String::new() } else { format!(" in {}", seen.join(", ")) };
        writeln!(out, "{verdict}{seen}")?;
        if report.not_testable > 0 {
            writeln!(out, "{} of the requirements cannot be tested over REST", report.not_testable)?;
        }
    }
    Ok(if report.problems.is_empty() { exit::SUCCESS } else { exit::USAGE })
}

fn as_json(report: &LintReport) -> serde_json::Value {
    let problem = |problem: &Diagnostic| {
        json!({
            "file": &*problem.source.file, "line": problem.line(), "column": problem.column(),
            "message": problem.message, "help": problem.help,
        })
    };
    json!({
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
        "operations": report.operations,
        "requirements": report.requirements,
        "not_testable": report.not_testable,
        "errors": report.errors,
        "readings": report.readings,
        "scenarios": report.scenarios,
        "steps": report.steps,
        "examples": report.examples,
    })
}
