//! `fonds verify`

use super::exit::{Exit, Outcome, in_words, usage};
use super::inputs::{self, Jobs, ReadArgs};
use super::keys::Named;
use super::{Global, junit, output};
use anyhow::Context;
use clap::ValueEnum;
use fonds::finding::{Severity, rules};
use fonds::input::{Input, Kind};
use fonds::package::Package;
use fonds::package::layout::DATAPACKAGE;
use fonds::package::prove::VERSION;
use fonds::verify::{Held, Options, Report, StampReport, Status, Verdict, Verification};
use fonds::world::{System, World, millis};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Findings printed for people before the rest is only counted.
const SHOWN: usize = 50;

/// Check any WARC, WACZ or collection, by anyone's tool, byte by byte.
///
/// Levels: 0 structure, 1 digests, 2 complete (the provenance log names exactly these records with these headers in this
/// order, and index and pages agree), 3 signed, 4 timed, 5 witnessed. Exit code 1 where anything is wrong, 3 where the
/// level asked for with --require is not reached.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    asked: Asked,
    /// Every record that another refers to must be among the inputs.
    #[arg(long)]
    closed: bool,
}

/// What a report must say, and how it is written.
#[derive(clap::Args, Debug)]
pub(super) struct Asked {
    /// The level that must be reached [default: 3 where a key is named].
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=5))]
    require: Option<u8>,
    #[command(flatten)]
    named: Named,
    /// A checkpoint of an archive that you kept elsewhere (provenance/checkpoint of then): its log must contain it, so that
    /// nothing was taken out or rewritten since.
    #[arg(long, value_name = "FILE")]
    expect_checkpoint: Vec<PathBuf>,
    /// Exit with 1 for warnings too.
    #[arg(long)]
    strict: bool,
    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    jobs: Jobs,
}

impl Asked {
    pub(super) fn options(&self) -> anyhow::Result<Options> {
        let keys = self.named.keys()?;
        Ok(Options {
            spool: inputs::spool(),
            closed: false,
            scan: self.jobs.settings(),
            keys: keys.note,
            ssh_keys: keys.ssh,
            auth_keys: keys.auth,
            domains: self.named.domain.clone(),
            roots: self.named.roots()?,
            expected: self.expect_checkpoint.iter().map(|path| held(path)).collect::<Result<_, _>>()?,
        })
    }

    /// Writes the report, and says how it ended.
    pub(super) fn answer(&self, verification: Verification, unreadable: bool, global: Global) -> Outcome {
        let report = verification.finish(millis(System.now()));
        write(&report, self, global)?;
        let exit = exit(&report, self, unreadable);
        if exit == Exit::Level {
            output::problem(&unreached(&report, self));
        }
        Ok(exit)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object (docs/verify-report.md).
    Json,
    /// JSON lines: one a finding, then the report without them.
    Jsonl,
    /// JUnit XML: a case an input and a case a level.
    Junit,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let found = inputs::find(&args.read, global.quiet)?;
    let mut unreadable = found.unreadable;
    let options = Options { closed: args.closed, ..args.asked.options()? };
    let mut verification = Verification::new(options);
    let mut failed = |name: &str, error: anyhow::Error| {
        output::problem(&in_words(&error.context(name.to_owned())));
        unreadable = true;
    };
    for inputs in found.inputs.chunk_by(|a, b| !is_package(a) && !is_package(b)) {
        check(&mut verification, inputs, &mut failed);
    }
    args.asked.answer(verification, unreadable, global)
}

fn held(path: &Path) -> anyhow::Result<Held> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| name.clone())?;
    Held::parse(&name, &bytes).map_err(|error| usage(format!("{name}: {error}")))
}

fn is_package(input: &Input) -> bool {
    matches!(input.kind(), Kind::Collection | Kind::Wacz)
}

/// Either a package or any number of bare WARCs.
fn check(verification: &mut Verification, inputs: &[Input], failed: &mut dyn FnMut(&str, anyhow::Error)) {
    if let [input] = inputs
        && is_package(input)
    {
        package(verification, input).unwrap_or_else(|error| failed(input.name(), error));
        return;
    }
    inputs::opened(inputs, |warcs| {
        verification.warcs(warcs, &mut |number, error| {
            failed(inputs.get(number).map_or("", Input::name), error.into());
        });
    });
}

fn package(verification: &mut Verification, input: &Input) -> anyhow::Result<()> {
    let package = match input.kind() {
        Kind::Collection => {
            let path = input.path().context("a collection without a path")?;
            Package::directory(input.name(), path)?
        }
        _ => Package::from_shared(input.name(), input.shared()?)?,
    };
    if package.contains(VERSION) && !package.contains(DATAPACKAGE) {
        output::problem(&format!(
            "{}: this is a proof file, no archive; `fonds check` verifies it",
            input.name()
        ));
    }
    Ok(verification.package(&package)?)
}

/// Who names a key asks for its signature: one that was taken away must not pass in silence.
fn required(asked: &Asked) -> Option<u8> {
    let named = !asked.named.key.is_empty() || !asked.named.domain.is_empty();
    asked.require.or(named.then_some(3))
}

/// Which level was asked for, and which one is the first that does not pass.
fn unreached(report: &Report, asked: &Asked) -> String {
    if let Some(finding) =
        report.findings.iter().find(|finding| finding.code == rules::CHECKPOINT_UNSHOWN.code)
    {
        return finding.message.clone();
    }
    let level = required(asked).unwrap_or(4);
    let passes = |status| matches!(status, Status::Pass | Status::Weak);
    let first = report.levels.iter().find(|report| report.level <= level && !passes(report.status));
    let why = first.map(|first| {
        format!(": level {} {} is {}, {}", first.level, first.name, status(first.status), first.detail)
    });
    format!("level {level} was asked for and is not reached{}", why.unwrap_or_default())
}

fn exit(report: &Report, asked: &Asked, unreadable: bool) -> Exit {
    // The same of a time-stamp; it may be there without a signature, below which the ladder is not climbed.
    let is_timed = report.levels.iter().any(|level| level.level == 4 && level.status == Status::Pass);
    let untimed = !asked.named.trust.is_empty() && asked.require.is_none() && !is_timed;
    let unshown = report.findings.iter().any(|finding| finding.code == rules::CHECKPOINT_UNSHOWN.code);
    let wanting = untimed
        || unshown
        || required(asked).is_some_and(|level| report.achieved.is_none_or(|achieved| achieved < level));
    if report.verdict == Verdict::Damaged || asked.strict && report.counts.warnings > 0 {
        Exit::Finding
    } else if unreadable {
        Exit::Io
    } else if wanting {
        Exit::Level
    } else {
        Exit::Done
    }
}

fn write(report: &Report, asked: &Asked, global: Global) -> anyhow::Result<()> {
    let mut out = output::stdout();
    match asked.format {
        Format::Junit => out.write_all(junit::write(report, required(asked)).as_bytes())?,
        Format::Human => human(report, global, &mut out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, report)?;
            writeln!(out)?;
        }
        Format::Jsonl => {
            for finding in &report.findings {
                serde_json::to_writer(&mut out, finding)?;
                writeln!(out)?;
            }
            let rest = Report { findings: Vec::new(), ..report.clone() };
            serde_json::to_writer(&mut out, &rest)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(())
}

fn human(report: &Report, global: Global, out: &mut dyn Write) -> anyhow::Result<()> {
    let least = if global.quiet {
        Severity::Error
    } else if global.verbose {
        Severity::Info
    } else {
        Severity::Warning
    };
    let limit = if global.verbose { usize::MAX } else { SHOWN };
    let shown: Vec<_> = report.findings.iter().filter(|f| f.severity >= least).collect();
    // Errors first come first served: a list that is cut must not hide them behind warnings.
    let (errors, others): (Vec<_>, Vec<_>) = shown.iter().copied().partition(|f| f.is_error());
    for finding in errors.iter().chain(&others).take(limit) {
        writeln!(out, "{}", output::finding(finding))?;
    }
    if shown.len() > limit {
        writeln!(
            out,
            "… and {} more; -v shows all, --format json gives them to programs",
            shown.len() - limit
        )?;
    }
    if global.quiet || report.inputs.is_empty() {
        return Ok(());
    }
    summary(report, out)
}

fn summary(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    for input in &report.inputs {
        let c = &input.counts;
        writeln!(
            out,
            "{}: {}, {} records, {}, {} digests match, {} lines of provenance",
            output::printable(&input.name),
            input.kind,
            c.records,
            output::bytes(c.bytes),
            c.digests_matched,
            c.log_lines
        )?;
        for proved in input.proved.iter().take(SHOWN) {
            let url = proved.url.as_deref().unwrap_or("-");
            let line = format!("  line {}: {} {} {url}", proved.seq, proved.record_type, proved.date);
            writeln!(out, "{}", output::printable(&line))?;
        }
    }
    for level in &report.levels {
        writeln!(
            out,
            "  level {} {:<10} {:<9} {}",
            level.level,
            level.name,
            status(level.status),
            level.detail
        )?;
    }
    let verdict = match (report.verdict, report.achieved) {
        (Verdict::Ok, Some(level)) => format!("intact, level {level}"),
        (Verdict::Ok, None) | (Verdict::Unchecked, _) => "nothing was checked".to_owned(),
        (Verdict::Damaged, _) => "NOT INTACT".to_owned(),
    };
    writeln!(out, "{verdict}: {} errors, {} warnings", report.counts.errors, report.counts.warnings)?;
    for signer in &report.signers {
        writeln!(out, "Signed by {}", output::printable(signer))?;
    }
    if let Some(time) = &report.time_bounds.not_before {
        writeln!(out, "Written down after {time}, the time of an anchor in the log")?;
    }
    for stamp in report.stamps.iter().filter(|stamp| stamp.root.is_some() && stamp.entry.is_none()) {
        let of = if is_earlier(stamp) {
            format!("The log's first {} lines: time-stamped", stamp.lines)
        } else {
            "Time-stamped".into()
        };
        writeln!(out, "{of} {} by {}", stamp.time, output::printable(&stamp.authority))?;
        writeln!(
            out,
            "  the same by OpenSSL, in the collection or the unpacked WACZ: {}",
            output::printable(&openssl(stamp))
        )?;
    }
    if report.verdict == Verdict::Ok {
        writeln!(out, "Not proved: {}.", report.not_proved.join("; "))?;
    }
    Ok(())
}

/// Of a checkpoint behind which the log went on.
fn is_earlier(stamp: &StampReport) -> bool {
    stamp.file.rsplit('/').next().is_some_and(|name| name.starts_with("checkpoint-"))
}

/// The command that repeats the check of a time-stamp, inside of the collection or of the unpacked WACZ. OpenSSL looks at
/// certificates as of now, unless told the time.
fn openssl(stamp: &StampReport) -> String {
    let path = stamp.file.rsplit_once("provenance/").map_or(stamp.file.as_str(), |(_, name)| name);
    let time: Option<jiff::Timestamp> = stamp.time.parse().ok();
    let time = time.map_or(0, jiff::Timestamp::as_second);
    let note = path.split('.').next().unwrap_or(path);
    let earlier = (1..=stamp.stamps).map(|number| match number {
        1 => format!(" {note}.tsr"),
        _ => format!(" {note}.{number}.tsr"),
    });
    let earlier: String = earlier.collect();
    let lines = if stamp.signatures.is_empty() { 3 } else { 4 + stamp.signatures.len() };
    let (before, data) = match (stamp.later_signatures.is_empty(), earlier.is_empty()) {
        (true, true) => (String::new(), note),
        (true, false) => (format!("cat {note}{earlier} | "), "/dev/stdin"),
        (false, true) => (format!("head -n {lines} {note} | "), "/dev/stdin"),
        (false, false) => (format!("(head -n {lines} {note}; cat{earlier}) | "), "/dev/stdin"),
    };
    format!(
        "cd provenance; {before}openssl ts -verify -in {path} -data {data} -CAfile ROOT.pem -attime {time}"
    )
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Fail => "FAIL",
        Status::Absent => "absent",
        Status::Unchecked => "unchecked",
        Status::Weak => "weak",
    }
}
