//! What a verification costs, and what it may cost.
//!
//! Times are estimates on the reference machine, one core of a 2-core x86-64 VM with SHA extensions on which
//! the constants of the families were measured, so that the same stored hash has the same cost everywhere.
//! `benches/against_originals.rs` prints them beside the true times. A Lambda function has less than a core where it has
//! little memory: [`FunctionMemory`] converts.

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
    /// The same work in a Lambda function of this memory: the estimated time on its share of a core.
    #[must_use]
    pub fn on(self, memory: FunctionMemory) -> Self {
        Self {
            time: memory.wall_time(self.time),
            ..self
        }
    }

    /// `units` of work at `nanoseconds` each, and no memory to speak of.
    pub(crate) fn time(units: u64, nanoseconds: u64) -> Self {
        Self {
            time: Duration::from_nanos(units.saturating_mul(nanoseconds)),
            memory_bytes: 0,
        }
    }

    /// One after the other.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            time: self.time.saturating_add(other.time),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
        }
    }

    /// The same time, with working memory.
    pub(crate) fn with_memory(self, memory_bytes: u64) -> Self {
        Self {
            memory_bytes,
            ..self
        }
    }
}

/// The memory of a Lambda function, which also decides its share of a core: Lambda allocates CPU power in
/// proportion to memory, and a function with 1769 MB has the equivalent of one vCPU (AWS Lambda Developer Guide,
/// "Configure Lambda function memory"). A verification computes on one core, so more memory makes it no faster.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FunctionMemory {
    megabytes: u64,
}

impl FunctionMemory {
    /// The memory with which a function has one core.
    pub const ONE_CORE: Self = Self { megabytes: 1769 };

    /// From `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, which is in MB of 1024 × 1024 bytes. Lambda has no function below
    /// 128 MB; smaller numbers count as one MB at least, so that nothing divides by zero.
    #[must_use]
    pub fn from_megabytes(megabytes: u64) -> Self {
        Self {
            megabytes: megabytes.max(1),
        }
    }

    /// In bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        self.megabytes.saturating_mul(1024 * 1024)
    }

    /// How long this much computing on the reference machine takes in the function.
    #[must_use]
    pub fn wall_time(self, reference: Duration) -> Duration {
        let (share, core) = self.share();
        scale(reference, core, share)
    }

    /// How much computing on the reference machine this much time in the function is worth.
    #[must_use]
    pub fn reference_time(self, wall: Duration) -> Duration {
        let (share, core) = self.share();
        scale(wall, share, core)
    }

    fn share(self) -> (u64, u64) {
        let core = Self::ONE_CORE.megabytes;
        (self.megabytes.min(core), core)
    }
}

fn scale(time: Duration, by: u64, of: u64) -> Duration {
    let nanoseconds = time.as_nanos().saturating_mul(by.into()) / u128::from(of.max(1));
    u64::try_from(nanoseconds).map_or(Duration::MAX, Duration::from_nanos)
}

/// What one verification may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    /// Working memory that the hash may allocate.
    pub memory_bytes: u64,
    /// Computing time on the reference machine, the unit of [`Cost::time`].
    pub time: Duration,
}

impl Budget {
    /// The budget of a function with this much memory and this much time left.
    ///
    /// Half of the memory is the hash's; the rest belongs to the runtime, the SDK and the request. Of the time, a
    /// fifth is kept: nothing stops a computation once it runs, and one that takes longer than estimated would
    /// otherwise run on into the next invocation of the same environment.
    #[must_use]
    pub fn for_function(memory: FunctionMemory, remaining: Duration) -> Self {
        Self {
            memory_bytes: memory.bytes() / 2,
            time: scale(memory.reference_time(remaining), 4, 5),
        }
    }

    /// # Errors
    /// [`Refused`] for the first limit that `cost` exceeds.
    pub(crate) fn allow(&self, cost: Cost) -> Result<(), Refused> {
        if cost.memory_bytes > self.memory_bytes {
            return Err(Refused::MemoryOverBudget);
        }
        if cost.time > self.time {
            return Err(Refused::TimeOverBudget);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_function_has_its_share_of_a_core_and_never_more_than_one() {
        let times = |megabytes| {
            let memory = FunctionMemory::from_megabytes(megabytes);
            (memory.wall_time(SECOND), memory.reference_time(SECOND))
        };
        assert_eq!(times(1769), (SECOND, SECOND));
        assert_eq!(times(10_240), (SECOND, SECOND));
        assert_eq!(
            times(128),
            (
                Duration::from_nanos(13_820_312_500),
                Duration::from_nanos(72_357_263)
            )
        );
        assert!(times(0).0 > SECOND);
    }

    #[test]
    fn a_verification_that_cannot_end_in_the_time_left_is_not_begun() {
        // bcrypt of cost 12: 0.7 s on one core.
        let cost = Cost::time(1 << 12, 170_000);
        let allow = |megabytes, seconds| {
            let memory = FunctionMemory::from_megabytes(megabytes);
            Budget::for_function(memory, Duration::from_secs(seconds)).allow(cost)
        };
        assert_eq!(allow(1769, 4), Ok(()));
        assert_eq!(allow(128, 4), Err(Refused::TimeOverBudget));
        // Estimated at 9.6 s there: ten would do, were every machine the reference machine.
        assert_eq!(allow(128, 10), Err(Refused::TimeOverBudget));
        assert_eq!(allow(128, 13), Ok(()));
    }
}
