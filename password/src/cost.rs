//! What a verification costs, and what it may cost.
//!
//! Times are estimates on the reference machine, one core of a 2-core x86-64 VM with SHA extensions on which
//! the constants of the families were measured, so that the same stored hash has the same cost everywhere.
//! `benches/password.rs` prints them beside the true times. A slower function passes a smaller
//! [`Budget::time`].

use std::time::Duration;

use super::error::Refused;

/// The price of one verification.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
    /// Estimated computing time on the reference machine.
    pub time: Duration,
    /// Working memory. Small fixed buffers count as nothing.
    pub memory_bytes: u64,
}

impl Cost {
    /// `units` of work at `nanoseconds` each, and no memory to speak of.
    pub(super) fn time(units: u64, nanoseconds: u64) -> Self {
        Self {
            time: Duration::from_nanos(units.saturating_mul(nanoseconds)),
            memory_bytes: 0,
        }
    }

    /// One after the other.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            time: self.time.saturating_add(other.time),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
        }
    }

    /// The same time, with working memory.
    pub(super) fn with_memory(self, memory_bytes: u64) -> Self {
        Self {
            memory_bytes,
            ..self
        }
    }
}

/// What one verification may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    /// Working memory that the hash may allocate.
    pub memory_bytes: u64,
    /// Computing time, in the unit of [`Cost::time`].
    pub time: Duration,
}

impl Budget {
    /// The budget of a function with this much memory and this much time left: half of the memory is
    /// the hash's, the rest belongs to the runtime, the SDK and the request.
    #[must_use]
    pub fn for_function(function_memory_bytes: u64, remaining: Duration) -> Self {
        Self {
            memory_bytes: function_memory_bytes / 2,
            time: remaining,
        }
    }

    /// # Errors
    /// [`Refused`] for the first limit that `cost` exceeds.
    pub(super) fn allow(&self, cost: Cost) -> Result<(), Refused> {
        if cost.memory_bytes > self.memory_bytes {
            return Err(Refused::MemoryOverBudget);
        }
        if cost.time > self.time {
            return Err(Refused::TimeOverBudget);
        }
        Ok(())
    }
}
