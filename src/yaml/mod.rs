//! Reading the project's YAML files: into types, with the place of every mistake.

mod baked;
mod mistake;
mod read;
mod simple;
mod tree;

use crate::diagnostic::{Diagnostic, SourceText, Text};
use mistake::Mistake;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};

/// A value with its place in the file, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    start: u32,
    length: u32,
}

impl<T> At<T> {
    /// A value without a place, for scenarios made in code.
    pub fn nowhere(value: T) -> Self {
        Self { value, start: 0, length: 0 }
    }

    /// Another value at the same place.
    pub fn with_value<U>(&self, value: U) -> At<U> {
        At { value, start: self.start, length: self.length }
    }

    /// Where the value stands, in bytes. Of a list or an object only the first character is known.
    pub fn span(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(read::AT, AtVisitor(PhantomData))
    }
}

/// Takes a place and a value from our own deserializer, and from any other a value without a place.
struct AtVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AtVisitor<T> {
    type Value = At<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut placed: A) -> Result<At<T>, A::Error> {
        let missing = |at| serde::de::Error::invalid_length(at, &"a place and a value");
        let place: u64 = placed.next_element()?.ok_or_else(|| missing(0))?;
        let value = placed.next_element()?.ok_or_else(|| missing(1))?;
        let half = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
        Ok(At { value, start: half(place >> 32), length: half(place) })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<At<T>, D::Error> {
        T::deserialize(deserializer).map(At::nowhere)
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<T>()
    }
}

/// Reads one document.
///
/// # Errors
/// The first mistake: text that is not YAML, a key that is not known, missing or doubled, a value of the wrong type.
pub fn read<T: DeserializeOwned>(source: &SourceText) -> Result<T, Diagnostic> {
    let read = || {
        let built_in = match &source.text {
            Text::BuiltIn { text, yaml } => baked::read(yaml, text),
            Text::Read(_) => None,
        };
        let root = match built_in.or_else(|| simple::parse(&source.text)) {
            Some(root) => root,
            None => tree::parse(&source.text)?,
        };
        T::deserialize(&root).map_err(|mistake| mistake.at(root.place))
    };
    read().map_err(|mistake: Mistake| mistake.explain(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use indexmap::IndexMap;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        name: At<String>,
        #[serde(default)]
        open: bool,
    }

    fn mistake(text: &str) -> String {
        read::<Entry>(&SourceText::new("entry.yaml", text)).unwrap_err().to_string()
    }

    #[test]
    fn a_value_knows_its_place() {
        let source = SourceText::new("entry.yaml", "# ä\nname: ünder\nopen: true\n");
        let entry: Entry = read(&source).unwrap();
        assert_eq!(&source.text[entry.name.span()], "ünder");
        assert!(entry.open);
    }

    #[test]
    fn every_mistake_is_placed_and_said_in_plain_words() {
        insta::assert_snapshot!(
            [
                mistake("nam: x\n"),
                mistake("open: true\n"),
                mistake("name: x\nname: y\n"),
                mistake("name: [x\n"),
                mistake("name: x\nopen: maybe\n"),
                mistake("name: x\nopen: yes\n"),
                mistake(""),
            ]
            .join("\n"),
            @r"
        entry.yaml:1:1: unknown key `nam` (did you mean `name`?)
        entry.yaml:1:1: the key `name` is missing
        entry.yaml:2:1: `name` stands here twice (keep one of them)
        entry.yaml:1:7: unclosed bracket '['
        entry.yaml:2:7: true or false is wanted here
        entry.yaml:2:7: true or false is wanted here
        entry.yaml:1:1: the file is empty (docs/scenarios.md and docs/specs.md show what stands in it)
        ");
    }

    fn value(text: &str) -> Value {
        read(&SourceText::new("value.yaml", text)).unwrap()
    }

    fn wrong(text: &str) -> String {
        read::<Value>(&SourceText::new("value.yaml", text)).unwrap_err().to_string()
    }

    #[test]
    fn plain_scalars_are_what_they_look_like_and_others_are_text() {
        let rows = [
            ("~", json!(null)),
            ("Null", json!(null)),
            ("true", json!(true)),
            ("FALSE", json!(false)),
            ("yes", json!("yes")),
            ("on", json!("on")),
            ("0", json!(0)),
            ("-0", json!(0)),
            ("+7", json!(7)),
            ("-12", json!(-12)),
            ("1_000", json!(1000)),
            ("1__0", json!("1__0")),
            ("0x1F", json!(31)),
            ("-0o17", json!(-15)),
            ("0b101", json!(5)),
            ("007", json!(7.0)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("-0.0", json!(-0.0)),
            (".5", json!(0.5)),
            ("1.2.3", json!("1.2.3")),
            ("2026-01-02", json!("2026-01-02")),
            ("-", json!([null])),
            ("+inf", json!("+inf")),
            ("-nan", json!("-nan")),
            ("infinity", json!("infinity")),
            ("\"5\"", json!("5")),
            ("'null'", json!("null")),
            ("''", json!("")),
            ("|\n  5\n", json!("5\n")),
            (">-\n  a\n  b\n", json!("a b")),
            ("!!str 5", json!("5")),
            ("! 5", json!("5")),
            ("!!int \"5\"", json!(5)),
            ("{a: , b}", json!({"a": null, "b": null})),
        ];
        for (text, expected) in rows {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn types_take_scalars_that_fit_them() {
        fn typed<T: DeserializeOwned>(text: &str) -> Result<T, String> {
            read::<T>(&SourceText::new("typed.yaml", text)).map_err(|mistake| mistake.message)
        }
        assert_eq!(typed::<String>("2.5"), Ok("2.5".to_owned()));
        assert_eq!(typed::<Option<String>>("~"), Ok(None));
        assert_eq!(typed::<String>("~"), Err("a text is wanted here".to_owned()));
        assert_eq!(typed::<Vec<String>>("~"), Ok(Vec::new()));
        assert_eq!(typed::<u16>("65536"), Err("a whole number from 0 to 65535 is wanted here".to_owned()));
        assert_eq!(typed::<i64>("-1"), Ok(-1));
        assert_eq!(typed::<f64>("1"), Ok(1.0));
        assert_eq!(typed::<f64>(".nan"), Err("a number is wanted here".to_owned()));
        assert_eq!(typed::<(u8, String)>("[1, a]"), Ok((1, "a".to_owned())));
        assert_eq!(typed::<(u8, u8)>("[1, 2, 3]"), Err("a list of 2 is wanted here".to_owned()));
        assert_eq!(typed::<()>("~"), Ok(()));
        assert_eq!(typed::<Profile>("zilliz-cloud"), Ok(Profile::ZillizCloud));
        assert_eq!(typed::<Profile>("zilliz"), Err("`zilliz` is not known here".to_owned()));
    }

    #[test]
    fn a_place_is_given_in_bytes_and_only_here() {
        let source = SourceText::new("x.yaml", "- {ä: ünder, é: \"ß\"}\n- &o {ö: [1]}\n- *o\n");
        let read: Vec<At<IndexMap<String, At<Value>>>> = read(&source).unwrap();
        let texts = |map: &IndexMap<String, At<Value>>| -> Vec<String> {
            map.values().map(|value| source.text[value.span()].to_owned()).collect()
        };
        assert_eq!(texts(&read[0]), ["ünder", "\"ß\""]);
        assert_eq!(texts(&read[1]), ["["]);
        assert_eq!(&source.text[read[2].span()], "*o");
        assert_eq!(texts(&read[2]), ["*o"]);
        assert_eq!(serde_json::from_str::<At<u8>>("7").unwrap(), At::nowhere(7));
    }

    #[test]
    fn anchors_and_merge_keys_are_resolved() {
        assert_eq!(value("a: &x [1]\nb: *x\nc: [*x, &x 2, *x]\n"), json!({"a": [1], "b": [1], "c": [[1], 2, 2]}));
        assert_eq!(
            value("a: &x {k: 1, l: 1}\nb: &y {l: 2, m: 2}\nc: {<<: [*x, *y], k: 3}\nd: {\"<<\": 1}\ne: {<<: ~}\n"),
            json!({
                "a": {"k": 1, "l": 1}, "b": {"l": 2, "m": 2},
                "c": {"k": 3, "l": 1, "m": 2}, "d": {"<<": 1}, "e": {}
            })
        );
    }

    #[test]
    fn what_could_grow_without_bounds_is_refused() {
        let bomb = (1..12).fold("- &a0 [x, x, x, x, x, x, x, x]\n".to_owned(), |text, at| {
            let star = format!("*a{}", at - 1);
            text + &format!("- &a{at} [{}]\n", vec![star; 8].join(", "))
        });
        let chain = (1..100).fold("- &a0 [x]\n".to_owned(), |text, at| text + &format!("- &a{at} [*a{}]\n", at - 1));
        let nested = |deep: usize| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
        assert!(read::<Value>(&SourceText::new("deep.yaml", nested(64))).is_ok());
        insta::assert_snapshot!(
            [wrong(&bomb), wrong(&chain), wrong(&nested(65)), wrong(&nested(100_000)), wrong("&a [*a]")].join("\n"),
            @r"
        value.yaml:6:13: aliases stand for more than 100000 values here (write fewer of them)
        value.yaml:64:9: lists and mappings stand more than 64 deep inside one another here
        value.yaml:1:65: lists and mappings stand more than 64 deep inside one another here
        value.yaml:1:256: lists and mappings stand too deep inside one another here
        value.yaml:1:5: `*` cannot stand inside what it names
        "
        );
    }

    #[test]
    fn a_mistake_in_any_value_has_its_place() {
        let many: String = (0..100).map(|at| format!("k{at}: 1\n")).collect();
        insta::assert_snapshot!(
            [
                wrong("{a: 1, b: {c: 1, \"c\": 2}}"),
                wrong(&format!("{many}k57: 2\n")),
                wrong("{1: a, '1': b}"),
                wrong("a: {[b]: 1}"),
                wrong("{a: 1, <<: 5}"),
                wrong("a: .inf"),
                wrong("a: 1e999"),
                wrong("a: !secret x"),
                wrong("a: 1\n---\nb: 1\n"),
                wrong("a: \"x"),
                wrong("a:\n\t- b\n"),
            ]
            .join("\n"),
            @r"
        value.yaml:1:18: `c` stands here twice (keep one of them)
        value.yaml:101:1: `k57` stands here twice (keep one of them)
        value.yaml:1:8: `1` stands here twice (keep one of them)
        value.yaml:1:5: a text is wanted here
        value.yaml:1:12: `<<` wants a mapping, or a list of mappings
        value.yaml:1:4: JSON has no number `.inf` (put a text in quotes)
        value.yaml:1:4: JSON has no number `1e999` (put a text in quotes)
        value.yaml:1:12: the tag `!secret` is not known (put a text in quotes)
        value.yaml:3:1: a second document begins here (a file holds one)
        value.yaml:1:4: unclosed quote
        value.yaml:2:2: tabs disallowed within this context (block indentation)
        "
        );
    }

    /// Any JSON whose numbers every reader takes for the same.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i32>().prop_map(|number| json!(f64::from(number) / 64.0)),
            "[ -~äßé語🦀]{0,12}".prop_map(Value::from),
            "[\\PC\n\t]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map("[ -~ä]{0,8}", inner, 0..20)
                    .prop_map(|map| map.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_is_read_as_json(written in any_json(), pretty in any::<bool>()) {
            let text = if pretty { format!("{written:#}") } else { written.to_string() };
            let json: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read::<Value>(&SourceText::new("any.json", text)), Ok(json));
        }

        #[test]
        fn a_scalar_is_read_as_another_reader_reads_it(
            text in "[-+]?(0[xob])?[0-9._eEna-f]{0,6}|[a-zA-Z~ ]{1,6}|[-+]{0,2}\\.?(inf|NaN)|[0-9]{16,24}"
        ) {
            let text = format!("- {text}\n");
            let options = serde_saphyr::options! { strict_booleans: true };
            let theirs = serde_saphyr::from_str_with_options::<Vec<Value>>(&text, options).ok();
            prop_assert_eq!(read::<Vec<Value>>(&SourceText::new("any.yaml", text)).ok(), theirs);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[\\-\\[\\]{}:,&*!|>'\"#%<~\n\ta-cä0.? ]{0,40}") {
            drop(read::<Value>(&SourceText::new("any.yaml", text)));
        }
    }
}
