//! Ids as the source spells them.

use std::fmt;
use std::sync::Arc;

/// Declares one kind of id.
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_type!(
    /// A worker, as `workers.id` spells it; also its pod's name.
    WorkerId
);
id_type!(
    /// A task, as `tasks.id` spells it.
    TaskId
);
id_type!(
    /// A pod, as the cloud names it (`metadata.runpod_id`).
    PodId
);
id_type!(
    /// One orchestrator process: `source_id` and a number from 1.
    RunId
);
id_type!(
    /// An event: a uuid v5 of its primary evidence.
    EventId
);
