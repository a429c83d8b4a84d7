//! Everything that must be right before CMD is started: flags, contract, configuration, OUT. All problems are told at once.

use contract::{Contract, OnChange};
use live_config::{Given, Loaded, Sources};
use serde::de::IgnoredAny;

use crate::agent::generation::Store;
use crate::args::{Ack, NotifyHook, OnRestart, RunArgs};
use crate::contract_file;
use crate::exit_code;
use crate::input::Unusable;
use crate::report::text::contract_problem;

/// Inputs of an agent that may start.
pub(crate) struct Start {
    /// The contract as the service has it.
    pub(crate) contract: Contract,
    /// The contract as the engine has it: the agent takes part in every change.
    pub(crate) delivered: Contract,
    pub(crate) sources: Sources,
    pub(crate) loaded: Loaded<IgnoredAny>,
    pub(crate) store: Store,
}

/// The reasons why an agent does not start, and its exit code.
pub(crate) struct NoStart {
    pub(crate) problems: Vec<String>,
    pub(crate) code: u8,
}

impl Start {
    /// Reads all inputs.
    ///
    /// # Errors
    /// Every problem.
    pub(crate) fn read(args: &RunArgs) -> Result<Self, NoStart> {
        let mut problems = contradictions(args);
        let mut code = exit_code::USAGE;
        let contract = contract_file::read(&args.contract)
            .map_err(|unusable| match unusable {
                Unusable::Unreadable(problem) => {
                    code = exit_code::UNKNOWN;
                    problems.push(contract_problem(&problem));
                }
                Unusable::Wrong(wrong) => problems.extend(wrong.iter().map(contract_problem)),
            })
            .ok();
        let sources = Sources::default().directory(&args.config_dir);
        // A variable of CMD overrides its file, so it counts here as well.
        let sources = sources.environment(std::env::vars_os());
        let loaded = contract.as_ref().and_then(|contract| {
            let loaded = Loaded::read(contract, &sources);
            let refused = loaded.map_err(|refused| {
                if !Given::read_directory(contract, &args.config_dir).is_whole {
                    code = exit_code::UNKNOWN;
                }
                problems.extend(refused.0.iter().map(ToString::to_string));
            });
            refused.ok()
        });
        let out = &args.delivery.out;
        let store = Store::open(out, args.delivery.keep);
        let store = store.map_err(|reason| problems.push(format!("--out: {} {reason}", out.display()))).ok();
        let start = contract.zip(loaded).zip(store).filter(|_| problems.is_empty());
        let start = start.map(|((contract, loaded), store)| {
            let effect = effects(args);
            let delivered = contract.clone().with_effects(|key| effect(key.on_change));
            Self { contract, delivered, sources, loaded, store }
        });
        start.ok_or(NoStart { problems, code })
    }
}

/// The effect that a change has for the engine, by the service's own.
fn effects(args: &RunArgs) -> impl Fn(OnChange) -> OnChange + use<> {
    let (restarts, at_start) = (args.delivery.on_restart == OnRestart::Child, args.delivery.environment);
    move |own| match own {
        _ if restarts => OnChange::Prepare,
        OnChange::Restart => OnChange::Restart,
        OnChange::Hot | OnChange::Prepare if at_start => OnChange::Restart,
        OnChange::Hot | OnChange::Prepare => OnChange::Prepare,
    }
}

/// Flags that ask for what cannot be.
fn contradictions(args: &RunArgs) -> Vec<String> {
    let flags = &args.delivery;
    let has_cmd = !args.command.is_empty();
    let calls = matches!(flags.notify, Some(NotifyHook::Http(_)));
    let signals = matches!(flags.notify, Some(NotifyHook::Signal(_)));
    let restarts = flags.on_restart == OnRestart::Child;
    let problems = [
        (
            flags.ack == Some(Ack::Response) && !calls,
            "--ack response needs a --notify that is a URL: it is the response to it",
        ),
        (signals && !has_cmd, "--notify signal needs a CMD; a sidecar notifies by a URL"),
        (flags.environment && !has_cmd, "--environment needs a CMD that gets the variables"),
        (restarts && !has_cmd, "--on-restart child needs a CMD to start again"),
        (
            !flags.peers.is_empty() && !restarts,
            "--peers needs --on-restart child: they are asked before CMD is restarted",
        ),
        (
            !flags.peers.is_empty() && flags.admin_listen.is_none(),
            "--peers needs --admin-listen, by which the peers see this replica",
        ),
    ];
    let wrong = problems.into_iter().filter(|(is_wrong, _)| *is_wrong);
    wrong.map(|(_, problem)| problem.to_owned()).collect()
}
