//! `fonds demo`

use super::exit::Outcome;
use super::{Global, archive, extract, output, verify};
use anyhow::Context;
use clap::Parser;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;

/// The whole way at once: archive a page, verify the collection, show the article.
///
/// Without URL, a built-in page is served on loopback and archived from there: for machines without a network, and to see
/// how the reply form and log-in prompts of a blog page stay out of the text.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The page; a built-in one if none is named.
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// A new directory for the collection [default: named after host and time].
    #[arg(short, long, value_name = "DIR|FILE.wacz")]
    output: Option<PathBuf>,
    /// Only serve the built-in page, until interrupted.
    #[arg(long, conflicts_with_all = ["url", "output"])]
    serve: bool,
}

/// The built-in site: path, media type, bytes.
static SITE: &[(&str, &str, &[u8])] = &[
    ("/", "text/html; charset=utf-8", include_bytes!("../../fixtures/wordpress-post.html")),
    ("/wordpress/style.css", "text/css", include_bytes!("../../fixtures/wordpress/style.css")),
    ("/wordpress/print.css", "text/css", include_bytes!("../../fixtures/wordpress/print.css")),
    ("/wordpress/theme.js", "application/javascript", include_bytes!("../../fixtures/wordpress/theme.js")),
    ("/wordpress/header.png", "image/png", include_bytes!("../../fixtures/wordpress/header.png")),
    ("/wordpress/map-300.png", "image/png", include_bytes!("../../fixtures/wordpress/map-300.png")),
    ("/wordpress/map-600.png", "image/png", include_bytes!("../../fixtures/wordpress/map-600.png")),
    ("/wordpress/avatar-a.png", "image/png", include_bytes!("../../fixtures/wordpress/avatar-a.png")),
    ("/wordpress/avatar-b.png", "image/png", include_bytes!("../../fixtures/wordpress/avatar-b.png")),
    ("/wordpress/wpcom-gray.png", "image/png", include_bytes!("../../fixtures/wordpress/wpcom-gray.png")),
    ("/wordpress/favicon.ico", "image/x-icon", include_bytes!("../../fixtures/wordpress/favicon.ico")),
];

/// A command line of one of the commands that the demo runs.
#[derive(Parser)]
struct Of<A: clap::Args> {
    #[command(flatten)]
    args: A,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").context("a port on loopback")?;
    let site = format!("http://{}/", listener.local_addr()?);
    if args.serve {
        output::line(&format!("serving {site}"));
        serve(&listener);
    }
    if args.url.is_none() {
        std::thread::spawn(move || serve(&listener));
    }
    let url = args.url.unwrap_or(site);
    step("archive", &[&url]);
    let mut line = vec!["archive".into(), url.into()];
    line.extend(args.output.into_iter().flat_map(|path| ["-o".into(), path.into_os_string()]));
    let (path, archived) = archive::capture(Of::try_parse_from(line)?.args, global)?;
    let shown = path.display().to_string();
    step("verify", &[&shown]);
    let path = path.into_os_string();
    let verified = verify::run(Of::try_parse_from(["verify".into(), path.clone()])?.args, global)?;
    step("extract", &[&shown]);
    let extracted = extract::run(Of::try_parse_from(["extract".into(), path])?.args, global)?;
    let exits = [archived, verified, extracted];
    Ok(exits.into_iter().find(|exit| *exit != super::exit::Exit::Done).unwrap_or(archived))
}

fn step(command: &str, args: &[&str]) {
    output::line("");
    output::line(&format!("$ fonds {command} {}", args.join(" ")));
}

fn serve(listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        // A visitor that goes away is no reason to stop serving the others.
        std::thread::spawn(move || answer(&stream));
    }
}

fn answer(stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut out = stream;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let path = request.split(' ').nth(1).unwrap_or_default();
        let found = SITE.iter().find(|(known, ..)| *known == path);
        let (status, media, body) = match found {
            Some((_, media, body)) => ("200 OK", *media, *body),
            None => ("404 Not Found", "text/plain", &b"not here\n"[..]),
        };
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n", body.len());
        out.write_all(head.as_bytes())?;
        out.write_all(body)?;
    }
}
