//! Standard base64 with padding, which credentials and byte vectors come in.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes as text.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let index = (group >> (18 - 6 * digit)) & 63;
            text.push(if digit <= chunk.len() { char::from(DIGITS[index as usize]) } else { '=' });
        }
    }
    text
}

/// Reads bytes from text; line ends are skipped.
///
/// # Errors
///
/// Gives the place of the byte that is not understood.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::new();
    let mut group = 0_u32;
    let mut digits = 0_usize;
    let mut padding = 0_usize;
    for (at, digit) in text.bytes().enumerate().filter(|(_, digit)| !matches!(digit, b'\r' | b'\n')) {
        let value = DIGITS.iter().position(|known| *known == digit);
        match value {
            Some(value) if padding == 0 => group = group << 6 | u32::try_from(value).unwrap_or_default(),
            None if digit == b'=' && digits % 4 >= 2 => {
                padding += 1;
                group <<= 6;
            }
            _ => return Err(at),
        }
        digits += 1;
        if digits.is_multiple_of(4) {
            bytes.extend(&group.to_be_bytes()[1..4 - padding]);
            group = 0;
        }
    }
    if digits.is_multiple_of(4) { Ok(bytes) } else { Err(text.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_way_there_and_back() {
        for bytes in [&b""[..], b"a", b"ab", b"abc", b"abcd", &[0, 255, 128, 7]] {
            assert_eq!(decode(&encode(bytes)).as_deref(), Ok(bytes));
        }
        assert_eq!(encode(b"ab"), "YWI=");
    }

    #[test]
    fn anything_else_is_refused_at_its_place() {
        assert_eq!(decode("AQI"), Err(3));
        assert_eq!(decode("A-I="), Err(1));
        assert_eq!(decode("AQ==AQ=="), Err(4));
        assert_eq!(decode("A\nQ=="), Ok(vec![1]));
    }
}
