//! What a reader noticed: a rule that was broken, where, and in words a person can act on.
//!
//! Parsing never fails on content. Every parser gives its value and a list of [`Finding`]s; an `Err` is
//! left for I/O and misuse. A rule exists once, in [`rules`], with its stable code, its usual severity, the
//! level of proof it belongs to and the clause it comes from.

pub mod rules;

use serde::Serialize;

/// How bad a finding is. Only errors make `fonds verify` exit with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Wild but harmless practice, or a should-rule broken.
    Warning,
    /// The archive is not what it ought to be.
    Error,
}

/// The rung of the ladder of proof that a rule belongs to (0 structure … 5 witnessed).
pub type Level = u8;

/// One rule, as data.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable code, part of the interface, listed in docs/findings.md.
    pub code: &'static str,
    /// The severity that a finding of this rule has unless the place says otherwise.
    pub severity: Severity,
    /// The level that an error of this rule fails.
    pub level: Level,
    /// Clause or RFC, empty where fonds alone asks for it.
    pub clause: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// One thing noticed about an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code of the rule.
    pub code: &'static str,
    /// How bad it is here.
    pub severity: Severity,
    /// The level of proof that it touches.
    pub level: Level,
    /// The file, as it was named to fonds; a WACZ entry as `FILE.wacz!entry`. Empty until a caller that knows fills it in.
    pub file: String,
    /// Byte offset in that file (of the member or record, or of the very byte where that is known).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// WARC-Record-ID without angle brackets, where a record is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// What happened, in one line.
    pub message: String,
}

impl Finding {
    /// A finding of `rule` with its usual severity, not yet placed in a file.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        let mut message = message.into();
        // What it quotes may hold anything; it stays one line.
        if message.contains(char::is_control) {
            message = message.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        }
        Self {
            code: rule.code,
            severity: rule.severity,
            level: rule.level,
            file: String::new(),
            offset: None,
            record: None,
            message,
        }
    }

    /// Places it at a byte offset.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Places it in a file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = file.into();
        self
    }

    /// Ties it to a record.
    #[must_use]
    pub fn of_record(mut self, id: impl Into<String>) -> Self {
        self.record = Some(id.into());
        self
    }

    /// The same finding, graded otherwise at this place.
    #[must_use]
    pub fn graded(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// True for errors.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
