//! Points in time: the texts that a field of type Timestamptz takes, and how they are written back.

use super::failure::{self, Failure};
use indexmap::IndexMap;
use jiff::SignedDuration;
use jiff::civil::DateTime;

/// The farthest zones from UTC, in minutes. Fifteen hours were measured to be too far.
const OFFSETS: std::ops::RangeInclusive<i64> = -12 * 60..=14 * 60;

/// How the names of time zones begin, beside those that stand alone.
const AREAS: [&str; 11] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Etc",
    "Europe",
    "Indian",
    "Pacific",
];

/// Refuses a property that names no time zone. Only the form of the name is looked at: what places there are is nothing
/// that this target knows.
pub(super) fn check_zone(properties: &IndexMap<String, String>) -> Result<(), Failure> {
    let Some(zone) = properties.get("timezone") else { return Ok(()) };
    let place = |place: &str| {
        !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    let known = match zone.split_once('/') {
        None => matches!(zone.as_str(), "UTC" | "GMT"),
        Some((area, places)) => AREAS.contains(&area) && places.split('/').all(place),
    };
    if known { Ok(()) } else { Err(failure::invalid(format!("unknown or invalid IANA Time Zone ID: {zone}"))) }
}

/// The point in time as it is written back: in UTC, to the microsecond.
pub(super) fn normal(text: &str) -> Result<String, Failure> {
    let trimmed = text.trim();
    read(trimmed).ok_or_else(|| failure::time(trimmed))
}

fn read(text: &str) -> Option<String> {
    let (day, rest) = (text.get(..10)?, text.get(10..)?);
    let rest = rest.strip_prefix(['T', ' '])?;
    let (clock, rest) = (rest.get(..8)?, rest.get(8..)?);
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("0", rest),
    };
    if fraction.is_empty() {
        return None;
    }
    let [year, month, dayed] = parts(day, '-', [4, 2, 2])?;
    let [hour, minute, second] = parts(clock, ':', [2, 2, 2])?;
    let micros: i32 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let small = |number: i16| i8::try_from(number).ok();
    let (month, dayed) = (small(month)?, small(dayed)?);
    let (hour, minute, second) = (small(hour)?, small(minute)?, small(second)?);
    let local = DateTime::new(year, month, dayed, hour, minute, second, micros * 1_000).ok()?;
    let time = local.checked_sub(SignedDuration::from_mins(offset(zone)?)).ok()?;
    let digits = format!("{:06}", time.subsec_nanosecond() / 1_000);
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    Some(format!("{}{point}{digits}Z", time.strftime("%Y-%m-%dT%H:%M:%S")))
}

/// Three numbers of exactly so many digits.
fn parts(text: &str, between: char, widths: [usize; 3]) -> Option<[i16; 3]> {
    let mut pieces = text.split(between);
    let mut numbers = [0; 3];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let piece = pieces.next()?;
        if piece.len() != width || !piece.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = piece.parse().ok()?;
    }
    pieces.next().is_none().then_some(numbers)
}

/// The minutes east of UTC; a time without zone counts as UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z") {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok().filter(|minutes| *minutes < 60)?);
    let offset = sign * (i64::from(hours) * 60 + i64::from(minutes));
    OFFSETS.contains(&offset).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_back_in_utc() {
        let cases = [
            ("2024-12-31T22:00:00+08:00", "2024-12-31T14:00:00Z"),
            ("2024-12-31T22:00:00-05:30", "2025-01-01T03:30:00Z"),
            ("2024-12-31 22:00:00", "2024-12-31T22:00:00Z"),
            ("2024-12-31T22:00:00.123456789Z", "2024-12-31T22:00:00.123456Z"),
            ("2024-12-31T22:00:00.5+08:00", "2024-12-31T14:00:00.5Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ];
        for (text, written) in cases {
            assert_eq!(normal(text).unwrap(), written);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let texts = [
            "",
            "x",
            "2024-12-31",
            "2024-12-31T22:00Z",
            "2024-12-31t22:00:00Z",
            "2024-12-31T22:00:00z",
            "2024-12-31T22:00:00+0800",
            "2024-12-31T22:00:00 +08:00",
            "2023-02-29T00:00:00Z",
            "2024-12-31T24:00:00Z",
            "2024-12-31T23:59:60Z",
            "2024-12-31T22:00:00+15:00",
            "10000-01-01T00:00:00Z",
            "1735682400",
        ];
        for text in texts {
            assert_eq!(normal(text).unwrap_err().code, 1100, "{text}");
        }
    }
}
