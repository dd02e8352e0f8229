//! How long an operation takes, summed up so that a run of any length needs little room.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Buckets in which times double.
const FINENESS: f64 = 4.0;

/// The times that answers of one operation took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// How many answers.
    pub count: u64,
    /// All times together, in milliseconds.
    pub total_ms: f64,
    /// The shortest, in milliseconds.
    pub min_ms: f64,
    /// The longest, in milliseconds.
    pub max_ms: f64,
    /// `[k, n]`: so many answers took at most 2 to the power of `k`/4 milliseconds and more than those of the bucket before.
    pub buckets: Vec<(i32, u64)>,
}

impl Latency {
    /// Counts an answer in.
    pub fn add(&mut self, took: Duration) {
        // Below a microsecond nothing is told apart; zero has no logarithm.
        let ms = (took.as_secs_f64() * 1e3).max(1e-3);
        #[expect(clippy::cast_possible_truncation, reason = "the logarithm of a duration is a small number")]
        let bucket = (ms.log2() * FINENESS).ceil() as i32;
        self.merge(&Self { count: 1, total_ms: ms, min_ms: ms, max_ms: ms, buckets: vec![(bucket, 1)] });
    }

    /// Counts in what another has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        self.count += other.count;
        self.total_ms += other.total_ms;
        self.min_ms = self.min_ms.min(other.min_ms);
        self.max_ms = self.max_ms.max(other.max_ms);
        for &(bucket, count) in &other.buckets {
            match self.buckets.binary_search_by_key(&bucket, |&(known, _)| known) {
                Ok(at) => self.buckets[at].1 += count,
                Err(at) => self.buckets.insert(at, (bucket, count)),
            }
        }
    }

    /// The time within which this share of the answers came, as if those of a bucket were spread evenly over it; nothing
    /// without answers.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = share.clamp(0.0, 1.0) * self.count as f64;
        let mut seen = 0.0;
        self.buckets.iter().find_map(|&(bucket, count)| {
            let (before, count) = (seen, count as f64);
            seen += count;
            let into = (wanted - before) / count;
            let time = ((f64::from(bucket) - 1.0 + into) / FINENESS).exp2();
            (seen >= wanted).then(|| time.clamp(self.min_ms, self.max_ms))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        times.into_iter().for_each(|ms| latency.add(Duration::from_millis(ms)));
        latency
    }

    #[test]
    fn quantiles_are_off_by_no_more_than_a_bucket() {
        let latency = of(1..=1000);
        for (share, exact) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = latency.quantile(share).unwrap();
            assert!((exact / 1.19..=exact * 1.19).contains(&found), "{share}: {found}");
        }
        assert_eq!((latency.count, latency.min_ms, latency.max_ms), (1000, 1.0, 1000.0));
        assert_eq!(Latency::default().quantile(0.5), None);
    }

    #[test]
    fn merging_is_counting_all_together() {
        let mut halves = of([3, 900, 1]);
        halves.merge(&of([40, 2]));
        assert_eq!(halves, of([3, 900, 1, 40, 2]));
        let mut none = Latency::default();
        none.add(Duration::ZERO);
        assert_eq!(none.quantile(1.0), Some(1e-3));
    }
}
