//! Answers in the time that a real server takes, for measuring how a run spends the time in which it waits.
//!
//! The reference target itself knows no clock. Here stands one in front of it: each answer is held back for as long as such
//! a call was measured to take, and a load shows in the load state only when that many milliseconds have passed.

use super::serve::Served;
use crate::diagnostic::SourceText;
use crate::exchange::{Request, Response};
use crate::yaml;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const REAL: &str = include_str!("pace/real.yaml");

/// How long what takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Times {
    load_shows_after: Span,
    others: Span,
    operations: IndexMap<String, Span>,
}

/// Between two times in milliseconds, any being as likely.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Span {
    at_least: u32,
    at_most: u32,
}

impl Span {
    fn pick(self, random: &mut fastrand::Rng) -> Duration {
        let micros = u64::from(self.at_least) * 1000..=u64::from(self.at_most.max(self.at_least)) * 1000;
        Duration::from_micros(random.u64(micros))
    }
}

/// The times of a real server, with what is being loaded.
#[derive(Debug)]
pub struct Pace {
    times: Times,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    loads: HashMap<Key, Load>,
}

/// Database and collection, by the names of the request.
type Key = (String, String);

#[derive(Debug)]
struct Load {
    shows: Instant,
    /// The partitions that were loaded by name; of a load of the whole, all.
    partitions: Option<HashSet<String>>,
}

/// The file of times that belongs to this build cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the times of a real server cannot be read: {0}")]
pub struct NoTimes(String);

impl Pace {
    /// The pace of a real server. The same seed gives the same times in the same order.
    ///
    /// # Errors
    /// When the file of times is broken.
    pub fn real(seed: u64) -> Result<Self, NoTimes> {
        let times = yaml::read(&SourceText::new("src/reference/pace/real.yaml", REAL));
        let times = times.map_err(|mistake| NoTimes(mistake.to_string()))?;
        let state = State { random: fastrand::Rng::with_seed(seed), loads: HashMap::new() };
        Ok(Self { times, state: Mutex::new(state) })
    }

    /// Answers after the time that a real server takes.
    pub async fn answer(&self, reference: &impl Served, request: &Request) -> Response {
        let path = request.path.split('?').next().unwrap_or_default();
        let operation = path.strip_prefix("/v2/vectordb/").unwrap_or(path);
        let took = self.takes(operation);
        tokio::time::sleep(took).await;
        let response = reference.answer(request);
        self.shown(operation, request, response, Instant::now())
    }

    /// How long the next call of an operation takes.
    fn takes(&self, operation: &str) -> Duration {
        let span = self.times.operations.get(operation).copied().unwrap_or(self.times.others);
        span.pick(&mut self.state().random)
    }

    /// Notes loads and releases, and lets an answer tell no load that is too new.
    fn shown(&self, operation: &str, request: &Request, mut response: Response, now: Instant) -> Response {
        let part = match operation {
            "collections/create" | "collections/load" | "collections/refresh_load" | "partitions/load" => Part::Load,
            "collections/release" | "collections/drop" | "partitions/release" => Part::Release,
            "collections/get_load_state" => Part::Look("/data/loadState"),
            "collections/describe" => Part::Look("/data/load"),
            _ => return response,
        };
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = |key: &str| asked.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let database = text("dbName");
        let database =
            if database.is_empty() { request.header("db-name").unwrap_or("default").to_owned() } else { database };
        let key = (database, text("collectionName"));
        let partitions = asked
            .get("partitionNames")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect::<HashSet<_>>());
        let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else { return response };
        let mut state = self.state();
        match part {
            Part::Load if body["code"] == 0 => {
                let shows = now + self.times.load_shows_after.pick(&mut state.random);
                state.load(key, partitions, shows);
            }
            Part::Release if body["code"] == 0 => state.release(&key, partitions),
            Part::Look(pointer) if state.loads.get(&key).is_some_and(|load| load.shows > now) => {
                if body.pointer(pointer) != Some(&json!("LoadStateLoaded")) {
                    return response;
                }
                if let Some(value) = body.pointer_mut(pointer) {
                    *value = json!("LoadStateLoading");
                }
                if body.pointer("/data/loadProgress").is_some() {
                    body["data"]["loadProgress"] = json!(0);
                }
                response.body = body.to_string().into();
            }
            _ => {}
        }
        response
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call has to do with a load.
enum Part {
    Load,
    Release,
    /// It tells the load state at this place.
    Look(&'static str),
}

impl State {
    /// Begins a load, unless everything that it names has been loaded before.
    fn load(&mut self, key: Key, partitions: Option<HashSet<String>>, shows: Instant) {
        match self.loads.get_mut(&key) {
            None => {
                self.loads.insert(key, Load { shows, partitions });
            }
            Some(Load { partitions: None, .. }) => {}
            Some(load) => {
                let fresh = match (&mut load.partitions, partitions) {
                    (Some(loaded), Some(named)) => {
                        let before = loaded.len();
                        loaded.extend(named);
                        loaded.len() > before
                    }
                    (loaded, _) => loaded.take().is_some(),
                };
                if fresh {
                    load.shows = shows;
                }
            }
        }
    }

    /// Forgets a load. A released partition of a collection that was loaded as a whole may be loaded once more.
    fn release(&mut self, key: &Key, partitions: Option<HashSet<String>>) {
        let Some(partitions) = partitions else {
            self.loads.remove(key);
            return;
        };
        if let Some(load) = self.loads.get_mut(key) {
            match &mut load.partitions {
                Some(loaded) => loaded.retain(|name| !partitions.contains(name)),
                whole => *whole = Some(HashSet::new()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::reference::Config;

    fn ask(pace: &Pace, reference: &impl Served, operation: &str, body: &Value, now: Instant) -> Value {
        let request = Request {
            method: "POST".to_owned(),
            path: format!("/v2/vectordb/{operation}"),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())].into(),
            body: body.to_string().into(),
        };
        let answer = pace.shown(operation, &request, reference.answer(&request), now);
        serde_json::from_slice(&answer.body).unwrap()
    }

    #[test]
    fn a_load_shows_when_its_time_has_come_and_a_second_one_changes_nothing() {
        let pace = Pace::real(7).unwrap();
        let reference = crate::reference::Reference::new(Config { profile: Profile::Milvus26, token: None });
        let begun = Instant::now();
        let name = json!({"collectionName": "a"});
        let state = |after: u64| {
            let now = begun + Duration::from_millis(after);
            let states: Vec<Value> = (0..3)
                .map(|_| ask(&pace, &reference, "collections/get_load_state", &name, now)["data"]["loadState"].take())
                .collect();
            (
                states[2].as_str().unwrap().to_owned(),
                ask(&pace, &reference, "collections/describe", &name, now)["data"]["load"].take(),
            )
        };
        let (loading, loaded) = ("LoadStateLoading", "LoadStateLoaded");
        ask(&pace, &reference, "collections/create", &json!({"collectionName": "a", "dimension": 4}), begun);
        assert_eq!(state(1000), (loading.to_owned(), json!(loading)));
        assert_eq!(state(1200), (loaded.to_owned(), json!(loaded)));
        ask(&pace, &reference, "collections/load", &name, begun + Duration::from_millis(1300));
        assert_eq!(state(1400), (loaded.to_owned(), json!(loaded)));
        ask(&pace, &reference, "collections/release", &name, begun + Duration::from_millis(1500));
        assert_eq!(state(1600).0, "LoadStateNotLoad");
        ask(&pace, &reference, "collections/load", &name, begun + Duration::from_secs(2));
        assert_eq!(state(2900).0, loading);
        assert_eq!(state(3200).0, loaded);
    }

    #[test]
    fn answers_take_their_time_and_the_seed_decides_how_much() {
        let took = |seed: u64, operation: &str| Pace::real(seed).unwrap().takes(operation).as_micros();
        let quick: Vec<u128> = (0..50).map(|seed| took(seed, "collections/list")).collect();
        assert!(quick.iter().all(|took| (3_000..=15_000).contains(took)), "{quick:?}");
        assert!(quick.iter().collect::<HashSet<_>>().len() > 10, "{quick:?}");
        assert_eq!(took(7, "collections/list"), quick[7]);
        let release = took(7, "collections/release");
        assert!((770_000..=830_000).contains(&release), "{release}");
    }
}
