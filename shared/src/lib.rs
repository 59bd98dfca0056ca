//! What two or more functions use.
