//! Run with `cargo run --release -p os-session-benches` (callgrind's part needs valgrind; about a minute).
//!
//! Prints the table that [`os_session_benches`] describes. With the argument `requests` it leaves the memory out.
//! Build times are another program, `--bin builds`.
//! Where the instructions of one case go:
//!
//! ```text
//! valgrind --tool=callgrind --callgrind-out-file=floor.out target/release/os-session-benches run floor 2000
//! callgrind_annotate --inclusive=yes floor.out
//! ```

#[global_allocator]
static ALLOCATOR: os_session_benches::allocator::Counting = os_session_benches::allocator::Counting;

fn main() {
    os_session_benches::harness::main("cargo run --release -p os-session-benches", &os_session_benches::cases());
}
