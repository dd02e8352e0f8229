//! Replacing what differs from run to run.

use super::json::Json;
use super::layout::Node;
use super::path::inside;
use super::rules::{Half, Rules};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// Numbers of this many digits and more are not chosen by people: they are ids that a server made.
const ID_DIGITS: usize = 15;

/// Takes secrets out of a text.
type Redact = Box<dyn Fn(&str) -> String + Send + Sync>;

/// Makes the texts and bodies of one transcript stable.
///
/// | what | becomes |
/// |---|---|
/// | a name under the run's own: `mc_abcdefg_12_books` | `<books>`; a second one of that word `<books:2>` |
/// | an id that the server made: a number or digits of 15 and more, or what stands at a key such as `collectionID` | `<collection-id:1>`, `<id:2>`; a number without quotation marks, a string within |
/// | a point in time | `<time>` |
/// | the state and the progress of a job that is not over: it goes on between two looks | `<under-way>`, `<progress>` |
/// | what a call cost | `<cost>` |
/// | the secrets of the run | what the redactor writes in their place |
///
/// What looks like a token already stays as it is and is given to nothing else, so that normalising twice is the same as
/// normalising once. For that, every text of a transcript has to be shown to [`Normaliser::reserve`] first.
pub struct Normaliser {
    run: String,
    redact: Redact,
    tokens: HashMap<Identity, String>,
    taken: HashSet<String>,
    /// While items are only put in order, nothing is named.
    previewing: bool,
    rules: Arc<Rules>,
    /// The number of the case in its run.
    case: Option<usize>,
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    Name(String),
    /// A long id is the same wherever it stands.
    LongId(String),
    /// A short one, such as `dbID` 1, only among its kind.
    ShortId(&'static str, String),
}

impl fmt::Debug for Normaliser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Normaliser").field("run", &self.run).field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl Normaliser {
    /// A normaliser for one transcript of the run of this name.
    pub fn new(run: impl Into<String>, redact: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self {
            run: run.into(),
            redact: Box::new(redact),
            tokens: HashMap::new(),
            taken: HashSet::new(),
            previewing: false,
            rules: Arc::default(),
            case: None,
        }
    }

    /// Applies a user's rules, too, before anything else.
    #[must_use]
    pub fn with_rules(mut self, rules: Arc<Rules>) -> Self {
        self.rules = rules;
        self
    }

    /// Leaves out of lists what other cases of the run made, which may have been there at that moment or not.
    #[must_use]
    pub fn of_case(mut self, number: usize) -> Self {
        self.case = Some(number);
        self
    }

    /// A body after what is to be done before names and ids are replaced: secrets are gone, so that no rule can take one
    /// apart, and the rules are applied.
    pub(super) fn prepared(&self, mut body: Json, operation: &str, half: Half) -> Json {
        self.redact(&mut body);
        self.rules.apply(operation, half, &mut body);
        body
    }

    fn redact(&self, value: &mut Json) {
        match value {
            Json::Text(text) => *text = (self.redact)(text),
            Json::Object(members) => {
                for (key, member) in members {
                    *key = (self.redact)(key);
                    self.redact(member);
                }
            }
            other => inside(other, &mut |inner| self.redact(inner)),
        }
    }

    /// Whether a value of a list is the name of what another case made, in this run or in an earlier one: some things,
    /// such as jobs, no server forgets.
    pub(super) fn is_of_another_case(&self, value: &Json) -> bool {
        matches!(value, Json::Text(name) if self.is_name_of_another_case(name))
    }

    /// Whether this is the name of what another case made.
    pub(super) fn is_name_of_another_case(&self, name: &str) -> bool {
        let Some(case) = self.case else { return false };
        let number = |rest: &str| rest.strip_prefix('_')?.split('_').next()?.parse::<usize>().ok();
        match name.strip_prefix(&self.run) {
            Some(rest) => number(rest).is_some_and(|number| number != case),
            None => after_run_name(name).is_some_and(|rest| number(rest).is_some()),
        }
    }

    /// Keeps tokens that stand in a text already from being given to anything else.
    pub fn reserve(&mut self, text: &str) {
        let begins = text.match_indices('<').map(|(at, _)| &text[at..]);
        let tokens = begins.filter_map(|rest| {
            let inner = &rest[1..=rest[1..].find('>')?];
            let plain = |character: char| character.is_ascii_alphanumeric() || "_-:~".contains(character);
            inner.chars().all(plain).then(|| format!("<{inner}>"))
        });
        self.taken.extend(tokens);
    }

    /// A text without what differs from run to run.
    pub fn text(&mut self, text: &str) -> String {
        let text = (self.redact)(text);
        let text = self.names(&text);
        self.ids_and_times(&text)
    }

    /// A JSON value without what differs from run to run. `order` says which of its lists are sorted.
    pub(super) fn value(&mut self, value: &Json, order: Order) -> Node {
        self.node(value, None, order)
    }

    fn node(&mut self, value: &Json, key: Option<&str>, order: Order) -> Node {
        match value {
            Json::Null | Json::Bool(_) | Json::Token(_) => Node::Leaf(value.to_string()),
            Json::Number(number) => {
                let digits = number.to_string();
                Node::Leaf(self.id_at(key, &digits).unwrap_or(digits))
            }
            Json::Text(text) => match self.id_at(key, text) {
                Some(token) => Node::text(&token),
                None if key.is_some_and(is_time) && !text.is_empty() => Node::text("<time>"),
                None => Node::text(&self.text(text)),
            },
            Json::List(items) if order.is_unordered(key) => {
                let mut order: Vec<(String, &Json)> =
                    items.iter().map(|item| (self.preview(item, key), item)).collect();
                order.sort_by(|(a, _), (b, _)| a.cmp(b));
                let mut nodes: Vec<Node> = order.iter().map(|(_, item)| self.node(item, key, Order::AsSent)).collect();
                nodes.sort_by_cached_key(Node::inline);
                Node::list(nodes)
            }
            Json::List(items) => Node::list(items.iter().map(|item| self.node(item, key, order.below())).collect()),
            Json::Object(members) => {
                let goes_on = is_job_under_way(members);
                Node::Object(
                    members
                        .iter()
                        .map(|(key, member)| {
                            let written = Value::from(self.text(key)).to_string();
                            let member = match key.as_str() {
                                "state" if goes_on => Node::text("<under-way>"),
                                "progress" if goes_on => self.progress(member, order),
                                _ => self.node(member, Some(key), order.below_key(key)),
                            };
                            (written, member)
                        })
                        .collect(),
                )
            }
        }
    }

    /// How far a job is, without the number: one that is a text stays told from one that is not.
    fn progress(&mut self, value: &Json, order: Order) -> Node {
        match value {
            Json::Number(_) => Node::Leaf("<progress>".to_owned()),
            Json::Text(_) => Node::text("<progress>"),
            other => self.node(other, Some("progress"), order),
        }
    }

    /// What an item will look like as far as that does not hang on the items before it.
    fn preview(&mut self, item: &Json, key: Option<&str>) -> String {
        self.previewing = true;
        let text = self.node(item, key, Order::AsSent).inline();
        self.previewing = false;
        text
    }

    /// The token of a scalar that is an id: by its key, or by its length.
    fn id_at(&mut self, key: Option<&str>, digits: &str) -> Option<String> {
        let plain = digits.strip_prefix('-').unwrap_or(digits);
        if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let kind = key.and_then(kind_of_key);
        if plain.len() >= ID_DIGITS {
            let sign = if plain.len() < digits.len() { "-" } else { "" };
            return Some(format!("{sign}{}", self.id(kind, plain)));
        }
        // Zero and less are no ids but the lack of one.
        let kind = kind.filter(|_| plain.len() == digits.len() && plain.bytes().any(|digit| digit != b'0'))?;
        Some(self.id(Some(kind), plain))
    }

    fn id(&mut self, kind: Option<&'static str>, digits: &str) -> String {
        let identity = match kind {
            Some(kind) if digits.len() < ID_DIGITS => Identity::ShortId(kind, digits.to_owned()),
            _ => Identity::LongId(digits.to_owned()),
        };
        self.token(identity, kind.unwrap_or("id"), 1)
    }

    /// The token of a value; a new one gets the word, with the first free number from `number` on (1 is not written for
    /// names).
    fn token(&mut self, identity: Identity, word: &str, number: usize) -> String {
        if let Some(token) = self.tokens.get(&identity) {
            return token.clone();
        }
        let written = |number: usize| match number {
            0 => format!("<{word}>"),
            number => format!("<{word}:{number}>"),
        };
        if self.previewing {
            return written(number);
        }
        let numbers = std::iter::once(number).chain(number.max(1) + 1..);
        let token = numbers.map(written).find(|token| !self.taken.contains(token)).unwrap_or_default();
        self.taken.insert(token.clone());
        self.tokens.insert(identity, token.clone());
        token
    }

    fn names(&mut self, text: &str) -> String {
        if self.run.is_empty() {
            return text.to_owned();
        }
        let mut made = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(&self.run) {
            made.push_str(&rest[..at]);
            rest = &rest[at..];
            let after = &rest[self.run.len()..];
            let length = after.find(|next: char| !is_word(next)).unwrap_or(after.len());
            let name = &rest[..self.run.len() + length];
            let word = self.word(&after[..length]);
            made.push_str(&self.token(Identity::Name(name.to_owned()), &word, 0));
            rest = &rest[name.len()..];
        }
        made.push_str(rest);
        made
    }

    /// The word that a name ends with, after the number of its case: `books` of `_12_books`.
    fn word(&self, end: &str) -> String {
        let end = end.strip_prefix('_').unwrap_or(end);
        let unnumbered = end.split_once('_').filter(|(case, _)| case.bytes().all(|byte| byte.is_ascii_digit()));
        let word = unnumbered.map_or(end, |(_, word)| word);
        if word.is_empty() { "run".to_owned() } else { word.replace(&self.run, "~") }
    }

    fn ids_and_times(&mut self, text: &str) -> String {
        let mut made = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(|next: char| next.is_ascii_digit()) {
            made.push_str(&rest[..at]);
            rest = &rest[at..];
            let length = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
            let begins = !made.ends_with(|last: char| is_word(last) || last == '.');
            if begins && let Some(length) = time(rest) {
                made.push_str("<time>");
                rest = &rest[length..];
                continue;
            }
            let (digits, after) = rest.split_at(length);
            let fraction = made.ends_with('.') || after.strip_prefix('.').is_some_and(begins_with_digit);
            let kind = kind_before(&made);
            let is_id = if length >= ID_DIGITS {
                // Names of channels hold the id of their collection: `dml_0_449000000000000001v0`.
                // Behind a letter, only what is known to be one is an id.
                let known = || self.tokens.contains_key(&Identity::LongId(digits.to_owned()));
                !fraction && (!made.ends_with(|last: char| last.is_ascii_alphabetic()) || known())
            } else {
                begins && !fraction && !after.starts_with(is_word) && kind.is_some_and(|kind| kind != PARTITION)
            };
            if is_id {
                let token = self.id(kind, digits);
                made.push_str(&token);
            } else {
                made.push_str(digits);
            }
            rest = after;
        }
        made.push_str(rest);
        made
    }
}

/// What follows the name of a run, whichever it is: `mc_` and seven letters.
fn after_run_name(name: &str) -> Option<&str> {
    let (letters, rest) = name.strip_prefix("mc_")?.split_at_checked(7)?;
    letters.bytes().all(|letter| letter.is_ascii_lowercase()).then_some(rest)
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

const COLLECTION: &str = "collection-id";
const DATABASE: &str = "database-id";
/// Partitions may have names of digits alone, so that in messages only long numbers are their ids.
const PARTITION: &str = "partition-id";

fn kind_of_key(key: &str) -> Option<&'static str> {
    Some(match key.to_ascii_lowercase().as_str() {
        "collectionid" => COLLECTION,
        "dbid" | "databaseid" => DATABASE,
        "partitionid" => PARTITION,
        "indexid" => "index-id",
        "segmentid" => "segment-id",
        "compactionid" => "compaction-id",
        "jobid" => "job-id",
        _ => return None,
    })
}

/// What the id is of that follows this text in a message: `collection not loaded[collection=`.
fn kind_before(text: &str) -> Option<&'static str> {
    let text = text.strip_suffix('[').unwrap_or(text).strip_suffix('=')?;
    let word = text.rsplit(|character: char| !is_word(character)).next()?;
    match word {
        "collection" => Some(COLLECTION),
        "database" => Some(DATABASE),
        "partition" => Some(PARTITION),
        other => kind_of_key(other),
    }
}

/// Whether an object tells of a job that has not come to its end, or is what was written of one before.
fn is_job_under_way(members: &[(String, Json)]) -> bool {
    let text = |key: &str| match members.iter().find(|(name, _)| name == key) {
        Some((_, Json::Text(text))) => Some(text.as_str()),
        _ => None,
    };
    let states = ["Pending", "Importing", "InProgress", "RefreshPending", "RefreshInProgress", "<under-way>"];
    members.iter().any(|(key, _)| key == "jobId") && text("state").is_some_and(|state| states.contains(&state))
}

fn is_time(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["createtime", "completetime", "updatetime", "createdtime", "createdtimestamp"].contains(&key.as_str())
}

/// The length of the point in time that a text begins with, such as `2026-06-30T12:00:00.5Z`.
fn time(text: &str) -> Option<usize> {
    let form = "0000-00-00T00:00:00";
    let head = text.as_bytes().get(..form.len())?;
    let fits = head.iter().zip(form.bytes()).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        b'T' => *byte == b'T' || *byte == b' ',
        other => *byte == other,
    });
    if !fits {
        return None;
    }
    let mut end = form.len();
    if text[end..].starts_with('.') {
        let digits = text[end + 1..].find(|next: char| !next.is_ascii_digit()).unwrap_or(text.len() - end - 1);
        end += 1 + digits;
    }
    let zone = &text[end..];
    end += match zone.as_bytes() {
        [b'Z', ..] => 1,
        [b'+' | b'-', a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) => 6,
        _ => 0,
    };
    Some(end)
}

/// Which lists of a body are in no particular order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// None: the caller chose the order.
    AsSent,
    /// Those that no server promises an order for; with the lists that are so everywhere, the one at `data`.
    Answer { data: bool },
    /// This one.
    Unordered,
}

impl Order {
    fn is_unordered(self, key: Option<&str>) -> bool {
        match self {
            Order::AsSent => false,
            Order::Unordered => true,
            Order::Answer { .. } => key.is_some_and(|key| ["aliases", "indexParams", "properties"].contains(&key)),
        }
    }

    fn below(self) -> Self {
        match self {
            Order::Answer { .. } => Order::Answer { data: false },
            other => other,
        }
    }

    fn below_key(self, key: &str) -> Self {
        match self {
            Order::Answer { data: true } if key == "data" => Order::Unordered,
            other => other.below(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Redactor, Secret};
    use proptest::prelude::*;
    use serde_json::json;

    fn inline(body: &impl ToString, order: Order) -> String {
        let body = Json::read(body.to_string().as_bytes()).unwrap();
        normaliser().value(&body, order).inline()
    }

    const RUN: &str = "mc_abcdefg";

    fn normaliser() -> Normaliser {
        let redactor = Redactor::new(Some(&Secret::new("root:Milvus")), []);
        Normaliser::new(RUN, move |text| redactor.redact(text).into_owned())
    }

    #[test]
    fn names_of_other_cases_and_runs_are_told_from_those_of_the_case() {
        let of_case = normaliser().of_case(12);
        for (name, other) in [
            ("mc_abcdefg_12_books", false),
            ("mc_abcdefg_1_books", true),
            ("mc_gfedcba_12_books", true),
            ("mc_gfedcba", false),
            ("mc_collections_of_mine", false),
            ("books", false),
        ] {
            assert_eq!(of_case.is_of_another_case(&Json::Text(name.to_owned())), other, "{name}");
        }
        let of_no_case = normaliser();
        assert!(!of_no_case.is_of_another_case(&Json::Text("mc_abcdefg_1_books".to_owned())));
    }

    fn text(text: &str) -> String {
        let mut normaliser = normaliser();
        normaliser.reserve(text);
        normaliser.text(text)
    }

    #[test]
    fn names_under_the_run_are_called_by_their_words() {
        assert_eq!(text("unable to drop [mc_abcdefg_12_books]"), "unable to drop [<books>]");
        assert_eq!(text("mc_abcdefg_1_a mc_abcdefg_2_a mc_abcdefg_1_a"), "<a> <a:2> <a>");
        assert_eq!(text("mc_abcdefg_1_no_base"), "<no_base>");
        assert_eq!(text("mc_abcdefg_ mc_abcdefg"), "<run> <run:2>");
        assert_eq!(text("<a> mc_abcdefg_1_a"), "<a> <a:2>");
        assert_eq!(text("mc_abcdefg_1_a_mc_abcdefg_1_b"), "<a_~_1_b>");
    }

    #[test]
    fn ids_are_numbered_and_small_ones_only_known_by_their_kind() {
        let message = "collection not loaded[collection=449000000000000001] of [database=1] and [collection=default]";
        assert_eq!(
            text(message),
            "collection not loaded[collection=<collection-id:1>] of [database=<database-id:1>] and [collection=default]"
        );
        assert_eq!(
            text("[partition=[449000000000000002]] [partition=12]"),
            "[partition=[<partition-id:1>]] [partition=12]"
        );
        assert_eq!(text("0.30000001192092896 x449000000000000001"), "0.30000001192092896 x449000000000000001");
        assert_eq!(text("channel dml_0_449000000000000001v0"), "channel dml_0_<id:1>v0");
        let body = concat!(
            r#"{"data": {"collectionID": 449000000000000001, "dbID": 1, "compactionID": -1, "fields": [{"id": 100}]}, "#,
            r#""message": "[collection=449000000000000001] [database=1] [partition=449000000000000001]", "#,
            r#""ids": ["449000000000000001", 449000000000000003, 1]}"#,
        );
        assert_eq!(
            inline(&body, Order::Answer { data: false }),
            "{\"data\": {\"collectionID\": <collection-id:1>, \"dbID\": <database-id:1>, \"compactionID\": -1, \
             \"fields\": [{\"id\": 100}]}, \"message\": \"[collection=<collection-id:1>] [database=<database-id:1>] \
             [partition=<collection-id:1>]\", \"ids\": [\"<collection-id:1>\", <id:1>, 1]}"
        );
    }

    #[test]
    fn a_job_that_is_not_over_has_no_state_of_its_own() {
        let told = |text: &str| inline(&text, Order::Answer { data: false });
        for (state, progress) in [("Pending", "0"), ("Importing", "10"), ("RefreshInProgress", "50")] {
            let job = format!(r#"{{"data": {{"jobId": "7", "progress": {progress}, "state": "{state}"}}}}"#);
            let written = r#"{"data": {"jobId": "<job-id:1>", "progress": <progress>, "state": "<under-way>"}}"#;
            assert_eq!(told(&job), written);
            assert_eq!(told(&written.replace("<progress>", "3")), written);
        }
        let as_text = r#"{"data": {"jobId": "x", "progress": "10", "state": "Pending"}}"#;
        assert_eq!(told(as_text), r#"{"data": {"jobId": "x", "progress": "<progress>", "state": "<under-way>"}}"#);
        let over = r#"{"data": {"jobId": "x", "progress": 100, "state": "Completed"}}"#;
        assert_eq!(told(over), over);
        let no_job = r#"{"data": {"progress": 10, "state": "Importing"}}"#;
        assert_eq!(told(no_job), no_job);
    }

    #[test]
    fn secrets_and_times_are_left_out() {
        assert_eq!(text("Bearer root:Milvus at 2026-06-30T12:00:00.5Z."), "Bearer $MILVUS_TOKEN at <time>.");
        let body = r#"{"createTime": "yesterday", "completeTime": ""}"#;
        assert_eq!(inline(&body, Order::AsSent), r#"{"createTime": "<time>", "completeTime": ""}"#);
    }

    #[test]
    fn lists_in_no_order_are_sorted_after_they_were_redacted() {
        let listed = |names: [&str; 3]| {
            let body = json!({"code": 0, "data": names});
            inline(&body, Order::Answer { data: true })
        };
        let sorted = "{\"code\": 0, \"data\": [\"<a>\", \"<b>\", \"default\"]}";
        assert_eq!(listed(["mc_abcdefg_1_b", "default", "mc_abcdefg_2_a"]), sorted);
        assert_eq!(listed(["mc_abcdefg_2_a", "mc_abcdefg_1_b", "default"]), sorted);
        let pair = |key: &str, id: u64| json!({"key": key, "collectionID": id});
        let described = |items: [Value; 2]| {
            let body = json!({"data": {"properties": items, "fields": [2, 1]}});
            inline(&body, Order::Answer { data: false })
        };
        assert_eq!(
            described([pair("a", 449_000_000_000_000_002), pair("b", 449_000_000_000_000_001)]),
            described([pair("b", 449_000_000_000_000_001), pair("a", 449_000_000_000_000_002)]),
        );
        let sent = json!({"data": ["b", "a"]});
        assert_eq!(inline(&sent, Order::AsSent), r#"{"data": ["b", "a"]}"#);
    }

    /// Texts with much of what is replaced in them, and much that is like it.
    fn messages() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "[a-z<>:_=\\[\\] .0-9]{0,12}",
            "mc_abcdefg(_[0-9]{1,2}_[a-z]{1,3})?",
            "[0-9]{13,19}",
            "(collection|database|partition)=\\[?[0-9]{1,18}\\]?",
            "(Bearer )?root:Milvus",
            "<[a-z]{1,3}(:[0-9])?>",
            "2026-06-30[T ]12:00:00(\\.[0-9]{1,3})?(Z|\\+02:00)?",
            "\\PC{0,4}",
        ];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(message in messages()) {
            let once = text(&message);
            prop_assert_eq!(text(&once), once);
        }

        #[test]
        fn neither_the_run_nor_the_token_is_left(message in messages()) {
            let normal = text(&message);
            prop_assert!(!normal.contains(RUN), "{}", normal);
            prop_assert!(!normal.contains("root:Milvus"), "{}", normal);
        }

        #[test]
        fn equal_values_are_equal_tokens_and_others_are_others(
            values in prop::collection::vec(
                prop_oneof!["mc_abcdefg_[1-3]_[ab]", "44900000000000000[1-4]", "<[ab](:2)?>", "<id:[12]>"], 1..10,
            )
        ) {
            let mut normaliser = normaliser();
            values.iter().for_each(|value| normaliser.reserve(value));
            let tokens: Vec<String> = values.iter().map(|value| normaliser.text(value)).collect();
            for (i, a) in values.iter().enumerate() {
                for (j, b) in values.iter().enumerate() {
                    prop_assert_eq!(a == b, tokens[i] == tokens[j], "{} {}", a, b);
                }
            }
        }
    }
}
