//! What sort of thing `tasks.output_location` holds: told before a redaction hides it.

/// The classes of domain/worker-app.md 2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputClass {
    /// A URL of the project's own storage.
    StorageUrl,
    /// Any other URL: the provider's, as a fallback.
    ExternalUrl,
    /// JSON that names a URL.
    JsonWithUrl,
    /// JSON without one.
    Json,
    /// The progress of an orchestrator task.
    Progress,
    /// Any other text, mostly an error.
    Text,
}

impl OutputClass {
    const ALL: [Self; 6] = [
        Self::StorageUrl,
        Self::ExternalUrl,
        Self::JsonWithUrl,
        Self::Json,
        Self::Progress,
        Self::Text,
    ];

    /// The class of a value; none when it is empty.
    pub fn of(output: &str) -> Option<Self> {
        // domain/worker-app.md 2.4: what orchestrator tasks write while and when they enqueue
        const PROGRESS: [&str; 4] = [
            "Successfully enqueued ",
            "[IDEMPOTENT]",
            "[ORCHESTRATOR_COMPLETE]",
            "Completed via idempotency",
        ];
        let url = output.starts_with("http://") || output.starts_with("https://");
        Some(match output {
            "" => return None,
            // Supabase's storage, public or signed
            _ if url && output.contains(".supabase.co/storage/") => Self::StorageUrl,
            _ if url => Self::ExternalUrl,
            _ if output.starts_with('{') && output.contains("http") => Self::JsonWithUrl,
            _ if output.starts_with('{') => Self::Json,
            _ if PROGRESS.iter().any(|start| output.starts_with(start)) => Self::Progress,
            _ => Self::Text,
        })
    }

    /// The word in the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::StorageUrl => "storage_url",
            Self::ExternalUrl => "external_url",
            Self::JsonWithUrl => "json_with_url",
            Self::Json => "json",
            Self::Progress => "progress",
            Self::Text => "text",
        }
    }

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Whether there is something to fetch.
    pub fn is_output(self) -> bool {
        matches!(self, Self::StorageUrl | Self::ExternalUrl | Self::JsonWithUrl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_form() {
        for (output, class) in [
            (
                "https://a.supabase.co/storage/v1/object/public/image_uploads/u/x.png",
                OutputClass::StorageUrl,
            ),
            ("https://cdn.example.com/x.png", OutputClass::ExternalUrl),
            (r#"{"output": "https://x/y.mp4"}"#, OutputClass::JsonWithUrl),
            (r#"{"fps": 16}"#, OutputClass::Json),
            ("Successfully enqueued 4 new segment tasks for run 1.", OutputClass::Progress),
            ("[EDGE_FAIL:complete_task:HTTP_500] boom", OutputClass::Text),
        ] {
            assert_eq!(OutputClass::of(output), Some(class), "{output}");
            assert_eq!(OutputClass::from_name(class.name()), Some(class));
        }
        assert_eq!(OutputClass::of(""), None);
    }
}
