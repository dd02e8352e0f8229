//! Room for what a server holds only a few of, so that cases that run side by side do not take it from each other.
//!
//! A server holds ten roles, two of which are its own. A case that would make more than there is room for is put off, and
//! whoever was to run it does the next one meanwhile. What waits most goes first, so that no long case is left for the end,
//! when there is nothing to do beside it.

use crate::contract::{Contract, ObjectKind};
use crate::scenario::{Library, Scenario, Step};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many roles the cases of a run have at the same time. Of the ten of a server, two are its own, and some may be the user's.
const ROLES: u32 = 5;

/// How many roles a case makes, as far as its steps say: at most as many as there is room for.
pub(super) fn roles(scenario: &Scenario, library: &Library, contract: &Contract) -> u32 {
    let makes = |step: &Step| {
        let operation = step.call.as_ref().and_then(|call| contract.operations.get(call.value.as_str()));
        let created = operation.and_then(|operation| operation.file.creates.as_ref());
        step.fails.is_none() && created.is_some_and(|created| created.object == ObjectKind::Role)
    };
    count(scenario, library, makes).min(ROLES)
}

/// How often a case waits for the target, as far as its steps say.
pub(super) fn waits(scenario: &Scenario, library: &Library) -> u32 {
    count(scenario, library, |step| step.eventually.is_some())
}

/// How often steps that fit are done in a case, in its fixtures and by itself.
fn count(scenario: &Scenario, library: &Library, fits: impl Fn(&Step) -> bool) -> u32 {
    let times = |step: &Step| {
        let rows = step.each.as_ref().map_or(1, Vec::len);
        u32::try_from(rows).unwrap_or(u32::MAX).saturating_mul(step.times.unwrap_or(1))
    };
    let fixtures = scenario.given.values().filter_map(|given| library.fixture(&given.fixture().value));
    let steps = fixtures.flat_map(|fixture| &fixture.steps).chain(&scenario.steps).flat_map(Step::all);
    steps.filter(|step| fits(step)).map(times).fold(0, u32::saturating_add)
}

/// Hands out the cases of a run, by their places in the plan.
#[derive(Debug)]
pub(super) struct Turns {
    /// The places in the plan, in the order of the turns.
    order: Vec<usize>,
    /// What each case needs.
    needs: Vec<u32>,
    next: AtomicUsize,
    put_off: Mutex<VecDeque<usize>>,
    room: Semaphore,
}

/// The turn of a case; what it needs is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    /// The place of the case in the plan.
    pub(super) index: usize,
    _room: Option<SemaphorePermit<'t>>,
}

impl Turns {
    /// All cases, given what each needs and how often it waits; those that wait most first.
    pub(super) fn new(needs: Vec<u32>, waits: &[u32]) -> Self {
        let room = Semaphore::new(usize::try_from(ROLES).unwrap_or(usize::MAX));
        let mut order: Vec<usize> = (0..needs.len()).collect();
        order.sort_by_key(|index| Reverse(waits.get(*index)));
        Self { order, needs, next: AtomicUsize::new(0), put_off: Mutex::default(), room }
    }

    /// The next case that there is room for; waits only when there is nothing else to do.
    pub(super) async fn take(&self) -> Option<Turn<'_>> {
        loop {
            if let Some(turn) = self.of_those_put_off() {
                return Some(turn);
            }
            match self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) {
                Some(&index) if self.needs[index] == 0 => return Some(Turn { index, _room: None }),
                Some(&index) => match self.room.try_acquire_many(self.needs[index]) {
                    Ok(room) => return Some(Turn { index, _room: Some(room) }),
                    Err(_) => self.put_off.lock().unwrap_or_else(PoisonError::into_inner).push_back(index),
                },
                None => {
                    let index = self.put_off.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
                    // The room is never closed; were it, the case would run without.
                    return Some(Turn { index, _room: self.room.acquire_many(self.needs[index]).await.ok() });
                }
            }
        }
    }

    fn of_those_put_off(&self) -> Option<Turn<'_>> {
        let mut put_off = self.put_off.lock().unwrap_or_else(PoisonError::into_inner);
        let index = *put_off.front()?;
        let room = self.room.try_acquire_many(self.needs[index]).ok()?;
        put_off.pop_front();
        Some(Turn { index, _room: Some(room) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Tree;
    use futures_util::FutureExt;

    #[test]
    fn cases_that_need_much_are_put_off_and_none_is_lost() {
        let turns = Turns::new(vec![3, 0, 3, 2, 0], &[]);
        let take = || turns.take().now_or_never();
        let first = take().unwrap().unwrap();
        let second = take().unwrap().unwrap();
        let third = take().unwrap().unwrap();
        let fourth = take().unwrap().unwrap();
        // Of the third case there is no room beside the first, so that those after it come before it.
        assert_eq!([&first, &second, &third, &fourth].map(|turn| turn.index), [0, 1, 3, 4]);
        assert!(take().is_none(), "there is no room for it yet");
        drop((second, third, fourth));
        assert!(turns.put_off.lock().unwrap().is_empty(), "the one that waited has taken the turn with it");
        drop(first);
        assert!(take().unwrap().is_none(), "all turns are taken");
    }

    #[test]
    fn what_waits_most_goes_first() {
        let turns = Turns::new(vec![0, 0, 1, 0], &[1, 0, 2, 1]);
        let turn = || turns.take().now_or_never().unwrap().unwrap().index;
        assert_eq!([turn(), turn(), turn(), turn()], [2, 0, 3, 1]);
    }

    #[test]
    fn everything_runs_whatever_the_number_of_workers() {
        for workers in [1, 2, 7] {
            let turns = Turns::new((0..40).map(|case| case % 6).collect(), &[]);
            let done = Mutex::new(Vec::new());
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let work = || async {
                while let Some(turn) = turns.take().await {
                    tokio::task::yield_now().await;
                    done.lock().unwrap().push(turn.index);
                }
            };
            runtime.block_on(futures_util::future::join_all((0..workers).map(|_| work())));
            let mut done = done.into_inner().unwrap();
            done.sort_unstable();
            assert_eq!(done, (0..40).collect::<Vec<_>>());
        }
    }

    #[test]
    fn roles_and_waits_are_counted_from_steps_and_fixtures() {
        let contract = Contract::load(&Tree::embedded()).unwrap();
        let library = Library::of_contract(&Tree::embedded()).unwrap();
        let count = |id: &str| {
            let (_, source) = library.scenarios().find(|(known, _)| *known == id).unwrap();
            roles(&Library::parse(&source.text().unwrap()).unwrap(), &library, &contract)
        };
        let scenario =
            "{title: t, steps: [{call: a, eventually: {b: 1}, each: [{x: 1}, {x: 2}]}, {call: a, times: 9}]}";
        let scenario = Library::parse(&crate::diagnostic::SourceText::new("t.yaml", scenario)).unwrap();
        assert_eq!(waits(&scenario, &library), 2);
        assert_eq!(count("partitions/drop-removes"), 0);
        assert_eq!(count("roles/revoke-refused"), 1);
        let counts: Vec<u32> = library.scenarios().map(|(id, _)| count(id)).collect();
        assert!(counts.iter().any(|roles| (2..=ROLES).contains(roles)), "{counts:?}");
    }
}
