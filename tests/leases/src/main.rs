//! `cargo run -p os-session-leases` counts the states; with the number of a part, it shows what happens without it.

use std::env::args;
use std::io::{self, Write as _};

use os_session_leases::state::Revocation;
use os_session_leases::{Look, Model, Part, Protocol, SCENARIOS, trace};

fn main() -> io::Result<()> {
    let _ = Revocation::Other;
    let mut out = io::stdout();
    let part = args().nth(1).and_then(|number| number.parse::<usize>().ok());
    let parts = Part::ALL
        .iter()
        .zip(1..)
        .filter(|(_, number)| part == Some(*number) || args().nth(1).as_deref() == Some("all"));
    if args().nth(1).is_none() {
        for look in [Look::InTransaction, Look::AfterCommit] {
            for scenario in SCENARIOS {
                let found = Model::new(Protocol::whole(look), scenario).search();
                writeln!(
                    out,
                    "{look:?}: {}: {} states, {:?}, witnesses {:?}",
                    scenario.name,
                    found.states,
                    found.time,
                    found.witnesses.iter().map(|(n, p)| (n, p.len() - 1)).collect::<Vec<_>>()
                )?;
                if let Some(path) = found.counterexample {
                    writeln!(out, "{}", trace::readable(&path))?;
                }
            }
        }
    }
    for (part, number) in parts {
        for scenario in SCENARIOS {
            let found = Model::new(Protocol::without(*part), scenario).search();
            writeln!(
                out,
                "{number} {part:?}: {}: {} states, {:?}, {:?}",
                scenario.name,
                found.states,
                found.time,
                found.counterexample.as_ref().map(Vec::len)
            )?;
            if let Some(path) = found.counterexample {
                if args().nth(1).as_deref() != Some("all") {
                    writeln!(out, "{}", trace::readable(&path))?;
                }
                break;
            }
        }
    }
    Ok(())
}
