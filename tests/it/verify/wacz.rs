//! The same attacks on a WACZ are told with the entry's name.
