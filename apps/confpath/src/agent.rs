//! The agent: a service in any language runs under it and gets whole, valid configurations only.

pub(crate) mod mask;
pub(crate) mod process;
