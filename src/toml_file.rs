//! Reading the project's TOML files: into types, with the place of every mistake.

use crate::diagnostic::{Diagnostic, SourceText};
use serde::de::DeserializeOwned;

/// Reads a TOML text into a type.
///
/// # Errors
/// The first mistake in it: where it is, and what was probably meant.
pub fn read<T: DeserializeOwned>(source: &SourceText) -> Result<T, Diagnostic> {
    toml::from_str(&source.text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let message = error.message();
        let Some((what, word)) = message.split_once('`') else { return source.diagnostic(span, message) };
        let Some((word, rest)) = word.split_once('`') else { return source.diagnostic(span, message) };
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        match what.trim_end() {
            "unknown field" => source.diagnostic(span, format!("unknown key `{word}`")).suggest(word, known),
            "unknown variant" => source.diagnostic(span, format!("`{word}` is not known here")).suggest(word, known),
            "missing field" => source.diagnostic(span, format!("the key `{word}` is missing")),
            _ => source.diagnostic(span, message),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading is tried")]
    struct File {
        colour: Colour,
        number: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
        Green,
    }

    fn mistake(text: &str) -> String {
        read::<File>(&SourceText::new("a.toml", text)).unwrap_err().to_string()
    }

    #[test]
    fn a_mistake_has_its_place_and_what_was_meant() {
        read::<File>(&SourceText::new("a.toml", "colour = 'red'")).unwrap();
        assert_eq!(mistake("# a\ncolor = 'red'"), "a.toml:2:1: unknown key `color` (did you mean `colour`?)");
        assert_eq!(mistake("colour = 'gren'"), "a.toml:1:10: `gren` is not known here (did you mean `green`?)");
        assert!(mistake("number = 3").ends_with("the key `colour` is missing"), "{}", mistake("number = 3"));
        assert!(mistake("colour = 'red'\nnumber = 'x'").starts_with("a.toml:2:10: "));
        assert!(mistake("colour = ").starts_with("a.toml:1:"));
    }
}
