//! One request to Graph.

/// How urgent a request is (`x-ms-throttle-priority`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// A person waits for it.
    High,
    /// A due rotation.
    #[default]
    Normal,
    /// Checks that may wait.
    Low,
}

/// Graph, as whoever lent it a token.
#[derive(Clone, Copy)]
pub struct Graph<'a> {
    priority: Priority,
    _p: std::marker::PhantomData<&'a ()>,
}

impl Graph<'_> {
    /// The same with another priority.
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self { Self { priority, ..self } }
}
