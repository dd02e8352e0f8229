//! Sending a recording to a target.

use super::run::Interrupt;
use crate::exchange::Request;
use crate::replay::{Agreement, Ids, Judged, Line, Recording, compare};
use crate::target::{SendError, Target};
use std::time::{Duration, Instant};

/// How a recording is sent.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The credentials of the target, in the place of the recorded ones.
    pub token: Option<String>,
    /// How long one call may take.
    pub timeout: Duration,
    /// How long a call that was repeated in the recording is repeated here.
    pub patience: Duration,
    /// Values are compared also where the recording is to be trusted in form only.
    pub strict: bool,
}

/// How often the embedded target is asked again. It knows no time: it comes on with the calls that look at it.
const LOOKS: usize = 4;

/// The pauses between repeated calls.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);

impl Replay {
    /// Sends every call of the recording in order, each with the target's own ids, and compares the answers.
    ///
    /// # Errors
    /// When the target cannot be reached.
    pub async fn run(&self, recording: &Recording, target: &Target) -> Result<Agreement, SendError> {
        let mut agreement = Agreement::default();
        let mut ids = Ids::default();
        for step in recording.steps() {
            let lines = &recording.lines[step];
            let Some(line) = lines.last() else { continue };
            agreement.lines += u32::try_from(lines.len()).unwrap_or(u32::MAX);
            // A call that once ended a server's process is not tried on a server that others may be using.
            let harmful = line.server_ends && !matches!(target, Target::InProcess(_));
            let judged = if harmful { None } else { self.step(line, lines.len(), target, &ids).await? };
            match judged.filter(|_| line.is_compared()) {
                Some(mut judged) => {
                    ids.learn(std::mem::take(&mut judged.pairs));
                    agreement.add(line, judged);
                    agreement.left_out += u32::try_from(lines.len() - 1).unwrap_or(u32::MAX);
                }
                None => agreement.left_out += u32::try_from(lines.len()).unwrap_or(u32::MAX),
            }
        }
        Ok(agreement)
    }

    /// Makes a call, again and again when it was repeated in the recording, until its last answer comes. Nothing is judged
    /// of a request that cannot be sent.
    async fn step(&self, line: &Line, times: usize, target: &Target, ids: &Ids) -> Result<Option<Judged>, SendError> {
        let mut request = line.request(ids, self.token.as_deref());
        let embedded = matches!(target, Target::InProcess(_));
        if embedded && line.config.as_deref() == Some("acceptTypeAllowInt64=false") {
            // The embedded target has no such setting, but the header says the same for one request.
            set_unless_said(&mut request, "Accept-Type-Allow-Int64", "false");
        }
        let awaited = line.poll || times > 1;
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        for asked in 1.. {
            let mut settled = false;
            let judged = match target.send(&request, self.timeout).await {
                Ok((response, _)) => {
                    // What was waited for is told by values alone.
                    settled = awaited && compare(line, &response, ids, true).agrees();
                    // How far the work of a server is at a look depends on its time, of which there are only forms.
                    compare(line, &response, ids, self.strict && !line.poll)
                }
                Err(SendError::Unsendable(_)) => return Ok(None),
                Err(error @ (SendError::Timeout { .. } | SendError::Broken(_) | SendError::TooLarge { .. })) => {
                    Judged::unanswered(line, &error.to_string())
                }
                Err(error) => return Err(error),
            };
            // The embedded target comes on with each look, so it gets as many as the recorded server did.
            let (early, over) = if embedded {
                (asked < times, asked >= times + LOOKS)
            } else {
                (false, begun.elapsed() >= self.patience)
            };
            if !awaited || over || !early && (settled || !line.is_compared()) {
                return Ok(Some(judged));
            }
            if !embedded {
                Interrupt::default().or_after(pause).await;
                pause = pause.mul_f64(1.6).min(LAST_PAUSE);
            }
        }
        Ok(None)
    }
}

/// Sets a header of yes or no, unless it has a value that a server understands.
fn set_unless_said(request: &mut Request, name: &str, value: &str) {
    let understood = ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"];
    if !request.header(name).is_some_and(|said| understood.contains(&said)) {
        request.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        request.headers.push((name.to_owned(), value.to_owned()));
    }
}
