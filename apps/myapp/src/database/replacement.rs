//! A change of the database's target and limit, in steps that a transaction needs.

use std::sync::Arc;

use super::generation::{Generation, Session, lets_nobody_in};
use super::target::Target;
use super::{Database, DatabaseError, Reason, Shared};

impl Database {
    /// Prepares a change to `target` and at most `limit` sessions. If the open sessions are not valid for `target`, opens the
    /// first session with it before anything changes. That session counts towards the limit: if all sessions are in use, one of
    /// them makes room when its work ends.
    ///
    /// # Errors
    /// The reason why no session can be opened.
    pub(crate) async fn prepare(&self, target: Target, limit: u16) -> Result<Replacement, DatabaseError> {
        let shared = Arc::clone(&self.shared);
        let sessions = target.sessions(limit);
        let generation = if shared.current().target.is_same(&target) {
            None
        } else {
            let generation = Arc::new(Generation::new(target));
            shared.open_first_session(&generation).await?;
            Some(generation)
        };
        Ok(Replacement { shared, generation, sessions })
    }
}

/// The generation and the limit to be activated or, after activation, the previous ones.
pub(crate) struct Replacement {
    shared: Arc<Shared>,
    /// `None` if the open sessions stay valid.
    generation: Option<Arc<Generation>>,
    sessions: usize,
}

impl Replacement {
    /// Activates the held generation, and holds the previously active one.
    pub(crate) fn swap(&mut self) {
        let before = self.shared.session_permits.get();
        self.shared.work_permits.set(self.sessions);
        self.shared.session_permits.set(self.sessions);
        self.sessions = before;
        let mut generations = self.shared.generations();
        if let Some(generation) = &mut self.generation {
            std::mem::swap(generation, &mut generations.current);
            generations.before = Some(Arc::clone(generation));
        }
        // Sessions at work reduce the debt when their work ends.
        let spare =
            |of: &Arc<Generation>, least: usize| if of.open_sessions() > least { of.pop() } else { None };
        let surplus = (0..self.shared.session_permits.debt()).map_while(|_| {
            let before = generations.before.as_ref().and_then(|before| spare(before, self.shared.reserve()));
            before.or_else(|| spare(&generations.current, 1))
        });
        surplus.for_each(Session::close);
    }

    /// Resolves if the server accepted the first session of the generation in force and refuses the next ones: the role has a
    /// limit, or its rights changed. An unreachable server does not refuse. `None` if the sessions stayed valid.
    pub(crate) fn refused_later(&self) -> Option<impl Future<Output = DatabaseError> + Send + use<>> {
        self.generation.as_ref()?;
        let generation = self.shared.current();
        Some(async move { generation.failure(lets_nobody_in).await })
    }

    /// Retires the held generation for good: idle sessions are closed now, the others when their work ends.
    pub(crate) fn retire(self) {
        if let Some(generation) = self.generation {
            self.shared.generations().before = None;
            generation.close_idle();
        }
    }
}

impl Shared {
    /// Opens the first session of a generation that is not in force yet.
    async fn open_first_session(&self, generation: &Arc<Generation>) -> Result<(), DatabaseError> {
        let _turn = self.work_permits.take().await.ok_or(DatabaseError::of(Reason::Stopping))?;
        loop {
            if let Some(session) = self.session_of(generation).await? {
                generation.give_back(session);
                return Ok(());
            }
        }
    }
}
