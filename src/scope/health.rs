//! Whether the program is healthy: nobody who vouches for himself is late.
//!
//! A service that does its work comes by again and again, and says for how long that holds. When a lock-order deadlock holds it up,
//! nobody says so any more. The watchdog's beat depends on that, and so may what a load balancer is told.
//!
//! Invariants:
//! - **HE1 within their time.** The program is healthy while nobody who vouches is past the moment up to which he does.
//! - **HE2 over is over.** A service that has ended does not vouch any more, nor does anybody once his `proc_main` has completed.

use std::collections::BTreeMap;

use crate::base::clock::{self, Duration, Instant};
use crate::base::common::{Common, Known};
use crate::base::sync::{Mutex, MutexGuard};
use crate::base::world::per_world;
use crate::scope::cancel::Cancel;
use crate::scope::drain::Main;
use crate::scope::task_run::TaskRun;

per_world!(VOUCHING: Mutex<Vouching> = Mutex::new(Vouching::NONE));

/// Who vouches in the present run of `proc_main`.
pub(crate) struct Vouching {
    main: Main,
    /// Up to when the program does, outside of its services.
    program: Option<Instant>,
    /// The services, by the numbers of their runs.
    services: BTreeMap<u64, Voucher>,
    /// Who is told that one that was late is not any more.
    on_recovery: fn(),
}

struct Voucher {
    /// It is not kept for this.
    service: Known<TaskRun>,
    until: Instant,
}

/// Somebody who vouches, and is late.
pub(crate) struct Late {
    /// `None`: the program.
    pub(crate) service: Option<Common<TaskRun>>,
    pub(crate) by: Duration,
}

impl Voucher {
    fn has_ended(&self) -> bool {
        self.service
            .upgrade()
            .is_none_or(|service| service.has_ended())
    }
}

impl Vouching {
    const NONE: Vouching = Vouching {
        main: 0,
        program: None,
        services: BTreeMap::new(),
        on_recovery: || (),
    };

    /// Tells up to when it did before.
    fn vouch(
        &mut self,
        service: Option<&Common<TaskRun>>,
        until: Option<Instant>,
    ) -> Option<Instant> {
        let Some(service) = service else {
            return std::mem::replace(&mut self.program, until);
        };
        let Some(until) = until else {
            return Some(self.services.remove(&service.id())?.until);
        };
        if service.has_ended() {
            return None; // HE2
        }
        let voucher = Voucher {
            service: Common::downgrade(service),
            until,
        };
        let before = self.services.insert(service.id(), voucher);
        if before.is_none() {
            self.forget_ended();
        }
        Some(before?.until)
    }

    /// Whether all are within their time (HE1).
    fn is_healthy(&mut self) -> bool {
        if self
            .services
            .values()
            .any(|voucher| clock::has_come(voucher.until))
        {
            self.forget_ended();
        }
        let services = self.services.values().map(|voucher| voucher.until);
        !services.chain(self.program).any(clock::has_come)
    }

    fn forget_ended(&mut self) {
        self.services.retain(|_, voucher| !voucher.has_ended());
    }
}

/// Begins to listen to that run of `proc_main`. Who is told is told under the lock of this room.
pub(crate) fn begin(main: Main, on_recovery: fn()) {
    *VOUCHING.lock() = Vouching {
        main,
        on_recovery,
        ..Vouching::NONE
    };
}

pub(crate) fn end() {
    *VOUCHING.lock() = Vouching::NONE;
}

/// The innermost service that the handle is in vouches for itself up to that moment, or, if it is in none, the program does. `None`:
/// it does not any more.
pub(crate) fn vouch(cancel: &Cancel, until: Option<Instant>) {
    let service = TaskRun::innermost_service(cancel.task());
    let mut vouching = VOUCHING.lock();
    if cancel.main() == 0 || vouching.main != cancel.main() {
        return;
    }
    if vouching.vouch(service, until).is_some_and(clock::has_come) {
        (vouching.on_recovery)();
    }
}

/// Whether all who vouch are within their time.
pub(crate) fn is_healthy() -> bool {
    VOUCHING.lock().is_healthy()
}

/// Who is late.
pub(crate) fn late() -> Vec<Late> {
    let late = |service, until: Instant| {
        let by = clock::now().saturating_duration_since(until);
        clock::has_come(until).then_some(Late { service, by })
    };
    let mut vouching = VOUCHING.lock();
    vouching.forget_ended();
    let program = vouching.program.and_then(|until| late(None, until));
    let services = vouching.services.values();
    let services = services.filter_map(|voucher| late(voucher.service.upgrade(), voucher.until));
    program.into_iter().chain(services).collect()
}

/// The lock of this room, held across a `fork`.
pub(crate) type Held = MutexGuard<'static, Vouching>;

pub(crate) fn hold() -> Held {
    VOUCHING.lock()
}

/// In a child of `fork`: no `proc_main` runs there.
pub(crate) fn forget(mut held: Held) {
    *held = Vouching::NONE;
}
