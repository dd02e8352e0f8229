//! The bytes that the text of a body becomes.

use super::Encoding;

impl Encoding {
    /// The bytes of a text.
    pub fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Encoding::Bom => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Encoding::Utf16 => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
            Encoding::Latin1 => text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect(),
            Encoding::Gzip => gzip(text.as_bytes()),
        }
    }
}

/// A gzip file that holds the bytes as they are: blocks without compression are all that a reader needs to be tried.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    const LONGEST_BLOCK: usize = 0xffff;
    // Signature, method "deflate", no flags, no time, no hint, unknown system.
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = bytes.chunks(LONGEST_BLOCK).peekable();
    if blocks.peek().is_none() {
        file.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        file.push(u8::from(blocks.peek().is_none()));
        file.extend(length.to_le_bytes());
        file.extend((!length).to_le_bytes());
        file.extend(block);
    }
    file.extend(checksum(bytes).to_le_bytes());
    file.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    file
}

/// CRC-32 as gzip has it.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_writes_the_text_in_its_own_way() {
        assert_eq!(Encoding::Bom.bytes("é"), b"\xef\xbb\xbf\xc3\xa9");
        assert_eq!(Encoding::Utf16.bytes("é{"), b"\xff\xfe\xe9\x00{\x00");
        assert_eq!(Encoding::Latin1.bytes("é{漢"), b"\xe9{?");
    }

    #[test]
    fn a_gzip_file_has_its_blocks_and_the_checksum_of_the_text() {
        // The check value that the definition of CRC-32 gives.
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        let file = Encoding::Gzip.bytes("{}");
        assert_eq!(file[..2], [0x1f, 0x8b]);
        assert_eq!(file[10..17], [1, 2, 0, 0xfd, 0xff, b'{', b'}']);
        assert_eq!(file[file.len() - 4..], 2_u32.to_le_bytes());
        let long = Encoding::Gzip.bytes(&"a".repeat(0x1_0000));
        assert_eq!(long.len(), 10 + 5 + 0xffff + 5 + 1 + 8);
    }
}
