//! A report of `verify` as JUnit XML, for what runs tests and shows how they went.

use fonds::finding::{Finding, Severity};
use fonds::verify::{InputReport, LevelReport, Report, Status};
use std::fmt::Write;

/// One suite: a case an input, which fails with the errors found in it, and a case a level of the ladder. `required` is the level
/// that was asked for; one below it that is not reached is a failure, one above it is skipped.
pub(crate) fn write(report: &Report, required: Option<u8>) -> String {
    let inputs = report.inputs.iter().map(|input| input_case(report, input));
    let levels = report.levels.iter().map(|level| level_case(level, required));
    let cases: Vec<Case> = inputs.chain(levels).chain(rest(report)).collect();
    let count = |wanted: fn(&Outcome) -> bool| cases.iter().filter(|case| wanted(&case.outcome)).count();
    let (failed, skipped) = (
        count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        count(|outcome| matches!(outcome, Outcome::Skipped(_))),
    );
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuite name=\"fonds verify\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\" timestamp=\"{}\">",
        cases.len(),
        escaped(report.checked_at.trim_end_matches('Z'))
    );
    cases.iter().for_each(|case| case.write(&mut xml));
    xml.push_str("</testsuite>\n");
    xml
}

struct Case {
    class: &'static str,
    name: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Skipped(String),
    Failed { message: String, details: String },
}

impl Case {
    fn write(&self, xml: &mut String) {
        let head = format!("  <testcase classname=\"{}\" name=\"{}\"", self.class, escaped(&self.name));
        let _ = match &self.outcome {
            Outcome::Passed => writeln!(xml, "{head}/>"),
            Outcome::Skipped(why) => {
                writeln!(xml, "{head}><skipped message=\"{}\"/></testcase>", escaped(why))
            }
            Outcome::Failed { message, details } => writeln!(
                xml,
                "{head}><failure message=\"{}\">{}</failure></testcase>",
                escaped(message),
                escaped(details)
            ),
        };
    }
}

fn input_case(report: &Report, input: &InputReport) -> Case {
    let own = report.findings.iter().filter(|finding| belongs(finding, &input.name));
    Case { class: "fonds.input", name: input.name.clone(), outcome: of_findings(own) }
}

/// Errors that are of no input: a checkpoint of a log that is not there, a reference over several of them.
fn rest(report: &Report) -> Option<Case> {
    let owned = |finding: &&Finding| report.inputs.iter().any(|input| belongs(finding, &input.name));
    let rest: Vec<&Finding> = report.findings.iter().filter(|f| f.is_error() && !owned(f)).collect();
    let outcome = of_findings(rest.iter().copied());
    (!rest.is_empty()).then(|| Case { class: "fonds.input", name: "over all inputs".to_owned(), outcome })
}

fn belongs(finding: &Finding, input: &str) -> bool {
    finding.file.strip_prefix(input).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '!', '\\']))
}

fn of_findings<'a>(findings: impl Iterator<Item = &'a Finding>) -> Outcome {
    let errors: Vec<&Finding> = findings.filter(|finding| finding.severity == Severity::Error).collect();
    let Some(first) = errors.first() else { return Outcome::Passed };
    let details: Vec<String> = errors.iter().map(|finding| super::output::finding(finding)).collect();
    Outcome::Failed {
        message: format!("{} error(s), the first: {}", errors.len(), first.code),
        details: details.join("\n"),
    }
}

fn level_case(level: &LevelReport, required: Option<u8>) -> Case {
    let detail = level.detail.clone();
    let wanted = required.is_some_and(|required| level.level <= required);
    let outcome = match level.status {
        Status::Pass | Status::Weak => Outcome::Passed,
        Status::Fail => Outcome::Failed { message: detail.clone(), details: detail },
        _ if wanted => Outcome::Failed { message: format!("not reached: {detail}"), details: detail },
        _ => Outcome::Skipped(detail),
    };
    Case { class: "fonds.level", name: format!("level {} {}", level.level, level.name), outcome }
}

/// XML 1.0 has no control characters but tab, line feed and carriage return, in any spelling.
fn escaped(text: &str) -> String {
    let none = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{fffe}' | '\u{ffff}');
    quick_xml::escape::escape(text.replace(none, "\u{fffd}")).into_owned()
}
