//! What holds for every policy and every caller, not for examples of them.

mod policies;
mod session_policies;
