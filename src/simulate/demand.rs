//! What users ask for, and the children that orchestrator tasks make.

use serde_json::{Value, json};

use crate::simulate::kind::Kind;
use crate::simulate::plan::Era;
use crate::simulate::stamp;
use crate::simulate::task::{Fate, NewTask, Task, TaskNo};
use crate::simulate::world::{Act, Pool, World};

const PROMPTS: [&str; 8] = [
    "a fox in the snow",
    "portrait of an old sailor",
    "city at night, neon",
    "watercolor forest",
    "macro shot of dew",
    "slow dolly through a library",
    "paper boats on a river",
    "a lighthouse in fog",
];

/// How often users ask for a kind, in percent, with and without an API orchestrator.
const WISHES: [(Kind, usize); 6] = [
    (Kind::SingleImage, 34),
    (Kind::ImageEdit, 20),
    (Kind::WanI2v, 18),
    (Kind::ImageUpscale, 9),
    (Kind::TravelOrchestrator, 7),
    (Kind::QwenStyle, 12),
];

/// Tasks that wait for each worker the fleet may have, when users stop to ask for more: a queue that
/// only grows is no fleet's, and would take memory without end.
const PATIENCE: usize = 30;

impl World<'_> {
    /// A user creates a task, unless too many wait, and the next one is planned.
    pub(super) fn user_task(&mut self) {
        let mean_s = 3600.0 / self.plan.tasks_per_hour.max(0.01);
        let next = self.now + self.dice.wait(mean_s);
        self.at(next, Act::UserTask);
        let waiting = self.claimable(Pool::Gpu).len() + self.claimable(Pool::Api).len();
        if waiting >= PATIENCE * self.plan.workers as usize {
            return;
        }
        let kind = self.wish();
        let no = self.create(kind, None, "user");
        if let Some(task) = self.tasks.get_mut(&no)
            && !kind.is_orchestrator()
            && kind != Kind::QwenStyle
            && self.dice.chance(0.015)
        {
            task.fate = Fate::Fails { text: "No output generated", retried: false };
        }
    }

    fn wish(&mut self) -> Kind {
        loop {
            let mut at = self.dice.below(100);
            for (kind, share) in WISHES {
                if at < share && (kind != Kind::QwenStyle || self.era != Era::E4) {
                    return kind;
                }
                at = at.saturating_sub(share);
            }
        }
    }

    /// Creates a task, claimable at once unless it depends on another.
    pub(super) fn create(&mut self, kind: Kind, parent: Option<TaskNo>, by: &str) -> TaskNo {
        let no = self.next_task;
        self.next_task += 1;
        let user = self.users[self.dice.below(self.users.len())];
        let family = parent.and_then(|no| self.tasks.get(&no));
        let (project, user) =
            family.map_or((user.project, user.id), |task| (task.project, task.user));
        let new = NewTask {
            no,
            id: self.dice.uuid(),
            kind,
            project,
            user,
            params: self.params(kind),
            at: self.now,
            by: by.to_string(),
        };
        let mut task = Task::new(new);
        task.parent = parent;
        self.claimable(Pool::of(kind)).insert((task.created_at, no));
        self.tasks.insert(no, Box::new(task));
        no
    }

    fn params(&mut self, kind: Kind) -> Value {
        let prompt = PROMPTS[self.dice.below(PROMPTS.len())];
        let seed = self.dice.below(10_000_000);
        match kind {
            Kind::TravelOrchestrator => {
                let segments = 2 + self.dice.below(3);
                let run =
                    format!("{}{:03}", stamp::compact(self.now).replace('_', ""), seed % 1000);
                json!({
                    "tool_type": "travel-between-images",
                    "orchestrator_details": {
                        "run_id": run,
                        "prompt": prompt,
                        "model_name": "wan_2_2_vace_lightning_baseline_2_2_2",
                        "segment_frames": 81,
                        "num_new_segments_to_generate": segments,
                    },
                })
            }
            Kind::QwenStyle => json!({
                "seed": seed,
                "prompt": prompt,
                "resolution": "902x508",
                "style_reference_image": "https://example.invalid/s.png",
                "style_reference_strength": 1.1,
            }),
            Kind::SingleImage
            | Kind::ImageEdit
            | Kind::WanI2v
            | Kind::ImageUpscale
            | Kind::TravelSegment
            | Kind::TravelStitch => json!({
                "seed": seed,
                "prompt": prompt,
                "model_name": kind.model(),
                "resolution": "902x508",
                "num_inference_steps": 6 + self.dice.below(20),
            }),
        }
    }

    /// The segments of an orchestrator task, one after the other, and the stitch after the last.
    /// Returns how many segments there are, and 0 when they were made before.
    pub(super) fn create_children(&mut self, parent: TaskNo, by: &str) -> usize {
        let Some(orchestrator) = self.tasks.get(&parent) else { return 0 };
        if !orchestrator.children.is_empty() {
            return 0;
        }
        let details = &orchestrator.params["orchestrator_details"];
        let segments = details["num_new_segments_to_generate"].as_u64().unwrap_or(2) as usize;
        let (run, id) = (details["run_id"].clone(), orchestrator.id.to_string());
        let mut before = None;
        let mut children = Vec::new();
        for index in 0..=segments {
            let stitch = index == segments;
            let kind = if stitch { Kind::TravelStitch } else { Kind::TravelSegment };
            let no = self.create(kind, Some(parent), by);
            let key = (self.now, no);
            let Some(task) = self.tasks.get_mut(&no) else { continue };
            if let Value::Object(params) = &mut task.params {
                params.insert("orchestrator_task_id_ref".into(), json!(id));
                params.insert("orchestrator_run_id".into(), run.clone());
                params.insert("segment_index".into(), json!(index));
            }
            // stitches wait for the last segment, every second segment for the one before it
            if let Some(before) = before.filter(|_| stitch || index % 2 == 1) {
                task.depends_on = Some(before);
                task.blocked = true;
                self.claimable(Pool::Gpu).remove(&key);
            }
            before = self.tasks.get(&no).map(|task| (no, task.id));
            children.push(no);
        }
        if let Some(orchestrator) = self.tasks.get_mut(&parent) {
            orchestrator.children = children;
        }
        segments
    }
}
