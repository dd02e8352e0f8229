//! Lines that are no longer than the terminal is wide.

use anstream::adapter::strip_str;
use terminal_size::terminal_size;

/// The width where neither a terminal nor the environment tells one.
const USUAL: usize = 80;

/// How many characters a line may have: as many as the terminal has columns, or as `COLUMNS` says where there is none.
pub(super) fn width() -> usize {
    let terminal = terminal_size().map(|(width, _)| usize::from(width.0));
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(told).filter(|columns| *columns > 0).unwrap_or(USUAL)
}

/// Breaks the lines of a text between words; what goes on in a further line stands `hang` columns further in than the line began.
/// A word that is longer than that stays whole: half a path or half an address is of no use to anybody.
pub(super) fn wrapped(text: &str, width: usize, hang: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| wrapped_line(line, width, hang)).collect();
    lines.join("\n") + if text.ends_with('\n') { "\n" } else { "" }
}

fn wrapped_line(line: &str, width: usize, hang: usize) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let further = format!("\n{:1$}", "", indent + hang);
    let mut made = " ".repeat(indent);
    let mut column = indent;
    let mut blanks = 0;
    for word in line[indent..].split(' ') {
        // Two blanks side by side leave nothing between them.
        if word.is_empty() {
            blanks += 1;
            continue;
        }
        // Styles take no room.
        let length: usize = strip_str(word).map(|part| part.chars().count()).sum();
        // A further line has to begin before the place where the word would stand in this one.
        if column + blanks + length > width && column + blanks > indent + hang {
            made.push_str(&further);
            column = indent + hang;
        } else {
            made.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        }
        made.push_str(word);
        column += length;
        blanks = 1;
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::style;

    #[test]
    fn lines_are_broken_between_words_and_hang() {
        assert_eq!(wrapped("one two three four", 9, 2), "one two\n  three\n  four");
        assert_eq!(wrapped("  label    one two three", 16, 9), "  label    one\n           two\n           three");
        assert_eq!(wrapped("one\n  two three\n\n", 6, 0), "one\n  two\n  three\n\n");
        assert_eq!(wrapped("", 6, 0), "");
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        for text in ["one  two   three", "   one", "one two\n\nthree"] {
            assert_eq!(wrapped(text, 20, 4), text);
        }
        assert_eq!(wrapped("12345 7890", 10, 0), "12345 7890");
    }

    #[test]
    fn a_long_word_stays_whole() {
        let address = "http://in01-0123456789.example.com";
        assert_eq!(
            wrapped(&format!("at {address} nobody listens"), 10, 2),
            format!("at\n  {address}\n  nobody\n  listens")
        );
        let labelled = format!("  at        {address}");
        assert_eq!(wrapped(&labelled, 20, 10), labelled);
    }

    #[test]
    fn styles_and_long_letters_take_the_room_of_what_is_seen() {
        let bold = style::strong("four");
        assert_eq!(wrapped(&format!("{bold} five"), 9, 0), format!("{bold} five"));
        assert_eq!(wrapped("äöü äöü", 7, 0), "äöü äöü");
    }
}
