//! Flags about whom to connect to, how, and as whom.

use super::at_least_one;
use crate::cli::exit::usage;
use crate::cli::output;
use anyhow::Context;
use fonds::wire::{Connector, Identity, Jar, Limits, Login, Origins, Proxy, Trust};
use fonds::world::{System, World};
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What one response may take.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Seconds for each of name lookup, connection and TLS, and without a byte in between.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = at_least_one)]
    timeout: u64,
    /// Seconds for one response from the first byte sent to the last received, after which it is cut and marked
    /// (WARC-Truncated: time) [default: 3600].
    #[arg(long, value_name = "SECONDS", value_parser = at_least_one)]
    max_time: Option<u64>,
    /// Bytes of one response, after which it is cut and marked (WARC-Truncated: length) [default: 16 GiB].
    #[arg(long, value_name = "BYTES", value_parser = at_least_one)]
    max_response: Option<u64>,
}

impl Bounds {
    /// For each step of connecting.
    pub(crate) fn patience(self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    pub(crate) fn limits(self) -> Limits {
        let default = Limits::default();
        Limits {
            idle: self.patience(),
            total: self.max_time.map_or(default.total, Duration::from_secs),
            bytes: self.max_response.unwrap_or(default.bytes),
            ..default
        }
    }

    /// As the log has them.
    pub(crate) fn options(self) -> impl Iterator<Item = (String, String)> {
        let given = [
            ("timeout", Some(self.timeout)),
            ("max-time", self.max_time),
            ("max-response", self.max_response),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_string())))
    }
}

/// Whom to connect to, and how.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Network options")]
pub(crate) struct Reach {
    /// Certificate authorities in PEM to trust besides Mozilla's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// Record sites whose certificate is refused, too; the refusal is written down with them. Default: the refusal alone.
    #[arg(long)]
    pub(crate) insecure_record: bool,
    /// Use this address for a host in place of DNS, also where a proxy would resolve it (but not where an HTTP proxy forwards
    /// http); may be given several times for one host.
    #[arg(long, value_name = "HOST:ADDRESS")]
    pub(crate) resolve: Vec<String>,
    /// A proxy for all connections: http://, socks5:// or, to let it resolve names too, socks5h://; USER:PASSWORD@ before its
    /// host is kept out of the log (but stands in the request records where an HTTP proxy forwards http).
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
}

/// Whom to connect to, how, and as whom.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Network options")]
pub(crate) struct Network {
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// Ask for HTTP/2. Its responses are written as HTTP/1.1 and marked as reconstructions; a server that has no HTTP/2 is
    /// captured as ever.
    #[arg(long)]
    pub(crate) http2: bool,
    /// Name and password for Basic or Digest authentication, sent to the named URLs' origins after they ask for them; kept
    /// out of the log (but the request records hold what was sent). Other users of this machine may see it here: better
    /// --user-file.
    #[arg(long, value_name = "NAME:PASSWORD", conflicts_with = "user_file")]
    pub(crate) user: Option<String>,
    /// The same from the first line of a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) user_file: Option<PathBuf>,
    /// Cookies to begin with, in Netscape's format; they stand in the request records they are sent with.
    #[arg(long, value_name = "FILE", conflicts_with = "no_cookies")]
    pub(crate) cookies: Option<PathBuf>,
    /// Write the cookies at the end to a new file, readable by its owner alone.
    #[arg(long, value_name = "FILE", conflicts_with = "no_cookies")]
    pub(crate) save_cookies: Option<PathBuf>,
    /// Send back no cookies that servers set.
    #[arg(long)]
    pub(crate) no_cookies: bool,
    /// A certificate in PEM to show to the named URLs' origins where they ask for one.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_cert: Option<PathBuf>,
    /// Its private key in PEM, not encrypted.
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
}

/// What these flags come to.
pub(super) struct Wire {
    pub(super) connector: Connector,
    pub(super) jar: Option<Arc<Jar>>,
    pub(super) login: Option<Arc<Login>>,
}

impl Reach {
    pub(crate) fn proxy(&self) -> anyhow::Result<Option<Proxy>> {
        // Not quoted: there may be a password in it.
        let parse = |text: &String| Proxy::parse(text).map_err(|error| usage(format!("--proxy: {error}")));
        self.proxy.as_ref().map(parse).transpose()
    }

    pub(crate) fn connector(&self, proxy: Option<Proxy>, timeout: Duration) -> anyhow::Result<Connector> {
        let mut connector = Connector::new(self.trust()?, timeout);
        for (host, address) in self.addresses()? {
            connector = connector.resolve(&host, vec![address]);
        }
        Ok(match proxy {
            Some(proxy) => connector.proxy(proxy),
            None => connector,
        })
    }

    /// What of it shapes a capture, for the log.
    pub(crate) fn options(&self, proxy: Option<&Proxy>) -> anyhow::Result<Vec<(String, String)>> {
        let mut options = Vec::new();
        options.extend(self.insecure_record.then(|| ("insecure-record".to_owned(), "yes".to_owned())));
        options.extend(proxy.map(|proxy| ("proxy".to_owned(), proxy.url())));
        if !self.resolve.is_empty() {
            options.push(("resolve".to_owned(), self.resolve.join(" ")));
        }
        if !self.ca.is_empty() {
            // Where they are wherever the run is taken up.
            let paths = self.ca.iter().map(std::path::absolute).collect::<Result<Vec<_>, _>>()?;
            options.push(("ca".to_owned(), serde_json::to_string(&paths)?));
        }
        Ok(options)
    }

    fn trust(&self) -> anyhow::Result<Trust> {
        let mut authorities = Vec::new();
        for path in &self.ca {
            let pem = read(path)?;
            fonds::wire::certificates(&pem).with_context(|| path.display().to_string())?;
            authorities.push(pem);
        }
        let authorities: Vec<&[u8]> = authorities.iter().map(Vec::as_slice).collect();
        Ok(Trust::new(&authorities).context("--ca")?.record_refused(self.insecure_record))
    }

    fn addresses(&self) -> anyhow::Result<Vec<(String, IpAddr)>> {
        let parse = |rule: &String| {
            let parsed = rule.split_once(':').and_then(|(host, address)| {
                let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
                // As it stands in URLs: lower case, and letters beyond ASCII in their xn-- form.
                Some((url::Host::parse(host).ok()?.to_string(), address))
            });
            parsed.ok_or_else(|| usage(format!("--resolve {rule:?} is not HOST:ADDRESS")))
        };
        self.resolve.iter().map(parse).collect()
    }
}

impl Network {
    /// Everything that can fail does so before the collection is begun.
    pub(super) fn wire(
        &self,
        proxy: Option<Proxy>,
        seeds: &[Url],
        timeout: Duration,
    ) -> anyhow::Result<Wire> {
        let origins = Origins::of(seeds);
        let mut connector = self.reach.connector(proxy, timeout)?.http2(self.http2);
        if let Some(identity) = self.identity()? {
            connector = connector.identity(identity, origins.clone());
        }
        let wire = Wire { connector, jar: self.jar()?, login: self.login(origins)?.map(Arc::new) };
        if let Some(path) = &self.save_cookies {
            output::new_file(path, true).with_context(|| path.display().to_string())?;
        }
        Ok(wire)
    }

    /// Writes the cookies to the file that was begun for them.
    pub(super) fn save(&self, jar: Option<&Jar>) -> anyhow::Result<()> {
        let (Some(path), Some(jar)) = (&self.save_cookies, jar) else { return Ok(()) };
        let write = || {
            let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
            file.write_all(jar.to_netscape().as_bytes())?;
            file.sync_all()
        };
        write().with_context(|| path.display().to_string())
    }

    fn identity(&self) -> anyhow::Result<Option<Identity>> {
        let (Some(cert), Some(key)) = (&self.client_cert, &self.client_key) else { return Ok(None) };
        let identity = Identity::from_pem(&read(cert)?, &read(key)?);
        let names = || format!("{} with {}", cert.display(), key.display());
        Ok(Some(identity.with_context(names)?))
    }

    fn jar(&self) -> anyhow::Result<Option<Arc<Jar>>> {
        if self.no_cookies {
            return Ok(None);
        }
        let Some(path) = &self.cookies else { return Ok(Some(Arc::default())) };
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        let jar = Jar::from_netscape(&text, System.now().as_second());
        Ok(Some(Arc::new(jar.with_context(|| path.display().to_string())?)))
    }

    fn login(&self, origins: Origins) -> anyhow::Result<Option<Login>> {
        let text = match (&self.user, &self.user_file) {
            (Some(text), _) => text.clone(),
            (None, Some(path)) => {
                let text = String::from_utf8(read(path)?).ok();
                let text = text.with_context(|| format!("{} is not UTF-8", path.display()))?;
                text.lines().next().unwrap_or_default().to_owned()
            }
            (None, None) => return Ok(None),
        };
        // Not quoted either.
        let Some((name, password)) = text.split_once(':') else {
            return Err(usage("--user and --user-file take NAME:PASSWORD"));
        };
        Ok(Some(Login::new(name, password, origins)))
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
