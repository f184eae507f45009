//! Tests that no list, however hostile and however long, takes much memory: each kind in three sizes through the real program. The
//! processor time is printed, and not asserted: `HOSTILE_SIZES=full cargo test --test processes hostile_sizes -- --nocapture`.

use std::{
    fs,
    io::{self, Read},
    process::Stdio,
    thread,
};

use crate::{
    hostile::{Kind, List, SIZES, kinds},
    office::{Answer, Office},
};

/// The most that an import takes beyond a command that does nothing, MiB.
const MEMORY_MAX: f64 = 100.0;
/// The most that any process may reserve: a list that takes all memory must not stop the machine.
const ADDRESS_SPACE: u64 = 8 << 30;
/// The end of the longest import, on a slow machine under load.
const SECONDS_MAX: u64 = 600;

/// Runs a command, and writes the processor time in seconds and the peak of resident memory in KiB to a file when it ends.
const MEASURED: &str = "
import os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
process = os.posix_spawnp(sys.argv[3], sys.argv[3:], os.environ)
_, status, usage = os.wait4(process, 0)
with open(sys.argv[1], 'w') as file:
    file.write(f'{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}')
sys.exit(os.waitstatus_to_exitcode(status))
";

/// What a process took.
#[derive(Clone, Copy)]
struct Taken {
    /// Bytes that it was given.
    bytes: u64,
    /// Processor time.
    seconds: f64,
    /// Peak of resident memory, MiB.
    memory: f64,
}

/// An office whose commands are measured.
struct Measured(Office);

impl Measured {
    fn new() -> Self {
        let mut office = Office::new();
        let (file, space) = (office.file("taken"), ADDRESS_SPACE.to_string());
        office.run_through(&["python3", "-c", MEASURED, file.to_str().unwrap(), &space]);
        Self(office)
    }

    /// Runs a command that gets a list on its standard input, as far as it reads it.
    fn run(&self, arguments: &[&str], mut list: impl Read + Send + 'static) -> (Answer, Taken) {
        let mut command = self.0.command(arguments);
        command.stdin(Stdio::piped());
        let mut running = self.0.start_command(command);
        let mut stdin = running.take_stdin();
        let written = thread::spawn(move || {
            let mut part = vec![0; 1 << 16];
            let mut bytes = 0;
            loop {
                let read = list.read(&mut part).unwrap();
                match io::Write::write_all(&mut stdin, &part[..read]) {
                    Ok(()) if read > 0 => bytes += read as u64,
                    Ok(()) => return bytes,
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return bytes,
                    Err(error) => panic!("{error}"),
                }
            }
        });
        let answer = running.ended(SECONDS_MAX);
        let taken = fs::read_to_string(self.0.file("taken")).unwrap();
        let (seconds, memory) = taken.split_once(' ').unwrap();
        let memory = memory.parse::<f64>().unwrap() / 1_024.0;
        (answer, Taken { bytes: written.join().unwrap(), seconds: seconds.parse().unwrap(), memory })
    }
}

/// Imports a list into a new office; fails if it was not read as a list of its kind.
fn import(kind: &Kind, list: List) -> Taken {
    let format = if kind.is_json { "jsonl" } else { "csv" };
    let (answer, taken) = Measured::new().run(&["import", "-", "--profile", "student", "--format", format], list);
    let said = format!("{}{}", answer.stdout, answer.stderr);
    let is_told = kind.told.split('|').any(|told| said.contains(told));
    assert!(matches!(answer.code, Some(0 | 1)) && is_told, "{}, {} bytes: {answer:?}", kind.name, taken.bytes);
    taken
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is a result of the test")]
fn no_list_takes_more_than_100_mb_of_memory_however_long_it_is() {
    let is_full = std::env::var("HOSTILE_SIZES").is_ok_and(|sizes| sizes == "full");
    let (_, empty) = Measured::new().run(&["init"], io::empty());
    println!("An empty command: {:.2} s, {:.0} MB. Time and memory beyond it:\n", empty.seconds, empty.memory);
    println!("| kind | kB | seconds | MB | µs a kB | times the shorter list's |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let mut most: f64 = 0.0;
    for kind in kinds() {
        let mut before = None;
        // Times need three sizes, and memory the longest.
        for size in SIZES.into_iter().skip(if is_full { 0 } else { 2 }) {
            let taken = import(&kind, kind.list(size * kind.units[usize::from(is_full)]));
            let (seconds, memory) = (taken.seconds - empty.seconds, taken.memory - empty.memory);
            assert!(memory <= MEMORY_MAX, "{}, {} bytes: {memory} MB", kind.name, taken.bytes);
            most = most.max(memory);
            let kilobytes = f64::from(u32::try_from(taken.bytes.div_ceil(1_000)).unwrap());
            let rate = seconds * 1e6 / kilobytes;
            let ratio = before.map_or(String::new(), |before: f64| format!("{:.2}", rate / before));
            println!("| {} | {kilobytes:.0} | {seconds:.2} | {memory:.0} | {rate:.0} | {ratio} |", kind.name);
            before = Some(rate);
        }
    }
    println!("\nMost memory: {most:.0} MB.");
}
