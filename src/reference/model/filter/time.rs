//! Instants and spans in filters.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Reads an instant: a date and a time, with `T` or a blank between them; without a zone it is in UTC.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.replacen(' ', "T", 1);
    text.get(10..)?.starts_with('T').then_some(())?;
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

/// Reads a span such as `P1Y2M3DT4H5M6S`: whole numbers only, and no weeks.
pub(super) fn span(text: &str) -> Option<Span> {
    let (date, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((date, time)) => (date, time),
        None => (text.strip_prefix('P')?, ""),
    };
    let mut span = Span::new();
    for (mut rest, units, is_date) in [(date, "YMD", true), (time, "HMS", false)] {
        let mut units = units.char_indices();
        while !rest.is_empty() {
            let digits = rest.find(|each: char| !each.is_ascii_digit())?;
            let number: i64 = rest[..digits].parse().ok()?;
            let unit = rest[digits..].chars().next()?;
            let (place, _) = units.find(|(_, known)| *known == unit)?;
            span = match (is_date, place) {
                (true, 0) => span.try_years(number),
                (true, 1) => span.try_months(number),
                (true, _) => span.try_days(number),
                (false, 0) => span.try_hours(number),
                (false, 1) => span.try_minutes(number),
                (false, _) => span.try_seconds(number),
            }
            .ok()?;
            rest = &rest[digits + unit.len_utf8()..];
        }
    }
    Some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_a_date_and_a_time() {
        let utc = instant("2024-12-31T22:00:00Z");
        assert!(utc.is_some());
        assert_eq!(instant("2024-12-31 22:00:00"), utc);
        assert_eq!(instant("2025-01-01T06:00:00+08:00"), utc);
        for bad in ["2024-12-31", "x", "", "2024-12-31Tx"] {
            assert_eq!(instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn spans_count_whole_units_in_their_order() {
        let hours = |text: &str| span(text).map(|span| i64::from(span.get_days()) * 24 + i64::from(span.get_hours()));
        assert_eq!(hours("P1DT2H"), Some(26));
        assert_eq!(hours("P"), Some(0));
        for bad in ["1 day", "P1W", "P1.5D", "PT1D", "P1D2Y", "P1"] {
            assert_eq!(hours(bad), None, "{bad}");
        }
    }
}
