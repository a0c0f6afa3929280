//! The report's shape, its formats, and the exit codes.
