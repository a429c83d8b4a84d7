//! The command `verify`: queries every replica until all agree and are ready, or the time is over.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderMap;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::args::VerifyArgs;
use crate::query::{Answer, query_all};
use crate::verdict::{self, ConvergenceError, Expectation, Unready, convergence_errors};

/// Pause between two rounds of queries.
const PAUSE: Duration = Duration::from_secs(1);
/// Reasons in the line about replicas that are not ready.
const MAX_SHOWN_REASONS: usize = 3;

/// The answer to the question of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All replicas agree and, where that is asked, are ready.
    Agree,
    /// At least one replica does not, or there are too few.
    Differ,
    /// No replica is known to differ, and of one or all of them nothing is known.
    Unknown,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Differ => "differ",
            Self::Unknown => "unknown",
        }
    }
}

/// One reason for a verdict other than [`Verdict::Agree`].
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// The replica; `None` for a problem of the fleet.
    pub replica: Option<SocketAddr>,
    /// A sentence without control characters.
    pub message: String,
}

/// The outcome of the last round of queries.
#[derive(Debug)]
pub struct Report {
    /// The answer in one word.
    pub verdict: Verdict,
    /// One line about all replicas, which holds if their configurations agree.
    pub agreement: String,
    /// Reasons for the verdict, in the order of the addresses.
    pub problems: Vec<Problem>,
    n_replicas: usize,
    n_unready: usize,
    n_unacknowledged: usize,
    is_final: bool,
}

impl Report {
    /// One line for each problem.
    pub fn lines(&self) -> Vec<String> {
        let line = |problem: &Problem| match problem.replica {
            Some(replica) => format!("{replica}: {}", problem.message),
            None => problem.message.clone(),
        };
        self.problems.iter().map(line).collect()
    }

    /// The report as one document.
    pub fn document(&self) -> String {
        let problem = |problem: &Problem| match problem.replica {
            Some(replica) => json!({ "replica": replica, "message": problem.message }),
            None => json!({ "message": problem.message }),
        };
        let document = json!({
            "verdict": self.verdict.as_str(),
            "replicas": self.n_replicas,
            "not_ready": self.n_unready,
            "not_acknowledged": self.n_unacknowledged,
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
        });
        format!("{document:#}")
    }

    fn unknown(message: String) -> Self {
        Self {
            verdict: Verdict::Unknown,
            agreement: String::new(),
            problems: vec![Problem { replica: None, message }],
            n_replicas: 0,
            n_unready: 0,
            n_unacknowledged: 0,
            is_final: false,
        }
    }
}

/// Queries the replicas once a second until they agree, one refuses for good, or the time is over.
///
/// # Errors
/// The async runtime cannot be started.
pub fn verify(args: &VerifyArgs) -> io::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async {
        // No deadline if the time exceeds the range of the clock.
        let deadline = Instant::now().checked_add(args.within);
        let is_over = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
        loop {
            let report = query(args).await;
            if report.verdict == Verdict::Agree || report.is_final || is_over() {
                return report;
            }
            sleep(PAUSE).await;
        }
    }))
}

async fn query(args: &VerifyArgs) -> Report {
    match query_all(&args.peers, &HeaderMap::new()).await {
        Err(error) => Report::unknown(format!("{} cannot be resolved: {error}", args.peers)),
        Ok(answers) if answers.is_empty() => Report::unknown(format!("{} names no replica", args.peers)),
        Ok(answers) => judge(args, &answers),
    }
}

fn judge(args: &VerifyArgs, answers: &[Answer]) -> Report {
    let expected = Expectation { seal: args.seal.as_deref(), accepts_delivered: args.accept_delivered };
    let errors = convergence_errors(answers, expected);
    let unready = verdict::unready(answers);
    let n_unacknowledged = verdict::n_unacknowledged(answers);
    let agreement = agreement(answers.len(), n_unacknowledged, &unready);
    let of_error =
        |error: &ConvergenceError| Problem { replica: Some(error.replica()), message: error.shown_reason() };
    let mut problems: Vec<_> = errors.iter().map(of_error).collect();
    let of_fleet = |message: String| Problem { replica: None, message };
    if !args.configuration_only && !unready.is_empty() {
        let of_unready = |unready: &Unready| Problem {
            replica: Some(unready.replica()),
            message: format!("not ready: {}", unready.shown_reason()),
        };
        problems.extend(unready.iter().map(of_unready));
        problems.extend(errors.is_empty().then(|| of_fleet(agreement.clone())));
    }
    let n_found = verdict::n_staying(answers);
    if n_found < args.replicas {
        problems.push(of_fleet(format!("{n_found} replicas were found, {} are expected", args.replicas)));
    }
    let n_unknown = errors.iter().filter(|error| error.is_unknown).count();
    let verdict = match problems.len() {
        0 => Verdict::Agree,
        n_problems if n_problems == n_unknown => Verdict::Unknown,
        _ => Verdict::Differ,
    };
    Report {
        verdict,
        agreement,
        problems,
        n_replicas: answers.len(),
        n_unready: unready.len(),
        n_unacknowledged,
        is_final: errors.iter().any(|error| error.is_final),
    }
}

fn agreement(n_replicas: usize, n_unacknowledged: usize, unready: &[Unready]) -> String {
    let mut line = format!("{n_replicas} replicas agree");
    if n_unacknowledged > 0 {
        line.push_str(&format!(", {n_unacknowledged} of them delivered, not acknowledged"));
    }
    if !unready.is_empty() {
        let reasons: BTreeSet<String> = unready.iter().map(Unready::shown_reason).collect();
        let reasons = reasons.into_iter().take(MAX_SHOWN_REASONS).collect::<Vec<_>>().join("; ");
        line.push_str(&format!(", {} are not ready: {reasons}", unready.len()));
    }
    line
}
