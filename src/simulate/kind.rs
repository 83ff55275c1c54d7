//! The kinds of tasks that a simulated user asks for.

use crate::simulate::plan::Era;

/// What a task asks for (`domain/worker-app.md` section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    SingleImage,
    ImageEdit,
    WanI2v,
    ImageUpscale,
    QwenStyle,
    TravelOrchestrator,
    TravelSegment,
    TravelStitch,
}

impl Kind {
    pub(super) const ALL: [Self; 8] = [
        Self::SingleImage,
        Self::ImageEdit,
        Self::WanI2v,
        Self::ImageUpscale,
        Self::QwenStyle,
        Self::TravelOrchestrator,
        Self::TravelSegment,
        Self::TravelStitch,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SingleImage => "single_image",
            Self::ImageEdit => "image_edit",
            Self::WanI2v => "wan_2_2_i2v",
            Self::ImageUpscale => "image_upscale",
            Self::QwenStyle => "qwen_image_style",
            Self::TravelOrchestrator => "travel_orchestrator",
            Self::TravelSegment => "travel_segment",
            Self::TravelStitch => "travel_stitch",
        }
    }

    /// The model a worker has to load for it.
    pub(super) fn model(self) -> Option<&'static str> {
        match self {
            Self::SingleImage => Some("qwen_image_20B"),
            Self::ImageEdit => Some("qwen_image_edit_20B"),
            Self::WanI2v => Some("wan_2_2_i2v_lightning_baseline_3_3"),
            Self::TravelSegment => Some("wan_2_2_vace_lightning_baseline_2_2_2"),
            Self::ImageUpscale
            | Self::QwenStyle
            | Self::TravelOrchestrator
            | Self::TravelStitch => None,
        }
    }

    /// Median seconds of work once the model is there.
    pub(super) fn work_s(self) -> f64 {
        match self {
            Self::SingleImage => 45.0,
            Self::ImageEdit => 50.0,
            Self::WanI2v => 150.0,
            Self::ImageUpscale => 12.0,
            Self::QwenStyle => 22.0,
            Self::TravelOrchestrator => 1.0,
            Self::TravelSegment => 140.0,
            Self::TravelStitch => 22.0,
        }
    }

    pub(super) fn is_video(self) -> bool {
        match self {
            Self::WanI2v | Self::TravelOrchestrator | Self::TravelSegment | Self::TravelStitch => {
                true
            }
            Self::SingleImage | Self::ImageEdit | Self::ImageUpscale | Self::QwenStyle => false,
        }
    }

    pub(super) fn category(self) -> &'static str {
        match self {
            Self::SingleImage | Self::ImageEdit | Self::WanI2v | Self::QwenStyle => "generation",
            Self::ImageUpscale | Self::TravelSegment | Self::TravelStitch => "processing",
            Self::TravelOrchestrator => "orchestration",
        }
    }

    pub(super) fn is_orchestrator(self) -> bool {
        self == Self::TravelOrchestrator
    }

    pub(super) fn run_type(self) -> &'static str {
        if self == Self::QwenStyle { "api" } else { "gpu" }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::QwenStyle => "jpeg",
            Self::SingleImage | Self::ImageEdit | Self::ImageUpscale => "png",
            Self::WanI2v | Self::TravelOrchestrator | Self::TravelSegment | Self::TravelStitch => {
                "mp4"
            }
        }
    }

    /// Whether `complete_task` makes a generation (`domain/worker-app.md` section 3.2: F0 for E4, F2
    /// for E6, F6 for E12).
    pub(super) fn gets_generation(self, era: Era) -> bool {
        match era {
            Era::E4 => self.category() == "generation",
            Era::E6 | Era::E12 => !self.is_orchestrator(),
        }
    }
}
