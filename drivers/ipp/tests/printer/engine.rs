//! The simulated mechanics of the real printers: a shell script that a printer runs for each card, and the output
//! hopper, which is the truth that tests compare with.
//!
//! The script is in the printer's folder. It reports to its printer as CUPS backends do, with `STATE:` and `ATTR:`
//! lines on standard error. It continues when the printer's program is killed, as the mechanics of a real printer do.

// A module of this file, so that other test crates that include these files need not name it.
#[path = "harness.rs"]
pub(crate) mod harness;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The file `mode` has what to do and for how many cards; `ledger` gets a line for each card that came out. A waiting
/// card ends when the folder is removed.
const SCRIPT: &str = r#"#!/bin/sh
dir='@FOLDER@'
# The document stays open, even if the printer removes it from its spool.
exec 3< "$1" || exit 1
document=/proc/$$/fd/3
echo $$ > "$dir/engines/$$"
trap 'rm -f "$dir/engines/$$"' EXIT
read -r mode times < "$dir/mode"
case $times in
  '') ;;
  1) echo ok > "$dir/mode.new" && mv "$dir/mode.new" "$dir/mode";;
  *) echo "$mode $((times - 1))" > "$dir/mode.new" && mv "$dir/mode.new" "$dir/mode";;
esac
read -r pace < "$dir/pace"
digest=$(sha256sum < $document)
size=$(wc -c < $document)
# An impression is one side. A raster has its number of pages in its header.
sides=
case $(head -c 7 $document | tr -d '\000') in
  RaS2Pwg) sides=$(od -An -tu1 -j459 -N1 $document | tr -d ' ');;
  UNIRAST) sides=$(od -An -tu1 -j11 -N1 $document | tr -d ' ');;
esac
card() {
  if [ -d "$dir/kept" ]; then
    env > "$dir/kept/$IPP_JOB_NAME.environment"
    cat $document > "$dir/kept/$IPP_JOB_NAME"
  fi
  echo "$IPP_JOB_NAME ${digest%% *} $size" >> "$dir/ledger"
  echo "ATTR: job-impressions=${sides:-1} job-impressions-completed=${sides:-1}" >&2
  echo 'PAGE: 1 1' >&2
}
# The operator who clears the fault also clears its message on the printer's panel.
until_clear() {
  : > "$dir/waiting/$$"
  [ $# = 0 ] || echo "STATE: +$1" >&2
  while [ -d "$dir" ] && ! rm "$dir/clear" 2> "$dir/null"; do sleep 0.05; done
  [ -d "$dir" ] || exit 1
  rm -f "$dir/waiting/$$"
  [ $# = 0 ] || echo "STATE: -$1,$2" >&2
}
# Only the running printer: another process may have the number of one that was killed.
kill_printer() { [ "$(cat "$dir/printer.pid")" = $PPID ] && kill -9 $PPID; }
rm "$dir/jammed" 2> "$dir/null" && echo 'STATE: -media-jam-error,media-jam' >&2
[ "$pace" = 0.000 ] || sleep "$pace"
case $mode in
  ok) card;;
  jam)
    : > "$dir/jammed"
    echo 'STATE: +media-jam-error' >&2
    echo 'ERROR: Card jammed.' >&2
    exit 1;;
  empty) until_clear media-empty-error,media-needed media-empty; card;;
  ribbon) until_clear marker-supply-empty-error marker-supply-empty; card;;
  output-full) until_clear output-area-full-error,other output-area-full; card;;
  cover) until_clear cover-open-error cover-open; card;;
  abort-before) echo 'ERROR: Engine failure.' >&2; exit 1;;
  abort-after) card; exit 1;;
  hang) until_clear; exit 1;;
  die-before) kill_printer; exit 1;;
  die-after) card; kill_printer; exit 0;;
  self-kill) kill -9 $$;;
  *) exit 64;;
esac
exit 0
"#;

/// What the engine does with a card.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mode {
    /// Makes a card.
    Ok,
    /// Jams: no card, and the job is aborted.
    Jam,
    /// Waits with an empty hopper until [`Engine::clear`], then makes a card.
    Empty,
    /// Waits with an empty ribbon until [`Engine::clear`], then makes a card.
    Ribbon,
    /// Waits with a full output hopper until [`Engine::clear`], then makes a card.
    OutputFull,
    /// Waits with an open cover until [`Engine::clear`], then makes a card.
    Cover,
    /// Fails: no card, and the job is aborted.
    AbortBefore,
    /// Makes a card, and the job is aborted.
    AbortAfter,
    /// Waits without a reason until [`Engine::clear`]; then no card, and the job is aborted.
    Hang,
    /// Kills the printer's program: no card.
    DieBefore,
    /// Makes a card and kills the printer's program.
    DieAfter,
    /// Kills itself: no card.
    SelfKill,
}

impl Mode {
    /// Its name in the script and in tables.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Jam => "jam",
            Self::Empty => "empty",
            Self::Ribbon => "ribbon",
            Self::OutputFull => "output-full",
            Self::Cover => "cover",
            Self::AbortBefore => "abort-before",
            Self::AbortAfter => "abort-after",
            Self::Hang => "hang",
            Self::DieBefore => "die-before",
            Self::DieAfter => "die-after",
            Self::SelfKill => "self-kill",
        }
    }
}

/// One card in the output hopper.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct HopperCard {
    /// `job-name` of its job.
    pub(crate) name: String,
    /// SHA-256 of its document, in hexadecimal.
    pub(crate) digest: String,
    /// Size of its document in bytes.
    pub(crate) size: usize,
}

/// The folder of a printer, with the engine in it. Dropping it kills running engines and removes the folder.
pub(crate) struct Engine {
    folder: TempDir,
}

impl Engine {
    pub(crate) fn new() -> Self {
        let engine = Self { folder: TempDir::new().unwrap() };
        for name in ["engines", "waiting"] {
            fs::create_dir(engine.file(name)).unwrap();
        }
        for name in ["ledger", "printer.pid"] {
            fs::write(engine.file(name), "").unwrap();
        }
        engine.set(Mode::Ok);
        engine.set_pace(0);
        let script = SCRIPT.replace("@FOLDER@", engine.folder.path().to_str().unwrap());
        fs::write(engine.program(), script).unwrap();
        fs::set_permissions(engine.program(), fs::Permissions::from_mode(0o755)).unwrap();
        engine
    }

    /// The path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The script. Its argument is the document's path; the variable `IPP_JOB_NAME` is the job's name.
    pub(crate) fn program(&self) -> PathBuf {
        self.file("engine")
    }

    /// Sets the mode of every card from now on.
    pub(crate) fn set(&self, mode: Mode) {
        self.replace("mode", mode.word());
    }

    /// Sets the mode of the next cards; after them it is [`Mode::Ok`].
    pub(crate) fn set_for(&self, mode: Mode, cards: u32) {
        self.replace("mode", &format!("{} {cards}", mode.word()));
    }

    /// Sets how long each card takes before its mode has an effect.
    pub(crate) fn set_pace(&self, milliseconds: u64) {
        self.replace("pace", &format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000));
    }

    /// Replaces the file in one step, because an engine may read it at any moment.
    fn replace(&self, name: &str, line: &str) {
        let new = self.file(&format!("{name}.from-test"));
        fs::write(&new, format!("{line}\n")).unwrap();
        fs::rename(new, self.file(name)).unwrap();
    }

    /// Acts as an operator who fills the hopper, closes the cover and so on, for one card that waits now or later.
    pub(crate) fn clear(&self) {
        fs::write(self.file("clear"), "").unwrap();
    }

    /// The cards in the output hopper, in the order in which they came out.
    pub(crate) fn hopper(&self) -> Vec<HopperCard> {
        let ledger = fs::read_to_string(self.file("ledger")).unwrap();
        let card = |line: &str| {
            let [name, digest, size] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            HopperCard { name: name.to_owned(), digest: digest.to_owned(), size: size.parse().unwrap() }
        };
        ledger.lines().map(card).collect()
    }

    /// Keeps the documents of all cards from now on.
    pub(crate) fn keep_documents(&self) {
        fs::create_dir(self.file("kept")).unwrap();
    }

    /// The document of the card of that name.
    pub(crate) fn document(&self, name: &str) -> Vec<u8> {
        fs::read(self.file("kept").join(name)).unwrap()
    }

    /// The engine's environment for the card of that name: the job's IPP attributes in the printer's own form.
    pub(crate) fn environment(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.file("kept").join(format!("{name}.environment"))).unwrap()).unwrap()
    }

    /// The names of the cards in the output hopper.
    pub(crate) fn cards(&self) -> Vec<String> {
        self.hopper().into_iter().map(|card| card.name).collect()
    }

    /// Whether a card is under way, also after its printer was killed.
    pub(crate) fn is_running(&self) -> bool {
        self.processes("engines").next().is_some()
    }

    /// Whether a card waits for [`clear`](Self::clear).
    pub(crate) fn is_waiting(&self) -> bool {
        self.processes("waiting").next().is_some()
    }

    /// The running engines among the process numbers in a folder. Command lines are compared, because numbers are
    /// reused.
    fn processes(&self, list: &str) -> impl Iterator<Item = String> {
        let program = self.program();
        let entries = fs::read_dir(self.file(list)).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(move |pid| {
            let command = fs::read(Path::new("/proc").join(pid).join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(program.to_str().unwrap())
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for pid in self.processes("engines") {
            // An error means that it has ended by itself.
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
    }
}
