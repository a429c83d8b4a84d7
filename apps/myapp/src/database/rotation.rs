//! A change of the database's settings, as a participant in the transaction of a reload.

use std::sync::Arc;

use live_config::{Changes, Committed, Participant, Prepared, Refusal, Snapshot, Step};

use super::generation::{Generation, Session, lets_nobody_in};
use super::target::Target;
use super::{Database, Reason, Shared, Unavailable};
use crate::backend::{NoToken, NotPermitted};
use crate::settings::Settings;

impl Participant<Settings> for Database {
    fn name(&self) -> &'static str {
        "database"
    }

    fn prepare(
        &self,
        next: Arc<Snapshot<Settings>>,
        _: &Changes,
    ) -> Step<Result<Box<dyn Prepared>, Refusal>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(
            async move { Ok(Box::new(Change::prepared(shared, &next.settings).await?) as Box<dyn Prepared>) },
        )
    }
}

/// The generation to be activated or, after activation, the previous one.
struct Change {
    shared: Arc<Shared>,
    /// `None` if the open sessions stay valid.
    generation: Option<Arc<Generation>>,
    sessions: usize,
}

impl Change {
    /// Opens a session with the new target before anything changes. The session counts towards the limit: if all sessions are in
    /// use, one of them makes room when its work ends.
    async fn prepared(shared: Arc<Shared>, settings: &Settings) -> Result<Self, Refusal> {
        let target = Target::of(settings, &shared.wiring)?;
        let current = shared.current();
        if let Some(why) = current.target.refuses(&target) {
            return Err(NotPermitted::needs_restart("DATABASE_URL", why).into());
        }
        let sessions = target.sessions(settings.max_connections.get());
        let generation = if current.target.is_same(&target) {
            None
        } else {
            let generation = Arc::new(Generation::new(target));
            shared.prove(&generation).await.map_err(|error| refusal(&error, &generation.target))?;
            Some(generation)
        };
        Ok(Self { shared, generation, sessions })
    }

    /// Activates the held generation, and holds the previously active one.
    fn swap(&mut self) {
        let before = self.shared.rooms.get();
        self.shared.turns.set(self.sessions);
        self.shared.rooms.set(self.sessions);
        self.sessions = before;
        let mut generations = self.shared.generations();
        if let Some(generation) = &mut self.generation {
            std::mem::swap(generation, &mut generations.current);
            generations.before = Some(Arc::clone(generation));
        }
        // Sessions at work reduce the debt when their work ends.
        let spare =
            |of: &Arc<Generation>, least: usize| if of.open_sessions() > least { of.pop() } else { None };
        let surplus = (0..self.shared.rooms.debt()).map_while(|_| {
            let before = generations.before.as_ref().and_then(|before| spare(before, self.shared.reserve()));
            before.or_else(|| spare(&generations.current, 1))
        });
        surplus.for_each(Session::close);
    }

    /// Retires the held generation for good: idle sessions are closed now, the others when their work ends.
    fn retire(self) {
        if let Some(generation) = self.generation {
            self.shared.generations().before = None;
            generation.close_idle();
        }
    }
}

impl Prepared for Change {
    fn commit(mut self: Box<Self>) -> Box<dyn Committed> {
        self.swap();
        self
    }
}

impl Committed for Change {
    /// Resolves if the server accepted the first session and refuses the next ones: the role has a limit, or its rights changed.
    /// An unreachable server is no reason for a veto.
    fn veto(&mut self) -> Option<Step<Refusal>> {
        self.generation.as_ref()?;
        let generation = self.shared.current();
        Some(Box::pin(async move { refusal(&generation.failure(lets_nobody_in).await, &generation.target) }))
    }

    fn settle(self: Box<Self>) {
        self.retire();
    }

    fn roll_back(mut self: Box<Self>) {
        self.swap();
        self.retire();
    }
}

impl Shared {
    /// Opens the first session of a generation that is not in force yet.
    async fn prove(&self, generation: &Arc<Generation>) -> Result<(), Unavailable> {
        let _turn = self.turns.take().await.ok_or(Unavailable::of(Reason::Stopping))?;
        loop {
            if let Some(session) = self.session_of(generation).await? {
                generation.give_back(session);
                return Ok(());
            }
        }
    }
}

/// Builds the refusal. Every error of the database may pass without a change of the settings, and is therefore transient: a full
/// server, a role that is altered later, a renewed certificate, the cache of a pooler.
fn refusal(error: &Unavailable, target: &Target) -> Refusal {
    match error.code.as_deref().unwrap_or_default() {
        code if error.reason == Reason::Authentication => {
            let (setting, message) = target.refused_credential();
            Refusal { setting, ..Refusal::transient(format!("{message} ({code})")) }
        }
        NoToken::CODE => Refusal::transient(format!("--database-auth: {error}")),
        _ => Refusal::transient(error.to_string()).about("DATABASE_URL"),
    }
}
