//! Shares of a run, for several machines side by side.

use std::fmt;
use std::str::FromStr;

/// One share of several: `2/5`.
///
/// Which share a scenario falls into hangs on its id and the number of shares alone, so that machines agree without talking
/// and a new scenario moves no other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Shard {
    /// Whether a scenario is in this share.
    pub fn has(self, id: &str) -> bool {
        // FNV-1a: it has to be the same on every machine and in every version. Its low bits alone are uneven.
        let hash = id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        (hash ^ (hash >> 32)) % u64::from(self.of) == u64::from(self.number - 1)
    }

    /// Which it is, from 1.
    pub fn number(self) -> u32 {
        self.number
    }

    /// How many there are.
    pub fn of(self) -> u32 {
        self.of
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            Some((number, of)) if of > 0 => Err(format!("there is no share {number} of {of}; the first is 1/{of}")),
            _ => Err("say which share of how many, such as 2/5".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_shares_that_there_are_can_be_named() {
        assert_eq!("2/5".parse::<Shard>().unwrap().to_string(), "2/5");
        for wrong in ["", "2", "0/5", "6/5", "1/0", "a/b", "-1/2", "1/5/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_scenario_stays_in_its_share() {
        // Written down once: another value here would move scenarios between the machines of those who upgrade.
        let share = |id: &str| (1..=5).find(|number| Shard { number: *number, of: 5 }.has(id)).unwrap();
        assert_eq!(["aliases/alter", "partitions/drop-loaded", "search/plain"].map(share), [5, 5, 4]);
    }

    proptest! {
        #[test]
        fn every_scenario_is_in_exactly_one_share(id in "[a-z]{1,9}/[a-z-]{1,20}", of in 1_u32..20) {
            let holders = (1..=of).filter(|number| Shard { number: *number, of }.has(&id)).count();
            prop_assert_eq!(holders, 1);
        }

        #[test]
        fn shares_are_about_even(seed in 0_u32..1000) {
            let ids: Vec<String> = (0..1000).map(|number| format!("group-{seed}/scenario-{number}")).collect();
            for number in 1..=5 {
                let share = ids.iter().filter(|id| Shard { number, of: 5 }.has(id)).count();
                prop_assert!((120..=280).contains(&share), "{} of 1000", share);
            }
        }
    }
}
