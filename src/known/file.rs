//! The file: its entries, and the mistakes in them.

use super::toml::{Reader, parse};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::profile::Profile;
use jiff::civil::Date;
use schemars::{Schema, json_schema};
use toml_edit::{Item, Table};

/// What `known update` writes where a person has to say why.
pub const NOT_EXPLAINED: &str = "not explained yet";

/// The keys of an entry.
pub const KEYS: [&str; 8] = ["requirement", "case", "profile", "target", "reason", "link", "expires", "owner"];

/// The keys of a flaky case.
const FLAKY_KEYS: [&str; 7] = ["case", "profile", "target", "reason", "link", "expires", "owner"];

/// One failure that is known, or one case that is known to be flaky.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Patterns of the requirements whose findings are meant; all findings when there are none.
    pub requirements: Vec<String>,
    /// Patterns of the cases that are meant; all cases when there are none.
    pub cases: Vec<String>,
    /// The profiles in which it holds; all when there are none.
    pub profiles: Vec<Profile>,
    /// Patterns of the addresses of targets for which it holds; all when there are none.
    pub targets: Vec<String>,
    /// Why the failure is accepted.
    pub reason: String,
    /// Where more is said.
    pub link: Option<String>,
    /// The last day on which it excuses anything.
    pub expires: Option<Date>,
    /// Who looks after it.
    pub owner: Option<String>,
    /// The line of the file on which it begins.
    pub line: usize,
}

/// What a file lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Known failures.
    pub known: Vec<Entry>,
    /// Cases that at times fail and at times do not.
    pub flaky: Vec<Entry>,
}

impl File {
    /// Reads a file. `requirements` are the ids that the contract knows.
    ///
    /// # Errors
    /// Every mistake in it.
    #[expect(clippy::needless_pass_by_value, reason = "an iterator is cheap, and callers have it only for this")]
    pub fn read<'c>(
        source: &SourceText,
        requirements: impl Iterator<Item = &'c str> + Clone,
    ) -> Result<Self, Vec<Diagnostic>> {
        let document = parse(source).map_err(|mistake| vec![mistake])?;
        let mut mistakes = Vec::new();
        Reader::new(source, document.as_table(), &mut mistakes).only(&["known", "flaky"]);
        let mut file = File::default();
        for table in tables(source, document.as_table(), "known", &mut mistakes) {
            file.known.push(entry(source, table, false, requirements.clone(), &mut mistakes));
        }
        for table in tables(source, document.as_table(), "flaky", &mut mistakes) {
            file.flaky.push(entry(source, table, true, requirements.clone(), &mut mistakes));
        }
        mistakes.sort_by_key(|mistake| mistake.span.start);
        if mistakes.is_empty() { Ok(file) } else { Err(mistakes) }
    }
}

/// The tables of a list, which is written with doubled brackets.
fn tables<'t>(source: &SourceText, root: &'t Table, name: &str, mistakes: &mut Vec<Diagnostic>) -> Vec<&'t Table> {
    match root.get(name) {
        None => Vec::new(),
        Some(Item::ArrayOfTables(tables)) => tables.iter().collect(),
        Some(other) => {
            let place = root.key(name).and_then(toml_edit::Key::span).or_else(|| other.span()).unwrap_or(0..0);
            let message = format!("`{name}` is a list of entries");
            mistakes.push(source.diagnostic(place, message).help(format!("begin each entry with [[{name}]]")));
            Vec::new()
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an iterator is cheap, and callers have it only for this")]
fn entry<'c>(
    source: &SourceText,
    table: &Table,
    flaky: bool,
    known: impl Iterator<Item = &'c str> + Clone,
    mistakes: &mut Vec<Diagnostic>,
) -> Entry {
    let mut reader = Reader::new(source, table, mistakes);
    reader.only(if flaky { &FLAKY_KEYS } else { &KEYS });
    let plain = |texts: Vec<(String, _)>| texts.into_iter().map(|(text, _)| text).collect::<Vec<_>>();
    let requirements = if flaky { Vec::new() } else { reader.texts("requirement") };
    for (id, place) in &requirements {
        if !id.contains('*') && !id.starts_with("scenario.") && !known.clone().any(|stated| stated == id) {
            let wrong = source.diagnostic(place.clone(), format!("there is no requirement `{id}`"));
            reader.mistake(wrong.suggest(id, known.clone()));
        }
    }
    let cases = plain(reader.texts("case"));
    let place = reader.place();
    if flaky && cases.is_empty() && !table.contains_key("case") {
        reader.wrong(place.clone(), "`case` is missing: which case is flaky?");
    } else if !table.contains_key("case") && !table.contains_key("requirement") {
        reader.wrong(place.clone(), "say which `requirement` or which `case` is known to fail");
    }
    let mut profiles = Vec::new();
    for (name, place) in reader.texts("profile") {
        if let Ok(profile) = name.parse() {
            profiles.push(profile);
        } else {
            let wrong = source.diagnostic(place, format!("unknown profile `{name}`"));
            reader.mistake(wrong.suggest(&name, Profile::ALL.iter().map(|profile| profile.name())));
        }
    }
    let reason = reader.text("reason").map(|(reason, _)| reason);
    if reason.is_none() && !table.contains_key("reason") {
        reader.wrong(place.clone(), "`reason` is missing: why is this accepted?");
    }
    Entry {
        requirements: plain(requirements),
        cases,
        profiles,
        targets: plain(reader.texts("target")),
        reason: reason.unwrap_or_default(),
        link: reader.text("link").map(|(link, _)| link),
        expires: reader.day("expires"),
        owner: reader.text("owner").map(|(owner, _)| owner),
        line: source.text[..place.start.min(source.text.len())].matches('\n').count() + 1,
    }
}

/// The JSON Schema of the file, for editors.
pub fn editor_schema() -> Schema {
    let texts = |about: &str| {
        serde_json::json!({
            "description": about,
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
            ]
        })
    };
    let profiles: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name()).collect();
    let shared = serde_json::json!({
        "case": texts("The cases that are meant; `*` stands for anything."),
        "profile": {
            "description": "The profiles in which the entry holds; all when left out.",
            "anyOf": [{"enum": profiles}, {"type": "array", "minItems": 1, "items": {"enum": profiles}}]
        },
        "target": texts("The addresses of targets for which the entry holds; `*` stands for anything."),
        "reason": {"description": "Why this is accepted.", "type": "string", "minLength": 1},
        "link": {"description": "Where more is said.", "type": "string", "minLength": 1},
        "expires": {
            "description": "The last day on which the entry excuses anything.",
            "type": "string",
            "format": "date"
        },
        "owner": {"description": "Who looks after the entry.", "type": "string", "minLength": 1}
    });
    let mut known = shared.clone();
    known["requirement"] = texts("The requirements whose findings are meant; `*` stands for anything.");
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Known failures",
        "description": "Failures that are known already, and cases that are known to be flaky.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "known": {
                "description": "Failures that are known already.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["reason"],
                    "anyOf": [{"required": ["requirement"]}, {"required": ["case"]}],
                    "properties": known
                }
            },
            "flaky": {
                "description": "Cases that at times fail and at times do not; they are repeated once.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["case", "reason"],
                    "properties": shared
                }
            }
        }
    })
}
