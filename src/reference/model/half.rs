//! Numbers of 16 bits: how a single-precision float becomes one.

/// The bits of the nearest half-precision number, of two equally near ones the even; too large a number becomes infinite.
pub(super) fn half(number: f32) -> u16 {
    let bits = number.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let (exponent, mantissa) = (bits >> 23 & 0xff, bits & 0x007f_ffff);
    if exponent == 0xff {
        return sign | 0x7c00 | if mantissa == 0 { 0 } else { 0x0200 };
    }
    // The exponents count from 127 and from 15.
    let Some(shifted) = (exponent + 15).checked_sub(127).filter(|shifted| *shifted > 0) else {
        // Too small for a normal number: the leading one is written out and moves to the right.
        let right = 126 - exponent;
        let whole = mantissa | 0x0080_0000;
        return sign | if right > 24 { 0 } else { nearest(whole, right) };
    };
    if shifted >= 31 {
        return sign | 0x7c00;
    }
    // A carry out of the mantissa raises the exponent, up to infinity, as it should.
    sign | nearest(shifted << 23 | mantissa, 13)
}

/// The number without its last bits, rounded to the nearest, of two equally near ones to the even.
fn nearest(whole: u32, bits: u32) -> u16 {
    let (kept, rest, middle) = (whole >> bits, whole & ((1 << bits) - 1), 1 << (bits - 1));
    let up = rest > middle || rest == middle && kept & 1 == 1;
    u16::try_from(kept + u32::from(up)).unwrap_or(0x7c00)
}

/// The bits of the number as bfloat16: the rest of the mantissa is cut off.
pub(super) fn brain(number: f32) -> u16 {
    (number.to_bits() >> 16) as u16
}

/// Whether a half-precision number is finite.
pub(super) fn is_finite_half(bits: u16) -> bool {
    bits & 0x7c00 != 0x7c00
}

/// Whether a bfloat16 number is finite.
pub(super) fn is_finite_brain(bits: u16) -> bool {
    bits & 0x7f80 != 0x7f80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_as_measured() {
        let halves = [
            (0.1, 0x2e66),
            (2049.0, 0x6800),
            (2051.0, 0x6802),
            (65519.0, 0x7bff),
            (65520.0, 0x7c00),
            (1e-8, 0),
            (6e-8, 1),
            (0.000_06, 0x03ef),
            (-0.0, 0x8000),
            (-1e5, 0xfc00),
            (0.333_333_34, 0x3555),
        ];
        for (number, bits) in halves {
            assert_eq!(half(number), bits, "{number}");
        }
        assert_eq!((brain(0.1), brain(3.4e38), brain(-0.0)), (0x3dcc, 0x7f7f, 0x8000));
        assert!(is_finite_half(half(65504.0)) && !is_finite_half(half(f32::NAN)) && !is_finite_brain(0x7f80));
    }
}
