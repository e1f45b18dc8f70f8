//! Pacing.
pub(crate) struct Pace {}
impl Pace { pub(crate) fn new() -> Self { Self {} } }
