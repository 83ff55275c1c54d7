//! Where in the orchestrators' code a line comes from, as `metadata` tells it.

/// Module, function and line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    module: &'static str,
    function: &'static str,
    line: u32,
}

impl Site {
    pub(super) const fn new(module: &'static str, function: &'static str, line: u32) -> Self {
        Self { module, function, line }
    }

    /// The JSON of a row, its keys in the order in which jsonb keeps them.
    pub(super) fn metadata(self, package: &str, thread: u64) -> String {
        let Self { module, function, line } = self;
        format!(
            "{{\"lineno\": {line}, \"module\": \"{module}\", \"thread\": {thread}, \"funcName\": \"{function}\", \"pathname\": \"/app/{package}/{module}.py\", \"threadName\": \"MainThread\"}}"
        )
    }
}
