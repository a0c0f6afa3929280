//! What mending did, lost and left.

use serde::Serialize;

/// What became of a stretch of the input, or of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Bytes that belong to no record, or a record's own that there is no room for in its head, are not in the output.
    Lost,
    /// A record lost bytes; what there was of it is in the output.
    Cut,
    /// A record's bytes are not those that its digest was made of.
    Altered,
    /// Nothing tells whether a record in a damaged container is as it was.
    Doubtful,
    /// A record was put right, and nothing of it lost.
    Repaired,
    /// Bytes that carry nothing are not in the output: padding, line ends, empty members.
    Dropped,
    /// Something wrong that cannot be put right without inventing it.
    Left,
}

impl Kind {
    /// True where something was lost, or may have been.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::Lost | Self::Cut | Self::Altered | Self::Doubtful)
    }
}

/// What was changed in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Version line, line ends, names, repeats, brackets: how the head is written.
    Head,
    /// Content-Length.
    Length,
    /// The block is shorter than it was; WARC-Truncated says so.
    Block,
    /// A digest.
    Digest,
    /// WARC-Record-ID.
    Id,
    /// The record was one of an ARC.
    Arc,
}

impl Change {
    /// The word for it in Fonds-Mended.
    pub fn word(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Length => "length",
            Self::Block => "block",
            Self::Digest => "digest",
            Self::Id => "id",
            Self::Arc => "arc",
        }
    }
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is.
    pub kind: Kind,
    /// The input, as it was named.
    pub file: String,
    /// Byte offset in the input: of the stretch, or of the record (of its member).
    pub offset: u64,
    /// Offset in that member's content, for a stretch that lies inside a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner_offset: Option<u64>,
    /// Bytes of the stretch; of a record, the bytes of its block that are missing, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// WARC-Record-ID in the input, without brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// WARC-Record-ID in the output, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_record: Option<String>,
    /// What was changed in the record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// In words.
    pub message: String,
}

impl Note {
    pub(super) fn new(kind: Kind, offset: u64, message: impl Into<String>) -> Self {
        Self {
            kind,
            file: String::new(),
            offset,
            inner_offset: None,
            length: None,
            record: None,
            new_record: None,
            changes: Vec::new(),
            message: message.into(),
        }
    }
}

/// What there is to say of one input in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records written.
    pub records: u64,
    /// Of these, the ones with head and block byte for byte as they were.
    pub verbatim: u64,
    /// Bytes of the input that are not in the output: those that belong to no record, and what is omitted of heads.
    pub lost_bytes: u64,
    /// Notes that tell of a loss.
    pub losses: u64,
    /// Notes that tell of what is still wrong.
    pub left: u64,
    /// Bytes of the output.
    pub bytes: u64,
}
