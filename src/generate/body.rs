//! Requests that are JSON objects: a key left out, another value, a key more.

use super::case::{Claim, Maker, Sent};
use super::{Generated, Limit};
use serde_json::{Map, Value, json};

/// The requirements that say what becomes of such requests.
const MISSING: &str = "transport.body.missing-key";
const EMPTY: &str = "transport.body.empty-value";
const TYPE: &str = "transport.body.wrong-type";
const UNKNOWN: &str = "transport.body.unknown-keys";

pub(super) fn make(maker: &Maker<'_>, made: &mut Vec<Generated>) {
    if !maker.has_body() {
        return;
    }
    let required: Vec<&str> = maker.required().collect();
    let properties = maker.schema["properties"].as_object();
    for (key, schema) in properties.into_iter().flatten() {
        let key = Key { maker, name: key, schema, required: required.contains(&key.as_str()) };
        key.left_out(made);
        key.other_kinds(made);
        key.odd_texts(made);
        key.odd_numbers(made);
        key.odd_lists(made);
    }
    unknown_keys(maker, made);
    inside(maker, made);
    for limit in &maker.base.limits {
        limits(maker, limit, made);
    }
}

/// A key of the request.
struct Key<'m, 'a> {
    maker: &'m Maker<'a>,
    name: &'m str,
    schema: &'m Value,
    required: bool,
}

/// A value of each kind.
fn kinds() -> [(&'static str, &'static [&'static str], Value); 6] {
    [
        ("boolean", &["boolean"], json!(true)),
        ("integer", &["integer", "number"], json!(7)),
        ("fraction", &["number"], json!(1.5)),
        ("text", &["string"], json!("seven")),
        ("list", &["array"], json!([1])),
        ("object", &["object"], json!({"a": 1})),
    ]
}

impl Key<'_, '_> {
    fn types(&self) -> Vec<&str> {
        types(self.schema)
    }

    fn push(&self, made: &mut Vec<Generated>, what: &str, title: &str, value: Value, claim: Claim) {
        let what = format!("{what}-{}", self.name);
        made.extend(self.maker.case(&what, title, Sent::json(self.maker.with(self.name, value)), claim));
    }

    /// What is claimed of a request with a mistake in this key, where the mistake has this failure.
    fn refusal(&self, failure: &'static str, requirement: &'static str) -> Claim {
        let named = |keys: &[String]| keys.iter().any(|key| key == self.name);
        let base = self.maker.base;
        if !self.required || named(&base.open) || self.maker.is_v1() && requirement != MISSING {
            Claim::Answered
        } else if named(&base.loose) || self.maker.is_v1() {
            Claim::Fails("any", requirement)
        } else {
            Claim::Fails(failure, requirement)
        }
    }

    fn left_out(&self, made: &mut Vec<Generated>) {
        let name = self.name;
        if self.required {
            let (maker, claim) = (self.maker, self.refusal("missing-parameter", MISSING));
            let title = match claim {
                Claim::Answered => format!("A request without `{name}` is answered"),
                _ => format!("A request without `{name}`, which is required, is refused"),
            };
            made.extend(maker.case(&format!("missing-{name}"), &title, Sent::json(maker.without(name)), claim));
        }
        let text = self.types() == ["string"];
        let claim = if text { self.refusal("missing-parameter", EMPTY) } else { self.null_of_no_text() };
        self.push(made, "null", &format!("A request whose `{name}` is null is {}", said(&claim)), Value::Null, claim);
        for (kind, empty) in [("string", json!("")), ("array", json!([])), ("object", json!({}))] {
            if self.types().contains(&kind) {
                let claim = if text { self.refusal("missing-parameter", EMPTY) } else { Claim::Answered };
                let title = format!("A request whose `{name}` is empty is {}", said(&claim));
                self.push(made, "empty", &title, empty, claim);
                return;
            }
        }
    }

    /// Null in the place of a required list or object is refused as if it were not there.
    fn null_of_no_text(&self) -> Claim {
        match self.types().as_slice() {
            ["array" | "object" | "integer"] => self.refusal("missing-parameter", EMPTY),
            _ => Claim::Answered,
        }
    }

    fn other_kinds(&self, made: &mut Vec<Generated>) {
        let types = self.types();
        if types.is_empty() {
            return;
        }
        for (kind, fits, value) in kinds() {
            if fits.iter().any(|fit| types.contains(fit)) {
                continue;
            }
            // What a write changes has to carry the prefix of the run, be it as a key or as a text.
            let value = match (kind, self.is_named()) {
                ("object", true) => json!({"${name(odd)}": 1}),
                ("text", true) => json!("${name(odd)}"),
                _ => value,
            };
            let claim = self.refusal("bad-json", TYPE);
            let title = format!("A request whose `{}` is of the kind {kind} is {}", self.name, said(&claim));
            self.push(made, kind, &title, value, claim);
        }
    }

    /// Texts that are long, or hold what names and filters do not.
    fn odd_texts(&self, made: &mut Vec<Generated>) {
        let untried = self.maker.base.untried.iter().any(|key| key == self.name);
        if untried || !self.types().contains(&"string") {
            return;
        }
        // What a write changes has to carry the prefix of the run, whatever else it carries.
        let own = if self.is_named() { "${name(odd)}" } else { "" };
        for (what, text) in [
            ("long", "${repeat(a, 5000)}"),
            ("huge", "${repeat(a, 70000)}"),
            ("blank", " "),
            ("characters", "a b-c/d\\e\"f'g;h%i?j&k#l*m"),
            ("template", "$${name} {{x}} %s %d"),
            ("control", "a\u{0}b\nc\td\u{7f}"),
            ("unicode", "caf\u{e9} \u{6f22}\u{5b57} \u{1f600} e\u{301} \u{202e}x"),
            ("number", "12345678901234567890"),
        ] {
            let title = format!("A request with an odd text as `{}` is answered ({what})", self.name);
            self.push(made, what, &title, json!(format!("{own}{text}")), Claim::Answered);
        }
        if self.schema["enum"].is_array() {
            let title = format!("A request with an unknown word as `{}` is answered", self.name);
            self.push(made, "unknown", &title, json!(format!("{own}NoSuchWord")), Claim::Answered);
            let first = self.schema["enum"][0].as_str().unwrap_or_default();
            let turned: String = first.chars().map(turned).collect();
            let title = format!("A request with a word in the other case as `{}` is answered", self.name);
            self.push(made, "case", &title, json!(turned), Claim::Answered);
        }
    }

    /// Whether the key names what the request changes or makes.
    fn is_named(&self) -> bool {
        let file = &self.maker.operation.file;
        let named = file.creates.as_ref().map(|created| created.named.as_str());
        file.target.as_deref() == Some(self.name) || named == Some(self.name)
    }

    fn odd_numbers(&self, made: &mut Vec<Generated>) {
        if !self.types().iter().any(|kind| ["integer", "number"].contains(kind)) {
            return;
        }
        for (what, number) in [
            ("zero", json!(0)),
            ("negative", json!(-1)),
            ("above-int32", json!(2_147_483_648_u64)),
            ("int64-max", json!(i64::MAX)),
            ("above-int64", json!(9_223_372_036_854_775_808_u64)),
            ("whole-fraction", json!(3.0)),
            ("digits", json!("3")),
        ] {
            let title = format!("A request with an odd number as `{}` is answered ({what})", self.name);
            self.push(made, what, &title, number, Claim::Answered);
        }
    }

    fn odd_lists(&self, made: &mut Vec<Generated>) {
        if !self.types().contains(&"array") {
            return;
        }
        for (what, list) in [
            ("nulls", json!([null, null])),
            ("lists", json!([[[]]])),
            ("objects", json!([{}])),
            ("texts", json!(["", " ", "x", "x"])),
            ("mixed", json!([1, "a", null, [], {}])),
            ("many", Value::Array(vec![json!("x"); 2000])),
        ] {
            let title = format!("A request with an odd list as `{}` is answered ({what})", self.name);
            self.push(made, what, &title, list, Claim::Answered);
        }
    }
}

/// How a claim is told in a title.
fn said(claim: &Claim) -> &'static str {
    if *claim == Claim::Answered { "answered" } else { "refused" }
}

fn turned(letter: char) -> char {
    if letter.is_ascii_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
}

/// The types that a schema allows for; none when it does not say.
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The valid request itself.
pub(super) fn plain(maker: &Maker<'_>) -> Option<Generated> {
    let plain = Sent::json(Value::Object(maker.request.clone()));
    maker.case("plain", "The documented request succeeds", plain, Claim::Works)
}

fn unknown_keys(maker: &Maker<'_>, made: &mut Vec<Generated>) {
    made.extend(plain(maker));
    for (what, key, value) in [
        ("unknown-key", "noSuchKey", json!(1)),
        ("unknown-object", "noSuchKey", json!({"a": {"b": [null, true]}})),
        ("empty-key", "", json!("x")),
        ("odd-key", "a b\"c\\d\u{e9}\n", json!(null)),
    ] {
        let title = format!("A key that the operation does not know is ignored ({what})");
        made.extend(maker.case(what, &title, Sent::json(maker.with(key, value)), Claim::Passes(UNKNOWN)));
    }
    let empty = Sent::json(Value::Object(Map::new()));
    if maker.required().any(|key| !maker.base.open.iter().any(|open| open == key)) {
        let title = "A request with no key at all is refused, since some are required";
        let failure = if maker.is_v1() || !maker.base.loose.is_empty() { "any" } else { "missing-parameter" };
        made.extend(maker.case("nothing", title, empty, Claim::Fails(failure, MISSING)));
    } else {
        made.extend(maker.case("nothing", "A request with no key at all is answered", empty, Claim::Answered));
    }
}

/// Below the first level, each value of the valid request in turn becomes null, or a value of another kind, or is not there.
fn inside(maker: &Maker<'_>, made: &mut Vec<Generated>) {
    let mut places = Vec::new();
    for (key, value) in &maker.request {
        places_in(value, &format!("/{key}"), 0, &mut places);
    }
    for place in places {
        let name = place.trim_start_matches('/').replace('/', ".");
        for (what, value) in [
            ("missing", None),
            ("null", Some(Value::Null)),
            ("boolean", Some(json!(true))),
            ("integer", Some(json!(7))),
            ("text", Some(json!("seven"))),
            ("list", Some(json!([1]))),
            ("object", Some(json!({"a": 1}))),
            ("empty", Some(json!(""))),
            ("huge-number", Some(json!(i64::MAX))),
        ] {
            let mut request = Value::Object(maker.request.clone());
            if !put(&mut request, &place, value) {
                continue;
            }
            let title = format!("A request in which the value at `{place}` is odd is answered ({what})");
            made.extend(maker.case(&format!("{what}-{name}"), &title, Sent::json(request), Claim::Answered));
        }
    }
}

/// Pointers to the values inside of a value, of a list the first only.
fn places_in(value: &Value, pointer: &str, depth: usize, places: &mut Vec<String>) {
    const DEEPEST: usize = 4;
    if depth == DEEPEST {
        return;
    }
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            map.iter().map(|(key, inner)| (crate::matcher::push_pointer(pointer, key), inner)).collect()
        }
        Value::Array(items) => items.iter().take(1).map(|inner| (format!("{pointer}/0"), inner)).collect(),
        _ => Vec::new(),
    };
    for (at, inner) in inner {
        places_in(inner, &at, depth + 1, places);
        places.push(at);
    }
}

/// Puts a value at a place, or takes away what is there; says whether that changed anything.
fn put(request: &mut Value, place: &str, value: Option<Value>) -> bool {
    let Some((outer, key)) = place.rsplit_once('/') else { return false };
    let Some(outer) = request.pointer_mut(outer) else { return false };
    let before = outer.clone();
    match (&mut *outer, value) {
        (Value::Object(map), Some(value)) => drop(map.insert(key.replace("~1", "/").replace("~0", "~"), value)),
        (Value::Object(map), None) => drop(map.remove(&key.replace("~1", "/").replace("~0", "~"))),
        (Value::Array(items), value) => {
            let Some(at) = key.parse::<usize>().ok().filter(|at| *at < items.len()) else { return false };
            match value {
                Some(value) => items[at] = value,
                None => drop(items.remove(at)),
            }
        }
        _ => return false,
    }
    *outer != before
}

fn limits(maker: &Maker<'_>, limit: &Limit, made: &mut Vec<Generated>) {
    let (key, proves) = (&limit.key, &limit.proves);
    let short = proves.replace('.', "-");
    for (number, value) in limit.passes.iter().enumerate() {
        let title = format!("The largest or oddest documented `{key}` is accepted, as {proves} says");
        let sent = Sent::json(maker.with(key, value.clone()));
        made.extend(maker.case(
            &format!("inside-{short}-{key}-{}", number + 1),
            &title,
            sent,
            Claim::PassesAs(proves.clone()),
        ));
    }
    for (number, value) in limit.refused.iter().enumerate() {
        let title = format!("A `{key}` just outside of what is documented is refused, as {proves} says");
        let sent = Sent::json(maker.with(key, value.clone()));
        made.extend(maker.case(
            &format!("outside-{short}-{key}-{}", number + 1),
            &title,
            sent,
            Claim::FailsAs(proves.clone()),
        ));
    }
}
