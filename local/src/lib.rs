//! Poolkeeper on one machine: the suite's defaults for the emulator, and the tour.

mod development_source;
mod suite;
pub mod tour;

pub use suite::{AUDIENCE, AppIssuer, Options, StartError, settings, start, workspace_root};
