//! How alike two vectors are.
//!
//! Numbers are summed in single precision, as servers do, so that short vectors have the distances of real answers to
//! the last digit. The loops go in steps of a fixed length with a sum of its own for each place, which the compiler
//! turns into vector instructions.

use std::cmp::Ordering;

/// How many sums a loop keeps.
const LANES: usize = 16;

/// What makes two vectors alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    L2,
    Ip,
    Cosine,
    Hamming,
    Jaccard,
    /// Whether the bits of the query are among those of the row.
    Substructure,
    /// Whether the bits of the row are among those of the query.
    Superstructure,
    Bm25,
}

impl Metric {
    /// The metric of this name, if rows can be ranked by it here.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "L2" => Metric::L2,
            "IP" => Metric::Ip,
            "COSINE" => Metric::Cosine,
            "HAMMING" => Metric::Hamming,
            "JACCARD" => Metric::Jaccard,
            "SUBSTRUCTURE" => Metric::Substructure,
            "SUPERSTRUCTURE" => Metric::Superstructure,
            "BM25" => Metric::Bm25,
            _ => return None,
        })
    }

    /// Whether the greater number is the better one.
    pub(super) fn is_similarity(self) -> bool {
        matches!(self, Metric::Ip | Metric::Cosine | Metric::Bm25)
    }

    /// Best first.
    pub(super) fn order(self, one: f32, two: f32) -> Ordering {
        if self.is_similarity() { two.total_cmp(&one) } else { one.total_cmp(&two) }
    }

    /// Of vectors of numbers.
    pub(super) fn of_numbers(self, one: &[f32], two: &[f32]) -> f32 {
        match self {
            Metric::L2 => summed(one, two, |a, b| (a - b) * (a - b)),
            Metric::Cosine => {
                let norms = product(one, one).sqrt() * product(two, two).sqrt();
                if norms == 0.0 { 0.0 } else { product(one, two) / norms }
            }
            _ => product(one, two),
        }
    }

    /// Of vectors of bits.
    pub(super) fn of_bits(self, query: &[u8], stored: &[u8]) -> f32 {
        let count = |bits: fn(u8, u8) -> u8| -> u32 {
            query.iter().zip(stored).map(|(one, two)| bits(*one, *two).count_ones()).sum()
        };
        let holds = |missing: u32| if missing == 0 { 0.0 } else { 1.0 };
        match self {
            Metric::Jaccard => {
                let (shared, all) = (count(|one, two| one & two), count(|one, two| one | two));
                if all == 0 { 0.0 } else { single(1.0 - f64::from(shared) / f64::from(all)) }
            }
            Metric::Substructure => holds(count(|one, two| one & !two)),
            Metric::Superstructure => holds(count(|one, two| !one & two)),
            _ => single(f64::from(count(|one, two| one ^ two))),
        }
    }
}

/// Numbers without overlap in their places have no product, and are no hit.
pub(super) fn sparse_product(one: &[(u32, f32)], two: &[(u32, f32)]) -> Option<f32> {
    let mut sum = None;
    let (mut left, mut right) = (one.iter().peekable(), two.iter().peekable());
    while let (Some((place, value)), Some((other, weight))) = (left.peek(), right.peek()) {
        match place.cmp(other) {
            Ordering::Less => drop(left.next()),
            Ordering::Greater => drop(right.next()),
            Ordering::Equal => {
                sum = Some(sum.unwrap_or(0.0) + f64::from(*value) * f64::from(*weight));
                left.next();
                right.next();
            }
        }
    }
    sum.map(single)
}

#[expect(clippy::cast_possible_truncation, reason = "answers hold single precision")]
fn single(number: f64) -> f32 {
    number as f32
}

fn product(one: &[f32], two: &[f32]) -> f32 {
    summed(one, two, |a, b| a * b)
}

fn summed(one: &[f32], two: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let (left, right) = (one.chunks_exact(LANES), two.chunks_exact(LANES));
    let (left_rest, right_rest) = (left.remainder(), right.remainder());
    let mut sums = [0.0_f32; LANES];
    for (a, b) in left.zip(right) {
        for lane in 0..LANES {
            sums[lane] += term(a[lane], b[lane]);
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(a, b)| term(*a, *b)).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the distances are exact")]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_exactly() {
        let (one, two): (Vec<f32>, Vec<f32>) = (0..19_u8).map(|n| (f32::from(n), f32::from(n) + 1.0)).unzip();
        assert_eq!(Metric::L2.of_numbers(&one, &two), 19.0);
        assert_eq!(Metric::Ip.of_numbers(&one, &two), 2_280.0);
        assert_eq!(Metric::Cosine.of_numbers(&[3.0, 4.0], &[4.0, 3.0]), 0.96);
        assert_eq!(Metric::Cosine.of_numbers(&[0.0, 0.0], &[1.0, 0.0]), 0.0);
        assert_eq!(Metric::L2.of_numbers(&[0.1, 0.2, 0.3, 0.4], &[0.0, 0.25, 0.0, 1.0]), 0.462_500_04);
    }

    #[test]
    fn bits_are_counted() {
        assert_eq!(Metric::Hamming.of_bits(&[1, 255], &[4, 254]), 3.0);
        assert_eq!(Metric::Jaccard.of_bits(&[0b11, 0], &[0b110, 0]), 0.666_666_7);
        assert_eq!(Metric::Jaccard.of_bits(&[0], &[0]), 0.0);
        assert_eq!(Metric::Substructure.of_bits(&[0b10], &[0b11]), 0.0);
        assert_eq!(Metric::Superstructure.of_bits(&[0b10], &[0b11]), 1.0);
    }

    #[test]
    fn sparse_vectors_meet_where_both_have_a_place() {
        let vector = |entries: &[(u32, f32)]| entries.to_vec();
        assert_eq!(sparse_product(&vector(&[(1, 0.5), (7, 2.0)]), &vector(&[(1, 2.0), (3, 9.0), (7, 0.5)])), Some(2.0));
        assert_eq!(sparse_product(&vector(&[(1, 0.0)]), &vector(&[(1, 2.0)])), Some(0.0));
        assert_eq!(sparse_product(&vector(&[(1, 1.0)]), &vector(&[(2, 2.0)])), None);
    }
}
