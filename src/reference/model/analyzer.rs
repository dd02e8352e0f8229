//! Analyzers: how text falls into tokens. The standard and the whitespace tokenizer and a few filters are there.

use super::failure::{self, Failure, MissingText};
use super::{Answer, Arguments, Model, Outcome};
use serde_json::{Value, json};

/// The words that the stop filter of English leaves out.
const ENGLISH: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
];

/// A piece of a text, with its place in bytes and among the pieces.
#[derive(Debug, PartialEq)]
struct Token {
    text: String,
    start: usize,
    end: usize,
    position: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Tokenizer {
    Standard,
    Whitespace,
}

#[derive(Debug, PartialEq)]
enum Filter {
    Lowercase,
    LettersOnly,
    Longest(usize),
    Stop(Vec<String>),
}

#[derive(Debug, PartialEq)]
struct Analyzer {
    tokenizer: Tokenizer,
    filters: Vec<Filter>,
}

impl Analyzer {
    fn standard() -> Self {
        Self { tokenizer: Tokenizer::Standard, filters: vec![Filter::Lowercase] }
    }

    fn parse(params: &str) -> Result<Self, Failure> {
        if params.is_empty() {
            return Ok(Self::standard());
        }
        let bad = |what: &str| failure::invalid(format!("create tokenizer failed: {what}"));
        let params: Value = serde_json::from_str(params).map_err(|_| bad("analyzer params are not a JSON object"))?;
        let params = params.as_object().ok_or_else(|| bad("analyzer params are not a JSON object"))?;
        if params.is_empty() {
            return Ok(Self::standard());
        }
        match params.get("type").and_then(Value::as_str) {
            Some("standard") => {
                let mut analyzer = Self::standard();
                if let Some(words) = params.get("stop_words") {
                    analyzer.filters.push(Filter::Stop(stop_words(words)));
                }
                return Ok(analyzer);
            }
            Some(other) => return Err(bad(&format!("unknown build-in analyzer type: {other}"))),
            None => {}
        }
        let tokenizer = match params.get("tokenizer").and_then(Value::as_str) {
            Some("standard") => Tokenizer::Standard,
            Some("whitespace") => Tokenizer::Whitespace,
            _ => return Err(bad("tokenizer name or type must be set")),
        };
        let filters = params.get("filter").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let filters = filters.iter().map(|node| filter(node).ok_or_else(|| bad("unknown filter")));
        Ok(Self { tokenizer, filters: filters.collect::<Result<_, _>>()? })
    }

    fn tokens(&self, text: &str) -> Vec<Token> {
        let mut tokens: Vec<Token> = self.tokenizer.split(text);
        for filter in &self.filters {
            match filter {
                Filter::Lowercase => tokens.iter_mut().for_each(|token| token.text = token.text.to_lowercase()),
                Filter::LettersOnly => tokens.retain(|token| token.text.chars().all(|one| one.is_ascii_alphanumeric())),
                Filter::Longest(most) => tokens.retain(|token| token.text.len() <= *most),
                Filter::Stop(words) => tokens.retain(|token| !words.contains(&token.text)),
            }
        }
        tokens
    }
}

impl Tokenizer {
    fn split(self, text: &str) -> Vec<Token> {
        let inside = |one: char| match self {
            Tokenizer::Standard => one.is_alphanumeric(),
            Tokenizer::Whitespace => !one.is_whitespace(),
        };
        let mut tokens: Vec<Token> = Vec::new();
        for (start, one) in text.char_indices().filter(|(_, one)| inside(*one)) {
            let end = start + one.len_utf8();
            match tokens.last_mut().filter(|token| token.end == start) {
                Some(token) => {
                    token.text.push(one);
                    token.end = end;
                }
                None => tokens.push(Token { text: one.to_string(), start, end, position: tokens.len() }),
            }
        }
        tokens
    }
}

fn filter(node: &Value) -> Option<Filter> {
    let name = node.as_str().or_else(|| node.get("type")?.as_str())?;
    match name {
        "lowercase" => Some(Filter::Lowercase),
        "alphanumonly" => Some(Filter::LettersOnly),
        "length" => Some(Filter::Longest(usize::try_from(node.get("max")?.as_u64()?).ok()?)),
        "stop" => Some(Filter::Stop(stop_words(node.get("stop_words")?))),
        _ => None,
    }
}

fn stop_words(node: &Value) -> Vec<String> {
    let words = node.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str);
    let expanded = words.flat_map(|word| if word == "_english_" { ENGLISH.to_vec() } else { vec![word] });
    expanded.map(str::to_owned).collect()
}

/// A number for a token: equal tokens have equal ones.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

pub(in crate::reference) fn run(model: &mut Model, arguments: &Arguments<'_>) -> Outcome {
    let params = arguments.text("analyzerParams");
    let analyzer = if arguments.text("collectionName").is_empty() {
        Analyzer::parse(params)?
    } else {
        of_field(model, arguments, params)?
    };
    let (detail, hashed) = (arguments.flag("withDetail"), arguments.flag("withHash"));
    let told = |token: Token| {
        let mut entry = json!({"token": token.text});
        if detail {
            entry["startOffset"] = token.start.into();
            entry["endOffset"] = token.end.into();
            entry["position"] = token.position.into();
            entry["positionLength"] = 1.into();
        }
        if hashed {
            entry["hash"] = hash(entry["token"].as_str().unwrap_or_default()).into();
        }
        entry
    };
    let results = arguments.texts("text").into_iter().map(|text| {
        let tokens: Vec<Value> = analyzer.tokens(text).into_iter().map(told).collect();
        json!({"tokens": tokens})
    });
    Ok(Answer::data(json!({"results": results.collect::<Vec<_>>()})))
}

/// The analyzer of a field of a loaded collection.
fn of_field(model: &mut Model, arguments: &Arguments<'_>, params: &str) -> Result<Analyzer, Failure> {
    let field = arguments.text("fieldName");
    if !params.is_empty() || field.is_empty() {
        return Err(failure::invalid("run analyzer by field name needs a collection, its field and no params"));
    }
    let collection = model.collection(arguments, MissingText::Find)?;
    let missing = || failure::invalid(format!("fieldID not found for field {field}"));
    let own = collection.schema.field(field).ok_or_else(missing)?.analyzer_params().unwrap_or_default().to_owned();
    collection.check_readable(failure::Read::Query)?;
    Analyzer::parse(&own)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{data, quick, refused};
    use super::*;
    use crate::profile::Profile;

    fn words(params: &str, text: &str) -> Vec<String> {
        Analyzer::parse(params).unwrap().tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn analyzers_split_and_filter() {
        assert_eq!(words("", "The Quick, brown"), ["the", "quick", "brown"]);
        assert_eq!(words(r#"{"tokenizer": "standard"}"#, "The Quick"), ["The", "Quick"]);
        assert_eq!(words(r#"{"tokenizer": "whitespace"}"#, "a-b  c."), ["a-b", "c."]);
        assert_eq!(words(r#"{"type": "standard", "stop_words": ["_english_", "fox"]}"#, "The red fox"), ["red"]);
        let filters = r#"["lowercase", {"type": "length", "max": 3}, "alphanumonly"]"#;
        assert_eq!(words(&format!(r#"{{"tokenizer": "standard", "filter": {filters}}}"#), "Four ONE é"), ["one"]);
        for bad in ["nope", "[]", r#"{"type": "nope"}"#, r#"{"tokenizer": "nope"}"#] {
            assert!(Analyzer::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn details_and_hashes_come_when_asked_for() {
        let mut model = Model::new(Profile::Milvus26, None);
        let body = json!({"text": ["one two", "one"], "withDetail": true, "withHash": true});
        let results = data(&mut model, "common/run_analyzer", &body)["results"].clone();
        let second = &results[0]["tokens"][1];
        let place = ["startOffset", "endOffset", "position"].map(|key| second[key].clone());
        assert_eq!(place, [json!(4), json!(7), json!(1)]);
        assert_eq!(results[0]["tokens"][0]["hash"], results[1]["tokens"][0]["hash"]);
        assert_eq!(data(&mut model, "common/run_analyzer", &json!({"text": []})), json!({"results": []}));
    }

    #[test]
    fn the_analyzer_of_a_field_needs_collection_and_field() {
        let mut model = quick(Profile::Milvus26);
        let body = |field: &str| json!({"text": ["a"], "collectionName": "c", "fieldName": field});
        assert_eq!(data(&mut model, "common/run_analyzer", &body("vector"))["results"][0]["tokens"][0]["token"], "a");
        assert_eq!(refused(&mut model, "common/run_analyzer", &body("")).0, 1100);
        assert_eq!(refused(&mut model, "common/run_analyzer", &body("nope")).0, 1100);
        assert_eq!(refused(&mut model, "common/run_analyzer", &json!({"text": [], "collectionName": "d"})).0, 1100);
    }
}
