//! wip
use super::{
    Global,
    exit::{Exit, Outcome},
};
#[derive(clap::Args, Debug)]
pub(crate) struct Args {}
pub(crate) fn run(_args: Args, _global: Global) -> Outcome {
    Ok(Exit::Done)
}
