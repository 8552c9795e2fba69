//! The machine a number came from.

use std::{fmt, fs, thread};

/// What matters of a machine when its numbers are read.
pub(super) struct Machine {
    processor: String,
    cores: usize,
    memory_gb: f64,
    kernel: String,
}

impl Machine {
    /// This machine.
    pub(super) fn here() -> Machine {
        let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_once(':').map(|(_, value)| value.trim().to_owned())
        };
        let memory = field(&file("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kilobytes: f64 = memory.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
        Machine {
            processor: field(&file("/proc/cpuinfo"), "model name")
                .unwrap_or_else(|| std::env::consts::ARCH.into()),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_gb: kilobytes / 1024.0 / 1024.0,
            kernel: file("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, cores, memory_gb, kernel } = self;
        write!(f, "{processor}, {cores} cores, {memory_gb:.0} GB of memory, Linux {kernel}")
    }
}
