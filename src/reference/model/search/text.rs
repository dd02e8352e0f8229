//! Search by text: the standard analyzer, and BM25 over the rows that a search looks at.

use std::collections::HashMap;

/// How fast more of the same word stops counting.
const K1: f64 = 1.2;
/// How much the length of a text counts.
const B: f64 = 0.75;

/// The words of a text: runs of letters and digits, in small letters.
pub(super) fn words(text: &str) -> Vec<String> {
    let runs = text.split(|character: char| !character.is_alphanumeric());
    runs.filter(|run| !run.is_empty()).map(str::to_lowercase).collect()
}

/// The words of many texts, with what BM25 has to know of them all.
#[derive(Debug)]
pub(super) struct Corpus {
    texts: Vec<HashMap<String, u32>>,
    lengths: Vec<u32>,
    /// In how many texts a word is.
    spread: HashMap<String, u32>,
}

impl Corpus {
    /// Takes these texts apart.
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut corpus = Self { texts: Vec::new(), lengths: Vec::new(), spread: HashMap::new() };
        for text in texts {
            let words = words(text);
            corpus.lengths.push(u32::try_from(words.len()).unwrap_or(u32::MAX));
            let mut counts: HashMap<String, u32> = HashMap::new();
            for word in words {
                *counts.entry(word).or_default() += 1;
            }
            for word in counts.keys() {
                *corpus.spread.entry(word.clone()).or_default() += 1;
            }
            corpus.texts.push(counts);
        }
        corpus
    }

    /// How well the text at this place answers the words; `None` when it has none of them.
    pub(super) fn score(&self, place: usize, query: &[String]) -> Option<f32> {
        let counts = self.texts.get(place)?;
        let total: f64 = self.lengths.iter().map(|length| f64::from(*length)).sum();
        let texts = f64::from(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let length = f64::from(self.lengths[place]) * texts / total.max(1.0);
        let mut score = None;
        for word in query {
            let Some(count) = counts.get(word) else { continue };
            let count = f64::from(*count);
            let spread = f64::from(self.spread.get(word).copied().unwrap_or_default());
            let rarity = (1.0 + (texts - spread + 0.5) / (spread + 0.5)).ln();
            let part = rarity * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length));
            score = Some(score.unwrap_or(0.0) + part);
        }
        #[expect(clippy::cast_possible_truncation, reason = "answers hold single precision")]
        score.map(|score: f64| score as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_into_words() {
        assert_eq!(words("Hello, World-2! ÄB"), ["hello", "world", "2", "äb"]);
    }

    #[test]
    fn rare_words_and_short_texts_count_more() {
        let corpus = Corpus::new(["a rare word", "a word", "a word", "a"].into_iter());
        let score = |place, text| corpus.score(place, &words(text));
        assert!(score(0, "rare") > score(0, "word"));
        assert!(score(3, "a") > score(0, "a"));
        assert_eq!(score(1, "rare"), None);
        assert_eq!(score(0, ""), None);
    }
}
