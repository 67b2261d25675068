//! What libprocession-sim.so asks: it takes calls of the C library over, and makes those of threads in a run switches, waits and wakes.
//!
//! It gets a table of functions, which is not in the header, and of which nothing is promised: `sim/table.h` has the same. Each is called
//! by a thread of a run, under no lock of the library, but for `is_here`, `wake`, `set_host` and `follow`.

use std::ffi::{c_char, c_int, c_void};

use crate::base::world::{self, World};
use crate::simulate::guests::{self, Guest, Host};
use crate::simulate::journal::{self, Journal};

#[repr(C)]
struct Table {
    size: usize,
    is_here: extern "C" fn() -> bool,
    is_wrecked: extern "C" fn() -> bool,
    switch: extern "C" fn(),
    wait: extern "C" fn(*const c_void, u64),
    wake: extern "C" fn(*const c_void),
    early_wake: extern "C" fn() -> u64,
    spins: extern "C" fn() -> bool,
    passed: extern "C" fn() -> u64,
    random: extern "C" fn() -> u64,
    number_of: extern "C" fn(c_int) -> c_int,
    invite: extern "C" fn() -> *mut Guest,
    begin: unsafe extern "C" fn(*const Guest, c_int),
    end: unsafe extern "C" fn(*mut Guest),
    retract: unsafe extern "C" fn(*mut Guest),
    set_host: extern "C" fn(Waits, OnFailure),
    follow: unsafe extern "C" fn(*const Journal),
}

/// Writes what threads wait for in calls that were taken over, and a zero, to a place of that size.
type Waits = extern "C" fn(*mut c_char, usize);
/// A run has failed; the text is of that length.
type OnFailure = extern "C" fn(*const c_char, usize);

static TABLE: Table = Table {
    size: size_of::<Table>(),
    is_here,
    is_wrecked,
    switch,
    wait,
    wake,
    early_wake,
    spins,
    passed,
    random,
    number_of,
    invite,
    begin,
    end,
    retract,
    set_host,
    follow,
};

#[unsafe(no_mangle)]
extern "C" fn procession_private_simulation() -> *const c_void {
    (&raw const TABLE).cast()
}

extern "C" fn is_here() -> bool {
    world::is_here()
}

extern "C" fn is_wrecked() -> bool {
    world::is_wrecked()
}

extern "C" fn switch() {
    world::switch();
}

/// Until it is woken, or the run has lasted so long; `u64::MAX`: it may last for ever.
extern "C" fn wait(at: *const c_void, until: u64) {
    let end = Some(until).filter(|until| *until != u64::MAX);
    if let Some(here) = world::here() {
        world::wait_at(here, at.addr(), end.and_then(world::moment), || ());
    }
}

extern "C" fn wake(at: *const c_void) {
    world::wake(at.addr(), true);
}

/// When a wait that begins now wakes for no reason; `u64::MAX`: it does not.
extern "C" fn early_wake() -> u64 {
    guests::early_wake().unwrap_or(u64::MAX)
}

extern "C" fn spins() -> bool {
    guests::spins()
}

extern "C" fn passed() -> u64 {
    world::passed().unwrap_or(0)
}

extern "C" fn random() -> u64 {
    world::here().map_or(0, World::random)
}

/// The number in the run of that thread of the kernel's; -1: it has none.
extern "C" fn number_of(thread: c_int) -> c_int {
    let number = guests::number_of(thread);
    number.map_or(-1, |number| number as c_int)
}

/// NULL: the run is over.
extern "C" fn invite() -> *mut Guest {
    Guest::invite().map_or(std::ptr::null_mut(), |guest| Box::into_raw(Box::new(guest)))
}

unsafe extern "C" fn begin(guest: *const Guest, thread: c_int) {
    // SAFETY: `invite` has made it, and it is there until `end`.
    unsafe { &*guest }.begin(thread);
}

unsafe extern "C" fn end(guest: *mut Guest) {
    // SAFETY: as above, and the caller hands it over.
    unsafe { Box::from_raw(guest) }.end();
}

unsafe extern "C" fn retract(guest: *mut Guest) {
    // SAFETY: as above.
    unsafe { Box::from_raw(guest) }.retract();
}

unsafe extern "C" fn follow(journal: *const Journal) {
    // SAFETY: it is mapped until the process ends, and what is in it are numbers.
    journal::follow(unsafe { &*journal });
}

extern "C" fn set_host(waits: Waits, on_failure: OnFailure) {
    guests::set_host(Host {
        waits: Box::new(move || read_waits(waits)),
        on_failure: Box::new(move |text| on_failure(text.as_ptr().cast(), text.len())),
    });
}

fn read_waits(waits: Waits) -> String {
    let mut text = vec![0_u8; 16_384];
    waits(text.as_mut_ptr().cast(), text.len());
    let length = text.iter().position(|byte| *byte == 0).unwrap_or(0);
    String::from_utf8_lossy(&text[..length]).into_owned()
}
