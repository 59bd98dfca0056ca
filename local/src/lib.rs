//! Poolkeeper on one machine: the suite's defaults for the emulator, and the tour.

mod suite;
pub mod tour;

pub use suite::{AUDIENCE, Options, StartError, settings, start, workspace_root};
