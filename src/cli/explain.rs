//! `explain`: all that is known of one id.

use super::arguments::{ContractArguments, ExplainArguments};
use super::exit;
use super::failure::Failure;
use super::run::DEFAULT_PROFILE;
use super::style;
use super::workspace::Workspace;
use super::wrap::{width, wrapped};
use crate::contract::{Bounds, Contract, KnownFailure, Operation, Reading, Requirement};
use crate::diagnostic::{SourceText, suggestion};
use crate::generate;
use crate::profile::Profile;
use crate::scenario::{Library, Scenario};
use crate::verdict::Source;
use std::fmt::Write as _;
use std::io::Write as _;

pub(super) fn explain(contract: &ContractArguments, arguments: &ExplainArguments) -> Result<u8, Failure> {
    let workspace = Workspace::load(contract)?;
    let id = arguments.id.as_str();
    let known = &workspace.contract;
    let text = if let Some(stated) = known.requirements.get(id) {
        requirement(stated, &workspace.library)
    } else if let Some(operation) = known.operations.get(id) {
        self::operation(operation, known)
    } else if let Some(failure) = known.failures.get(id) {
        self::failure(id, failure, known)
    } else if let Some(reading) = known.readings.get(id) {
        self::reading(id, reading)
    } else if let Some((_, source)) = workspace.library.scenarios().find(|(known, _)| known.as_str() == id) {
        let source = source.text()?;
        let scenario = Library::parse(&source).map_err(|mistake| Failure::Mistakes(vec![mistake]))?;
        self::scenario(id, &scenario, &source, known)
    } else if generate::names_generated(id) {
        generated(id, arguments, &workspace)?
    } else {
        let ids = known.requirements.keys().chain(known.operations.keys()).chain(known.failures.keys());
        let ids = ids.chain(known.readings.keys()).chain(workspace.library.scenarios().map(|(id, _)| id));
        let help = suggestion(id, ids.map(String::as_str)).unwrap_or_else(|| "`list` shows what there is".to_owned());
        return Err(Failure::Usage(format!("nothing is called `{id}`; {help}")));
    };
    anstream::stdout().lock().write_all(text.as_bytes())?;
    Ok(exit::SUCCESS)
}

/// The columns before what is said: two blanks, the label and another blank.
const BEFORE: usize = 14;

/// A generated case, of the profile asked for or the first that has it.
fn generated(id: &str, arguments: &ExplainArguments, workspace: &Workspace) -> Result<String, Failure> {
    let profiles = arguments
        .profile
        .map_or_else(|| std::iter::once(DEFAULT_PROFILE).chain(Profile::ALL).collect(), |profile| vec![profile]);
    let words = [id.to_owned()];
    let mut missing = None;
    for profile in profiles {
        match workspace.generated(&words, true, profile) {
            Ok(Some(made)) => {
                if let Some((_, source)) = made.scenarios().find(|(known, _)| *known == id) {
                    let source = source.text()?;
                    let scenario = Library::parse(&source).map_err(|mistake| Failure::Mistakes(vec![mistake]))?;
                    return Ok(made_page(id, profile, &scenario, &source, &workspace.contract));
                }
            }
            Ok(None) => {}
            Err(why) => missing = missing.or(Some(why)),
        }
    }
    Err(missing
        .unwrap_or_else(|| Failure::Usage(format!("nothing is called `{id}`; `list --generated` shows what there is"))))
}

fn made_page(id: &str, profile: Profile, scenario: &Scenario, source: &SourceText, contract: &Contract) -> String {
    let mut page = Page::new("generated case", id, &scenario.title);
    page.line("profile", profile.name());
    for stated in scenario.covers.iter().filter_map(|id| contract.requirements.get(id.as_str())) {
        page.line("claims", &format!("{} ({}): {}", stated.id, stated.level, stated.statement));
        page.lines("since", stated.sources.iter().map(ToString::to_string));
    }
    page.line("needs", &names(&scenario.needs));
    let _ = writeln!(page.0, "\n{}", source.text.trim_end());
    page.0
}

/// Builds a page out of a heading and labelled lines.
struct Page(String);

impl Page {
    fn new(kind: &str, id: &str, statement: &str) -> Self {
        let statement = wrapped(&format!("  {statement}"), width(), 0);
        Self(format!("{} {}\n\n{statement}\n\n", style::faint(kind), style::strong(id)))
    }

    /// What is said under a label, as wide as the terminal; nothing when there is nothing to say.
    fn line(&mut self, label: &str, text: &str) {
        let text = wrapped(text, width().saturating_sub(BEFORE), 2);
        self.whole_line(label, &text.replace('\n', &format!("\n{:BEFORE$}", "")));
    }

    /// The same, on one line however long it is: what is taken from there has to stay as it is.
    fn whole_line(&mut self, label: &str, text: &str) {
        if !text.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(self.0, "  {} {text}", style::faint(&format!("{label:<11}")));
        }
    }

    fn lines(&mut self, label: &str, texts: impl IntoIterator<Item = String>) {
        for (index, text) in texts.into_iter().enumerate() {
            self.line(if index == 0 { label } else { "" }, &text);
        }
    }

    fn sources(&mut self, sources: &[Source]) {
        self.lines("sources", sources.iter().map(ToString::to_string));
    }

    fn bounds(&mut self, bounds: &Bounds) {
        let profiles: Vec<&str> =
            Profile::ALL.into_iter().filter(|profile| bounds.hold_for(*profile)).map(Profile::name).collect();
        let all = profiles.len() == Profile::ALL.len();
        self.line("profiles", &if all { "all".to_owned() } else { profiles.join(", ") });
    }
}

fn requirement(stated: &Requirement, library: &Library) -> String {
    let mut page = Page::new("requirement", &stated.id, &stated.statement);
    page.line("level", stated.level.word());
    page.line("operations", &names(&stated.operations));
    page.bounds(&stated.bounds);
    page.sources(&stated.sources);
    if let Some(why) = &stated.not_testable {
        page.line("not tested", why);
    }
    if stated.automatic {
        page.line("checked", "at every answer");
    }
    let covering = library.scenarios().filter_map(|(id, source)| {
        let scenario = Library::parse(&source.text().ok()?).ok()?;
        scenario.covers.iter().any(|covered| covered.value == stated.id).then(|| format!("{id}  {}", scenario.title))
    });
    page.lines("scenarios", covering);
    page.0
}

fn operation(operation: &Operation, contract: &Contract) -> String {
    let mut page = Page::new("operation", &operation.name, &operation.file.summary);
    page.line("request", &format!("{} {}", operation.file.method, operation.file.path));
    page.lines(
        "headers",
        operation
            .file
            .headers
            .iter()
            .map(|(name, header)| format!("{name}: {} {}", header.kind, style::faint(&header.about))),
    );
    page.bounds(&operation.bounds);
    if let Some(repeatable) = operation.file.repeatable {
        page.line("repeated", if repeatable { "succeeds" } else { "fails" });
    }
    page.lines(
        "errors",
        operation.file.errors.iter().map(|id| {
            let meaning =
                contract.failures.get(id.as_str()).map(|failure| failure.meaning.as_str()).unwrap_or_default();
            format!("{}  {}", id.value, style::faint(meaning))
        }),
    );
    page.lines(
        "rules",
        contract
            .requirements
            .values()
            .filter(|stated| stated.operations.iter().any(|name| name.value == operation.name))
            .map(|stated| format!("{} {}", stated.id, style::faint(stated.level.word()))),
    );
    page.sources(&operation.file.sources);
    for example in &operation.file.examples {
        let mut label = "example";
        let calls = [(">", &example.request), ("<", &example.response)];
        for (sign, body) in calls.into_iter().filter_map(|(sign, body)| Some((sign, body.as_ref()?))) {
            page.whole_line(std::mem::take(&mut label), &format!("{sign} {body}"));
        }
    }
    page.0
}

fn failure(id: &str, failure: &KnownFailure, contract: &Contract) -> String {
    let mut page = Page::new("error", id, &failure.meaning);
    page.lines(
        "codes",
        Profile::ALL.into_iter().filter_map(|profile| {
            let codes: Vec<String> = failure.codes.get(profile)?.iter().map(i64::to_string).collect();
            let message = failure.message.get(profile).map(|pattern| pattern.0.as_str()).unwrap_or_default();
            Some(format!("{:<13} {}  {}", profile.name(), codes.join(" or "), style::faint(message)))
        }),
    );
    let status: Vec<String> = failure.status.iter().map(u16::to_string).collect();
    page.line("status", &status.join(", "));
    page.lines(
        "operations",
        contract
            .operations
            .values()
            .filter(|operation| operation.file.errors.iter().any(|error| error.value == id))
            .map(|operation| operation.name.clone()),
    );
    page.sources(&failure.sources);
    page.0
}

fn reading(id: &str, reading: &Reading) -> String {
    let mut page = Page::new("reading", id, &reading.about);
    for form in &reading.forms {
        page.line("form", &format!("{}: {}", form.id, form.value));
        page.lines("", form.sources.iter().map(|source| style::faint(&source.to_string())));
    }
    page.0
}

fn scenario(id: &str, scenario: &Scenario, source: &SourceText, contract: &Contract) -> String {
    let mut page = Page::new("scenario", id, &scenario.title);
    page.line("file", &source.file);
    page.lines(
        "covers",
        scenario.covers.iter().map(|id| {
            let statement =
                contract.requirements.get(id.as_str()).map(|stated| stated.statement.as_str()).unwrap_or_default();
            format!("{}  {}", id.value, style::faint(statement))
        }),
    );
    page.line("needs", &names(&scenario.needs));
    page.bounds(&scenario.bounds());
    let _ = writeln!(page.0, "\n{}", source.text.trim_end());
    page.0
}

fn names(names: &[crate::yaml::At<String>]) -> String {
    names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(", ")
}
