//! Measures how fast captures are read, without and with the wire behind it: `read_speed CAPTURE…`.

use capture::{Captures, Input, Order};
use std::{env, error::Error, time::Instant};
use wire::{Config, Limits, Wire};

fn main() -> Result<(), Box<dyn Error>> {
    let inputs: Vec<Input> = env::args_os().skip(1).map(|argument| Input::from_argument(&argument)).collect();
    for with_wire in [false, true] {
        let mut captures = Captures::open(&inputs, Order::Given)?;
        let limits = Limits::default();
        let mut wire = Wire::new(Config {
            sensor: "speed".into(),
            logs: false,
            events: &[],
            signs: false,
            seed: 1,
            limits,
            only_whole: false,
            interim: None,
        });
        let (mut bytes, mut observations, mut out) = (0_u64, 0_u64, Vec::new());
        let begin = Instant::now();
        loop {
            match captures.next() {
                Ok(Some(frame)) => {
                    bytes += frame.bytes.len() as u64;
                    if with_wire {
                        wire.see(&frame, &mut out);
                        observations += out.drain(..).count() as u64;
                    }
                }
                Ok(None) => break,
                Err(damage) => eprintln!("{damage}"),
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        println!(
            "{}: {:.0} MB/s, {:.0} packets/s{}",
            if with_wire { "read and understood by `wire`" } else { "read" },
            bytes as f64 / 1e6 / seconds,
            captures.packets() as f64 / seconds,
            if with_wire { format!(", {observations} observations") } else { String::new() },
        );
    }
    Ok(())
}
