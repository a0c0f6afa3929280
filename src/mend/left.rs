//! What is still wrong with a record as it was written.

use super::head;
use crate::warc::{Head, RecordType};

/// What would have to be invented, in words.
pub(super) fn invented(head: &Head) -> impl Iterator<Item = &'static str> {
    let revisit = head.record_type() == RecordType::Revisit;
    let continues = head.record_type() == RecordType::Continuation;
    let missing = |field| head.fields.get(field).is_none_or(str::is_empty);
    let total = head.fields.get("WARC-Segment-Total-Length");
    let wrong = [
        (head.fields.get("WARC-Type").is_none(), "the record has no WARC-Type"),
        (head.date().is_none(), "the record has no WARC-Date"),
        (head.date().is_some_and(|date| !head::is_date(date)), "WARC-Date is no date"),
        (has_bad_segment(head), "WARC-Segment-Number does not fit the record"),
        (total.is_some_and(|total| total.parse::<u64>().is_err()), "WARC-Segment-Total-Length is no length"),
        (continues && missing("WARC-Segment-Origin-ID"), "the segment has no WARC-Segment-Origin-ID"),
        (revisit && missing("WARC-Profile"), "the revisit has no WARC-Profile"),
        (needs_uri(&head.record_type()) && missing("WARC-Target-URI"), "the record has no WARC-Target-URI"),
    ];
    wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, message)| message)
}

fn needs_uri(record_type: &RecordType) -> bool {
    !matches!(record_type, RecordType::WarcInfo | RecordType::Metadata | RecordType::Unknown(_))
}

/// 1 on a first segment, more on those that continue it (WARC/1.1 §5.20).
fn has_bad_segment(head: &Head) -> bool {
    let number = head.fields.get("WARC-Segment-Number").map(|number| number.parse::<u64>().ok());
    match head.record_type() {
        RecordType::Continuation => number.flatten().is_none_or(|n| n < 2),
        _ => number.is_some_and(|number| number != Some(1)),
    }
}
