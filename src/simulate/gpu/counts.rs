//! Demand, as the counts call answers it and the orchestrator repeats it (G20 to G30).

use std::collections::BTreeMap;

use crate::simulate::gpu::Counts;
use crate::simulate::gpu::cycle::CYCLE;
use crate::simulate::log_file::Level;
use crate::simulate::plan::Era;
use crate::simulate::site::Site;
use crate::simulate::task::{Status, Task};
use crate::simulate::world::{Pool, World};

const CALL: Site = Site::new("database", "get_detailed_task_counts_via_edge_function", 116);

const KEYS: &str = "['mode', 'timestamp', 'run_type_filter', 'totals', 'queued_tasks', 'active_tasks', 'global_task_breakdown', 'users', 'recent_tasks']";

impl World<'_> {
    /// The counts call has answered.
    pub(super) fn counts(&mut self) -> (f64, f64) {
        let queued = self.claimable(Pool::Gpu).len();
        let cloud =
            |task: &Task| task.status == Status::InProgress && Pool::of(task.kind) == Pool::Gpu;
        let running = self.tasks.values().filter(|task| cloud(task)).count();
        let orchestrators =
            self.tasks.values().filter(|task| cloud(task) && task.kind.is_orchestrator()).count();
        let active = running - orchestrators;
        self.gpu.counts = Counts { queued, active };
        let total = queued + active;
        let mut dict = format!(
            "{{'queued_only': {queued}, 'active_only': {active}, 'queued_plus_active': {total}"
        );
        if self.era == Era::E12 {
            dict.push_str(&format!(
                ", 'blocked_by_capacity': 0, 'blocked_by_deps': 0, 'blocked_by_settings': 0, 'potentially_claimable': {queued}"
            ));
        }
        dict.push('}');
        self.gpu_info(
            CALL,
            format_args!("✅ Task counts endpoint returned detailed breakdown: {dict}"),
        );
        self.gpu_info(CALL, format_args!("🔍 EDGE_FUNCTION_DEBUG Full response keys: {KEYS}"));
        let cycle = self.gpu.cycle;
        if self.era == Era::E12 {
            self.gpu_info(CALL, format_args!("🔍 EDGE_FUNCTION_DEBUG Totals: {dict}"));
            let text = format_args!(
                "✅ New edge function breakdown: queued_only={queued}, capacity_blocked=0, deps_blocked=0, settings_blocked=0, potentially_claimable={queued}"
            );
            self.gpu_info(CALL, text);
            let site = Site::new("control_loop", "_fetch_current_state", 236);
            self.gpu_info(site, format_args!("Cycle #{cycle}: scaling={queued} active={active}"));
            return (0.1, 0.3);
        }
        self.gpu_info(
            CALL,
            format_args!(
                "🔍 EDGE_FUNCTION_DEBUG User totals: {queued} queued, {running} in progress"
            ),
        );
        self.gpu_info(
            CALL,
            format_args!("🔍 EDGE_FUNCTION_DEBUG Totals from Edge Function: {dict}"),
        );
        let text = format_args!(
            "🔢 TASK COUNT (Cycle #{cycle}): Queued={queued}, Active={active}, Total={total}"
        );
        self.gpu_line(CYCLE, Level::Critical, None, text);
        self.breakdown(running, orchestrators);
        let (spawning, workers) = (self.spawning().len(), self.in_status(&["active"]).len());
        let text = format_args!(
            "Current state: {spawning} spawning, {workers} active, 0 terminating, {total} total tasks ({queued} queued)"
        );
        self.gpu_info(CYCLE, text);
        (0.1, 0.4)
    }

    /// G29, E1 to E6.
    fn breakdown(&mut self, running: usize, orchestrators: usize) {
        let Counts { queued, active } = self.gpu.counts;
        self.gpu_info(CYCLE, format_args!("📊 DETAILED TASK BREAKDOWN:"));
        for (what, count) in [
            ("Queued only", queued),
            ("Active (cloud-claimed)", active),
            ("Total (queued + active)", queued + active),
            ("In Progress (total)", running),
            ("In Progress (cloud)", running),
            ("In Progress (local)", 0),
            ("Orchestrator tasks", orchestrators),
            ("Users with tasks", self.users.len()),
        ] {
            self.gpu_info(CYCLE, format_args!("   • {what}: {count}"));
        }
        let mut by_user = BTreeMap::new();
        let waiting: Vec<_> = self.claimable(Pool::Gpu).iter().map(|(_, no)| *no).collect();
        for no in waiting {
            if let Some(task) = self.tasks.get(&no) {
                *by_user.entry(task.user).or_insert(0) += 1;
            }
        }
        for (user, queued) in by_user.into_iter().take(3) {
            let text =
                format_args!("   • User {user}: {queued} queued, 0 in progress (under limit)");
            self.gpu_info(CYCLE, text);
        }
    }
}
