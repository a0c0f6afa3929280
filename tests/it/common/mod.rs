//! What the integration tests share.

pub(crate) mod cli;
pub(crate) mod collection;
pub(crate) mod files;
pub(crate) mod proxy;
pub(crate) mod server;
pub(crate) mod site;
#[allow(dead_code)]
pub(crate) mod sites;
pub(crate) mod tsa;
