//! A badge: one glance at how many rules hold.

use super::words::{escaped, is_gated};
use crate::results::Results;
use crate::verdict::Verdict;
use serde_json::json;

/// What a badge says, in words and in a colour.
struct Said {
    label: String,
    message: String,
    /// A name that shields.io knows, and the colour that it has there.
    colour: (&'static str, &'static str),
}

const GREEN: (&str, &str) = ("brightgreen", "#2f7d1b");
const YELLOW: (&str, &str) = ("yellow", "#8a6a00");
const RED: (&str, &str) = ("red", "#b52a1d");
const GREY: (&str, &str) = ("lightgrey", "#6b6b6b");

fn said(results: &Results) -> Said {
    let gated = results.outcome.requirements.iter().filter(|requirement| is_gated(results, requirement));
    let (mut all, mut held) = (0_u64, 0_u64);
    for requirement in gated {
        all += 1;
        held += u64::from(requirement.verdict == Verdict::Pass);
    }
    let broken = all - held;
    let (message, colour) = match (all, broken) {
        _ if !results.outcome.complete => ("incomplete".to_owned(), GREY),
        (0, _) => ("nothing ran".to_owned(), GREY),
        (all, 0) => (format!("{all} rules hold"), GREEN),
        (all, broken) => (format!("{held} of {all} rules hold"), if broken * 20 <= all { YELLOW } else { RED }),
    };
    Said { label: format!("{} REST API", results.head.profile), message, colour }
}

/// What shields.io makes a picture of: <https://shields.io/badges/endpoint-badge>.
pub fn badge_json(results: &Results) -> String {
    let Said { label, message, colour } = said(results);
    format!("{:#}\n", json!({"schemaVersion": 1, "label": label, "message": message, "color": colour.0}))
}

/// A picture by itself.
pub fn badge(results: &Results) -> String {
    let Said { label, message, colour } = said(results);
    let (left, right) = (width(&label), width(&message));
    let whole = left + right;
    let told = escaped(&format!("{label}: {message}"));
    let half = |text: &str, middle: f64, length: f64| {
        let text = escaped(text);
        format!("<text x=\"{middle}\" y=\"14\" textLength=\"{length}\">{text}</text>")
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{told}\">\n\
         <title>{told}</title>\n\
         <clipPath id=\"round\"><rect width=\"{whole}\" height=\"20\" rx=\"3\"/></clipPath>\n\
         <g clip-path=\"url(#round)\"><rect width=\"{left}\" height=\"20\" fill=\"#444\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{}\"/></g>\n\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">{}{}</g>\n\
         </svg>\n",
        colour.1,
        half(&label, left / 2.0, left - MARGIN),
        half(&message, left + right / 2.0, right - MARGIN),
    )
}

/// Both margins of a half together.
const MARGIN: f64 = 12.0;

/// How wide a text is in Verdana at 11 pixels, closely enough for the letters that badges have.
fn width(text: &str) -> f64 {
    let letter = |char: char| match char {
        'i' | 'j' | 'l' | 't' | 'f' | '.' | ' ' | 'I' | '-' => 4.0,
        'm' | 'w' | 'M' | 'W' => 10.0,
        char if char.is_uppercase() => 7.6,
        _ => 6.8,
    };
    (text.chars().map(letter).sum::<f64>() + MARGIN).round()
}
