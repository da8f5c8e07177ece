//! The system's allocator, counted.
//!
//! The counters are plain thread-local cells: three instructions for an allocation and its release together,
//! where atomics would take longer than much of what is measured. All measuring happens on one thread.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ops::Sub,
};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static TAKEN: Cell<u64> = const { Cell::new(0) };
    static FREED: Cell<u64> = const { Cell::new(0) };
}

/// Install it with `#[global_allocator]`.
pub struct Counting;

fn add(counter: &'static std::thread::LocalKey<Cell<u64>>, amount: usize) {
    counter.with(|cell| cell.set(cell.get().wrapping_add(amount as u64)));
}

// SAFETY: every call goes to the system's allocator unchanged; the cells have no destructor and do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&TAKEN, layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&TAKEN, layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(&FREED, layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(&COUNT, 1);
        add(&TAKEN, size);
        add(&FREED, layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What this thread has allocated up to a moment, or, as a difference, between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocations {
    /// Calls that took memory, `realloc` included.
    pub count: u64,
    /// Bytes that these calls asked for.
    pub bytes: u64,
    /// Bytes given back.
    pub freed: u64,
}

impl Allocations {
    /// Up to now. All zeros unless [`Counting`] is the global allocator.
    #[must_use]
    pub fn now() -> Self {
        Self { count: COUNT.get(), bytes: TAKEN.get(), freed: FREED.get() }
    }

    /// Bytes still held. Wraps like the counters, so a difference of two readings is right.
    #[must_use]
    pub fn live(self) -> u64 {
        self.bytes.wrapping_sub(self.freed)
    }
}

impl Sub for Allocations {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            count: self.count.wrapping_sub(before.count),
            bytes: self.bytes.wrapping_sub(before.bytes),
            freed: self.freed.wrapping_sub(before.freed),
        }
    }
}
