use anyhow::Result;
use clap::ValueEnum;
use crate::cluster::Choice;
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tier { Unit, Service, Chart, Cluster }
pub(crate) fn run(_tiers: &[Tier], _install: bool, _cluster: Option<Choice>) -> Result<()> { Ok(()) }
