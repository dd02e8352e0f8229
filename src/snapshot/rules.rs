//! What a user knows to differ from run to run, beyond what the normaliser knows.

use super::json::Json;
use super::path::{JsonPath, inside};
use crate::diagnostic::{Diagnostic, SourceText};
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use toml::Spanned;

/// A rule as it stands in the config file. It replaces, sorts or rounds what a path leads to, what a pattern finds, or both.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleEntry {
    /// Why this differs and does not matter.
    #[schemars(with = "String")]
    pub reason: Spanned<String>,
    /// The operations whose calls it is for, such as `collections/describe` or `indexes/*`; without it, all.
    #[serde(default)]
    pub operations: Vec<String>,
    /// In which half of a call; without it, the answer.
    #[serde(default, rename = "in")]
    pub half: Half,
    /// Where in a body, such as `$.data[*].distance`, `$..nodeID` or `$['odd key'][0]`; without it, everywhere.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub path: Option<Spanned<String>>,
    /// A regular expression; only what it finds in a text is replaced.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub pattern: Option<Spanned<String>>,
    /// What stands there instead, such as `<shards>`.
    #[serde(default)]
    pub replace: Option<String>,
    /// The items of the list there are in no particular order.
    #[serde(default)]
    pub sort: bool,
    /// The numbers there are rounded to so many digits behind the point.
    #[serde(default)]
    pub round: Option<u8>,
}

/// A half of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Half {
    /// What is asked.
    Request,
    /// What is answered.
    #[default]
    Answer,
    /// Both.
    Both,
}

/// A rule that can be applied.
#[derive(Clone, Debug)]
pub struct Rule {
    reason: String,
    operations: Vec<String>,
    half: Half,
    path: Option<JsonPath>,
    deed: Deed,
}

#[derive(Clone, Debug)]
enum Deed {
    Replace(String),
    ReplaceFound(Regex, String),
    Sort,
    Round(u8),
}

impl Rule {
    /// Makes a rule of what stands in a file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn new(entry: &RuleEntry, source: &SourceText) -> Result<Self, Diagnostic> {
        let at_reason = |message: &str| source.diagnostic(entry.reason.span(), message);
        if entry.reason.get_ref().trim().is_empty() {
            return Err(at_reason("a rule says why it is there"));
        }
        if entry.operations.iter().any(String::is_empty) {
            return Err(at_reason("the rule for this reason names an operation without a name"));
        }
        let path = match &entry.path {
            None => None,
            Some(path) => Some(JsonPath::parse(path.get_ref()).map_err(|(at, wrong)| {
                // The quotation mark stands before the text.
                let start = path.span().start + 1 + at;
                source
                    .diagnostic(start..start + 1, wrong)
                    .help("such as $.data[*].distance, $..nodeID or $['odd key'][0]")
            })?),
        };
        let pattern = match &entry.pattern {
            None => None,
            Some(pattern) => Some(Regex::new(pattern.get_ref()).map_err(|error| {
                source.diagnostic(pattern.span(), crate::matcher::no_pattern(pattern.get_ref(), &error))
            })?),
        };
        let deed = match (&entry.replace, entry.sort, entry.round, pattern) {
            (Some(text), false, None, Some(pattern)) => Deed::ReplaceFound(pattern, text.clone()),
            (Some(_), false, None, None) if path.is_none() => {
                return Err(
                    at_reason("the rule for this reason replaces everything").help("say a `path` or a `pattern`")
                );
            }
            (Some(text), false, None, None) => Deed::Replace(text.clone()),
            (None, true, None, None) if path.is_none() => {
                return Err(at_reason("the rule for this reason sorts everything").help("say a `path`"));
            }
            (None, true, None, None) => Deed::Sort,
            (None, false, Some(digits), None) => Deed::Round(digits),
            (None, true, None, Some(_)) | (None, false, Some(_), Some(_)) => {
                return Err(at_reason("in the rule for this reason, a `pattern` goes with `replace` only"));
            }
            _ => {
                return Err(at_reason("the rule for this reason does not say one thing to do")
                    .help("give one of `replace`, `sort` and `round`"));
            }
        };
        Ok(Self {
            reason: entry.reason.get_ref().clone(),
            operations: entry.operations.clone(),
            half: entry.half,
            path,
            deed,
        })
    }

    /// Why it is there.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    fn is_for(&self, operation: &str, half: Half) -> bool {
        (self.half == Half::Both || self.half == half)
            && (self.operations.is_empty() || self.operations.iter().any(|pattern| fits(pattern, operation)))
    }

    /// Applies the rule, and tells whether it changed or at least met something.
    fn apply(&self, body: &mut Json) -> bool {
        let mut met = false;
        match &self.path {
            Some(path) => path.visit(body, &mut |value| met |= self.deed.apply(value)),
            None => met = self.deed.apply(body),
        }
        met
    }
}

impl Deed {
    fn apply(&self, value: &mut Json) -> bool {
        match self {
            Deed::Replace(text) => {
                *value = match value {
                    Json::Number(_) if is_token(text) => Json::Token(text.clone()),
                    _ => Json::Text(text.clone()),
                };
                true
            }
            Deed::ReplaceFound(pattern, text) => {
                let mut met = false;
                each(value, &mut |inner| {
                    if let Json::Text(old) = inner
                        && pattern.is_match(old)
                    {
                        *old = pattern.replace_all(old, text.as_str()).into_owned();
                        met = true;
                    }
                });
                met
            }
            Deed::Sort => match value {
                Json::List(items) => {
                    items.sort_by_cached_key(ToString::to_string);
                    true
                }
                _ => false,
            },
            Deed::Round(digits) => {
                let mut met = false;
                each(value, &mut |inner| {
                    if let Json::Number(number) = inner
                        && let Some(rounded) = rounded(number, *digits)
                    {
                        *number = rounded;
                        met = true;
                    }
                });
                met
            }
        }
    }
}

/// Hands a value and everything in it to a function.
fn each(value: &mut Json, act: &mut dyn FnMut(&mut Json)) {
    act(value);
    inside(value, &mut |inner| each(inner, act));
}

/// Whether a text can stand in place of a number without quotation marks.
fn is_token(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    inner.is_some_and(|inner| inner.chars().all(|next| next.is_alphanumeric() || "_-:~".contains(next)))
}

/// A number with so many digits behind its point; whole numbers need no rounding.
fn rounded(number: &Number, digits: u8) -> Option<Number> {
    let whole = number.is_i64() || number.is_u64();
    let value = number.as_f64().filter(|_| !whole)?;
    let text = format!("{value:.digits$}", digits = usize::from(digits));
    // Nothing is negative that is as good as zero.
    let value = text.parse::<f64>().ok().map(|value| if value == 0.0 { 0.0 } else { value })?;
    Number::from_f64(value)
}

/// Whether an operation fits a pattern in which `*` stands for any characters.
fn fits(pattern: &str, operation: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == operation,
        Some((begin, rest)) => operation.strip_prefix(begin).is_some_and(|operation| {
            let ends = operation.char_indices().map(|(at, _)| at).chain([operation.len()]);
            ends.into_iter().any(|at| fits(rest, &operation[at..]))
        }),
    }
}

/// Rules, with how often each was of use.
#[derive(Default)]
pub struct Rules {
    rules: Vec<(Rule, AtomicU64)>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rules.iter().map(|(rule, _)| rule)).finish()
    }
}

impl Rules {
    /// Rules in the order in which they are applied.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: rules.into_iter().map(|rule| (rule, AtomicU64::new(0))).collect() }
    }

    /// Applies all rules for a half of a call.
    pub(super) fn apply(&self, operation: &str, half: Half, body: &mut Json) {
        for (rule, used) in self.rules.iter().filter(|(rule, _)| rule.is_for(operation, half)) {
            used.fetch_add(u64::from(rule.apply(body)), Ordering::Relaxed);
        }
    }

    /// The reasons of the rules that met nothing yet.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter(|(_, used)| used.load(Ordering::Relaxed) == 0).map(|(rule, _)| rule.reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toml_file;
    use proptest::prelude::*;

    fn rule(text: &str) -> Result<Rule, Diagnostic> {
        let source = SourceText::new("a.toml", format!("reason = 'r'\n{text}"));
        Rule::new(&toml_file::read(&source)?, &source)
    }

    fn applied(text: &str, body: &str) -> String {
        let rules = Rules::new([rule(text).unwrap()]);
        let mut body = Json::read(body.as_bytes()).unwrap();
        rules.apply("collections/describe", Half::Answer, &mut body);
        body.to_string()
    }

    #[test]
    fn rules_replace_sort_and_round() {
        for (rule, body, becomes) in [
            ("path = '$.data.n'\nreplace = '<n>'", r#"{"data":{"n":7}}"#, r#"{"data":{"n":<n>}}"#),
            ("path = '$.data.n'\nreplace = 'n'", r#"{"data":{"n":7}}"#, r#"{"data":{"n":"n"}}"#),
            ("path = '$.data.n'\nreplace = '<n>'", r#"{"data":{"n":"7"}}"#, r#"{"data":{"n":"<n>"}}"#),
            ("path = '$.a'\npattern = '\\d+'\nreplace = '#'", r#"{"a":"x1 22","b":"3"}"#, r#"{"a":"x# #","b":"3"}"#),
            ("pattern = 'node=(\\d)'\nreplace = 'node'", r#"{"a":["node=1"]}"#, r#"{"a":["node"]}"#),
            ("path = '$.a'\nsort = true", r#"{"a":["c","a"],"b":["c","a"]}"#, r#"{"a":["a","c"],"b":["c","a"]}"#),
            ("path = '$.a'\nround = 2", r#"{"a":[0.123,-0.001,4],"b":0.123}"#, r#"{"a":[0.12,0.0,4],"b":0.123}"#),
            ("round = 1", r#"{"a":{"b":0.26}}"#, r#"{"a":{"b":0.3}}"#),
            ("operations = ['indexes/*']\nround = 1", r#"{"a":0.26}"#, r#"{"a":0.26}"#),
            ("operations = ['coll*/desc*']\nround = 1", r#"{"a":0.26}"#, r#"{"a":0.3}"#),
            ("in = 'request'\nround = 1", r#"{"a":0.26}"#, r#"{"a":0.26}"#),
            ("in = 'both'\nround = 1", r#"{"a":0.26}"#, r#"{"a":0.3}"#),
        ] {
            assert_eq!(applied(rule, body), becomes, "{rule}");
        }
    }

    #[test]
    fn a_rule_that_meets_nothing_is_known() {
        let rules = Rules::new([rule("path = '$.a'\nreplace = ''").unwrap()]);
        assert_eq!(rules.unused().count(), 1);
        rules.apply("a/b", Half::Answer, &mut Json::read(b"{\"b\":1}").unwrap());
        assert_eq!(rules.unused().count(), 1);
        rules.apply("a/b", Half::Answer, &mut Json::read(b"{\"a\":1}").unwrap());
        assert_eq!(rules.unused().count(), 0);
    }

    #[test]
    fn a_rule_does_one_thing_and_says_where() {
        for (text, said) in [
            ("", "does not say one thing"),
            ("path = '$.a'", "does not say one thing"),
            ("path = '$.a'\nsort = true\nround = 1", "does not say one thing"),
            ("replace = 'x'", "replaces everything"),
            ("sort = true", "sorts everything"),
            ("pattern = 'a'\nround = 1", "goes with `replace` only"),
            ("path = '$.a['\nround = 1", "a.toml:2:12: write `[*]`"),
            ("pattern = '('\nreplace = ''", "a.toml:2:11: "),
            ("operations = ['']\nround = 1", "without a name"),
        ] {
            let told = rule(text).unwrap_err().to_string();
            assert!(told.contains(said), "`{text}`: {told}");
        }
    }

    proptest! {
        #[test]
        fn rounding_twice_is_rounding_once(value in -1e6..1e6_f64, digits in 0_u8..6) {
            let once = rounded(&Number::from_f64(value).unwrap(), digits).unwrap();
            prop_assert_eq!(rounded(&once, digits), Some(once));
        }
    }
}
