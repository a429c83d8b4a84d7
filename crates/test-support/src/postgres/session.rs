use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Answers one number to each question; costs no process each time.
pub struct Session {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Session {
    pub(crate) fn start(mut psql: Command) -> Self {
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (questions, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, questions, answers: BufReader::new(answers) }
    }

    /// The single number that `sql` returns.
    ///
    /// # Panics
    /// The result is not a number.
    pub fn number(&mut self, sql: &str) -> usize {
        writeln!(self.questions, "{sql};").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().parse().unwrap_or_else(|_| panic!("{sql}: {line:?}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
