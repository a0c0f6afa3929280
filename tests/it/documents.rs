//! What the documents say is what the program does: made from it, compared with it.
//!
//! With `FONDS_BLESS=1` in the environment the documents are written anew instead.

use crate::common::cli::fonds;
use fonds::finding::rules;
use std::collections::HashSet;
use std::fmt::Write;
use std::path::PathBuf;

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a document with what it should be, or writes it.
pub(crate) fn assert_document(path: &str, expected: &str) {
    let file = repository(path);
    if std::env::var_os("FONDS_BLESS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let differing = found.lines().zip(expected.lines()).position(|(a, b)| a != b);
    let line = differing.unwrap_or(found.lines().count().min(expected.lines().count())) + 1;
    assert!(
        found == expected,
        "{path} is out of date from line {line} on; FONDS_BLESS=1 cargo test --test it documents:: writes it"
    );
}

#[test]
fn every_code_is_unique_in_kebab_case_and_explained() {
    let mut seen = HashSet::new();
    for rule in rules::ALL {
        let kebab = rule.code.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        assert!(kebab, "{}", rule.code);
        assert!(seen.insert(rule.code), "{} stands twice", rule.code);
        assert!(rule.meaning.ends_with('.') && rule.meaning.len() > 15, "{}: {}", rule.code, rule.meaning);
        assert!(rule.level <= 5, "{}", rule.code);
        assert!(
            !rule.meaning.contains('|') && !rule.clause.contains('|'),
            "{} would break the table",
            rule.code
        );
    }
}

#[test]
fn the_list_of_findings_is_the_table_of_rules() {
    let mut text = "# Findings\n\n\
        Every finding that `fonds` reports has one of these codes; they are stable. The severity is the usual one: a\n\
        finding says its own. Errors make `fonds verify` exit with 1, warnings do with `--strict`. The level is the\n\
        step of the ladder that an error fails (0 structure, 1 digests, 2 complete, 3 signed, 4 timed, 5 witnessed).\n\n\
        This file is made from `src/finding/rules.rs` by the tests.\n\n\
        | code | severity | level | after | meaning |\n|---|---|---|---|---|\n"
        .to_owned();
    for rule in rules::ALL {
        let severity = format!("{:?}", rule.severity).to_lowercase();
        writeln!(
            text,
            "| `{}` | {severity} | {} | {} | {} |",
            rule.code, rule.level, rule.clause, rule.meaning
        )
        .unwrap();
    }
    assert_document("docs/findings.md", &text);
}

/// The commands that `fonds --help` lists.
fn commands(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|name| name != "help")
        .collect()
}

/// Those of a command that has commands of its own.
fn commands_of(help: &str) -> Vec<String> {
    if help.contains("\nCommands:\n") { commands(help) } else { Vec::new() }
}

#[test]
fn the_reference_of_the_command_line_is_its_help() {
    let help = fonds(["--help"]).expect(0).text().to_owned();
    let mut text = "# The command line\n\nThe help of every command, as `fonds COMMAND --help` prints it; made by the tests.\n\n\
        ## fonds\n\n```text\n"
        .to_owned();
    text.push_str(&help);
    text.push_str("```\n");
    let commands = commands(&help);
    assert!(
        ["archive", "verify", "extract", "ls", "cat"].iter().all(|c| commands.iter().any(|n| n == c)),
        "{help}"
    );
    for command in commands {
        let help = fonds([command.as_str(), "--help"]).expect(0);
        assert!(help.text().contains("Exit codes:"), "the help of {command} ends with the exit codes");
        write!(text, "\n## fonds {command}\n\n```text\n{}```\n", help.text()).unwrap();
        for inner in commands_of(help.text()) {
            let help = fonds([command.as_str(), &inner, "--help"]).expect(0);
            write!(text, "\n### fonds {command} {inner}\n\n```text\n{}```\n", help.text()).unwrap();
        }
    }
    let tidy: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_document("docs/cli.md", &tidy);
}

#[test]
fn help_and_version_are_results_and_no_command_is_a_usage_error() {
    assert!(fonds(["--version"]).expect(0).text().starts_with("fonds "));
    fonds(["help", "verify"]).expect(0);
    let none: [&str; 0] = [];
    let run = fonds(none).expect(2);
    assert!(run.stdout.is_empty() && run.stderr.contains("Usage: fonds"), "{}", run.stderr);
    fonds(["no-such-command"]).expect(2);
}
