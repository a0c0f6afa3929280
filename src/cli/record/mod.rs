//! `fonds record`

mod command;

use self::command::Child;
use super::archive::arguments::{place, software, tool};
use super::archive::network::{Bounds, Reach};
use super::archive::telling::{Reports, Teller};
use super::archive::{finish, println, signals};
use super::exit::{Exit, Outcome, usage};
use super::{Global, output};
use anyhow::Context;
use fonds::crawl::Archive;
use fonds::digest;
use fonds::manifest::Session;
use fonds::relay::{self, Authority, Ran, Signals};
use fonds::wire::{Client, ClientOptions, Connector, Proxy, SpoolOptions};
use fonds::world::{System, World, new_urn};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Bytes of a response kept in memory; there may be hundreds at a time.
const IN_MEMORY: usize = 256 << 10;

/// Record what another program fetches: a proxy for http and https that keeps every byte.
///
/// With a COMMAND, runs it with the proxy and its certificate in the environment (http_proxy, https_proxy, all_proxy,
/// SSL_CERT_FILE, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS and others), and seals the collection when it has
/// ended; the exit code is the command's if that is not 0. With --listen, records whoever uses the proxy until Ctrl-C, and
/// writes the collection's path to stdout.
///
/// For https, fonds answers the program in place of the server, with certificates signed by an authority made anew for each
/// run; its certificate is in a file named at the start, and at http://fonds.local/ca.pem through the proxy. The server
/// itself is verified as ever. Programs that do not read the environment need to be told: chromium takes
/// --proxy-server=ADDRESS and trusts what certutil put into its database. Passwords and cookies that the program sends stand
/// in the request records.
#[derive(clap::Args, Debug)]
#[command(
    override_usage = "fonds record [OPTIONS] -- COMMAND [ARGUMENT]...\n       fonds record [OPTIONS] --listen ADDRESS"
)]
pub(crate) struct Args {
    /// The program to run, and its arguments.
    #[arg(last = true, value_name = "COMMAND", required_unless_present = "listen")]
    pub(crate) command: Vec<OsString>,
    /// Listen on this address (or port, of this machine alone) until interrupted; other programs are to use it as their proxy.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "command")]
    pub(crate) listen: Option<String>,
    /// A new directory, or a new FILE.wacz [default: a directory named after the time].
    #[arg(short, long, value_name = "DIR|FILE.wacz")]
    pub(crate) output: Option<PathBuf>,
    /// Sign with the authority of this certificate in PEM rather than with a new one.
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Its private key in PEM (PKCS #8), not encrypted.
    #[arg(long, value_name = "FILE", requires = "ca_cert")]
    pub(crate) ca_key: Option<PathBuf>,
    /// Write the authority's certificate to this new file; without it, it is in the collection until that is sealed.
    #[arg(long, value_name = "FILE")]
    pub(crate) save_ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) bounds: Bounds,
    #[command(flatten)]
    pub(crate) reach: Reach,
}

/// What is ready before anything is written.
struct Ready {
    listener: TcpListener,
    address: SocketAddr,
    connector: Connector,
    authority: Arc<Authority>,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let output = place(args.output.as_deref(), "record")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let proxy = args.reach.proxy()?;
    let ready = runtime.block_on(ready(&args, proxy.clone()))?;
    let session = session(&args, proxy.as_ref(), &ready)?;
    let mut info = software();
    info.push(("description", "recorded by a proxy".to_owned()));
    if let Some(path) = &args.save_ca {
        save(path, ready.authority.certificate())?;
    }
    let archive = Archive::create(&output.directory, Box::new(System), session, &info)?;
    let certificate = certificate_file(&args, &archive, &ready.authority)?;
    let (ran, ended) = runtime.block_on(work(&args, ready, archive, &certificate, global))?;
    // Sockets that linger are of no use to what follows.
    runtime.shutdown_background();
    let (path, exit) = finish(ran.outcome, ran.archive, output, global)?;
    if args.command.is_empty() {
        println(&path.display().to_string())?;
    }
    Ok(ended.exit(exit))
}

async fn ready(args: &Args, proxy: Option<Proxy>) -> anyhow::Result<Ready> {
    let address = match &args.listen {
        None => "127.0.0.1:0".to_owned(),
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => format!("127.0.0.1:{port}"),
        Some(address) => address.clone(),
    };
    let listener =
        TcpListener::bind(&address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        output::problem(&format!(
            "warning: {address} can be reached by other machines; whoever can connect can fetch through it"
        ));
    }
    if proxy.as_ref().is_some_and(|proxy| proxy.url().trim_end_matches('/') == format!("http://{address}")) {
        return Err(usage("--proxy is the address that fonds itself listens on"));
    }
    let connector = args.reach.connector(proxy, args.bounds.patience())?;
    Ok(Ready { listener, address, connector, authority: Arc::new(authority(args)?) })
}

fn authority(args: &Args) -> anyhow::Result<Authority> {
    let (Some(cert), Some(key)) = (&args.ca_cert, &args.ca_key) else {
        return Ok(Authority::new(System.now())?);
    };
    let read = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let names = || format!("{} with {}", cert.display(), key.display());
    Authority::from_pem(&read(cert)?, &read(key)?).with_context(names)
}

fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| path.display().to_string())
}

/// Where the certificate is for the program to read; its path works from every directory.
fn certificate_file(args: &Args, archive: &Archive, authority: &Authority) -> anyhow::Result<PathBuf> {
    let path = match &args.save_ca {
        Some(path) => path.clone(),
        None => {
            let path = archive.workroom().join("ca.pem");
            save(&path, authority.certificate())?;
            path
        }
    };
    std::path::absolute(&path).with_context(|| path.display().to_string())
}

fn session(args: &Args, proxy: Option<&Proxy>, ready: &Ready) -> anyhow::Result<Session> {
    let mut options: BTreeMap<_, _> = args.bounds.options().collect();
    // Its arguments may hold secrets.
    let program = args.command.first().map(|name| ("command", name.to_string_lossy().into_owned()));
    let listen = args.listen.as_ref().map(|_| ("listen", ready.address.to_string()));
    let given = [program, listen];
    options.extend(given.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)));
    options.extend(args.reach.options(proxy)?);
    let der = fonds::wire::certificates(ready.authority.certificate().as_bytes())?;
    options.extend(der.first().map(|der| ("authority".to_owned(), digest::sha256(der).to_string())));
    Ok(Session {
        archive: new_urn(&System)?,
        session: new_urn(&System)?,
        previous_size: 0,
        previous_root: None,
        tool: tool(),
        seeds: Vec::new(),
        options,
        redacted: proxy
            .filter(|proxy| proxy.has_user())
            .map(|_| "proxy password".to_owned())
            .into_iter()
            .collect(),
        operator: None,
        user_agent: "as each client says".to_owned(),
    })
}

/// How what was waited for ended.
enum Ended {
    Child(std::process::ExitStatus),
    Signal { terminated: bool },
}

impl Ended {
    /// The command's own code where it failed.
    fn exit(&self, exit: Exit) -> Exit {
        match (self, exit) {
            (Self::Child(status), exit) if status.success() => exit,
            (Self::Child(status), _) => Exit::Command(command::code(*status)),
            (Self::Signal { terminated: true }, Exit::Interrupted) => Exit::Terminated,
            (Self::Signal { .. }, exit) => exit,
        }
    }
}

async fn work(
    args: &Args,
    ready: Ready,
    archive: Archive,
    certificate: &Path,
    global: Global,
) -> anyhow::Result<(Ran, Ended)> {
    let (stop_sender, stop) = watch::channel(false);
    let (abort_sender, abort) = watch::channel(false);
    let mut options = ClientOptions::new(SpoolOptions { dir: archive.workroom(), memory: IN_MEMORY });
    options.limits = args.bounds.limits();
    options.stop = Some(abort.clone());
    let client = Client::new(ready.connector, options);
    let signals_of = Signals { stop, abort };
    let terminated = Arc::new(AtomicBool::new(false));
    let child = match args.command.as_slice() {
        [] => {
            announce(ready.address, certificate, global);
            tokio::spawn(signals(stop_sender, abort_sender, terminated.clone()));
            None
        }
        [program, arguments @ ..] => {
            let child = Child::start(program, arguments, ready.address, certificate);
            let child = child.map_err(|error| forget(archive.workroom(), error));
            Some(tokio::spawn(child?.wait(stop_sender, abort_sender)))
        }
    };
    let mut teller = Teller::new(&Reports::default(), false, global)?;
    let tell = move |event: fonds::crawl::Event<'_>| teller.tell(event);
    let ran = relay::run(ready.listener, client, ready.authority, archive, signals_of, tell).await?;
    let ended = match child {
        None => Ended::Signal { terminated: terminated.load(Ordering::Relaxed) },
        Some(child) => Ended::Child(child.await??),
    };
    Ok((ran, ended))
}

/// Of a command that cannot be started no empty collection is left.
fn forget(workroom: PathBuf, error: anyhow::Error) -> anyhow::Error {
    // What cannot be removed is empty at worst.
    let _ = workroom.parent().map(std::fs::remove_dir_all);
    error
}

fn announce(address: SocketAddr, certificate: &Path, global: Global) {
    if !global.quiet {
        output::line(&format!("recording whatever is fetched through http://{address}; Ctrl-C to end"));
        output::line(&format!("for https, trust the certificate in {}", certificate.display()));
    }
}
