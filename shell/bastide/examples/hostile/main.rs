//! Writes hostile traffic to standard output as a capture, made while it is read: `hostile KIND COUNT | bastide replay -`.
//! Without arguments: the kinds, the count of each in the tests, that in `docs/benchmarks.md`, and what is counted.

mod kinds;

use std::{
    env,
    error::Error,
    io::{self, BufWriter, Write},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let Some(name) = arguments.next() else {
        for kind in kinds::KINDS {
            println!("{} {} {} {}", kind.name, kind.short, kind.full, kind.about);
        }
        return Ok(());
    };
    let kind = kinds::KINDS.iter().find(|kind| kind.name == name).ok_or("no such kind of traffic")?;
    let count = arguments.next().map_or(Ok(kind.full), |count| count.parse())?;
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    kinds::write(kind, count, &mut out)?;
    out.flush()?;
    Ok(())
}
