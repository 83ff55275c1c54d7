//! What a row says beside its message: its metadata.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::model::attribute::Attribute;
use crate::model::id::WorkerId;

/// What every source may say in its metadata: where in the code, and which worker.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// `module:function:line`.
    pub(super) call_site: Option<Arc<str>>,
    /// The worker.
    pub(super) worker: Option<WorkerId>,
}

impl Said {
    /// Metadata of other shapes says nothing of it.
    pub(super) fn of(metadata: &str) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Read<'a> {
            #[serde(borrow)]
            module: Option<Cow<'a, str>>,
            #[serde(borrow, rename = "funcName")]
            function: Option<Cow<'a, str>>,
            lineno: Option<i64>,
            #[serde(borrow)]
            worker_id: Option<Cow<'a, str>>,
        }
        let read: Read<'_> = serde_json::from_str(metadata).unwrap_or_default();
        let site = || {
            let (module, function) = (read.module.as_ref()?, read.function.as_ref()?);
            Some(format!("{module}:{function}:{}", read.lineno?).into())
        };
        Self { call_site: site(), worker: read.worker_id.map(|id| WorkerId::from(&*id)) }
    }
}

/// What edge functions say in their metadata: texts, never the output's URL.
pub(super) fn edge_attributes(function: &Arc<str>, metadata: &str) -> Vec<(Arc<str>, Attribute)> {
    /// Kept for good: all rows share them.
    static FUNCTION: LazyLock<Arc<str>> = LazyLock::new(|| "function".into());
    static WANTED: LazyLock<[Arc<str>; 7]> = LazyLock::new(|| {
        ["status", "new_status", "old_status", "task_type", "reason", "mode", "run_type"]
            .map(Arc::from)
    });
    let mut found = vec![(FUNCTION.clone(), Attribute::Text(function.clone()))];
    let metadata: serde_json::Value = serde_json::from_str(metadata).unwrap_or_default();
    for key in WANTED.iter() {
        if let Some(text) = metadata.get(&**key).and_then(serde_json::Value::as_str) {
            found.push((key.clone(), Attribute::Text(text.into())));
        }
    }
    found
}
