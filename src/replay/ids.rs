//! Ids that servers make, paired between the recording and the target.

use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What the ids of the recorded servers look like: time stamps of their clock, 18 digits.
static RECORDED: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern stands here")]
    Regex::new(r"4[3-9][0-9]{16}|[5-7][0-9]{17}").expect("a well-formed pattern")
});

/// Which id of the recording is which id of the target.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    to_target: HashMap<String, String>,
    to_recorded: HashMap<String, String>,
}

impl Ids {
    /// The pair, when neither of the two is paired with another.
    pub(super) fn pair(&mut self, recorded: &str, target: &str) -> bool {
        let known = self.to_target.get(recorded);
        let taken = self.to_recorded.get(target);
        match (known, taken) {
            (None, None) => {
                self.to_target.insert(recorded.to_owned(), target.to_owned());
                self.to_recorded.insert(target.to_owned(), recorded.to_owned());
                true
            }
            (Some(known), _) => known == target,
            (None, Some(_)) => false,
        }
    }

    /// Takes in the pairs found in an answer.
    pub fn learn(&mut self, pairs: Ids) {
        self.to_target.extend(pairs.to_target);
        self.to_recorded.extend(pairs.to_recorded);
    }

    /// The target's id for a recorded one, when it came before.
    pub(super) fn of_target(&self, recorded: &str) -> Option<&str> {
        self.to_target.get(recorded).map(String::as_str)
    }

    /// The recorded id for one of the target, when it came before.
    pub(super) fn of_recording(&self, target: &str) -> Option<&str> {
        self.to_recorded.get(target).map(String::as_str)
    }

    /// A text of the recording with the target's ids in the place of those that came before.
    pub(super) fn translated(&self, text: &str) -> String {
        let mut made = String::with_capacity(text.len());
        let mut end = 0;
        for found in find(text) {
            made.push_str(&text[end..found.start()]);
            made.push_str(self.of_target(found.as_str()).unwrap_or(found.as_str()));
            end = found.end();
        }
        made.push_str(&text[end..]);
        made
    }
}

/// The ids in a recorded text.
pub(super) fn find(text: &str) -> impl Iterator<Item = regex::Match<'_>> {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    RECORDED.find_iter(text).filter(move |found| {
        !digit(found.start().checked_sub(1).and_then(|before| bytes.get(before))) && !digit(bytes.get(found.end()))
    })
}

/// Whether a recorded text is an id and nothing else.
pub(super) fn is_id(text: &str) -> bool {
    find(text).any(|found| found.len() == text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_partner() {
        let mut ids = Ids::default();
        assert!(ids.pair("460000000000000001", "7") && ids.pair("460000000000000001", "7"));
        assert!(!ids.pair("460000000000000001", "8"));
        assert!(!ids.pair("460000000000000002", "7"));
        assert!(ids.pair("460000000000000002", "8"));
        assert_eq!(ids.translated("[460000000000000001, 460000000000000009]"), "[7, 460000000000000009]");
    }

    #[test]
    fn numbers_that_people_choose_are_no_ids() {
        for text in ["9007199254740993", "9223372036854775807", "4600000000000000011", "1", ""] {
            assert!(!is_id(text), "{text}");
        }
        assert!(is_id("460000000000000001"));
        assert_eq!(find("dml_0_460000000000000001v0").count(), 1);
    }
}
