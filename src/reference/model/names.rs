//! What names may look like. Lengths are bytes, letters are ASCII.

use super::failure::{self, Failure};
use super::rights::failure as refused;
use crate::profile::Version;

/// The longest name of anything, in bytes.
const LONGEST: usize = 255;

/// Words that a field may not be called, in versions that measured them as keywords of filters.
const KEYWORDS: [&str; 9] = ["in", "like", "and", "or", "not", "exists", "true", "json_contains", "array_length"];

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// Which rule a name breaks.
enum Broken {
    Long,
    Start,
    Other,
}

fn broken(name: &str, start: fn(u8) -> bool, rest: fn(u8) -> bool) -> Option<Broken> {
    if name.len() > LONGEST {
        return Some(Broken::Long);
    }
    let bytes = name.as_bytes();
    match bytes.first() {
        Some(first) if !start(*first) => Some(Broken::Start),
        _ => bytes.iter().any(|byte| !rest(*byte)).then_some(Broken::Other),
    }
}

/// The name without the blanks around it in versions that trim collection names, else as it is.
pub(super) fn trimmed(name: &str, version: Version) -> &str {
    if version < Version(2, 6) { name.trim() } else { name }
}

/// Checks the name of a collection, or of an alias when `what` says so.
pub(super) fn check_collection(name: &str, what: &str, version: Version) -> Result<(), Failure> {
    let name = trimmed(name, version);
    if name.is_empty() {
        return Err(failure::invalid(format!("collection {what} should not be empty")));
    }
    let reason = match broken(name, is_start, is_word) {
        None => return Ok(()),
        Some(Broken::Long) => format!("the length of a collection {what} must be less than 255 characters"),
        Some(Broken::Start) => format!("the first character of a collection {what} must be an underscore or letter"),
        Some(Broken::Other) => format!("collection {what} can only contain numbers, letters and underscores"),
    };
    Err(failure::invalid(format!("Invalid collection {what}: {name}. {reason}")))
}

/// Checks the name of a database.
pub(super) fn check_database(name: &str) -> Result<(), Failure> {
    let reason = match broken(name, is_start, is_word) {
        None => return Ok(()),
        Some(Broken::Long) => "the length of a database name must be less than 255 characters",
        Some(Broken::Start) => "the first character of a database name must be an underscore or letter",
        Some(Broken::Other) => "database name can only contain numbers, letters and underscores",
    };
    Err(failure::database_name(reason, name))
}

/// Checks the name of a resource group.
pub(super) fn check_resource_group(name: &str) -> Result<(), Failure> {
    let what = "resource group name";
    let reason = match broken(name, is_start, is_word) {
        None => return Ok(()),
        Some(Broken::Long) => format!("the length of a {what} must be less than 255 characters"),
        Some(Broken::Start) => format!("the first character of a {what} must be an underscore or letter"),
        Some(Broken::Other) => format!("{what} can only contain numbers, letters and underscores"),
    };
    Err(failure::invalid(format!("Invalid {what} {name}. {reason}")))
}

/// Checks the name of a partition; it may begin with a digit, although the refusal says otherwise.
pub(super) fn check_partition(name: &str, version: Version) -> Result<(), Failure> {
    let name = name.trim();
    let reason = if name.is_empty() {
        "Partition name should not be empty."
    } else {
        match broken(name, is_word, |byte| is_word(byte) || byte == b'-') {
            None => return Ok(()),
            Some(Broken::Long) => "The length of a partition name must be less than 255 characters.",
            Some(Broken::Start) => "The first character of a partition name must be an underscore or letter.",
            Some(Broken::Other) => "Partition name can only contain numbers, letters and underscores.",
        }
    };
    Err(failure::unclassified(version, format!("Invalid partition name: {name}. {reason}")))
}

/// Checks the name of an index; an empty one stands for the default.
pub(super) fn check_index(name: &str, version: Version) -> Result<(), Failure> {
    let name = name.trim();
    let reason = match broken(name, is_start, |byte| is_word(byte) || matches!(byte, b'[' | b']')) {
        None => return Ok(()),
        Some(Broken::Long) => "The length of a index name must be less than 255 characters.",
        Some(Broken::Start) => "The first character of a index name must be an underscore or letter.",
        Some(Broken::Other) => "Index name can only contain numbers, letters and underscores.",
    };
    Err(failure::unclassified(version, format!("Invalid index name: {name}. {reason}")))
}

/// Checks the name of a field.
pub(super) fn check_field(name: &str, version: Version) -> Result<(), Failure> {
    let name = name.trim();
    if name.is_empty() {
        return Err(failure::field_name("field name should not be empty", name));
    }
    let reason = match broken(name, is_start, is_word) {
        None if KEYWORDS.contains(&name) || name == "text_match" && version >= Version(2, 5) => {
            format!("{name} is keyword in milvus.")
        }
        None => return Ok(()),
        Some(Broken::Long) => "The length of a field name must be less than 255 characters.".to_owned(),
        Some(Broken::Start) => "The first character of a field name must be an underscore or letter.".to_owned(),
        Some(Broken::Other) => "Field name can only contain numbers, letters, and underscores.".to_owned(),
    };
    Err(failure::field_name(&format!("Invalid field name: {name}. {reason}"), name))
}

/// The longest name of a user, in bytes.
const LONGEST_USER: usize = 32;

/// Checks the name of a user.
pub(super) fn check_user(name: &str, version: Version) -> Result<(), Failure> {
    let name = name.trim();
    if name.is_empty() {
        return Err(refused::user_without_name());
    }
    if name.len() > LONGEST_USER {
        return Err(refused::user_name_long(version, name, LONGEST_USER));
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err(refused::user_name_start(name));
    }
    let allowed = |byte: u8| is_word(byte) || version >= Version(2, 6) && matches!(byte, b'-' | b'.');
    match name.bytes().find(|byte| !allowed(*byte)) {
        Some(byte) => Err(refused::user_name(version, name, byte)),
        None => Ok(()),
    }
}

/// Checks the name of a role or of what is granted; `what` is how refusals call it.
pub(super) fn check_right(what: &str, name: &str) -> Result<(), Failure> {
    let name = name.trim();
    let Some(first) = name.bytes().next() else { return Err(refused::empty_name(what)) };
    match broken(name, is_start, |byte| is_word(byte) || byte == b'$') {
        None => Ok(()),
        Some(Broken::Long) => Err(refused::name_long(what, name.len(), LONGEST)),
        Some(Broken::Start) => Err(refused::name_start(what, first)),
        Some(Broken::Other) => Err(refused::name_rest(what)),
    }
}

/// Checks the name of a group of privileges. The refusals show their own place for the name unfilled, as servers do.
pub(super) fn check_privilege_group(name: &str) -> Result<(), Failure> {
    let reason = match broken(name, is_start, is_word) {
        None => return Ok(()),
        Some(Broken::Other) => return Err(refused::group_name_rest(name)),
        Some(Broken::Long) => "the length of a privilege group name %s must be less than %s characters",
        Some(Broken::Start) => "the first character of a privilege group name %s must be an underscore or letter",
    };
    Err(refused::group_name(name, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V26: Version = Version(2, 6);

    #[test]
    fn collection_names_are_words_of_at_most_255_bytes() {
        for good in ["a", "_a1", &"a".repeat(255)] {
            assert!(check_collection(good, "name", V26).is_ok(), "{good}");
        }
        for bad in ["1a", "a b", "a-b", "ä", "$a", " lead", &"a".repeat(256)] {
            assert_eq!(check_collection(bad, "name", V26).unwrap_err().code, 1100, "{bad}");
        }
        assert!(check_collection(" lead ", "name", Version(2, 5)).is_ok(), "2.4 and 2.5 trim");
    }

    #[test]
    fn partition_names_may_begin_with_a_digit() {
        assert!(check_partition("1a-b", V26).is_ok());
        assert_eq!(check_partition(" ", V26).unwrap_err().code, 65535);
        assert_eq!(check_partition("a b", Version(3, 0)).unwrap_err().code, 1100);
    }

    #[test]
    fn field_names_may_not_be_keywords() {
        assert!(check_field("IN", Version(2, 6)).is_ok());
        assert!(check_field("in", Version(2, 6)).unwrap_err().message.contains("is keyword in milvus"));
        assert_eq!(check_field("$meta", Version(2, 6)).unwrap_err().code, 1701);
    }
}
