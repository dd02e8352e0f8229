//! The text of recorded requests.

/// The requests were sent with a blank after every comma and colon, which some answers show.
pub(crate) fn spaced(json: &str) -> String {
    let mut text = String::new();
    let (mut inside, mut escaped) = (false, false);
    for character in json.chars() {
        text.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => inside = !inside,
            ',' | ':' if !inside => text.push(' '),
            _ => {}
        }
    }
    text
}
