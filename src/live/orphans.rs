//! Where those processes belong that are inside of nothing on their thread: jobs and tasks by hand where they were
//! started, and a run in a task of another thread inside of that task.

use std::collections::HashMap;

use super::process::Process;
use super::tree::Live;
use crate::base::common::{Common, Known};
use crate::engine::start_site::{By, StartSite};
use crate::scope::cancel::Node;
use crate::scope::task_run::TaskRun;

/// Who of those that were seen has what, by its address. (All that is looked for is known to somebody, so that
/// nothing else has its address.)
struct Owners {
    /// A handle: the outermost process that runs in it.
    handles: HashMap<*const Node, usize>,
    /// A task.
    tasks: HashMap<*const TaskRun, usize>,
}

impl Live {
    pub(super) fn place_orphans(&mut self) {
        let owners = Owners::of(&self.processes);
        for number in self.roots() {
            let places = self.places(&owners, &self.processes[number]);
            // D3
            let place = places
                .into_iter()
                .find(|place| !self.is_inside(*place, number));
            self.put(number, place);
        }
    }

    /// Where it may be put, the best place first: where the handle belongs that it was given, or who started
    /// it, if that is there; then what is around who started it; then the task that it is in.
    fn places(&self, owners: &Owners, process: &Process) -> Vec<usize> {
        let mut places = Vec::new();
        if let Some(site) = &process.start_site {
            let StartSite { under, by } = site;
            if let Some(under) = under {
                self.climb(owners, under, by.as_ref(), &mut places);
            }
            if let Some(by) = by {
                places.extend(self.callbacks.get(&by.callback));
                self.climb(owners, &by.handle, None, &mut places);
            }
        }
        let around = TaskRun::around(process.task.as_ref());
        places.extend(around.filter_map(|task| owners.tasks.get(&Common::as_ptr(task))));
        places
    }

    /// Adds the owners of a handle and of those above it. Of what a callback starts under the handle that it runs
    /// in, that is the callback.
    fn climb(&self, owners: &Owners, from: &Known<Node>, by: Option<&By>, places: &mut Vec<usize>) {
        let (mut address, mut node) = (from.as_ptr(), from.upgrade());
        loop {
            if let Some(by) = by.filter(|by| by.handle.as_ptr() == address) {
                places.extend(self.callbacks.get(&by.callback));
            }
            places.extend(owners.handles.get(&address));
            let Some(above) = node.and_then(|node| node.above()) else {
                return;
            };
            (address, node) = (Common::as_ptr(&above), Some(above));
        }
    }

    /// Whether one process is another, or inside of it at any depth.
    fn is_inside(&self, inner: usize, outer: usize) -> bool {
        let mut around =
            std::iter::successors(Some(inner), |number| self.processes[*number].inside);
        around.any(|number| number == outer)
    }
}

impl Owners {
    fn of(processes: &[Process]) -> Owners {
        let mut owners = Owners {
            handles: HashMap::new(),
            tasks: HashMap::new(),
        };
        // A task by hand comes before what runs under its handle.
        let is_by_hand = |(_, process): &(usize, &Process)| process.thread.is_none();
        let all = || processes.iter().enumerate();
        let (by_hand, others) = (all().filter(is_by_hand), all().filter(|it| !is_by_hand(it)));
        for (number, process) in by_hand.chain(others) {
            if let Some(handle) = process.own_handle(processes) {
                owners.handles.entry(handle).or_insert(number);
            }
            if let Some(task) = process.own_task() {
                owners.tasks.entry(Common::as_ptr(task)).or_insert(number);
            }
        }
        owners
    }
}

impl Process {
    /// The handle that it runs in, unless that is the one of what is around it, or was given to a job.
    fn own_handle(&self, processes: &[Process]) -> Option<*const Node> {
        let handle = self.handle.as_ref()?.as_ptr();
        let around = self
            .inside
            .and_then(|inside| processes[inside].handle.as_ref());
        let is_given =
            |site: &StartSite| (site.under.as_ref()).is_some_and(|under| under.as_ptr() == handle);
        let is_another = around.is_some_and(|around| around.as_ptr() == handle)
            || self.start_site.as_ref().is_some_and(is_given);
        (!is_another).then_some(handle)
    }
}
