//! A process that is killed, or interrupted.
