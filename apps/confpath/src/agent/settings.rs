//! A configuration as the agent has it.

use live_config::Snapshot;
use serde::de::IgnoredAny;

/// A configuration without a settings type.
pub(crate) type Settings = Snapshot<IgnoredAny>;
