//! From flags to what a run is asked for, and the errors that a person can make in them.

use super::crawl::RobotsArg;
use super::network::Network;
use super::{Args, Output};
use crate::cli::exit::usage;
use crate::cli::output;
use anyhow::Context;
use fonds::crawl::Error;
use fonds::manifest::{Session, Tool};
use fonds::package::layout;
use fonds::wire::Proxy;
use fonds::world::{System, World, new_urn, timestamp14};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use url::Url;

/// Header fields that say how the message is sent, which is not for the user to say.
const FRAMING: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "upgrade"];

/// The URLs named, on the command line first.
pub(super) fn seeds(args: &Args) -> anyhow::Result<Vec<Url>> {
    let mut seeds = Vec::new();
    for text in &args.urls {
        seeds.push(seed(text, "")?);
    }
    if let Some(path) = &args.input {
        let name = path.display().to_string();
        let mut list = Vec::new();
        if path.as_os_str() == "-" {
            std::io::stdin().read_to_end(&mut list).context("standard input")?;
        } else {
            list = std::fs::read(path).with_context(|| name.clone())?;
        }
        seeds.extend(listed(&list, &name)?);
    }
    if seeds.is_empty() && args.resume.is_none() {
        return Err(usage("no URL to capture"));
    }
    Ok(seeds)
}

/// Lines that are told of a list that has bad ones.
const TOLD: usize = 20;

/// The URLs of a list; where some lines are none, all of these are told, since nothing is begun before they are mended.
fn listed(list: &[u8], name: &str) -> anyhow::Result<Vec<Url>> {
    let (mut seeds, mut problems) = (Vec::new(), Vec::new());
    let list = list.strip_prefix(b"\xef\xbb\xbf").unwrap_or(list);
    for (number, line) in list.split(|byte| *byte == b'\n').enumerate() {
        let place = format!("{name}, line {}: ", number + 1);
        let seed = match std::str::from_utf8(line).map(str::trim) {
            Ok(line) if line.is_empty() || line.starts_with('#') => continue,
            Ok(line) => seed(line, &place),
            Err(_) => Err(usage(format!("{place}this is not UTF-8, which a list of URLs has to be"))),
        };
        match seed {
            Ok(seed) => seeds.push(seed),
            Err(problem) => problems.push(problem.to_string()),
        }
    }
    if let [only] = problems.as_slice() {
        return Err(usage(only));
    }
    problems.iter().take(TOLD).for_each(|problem| output::problem(problem));
    match problems.len() {
        0 => Ok(seeds),
        bad => Err(usage(format!("{name}: {bad} lines are no URLs; nothing was begun"))),
    }
}

fn seed(text: &str, place: &str) -> anyhow::Result<Url> {
    let help = "give one like https://example.org/page";
    let url = Url::parse(text).map_err(|e| usage(format!("{place}{text:?} is not a URL ({e}); {help}")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(usage(format!("{place}{text:?} is neither http nor https; {help}")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let url = without_password(&url);
        output::problem(&format!(
            "{url}: the user name and password in this URL are not sent; --user-file would send them"
        ));
    }
    Ok(url)
}

/// Where the collection goes; nothing may be there yet.
pub(crate) fn place(output: Option<&Path>, host: &str) -> anyhow::Result<Output> {
    let path = match output {
        // Without its last slash: what follows is built beside it.
        Some(path) => path.components().collect(),
        None => unused_name(host),
    };
    if path.as_os_str().is_empty() {
        return Err(usage("-o needs a name"));
    }
    if path.symlink_metadata().is_ok() {
        return Err(Error::exists(&path).into());
    }
    let is_wacz = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("wacz"));
    if !is_wacz {
        return Ok(Output { directory: path, wacz: None, seal: Default::default() });
    }
    let mut directory = path.clone().into_os_string();
    directory.push(".part");
    Ok(Output { directory: directory.into(), wacz: Some(path), seal: Default::default() })
}

/// After host and time, and a number where two runs begin in one second.
fn unused_name(host: &str) -> PathBuf {
    let name = layout::default_name(host, &timestamp14(System.now()));
    let numbered = (2..100).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered).map(PathBuf::from);
    names.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| name.into())
}

/// Name and value of each `--header`.
pub(super) fn headers(lines: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    lines.iter().map(|line| header(line)).collect()
}

fn header(line: &str) -> anyhow::Result<(String, String)> {
    let Some((name, value)) = line.split_once(':').map(|(name, value)| (name.trim(), value.trim())) else {
        return Err(usage("--header takes 'NAME: VALUE'"));
    };
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    {
        return Err(usage(format!("--header: {name:?} is not the name of a header field")));
    }
    if value.contains(['\r', '\n', '\0']) {
        return Err(usage(format!("--header: the value of {name} is more than one line")));
    }
    if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
        return Err(usage(format!("--header: {name} is written by fonds itself and cannot be set")));
    }
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn session(
    args: &Args,
    seeds: &[Url],
    headers: &[(String, String)],
    proxy: Option<&Proxy>,
) -> anyhow::Result<Session> {
    let mut options = BTreeMap::from([
        ("digest".to_owned(), args.digest.name().to_owned()),
        ("gzip-level".to_owned(), args.gzip_level.to_string()),
        ("warc-size".to_owned(), args.warc_size.to_string()),
    ]);
    options.extend(args.crawl.options()?);
    let network = &args.network;
    for (name, is_set) in [("http2", network.http2), ("no-cookies", network.no_cookies)] {
        options.extend(is_set.then(|| (name.to_owned(), "yes".to_owned())));
    }
    options.extend(network.reach.options(proxy)?);
    options.extend(args.bounds.options());
    Ok(Session {
        archive: new_urn(&System)?,
        session: new_urn(&System)?,
        previous_size: 0,
        previous_root: None,
        tool: tool(),
        seeds: seeds.iter().map(without_password).collect(),
        options,
        redacted: redacted(network, headers, proxy),
        operator: None,
        user_agent: args.user_agent.clone(),
    })
}

/// What was given and stands nowhere, by its flag.
fn redacted(network: &Network, headers: &[(String, String)], proxy: Option<&Proxy>) -> Vec<String> {
    let given = [
        ("user", network.user.is_some() || network.user_file.is_some()),
        ("cookies", network.cookies.is_some()),
        ("client-key", network.client_key.is_some()),
        ("proxy password", proxy.is_some_and(Proxy::has_user)),
    ];
    let headers = headers.iter().map(|(name, _)| format!("header {name}"));
    headers.chain(given.iter().filter(|(_, is)| *is).map(|(name, _)| (*name).to_owned())).collect()
}

fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only on URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// This program.
pub(crate) fn tool() -> Tool {
    Tool {
        name: "fonds".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        binary_sha256: binary_sha256(),
    }
}

/// The running program, where the system lets it be read.
fn binary_sha256() -> Option<String> {
    let file = std::fs::File::open(std::env::current_exe().ok()?).ok()?;
    fonds::digest::sha256_of(file).ok().map(|(digest, _)| digest.value())
}

/// WARC/1.1 §6.2: who made this and how.
pub(super) fn warcinfo(args: &Args) -> Vec<(&'static str, String)> {
    let mut info = software();
    info.extend([
        ("robots", robots(args).to_owned()),
        ("http-header-user-agent", args.user_agent.clone()),
        ("description", format!("scope {}", args.crawl.scope.scope().name())),
    ]);
    info
}

/// The policy, in the words of WARC/1.1 §6.2; RFC 9309 is what became of the classic one.
fn robots(args: &Args) -> &'static str {
    match args.crawl.scope.scope().follows() && args.crawl.robots == RobotsArg::Obey {
        true => "classic",
        false => "ignore",
    }
}

/// What every warcinfo says.
pub(crate) fn software() -> Vec<(&'static str, String)> {
    vec![
        ("software", format!("fonds/{}", env!("CARGO_PKG_VERSION"))),
        ("format", "WARC File Format 1.1".to_owned()),
        (
            "conformsTo",
            "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/".to_owned(),
        ),
    ]
}
