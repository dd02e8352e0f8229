//! The few styles that the screens share.

use crate::verdict::Verdict;
use anstyle::{AnsiColor, Style};

fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Something is as it should be.
pub(super) fn good(text: &str) -> String {
    paint(AnsiColor::Green.on_default().bold(), text)
}

/// Something is wrong.
pub(super) fn bad(text: &str) -> String {
    paint(AnsiColor::Red.on_default().bold(), text)
}

/// Something to know.
pub(super) fn note(text: &str) -> String {
    paint(AnsiColor::Yellow.on_default(), text)
}

/// A heading.
pub(super) fn strong(text: &str) -> String {
    paint(Style::new().bold(), text)
}

/// Something beside the point.
pub(super) fn faint(text: &str) -> String {
    paint(Style::new().dimmed(), text)
}

/// A verdict in its colour, as wide as the longest.
pub(super) fn verdict(verdict: Verdict) -> String {
    let word = format!("{:<11}", verdict.word());
    match verdict {
        Verdict::Pass | Verdict::Fixed => good(&word),
        Verdict::Fail | Verdict::Error => bad(&word),
        Verdict::Known | Verdict::Flaky | Verdict::Unsupported => note(&word),
        Verdict::Skipped => faint(&word),
    }
}
