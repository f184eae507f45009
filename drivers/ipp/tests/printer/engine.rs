//! The print engine that all real printers here run for each card, and its output hopper, which is the truth.
//!
//! It is a shell script in the printer's folder. It speaks to its printer as CUPS backends do: `STATE:` and `ATTR:` on
//! standard error. Like the mechanics of a real printer it outlives a printer that is killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// `mode` holds what to do and for how many more cards; `ledger` gets a line for each card that came out. What waits
/// ends with the folder.
const SCRIPT: &str = r#"#!/bin/sh
dir='@FOLDER@'
# It has its document from the first moment on, whatever becomes of the printer's spool.
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
# An impression is one side: rasters say how many pages they have.
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
# An operator who cleared the fault has also taken its sign off the printer's panel.
until_clear() {
  : > "$dir/waiting/$$"
  [ $# = 0 ] || echo "STATE: +$1" >&2
  while [ -d "$dir" ] && ! rm "$dir/clear" 2> "$dir/null"; do sleep 0.05; done
  [ -d "$dir" ] || exit 1
  rm -f "$dir/waiting/$$"
  [ $# = 0 ] || echo "STATE: -$1,$2" >&2
}
# Only a printer that runs: another program may have the number of one that was killed.
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
    /// A card.
    Ok,
    /// A jam, and the job is aborted; no card.
    Jam,
    /// The hopper is empty until [`Engine::clear`].
    Empty,
    /// The ribbon is used up until [`Engine::clear`].
    Ribbon,
    /// The output hopper is full until [`Engine::clear`].
    OutputFull,
    /// The cover is open until [`Engine::clear`].
    Cover,
    /// The job is aborted; no card.
    AbortBefore,
    /// A card, and the job is aborted.
    AbortAfter,
    /// Nothing until [`Engine::clear`], then aborted; no card.
    Hang,
    /// The printer's program dies; no card.
    DieBefore,
    /// A card, and the printer's program dies.
    DieAfter,
    /// The engine dies; no card.
    SelfKill,
}

impl Mode {
    /// As the script and the tables call it.
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
    /// The name of its job.
    pub(crate) name: String,
    /// SHA-256 of the document that it was made of, in hexadecimal.
    pub(crate) digest: String,
    /// Its size in bytes.
    pub(crate) size: usize,
}

/// A printer's folder, with an engine in it.
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

    /// A file of the printer.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its first argument is the document; `IPP_JOB_NAME` is the job's name.
    pub(crate) fn program(&self) -> PathBuf {
        self.file("engine")
    }

    /// From now on, for every card.
    pub(crate) fn set(&self, mode: Mode) {
        self.replace("mode", mode.word());
    }

    /// For so many cards; after them all is well.
    pub(crate) fn set_for(&self, mode: Mode, cards: u32) {
        self.replace("mode", &format!("{} {cards}", mode.word()));
    }

    /// How long every card takes before anything happens to it.
    pub(crate) fn set_pace(&self, milliseconds: u64) {
        self.replace("pace", &format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000));
    }

    /// An engine may read it at any moment.
    fn replace(&self, name: &str, line: &str) {
        let new = self.file(&format!("{name}.from-test"));
        fs::write(&new, format!("{line}\n")).unwrap();
        fs::rename(new, self.file(name)).unwrap();
    }

    /// An operator fills the hopper, closes the cover, or whatever it is that a card waits for: one card, now or later.
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

    /// From now on it keeps what each card is made of.
    pub(crate) fn keep_documents(&self) {
        fs::create_dir(self.file("kept")).unwrap();
    }

    /// The bytes that the card of that name was made of.
    pub(crate) fn document(&self, name: &str) -> Vec<u8> {
        fs::read(self.file("kept").join(name)).unwrap()
    }

    /// What the printer told its engine beside the document: all that IPP said of the job, in the printer's own words.
    pub(crate) fn environment(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.file("kept").join(format!("{name}.environment"))).unwrap()).unwrap()
    }

    /// The names of those cards.
    pub(crate) fn cards(&self) -> Vec<String> {
        self.hopper().into_iter().map(|card| card.name).collect()
    }

    /// A card is under way, be it that of a printer that was killed.
    pub(crate) fn is_running(&self) -> bool {
        self.processes("engines").next().is_some()
    }

    /// A card waits for [`clear`](Self::clear).
    pub(crate) fn is_waiting(&self) -> bool {
        self.processes("waiting").next().is_some()
    }

    /// The numbers of processes in a list. A number may have been given out again, so command lines are compared.
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
            // It may have ended by itself.
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
    }
}
