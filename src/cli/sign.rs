//! `fonds sign`

use super::exit::{Exit, Outcome, usage};
use super::{Global, inputs, keys, output};
use fonds::input::remote::{Client, Options};
use fonds::package::{authed, vouched};
use fonds::vouch::auth::SignedData;
use fonds::vouch::{Note, Signature, VerifierKey, ssh};
use fonds::world::{System, World};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Bytes of a signing service's answer.
const LONGEST_ANSWER: u64 = 1 << 20;

/// Sign a sealed collection or WACZ: a line is added to its checkpoint, and the list of files follows.
///
/// What is signed are the three lines of the checkpoint, and through them all that the provenance log binds. A key that must
/// not touch this machine signs elsewhere: --export prints the lines, `fonds sign - --key KEY` there makes a signature of
/// them, --import takes it in. Keys of OpenSSH sign too: an unencrypted Ed25519 key here, any other by
/// `ssh-keygen -Y sign -n fonds -f KEY FILE` over those lines.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A collection or a WACZ; - for lines on standard input, whose signature is printed.
    #[arg(value_name = "DIR|FILE.wacz")]
    path: PathBuf,
    /// The secret key, made if it is not there; with --import the public one, by which the signature must be.
    #[arg(long, value_name = "KEY", required_unless_present_any = ["export", "import", "signing_url"])]
    key: Option<PathBuf>,
    /// Print the lines that are to be signed.
    #[arg(long, conflicts_with_all = ["key", "import"])]
    export: bool,
    /// A service that signs the list of files with a domain's certificate and a time-stamp (wacz-auth, as authsign does), the URL
    /// that takes its requests. Nothing can be added to the archive behind it without breaking it.
    #[arg(long, value_name = "URL", conflicts_with_all = ["key", "import", "export"])]
    signing_url: Option<String>,
    /// A file with the token that the service asks for.
    #[arg(long, value_name = "FILE", requires = "signing_url")]
    signing_token: Option<PathBuf>,
    /// PEM certificates that the service's may lead to, besides the public ones.
    #[arg(long, value_name = "FILE", requires = "signing_url")]
    ca: Vec<PathBuf>,
    /// A file with the signature line, or with an SSH signature; - for standard input.
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let is_text = args.path.as_os_str() == "-";
    if let Some(url) = &args.signing_url {
        return by_service(&args, url, global);
    }
    match (&args.import, &args.key) {
        (Some(_), _) if is_text => {
            Err(usage("--import adds to a collection or a WACZ, not to standard input"))
        }
        (Some(line), key) => import(&args.path, line, key.as_deref(), global),
        (None, Some(key)) if is_text => sign_text(key),
        (None, Some(key)) => sign(&args.path, key, global),
        (None, None) => export(&args.path),
    }
}

fn sign(path: &Path, key: &Path, global: Global) -> Outcome {
    // What cannot be signed makes no key.
    vouched::note(path)?;
    let key = keys::secret_or_new(key, global)?;
    let new = key.sign(path)?;
    say(path, &key.name(), new, global);
    Ok(Exit::Done)
}

fn say(path: &Path, name: &str, new: bool, global: Global) {
    if !global.quiet {
        let done = if new { "is signed by" } else { "was signed already by" };
        output::line(&format!("{} {done} {name}", path.display()));
    }
}

fn export(path: &Path) -> Outcome {
    let note = vouched::note(path)?;
    let mut out = output::stdout();
    out.write_all(note.text())?;
    out.flush()?;
    Ok(Exit::Done)
}

/// What the service gives is checked before it is kept: it must be over this datapackage, and hold by itself.
fn by_service(args: &Args, url: &str, global: Global) -> Outcome {
    let path = &args.path;
    let hash = authed::signable(path)?;
    let created = format!("{:.0}", System.now());
    let body = serde_json::to_vec(&serde_json::json!({ "hash": hash, "created": created }))?;
    let token = args.signing_token.as_deref().map(keys::text).transpose()?;
    let authorization = token.map(|token| format!("bearer {}", token.trim()));
    let mut options = Options::default();
    for file in &args.ca {
        options.authorities.extend(inputs::authorities(file)?);
    }
    let client = Client::new(&options)?;
    let answer = client.post_as(authorization.as_deref(), url, "application/json", body, LONGEST_ANSWER)?;
    let wrong = |problem: String| anyhow::anyhow!("{url} gives no signature of this archive: {problem}");
    let value: serde_json::Value = serde_json::from_slice(&answer).map_err(|e| wrong(e.to_string()))?;
    let signed = SignedData::parse(&value).map_err(|problem| wrong(problem.words))?;
    if signed.hash != hash {
        return Err(wrong("it is over another hash".to_owned()));
    }
    signed.check().map_err(|problem| wrong(problem.words))?;
    authed::put(path, value, &inputs::spool())?;
    say(path, signed.domain().unwrap_or("a key that the service brings along"), true, global);
    Ok(Exit::Done)
}

/// On the machine where the key is.
fn sign_text(key: &Path) -> Outcome {
    let key = keys::secret(key)?;
    let text = keys::text("-".as_ref())?;
    let note = Note::parse(text.as_bytes())
        .ok()
        .filter(|note| fonds::manifest::read_checkpoint(note.text()).is_some());
    let note = note.ok_or_else(|| usage("standard input: these are not the three lines of a checkpoint"))?;
    super::archive::println(key.sign_text(note.text())?.trim_end())?;
    Ok(Exit::Done)
}

fn import(path: &Path, line: &Path, key: Option<&Path>, global: Global) -> Outcome {
    let text = keys::text(line)?;
    if ssh::is_signature(&text) {
        return import_ssh(path, &text, key, global);
    }
    let signature = Signature::parse(text.trim_end()).ok_or_else(|| {
        usage(format!(
            "{}: this is not one signature line, as `fonds sign - --key KEY` prints it",
            line.display()
        ))
    })?;
    // A bad line would stand in the way of a good one by the same key for good.
    let needed = || usage("--import of a signature line needs --key KEY.pub, by which it must be");
    let key = verifier(key.ok_or_else(needed)?)?;
    let name = signature.name.clone();
    let new = vouched::add_signature(path, signature, Some(&key), &inputs::spool())?;
    say(path, &name, new, global);
    Ok(Exit::Done)
}

/// An SSH signature carries its key, so that it is checked as it comes; whose key that is, is another question.
fn import_ssh(path: &Path, armored: &str, key: Option<&Path>, global: Global) -> Outcome {
    let key = key.map(keys::ssh).transpose()?;
    let new = vouched::add_ssh(path, armored, key.as_ref(), &inputs::spool())?;
    let who = ssh::SshSignature::parse(armored.as_bytes())?.key().to_string();
    say(path, who.trim(), new, global);
    Ok(Exit::Done)
}

fn verifier(path: &Path) -> anyhow::Result<VerifierKey> {
    let mut keys = keys::either(path)?;
    let key = keys.pop().filter(|_| keys.is_empty());
    key.ok_or_else(|| usage(format!("{}: --import takes one key", path.display())))
}
