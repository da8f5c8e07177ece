//! Without an argument, counts the states; with the number of a part, shows what happens without it.

use std::env;
use std::io::{self, Write as _};

use os_session_leases::{Look, Model, Part, Protocol, SCENARIOS, trace};

fn main() -> io::Result<()> {
    let number = env::args().nth(1).and_then(|number| number.parse::<usize>().ok());
    match number.and_then(|number| Part::ALL.get(number.checked_sub(1)?)) {
        Some(part) => without(*part),
        None => count(),
    }
}

fn count() -> io::Result<()> {
    for look in [Look::InTransaction, Look::AfterCommit] {
        for scenario in SCENARIOS {
            let found = Model::new(Protocol::whole(look), scenario).search();
            writeln!(io::stdout(), "{look:?}: {}: {} states in {:.1?}", scenario.name, found.states, found.time)?;
            if let Some(path) = found.counterexample {
                writeln!(io::stdout(), "{}", trace::readable(&path))?;
            }
        }
    }
    Ok(())
}

fn without(part: Part) -> io::Result<()> {
    for scenario in SCENARIOS {
        let found = Model::new(Protocol::without(part), scenario).search();
        if let Some(path) = found.counterexample {
            let (states, time) = (found.states, found.time);
            return writeln!(io::stdout(), "without {part:?}: {states} states, {time:.1?}\n{}", trace::readable(&path));
        }
    }
    writeln!(io::stdout(), "without {part:?}: nothing found")
}
