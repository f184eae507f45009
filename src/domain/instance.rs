//! Decides whether a database is the living one, or a copy or a restored state of it, which must not print until a person
//! says what became of the original.

use serde::{Deserialize, Serialize};

use super::audit::ChainHead;

/// What identifies a database apart from its content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Identity {
    /// A SQLite file.
    File(FileIdentity),
    /// A database on a PostgreSQL server.
    Server(ServerIdentity),
}

/// The identity of a SQLite file. It is kept when the file or its folder is renamed, and no copy of the file has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileIdentity {
    /// The machine id; empty if the machine has none.
    pub machine: String,
    /// The id of the kernel's present run, which containers on one machine share; empty if it is not known.
    pub boot: String,
    /// The number of the device. It may change with each start of the machine.
    pub device: u64,
    /// The inode.
    pub inode: u64,
    /// When the file was created, in nanoseconds since 1970. `None` on a file system that does not keep it.
    pub born_ns: Option<i64>,
}

/// The identity of a database on a PostgreSQL server. Its address is no part of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ServerIdentity {
    /// The system identifier of the server. `None` if the user may not read it.
    pub system: Option<String>,
    /// The timeline, which grows by one when a standby is promoted or a backup is recovered.
    pub timeline: i64,
    /// The object identifier of the database.
    pub database: i64,
    /// The name of the database, for people; it may be changed.
    pub name: String,
}

/// What a database says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Instance {
    /// 1 at first, and one more with each adoption.
    pub generation: i64,
    /// The identity of the database when its scheduler ran last.
    pub identity: Identity,
}

/// What a data folder keeps of the database that its scheduler used, outside of the database.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Memory {
    /// The generation of the database.
    pub generation: i64,
    /// The newest audit row of each chain.
    pub heads: Vec<ChainHead>,
}

/// What a data folder remembers, compared with the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Remembered {
    /// No scheduler ran on the folder yet, or the file was removed.
    Nothing,
    /// The file is there and cannot be read.
    Unreadable,
    /// The file was read.
    Compared {
        /// The generation that it remembers.
        generation: i64,
        /// Whether the file is a copy.
        is_copy: bool,
        /// The remembered rows that the database does not have.
        lost: Vec<LostRow>,
    },
}

/// An audit row that a folder remembers and the database does not have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LostRow {
    /// The chain.
    pub chain: String,
    /// The number of the row.
    pub seq: i64,
    /// The newest row of the chain in the database. Not less than `seq` if another row has that number; 0 if it has none.
    pub newest: i64,
}

/// What tells that a database may not be the living one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "difference", rename_all = "kebab-case")]
pub enum Difference {
    /// The database has another identity than it had.
    Identity {
        /// As the database says.
        expected: Identity,
        /// As it is.
        found: Identity,
    },
    /// The data folder remembers rows of the audit that the database does not have.
    RowsLost {
        /// The newest lost row of each chain.
        rows: Vec<LostRow>,
    },
    /// The data folder remembers a later generation.
    Generation {
        /// As the folder remembers.
        expected: i64,
        /// As the database says.
        found: i64,
    },
    /// The file with what the folder remembers was copied.
    MemoryCopied,
    /// The file with what the folder remembers is missing.
    MemoryMissing,
    /// The file with what the folder remembers cannot be read.
    MemoryUnreadable,
}

/// Why a database does not print.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Doubt {
    /// The host whose scheduler found it.
    pub host: String,
    /// What differs; at least one.
    pub differences: Vec<Difference>,
}

/// Whether a database may print.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It is the living one.
    Print,
    /// It is the living one, and this is to be saved of it first.
    Save(Instance),
    /// A person has to say what became of the original.
    Ask(Vec<Difference>),
}

/// How an identity follows from the saved one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Succession {
    /// It is the same database.
    Same,
    /// A standby was promoted, or a backup was recovered on the same server. Only the rows tell these apart.
    NewTimeline,
    /// It is another database.
    Other,
}

/// Decides whether a database may print. `saved` is `None` before its first scheduler of a version that saves it.
///
/// What cannot be told from a copy is asked about:
///
/// * A database without a saved instance is taken as the living one, unless the folder remembers rows that it lacks.
/// * A file is the same while inode and birth are. The machine may have started again, which may number its devices
///   otherwise; a container that was made again has another machine id under the same kernel. On a file system without births
///   of files, machine and device must be the same too.
/// * A file whose folder remembers nothing may be an older file in its place.
/// * On a server, a node that remembers nothing may be new. A new timeline is a failover if the folder remembers rows and all
///   are there, and else may be a recovered backup.
/// * A later generation than the folder remembers is an adoption on another node.
pub fn decide(saved: Option<&Instance>, found: &Identity, remembered: &Remembered) -> Decision {
    let is_file = matches!(found, Identity::File(_));
    let mut differences = Vec::new();
    if let Some(saved) = saved {
        let is_same = match succession(&saved.identity, found) {
            Succession::Same => true,
            Succession::NewTimeline => *remembered != Remembered::Nothing,
            Succession::Other => false,
        };
        if !is_same {
            differences.push(Difference::Identity { expected: saved.identity.clone(), found: found.clone() });
        }
    }
    match remembered {
        Remembered::Nothing if is_file && saved.is_some() => differences.push(Difference::MemoryMissing),
        Remembered::Nothing => {}
        Remembered::Unreadable => differences.push(Difference::MemoryUnreadable),
        Remembered::Compared { generation, is_copy, lost } => {
            // The folder of a node is not the database: an older copy of it only remembers less.
            if *is_copy && is_file {
                differences.push(Difference::MemoryCopied);
            }
            if let Some(saved) = saved.filter(|saved| saved.generation < *generation) {
                differences.push(Difference::Generation { expected: *generation, found: saved.generation });
            }
            if !lost.is_empty() {
                differences.push(Difference::RowsLost { rows: lost.clone() });
            }
        }
    }
    if !differences.is_empty() {
        return Decision::Ask(differences);
    }
    let generation = match (saved, remembered) {
        (Some(saved), _) => saved.generation,
        (None, Remembered::Compared { generation, .. }) => *generation,
        (None, Remembered::Nothing | Remembered::Unreadable) => 1,
    };
    let instance = Instance { generation, identity: found.clone() };
    if saved == Some(&instance) { Decision::Print } else { Decision::Save(instance) }
}

fn succession(saved: &Identity, found: &Identity) -> Succession {
    match (saved, found) {
        (Identity::File(saved), Identity::File(found)) if is_same_file(saved, found) => Succession::Same,
        (Identity::Server(saved), Identity::Server(found)) => {
            let differs = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
            if differs(&saved.system, &found.system) || saved.database != found.database {
                return Succession::Other;
            }
            match found.timeline.cmp(&saved.timeline) {
                std::cmp::Ordering::Equal => Succession::Same,
                std::cmp::Ordering::Greater => Succession::NewTimeline,
                std::cmp::Ordering::Less => Succession::Other,
            }
        }
        (Identity::File(_) | Identity::Server(_), _) => Succession::Other,
    }
}

fn is_same_file(saved: &FileIdentity, found: &FileIdentity) -> bool {
    let is_same_machine = saved.machine == found.machine;
    let is_same_boot = saved.boot == found.boot && !found.boot.is_empty();
    let has_place = match saved.born_ns {
        Some(_) => is_same_machine || is_same_boot,
        None => is_same_machine && saved.device == found.device,
    };
    has_place && (saved.inode, saved.born_ns) == (found.inode, found.born_ns)
}

/// The generation of a database that is adopted: later than all that is known.
pub fn next_generation(saved: Option<&Instance>, remembered: &Remembered) -> i64 {
    let of_folder = match remembered {
        Remembered::Compared { generation, .. } => *generation,
        Remembered::Nothing | Remembered::Unreadable => 0,
    };
    saved.map_or(0, |saved| saved.generation).max(of_folder) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Expected {
        Print,
        Save,
        Ask,
    }
    use Expected::{Ask, Print, Save};

    fn file() -> FileIdentity {
        let (machine, boot) = ("m1".to_owned(), "b1".to_owned());
        FileIdentity { machine, boot, device: 0x801, inode: 131, born_ns: Some(1_795_521_600_123_456_789) }
    }

    fn server() -> ServerIdentity {
        ServerIdentity { system: Some("7401".into()), timeline: 1, database: 16_385, name: "cetak".into() }
    }

    fn remembers(lost: Vec<LostRow>) -> Remembered {
        Remembered::Compared { generation: 3, is_copy: false, lost }
    }

    fn lost() -> Vec<LostRow> {
        vec![LostRow { chain: "scheduler".into(), seq: 800, newest: 400 }]
    }

    fn copied() -> Remembered {
        Remembered::Compared { generation: 3, is_copy: true, lost: Vec::new() }
    }

    fn decided(saved: Option<Identity>, found: &Identity, remembered: &Remembered) -> Expected {
        let saved = saved.map(|identity| Instance { generation: 3, identity });
        match decide(saved.as_ref(), found, remembered) {
            Decision::Print => Print,
            Decision::Save(instance) => {
                assert_eq!(instance.identity, *found);
                Save
            }
            Decision::Ask(differences) => {
                assert!(!differences.is_empty());
                Ask
            }
        }
    }

    #[test]
    fn each_case_of_a_file_prints_on_or_asks() {
        let known = || remembers(Vec::new());
        let cases: [(&str, FileIdentity, Remembered, Expected); 14] = [
            ("the scheduler starts again", file(), known(), Print),
            ("the machine was started again", FileIdentity { boot: "b2".into(), ..file() }, known(), Save),
            (
                "and numbers its devices otherwise",
                FileIdentity { boot: "b2".into(), device: 0x811, ..file() },
                known(),
                Save,
            ),
            (
                "the container was made again",
                FileIdentity { machine: "m2".into(), device: 0x2f, ..file() },
                known(),
                Save,
            ),
            (
                "the disk, or a copy of its blocks, is in another machine",
                FileIdentity { machine: "m2".into(), boot: "b2".into(), ..file() },
                known(),
                Ask,
            ),
            ("`cp -a` or rsync on the machine", FileIdentity { inode: 977, born_ns: Some(5), ..file() }, copied(), Ask),
            (
                "`cp -a` or rsync to another machine",
                FileIdentity { machine: "m2".into(), boot: "b2".into(), inode: 977, born_ns: Some(5), ..file() },
                copied(),
                Ask,
            ),
            (
                "which happens to give it the same inode",
                FileIdentity { machine: "m2".into(), boot: "b2".into(), born_ns: Some(5), ..file() },
                copied(),
                Ask,
            ),
            (
                "a backup in an empty folder",
                FileIdentity { inode: 977, born_ns: Some(5), ..file() },
                Remembered::Nothing,
                Ask,
            ),
            ("another file was put in place", FileIdentity { inode: 978, born_ns: Some(6), ..file() }, known(), Ask),
            ("an older content was put into the file", file(), remembers(lost()), Ask),
            ("all files of the folder were overwritten by older ones", file(), copied(), Ask),
            ("what the folder remembers was removed", file(), Remembered::Nothing, Ask),
            ("what the folder remembers is damaged", file(), Remembered::Unreadable, Ask),
        ];
        for (case, found, remembered, expected) in cases {
            let found = Identity::File(found);
            assert_eq!(decided(Some(Identity::File(file())), &found, &remembered), expected, "{case}");
        }
    }

    #[test]
    fn a_file_system_without_births_of_files_needs_the_same_machine_and_device() {
        let old = FileIdentity { born_ns: None, ..file() };
        let known = remembers(Vec::new());
        for (case, found, expected) in [
            ("started again", FileIdentity { boot: "b2".into(), ..old.clone() }, Save),
            ("another device", FileIdentity { boot: "b2".into(), device: 0x811, ..old.clone() }, Ask),
            ("another machine", FileIdentity { machine: "m2".into(), ..old.clone() }, Ask),
            ("a birth", file(), Ask),
        ] {
            assert_eq!(decided(Some(Identity::File(old.clone())), &Identity::File(found), &known), expected, "{case}");
        }
    }

    #[test]
    fn each_case_of_a_server_prints_on_or_asks() {
        let known = || remembers(Vec::new());
        let promoted = || ServerIdentity { timeline: 2, ..server() };
        let restored = || ServerIdentity { database: 16_999, name: "restored".into(), ..server() };
        let elsewhere = || ServerIdentity { system: Some("9".into()), ..server() };
        let cases: [(&str, ServerIdentity, Remembered, Expected); 14] = [
            ("the node starts again, the server has another address or host", server(), known(), Print),
            ("a new node", server(), Remembered::Nothing, Print),
            ("a copy of the data folder of a node", server(), copied(), Print),
            ("the database was renamed", ServerIdentity { name: "cetak2".into(), ..server() }, known(), Save),
            (
                "the user may read the system identifier no more",
                ServerIdentity { system: None, ..server() },
                known(),
                Save,
            ),
            ("failover to a standby with all commits", promoted(), known(), Save),
            ("failover that lost commits, or recovery to an earlier moment", promoted(), remembers(lost()), Ask),
            ("a new timeline, and a new node", promoted(), Remembered::Nothing, Ask),
            (
                "an earlier timeline: the server before the failover",
                ServerIdentity { timeline: 0, ..server() },
                known(),
                Ask,
            ),
            ("a dump in another database of the server", restored(), known(), Ask),
            ("the same, and a new node", restored(), Remembered::Nothing, Ask),
            ("a dump on another server", elsewhere(), known(), Ask),
            ("an older copy of the server's folder", server(), remembers(lost()), Ask),
            ("what the folder remembers is damaged", server(), Remembered::Unreadable, Ask),
        ];
        for (case, found, remembered, expected) in cases {
            let found = Identity::Server(found);
            assert_eq!(decided(Some(Identity::Server(server())), &found, &remembered), expected, "{case}");
        }
    }

    #[test]
    fn a_database_from_before_is_taken_as_the_living_one_unless_the_folder_remembers_more() {
        for found in [Identity::File(file()), Identity::Server(server())] {
            let first = Instance { generation: 1, identity: found.clone() };
            assert_eq!(decide(None, &found, &Remembered::Nothing), Decision::Save(first));
            let moved = Instance { generation: 3, identity: found.clone() };
            assert_eq!(decide(None, &found, &remembers(Vec::new())), Decision::Save(moved), "after a move");
            assert_eq!(decided(None, &found, &remembers(lost())), Ask);
            assert_eq!(decided(None, &found, &Remembered::Unreadable), Ask);
        }
    }

    #[test]
    fn a_file_on_a_server_and_a_server_in_a_file_are_asked_about() {
        let (file, server) = (Identity::File(file()), Identity::Server(server()));
        assert_eq!(decided(Some(file.clone()), &server, &remembers(Vec::new())), Ask);
        assert_eq!(decided(Some(server), &file, &remembers(Vec::new())), Ask);
    }

    #[test]
    fn a_folder_of_a_later_generation_stops_the_copy_and_one_of_an_earlier_follows_the_adoption() {
        let server = Identity::Server(server());
        let saved = |generation| Instance { generation, identity: server.clone() };
        let first = decide(Some(&saved(2)), &server, &remembers(Vec::new()));
        assert_eq!(first, Decision::Ask(vec![Difference::Generation { expected: 3, found: 2 }]));
        assert_eq!(decide(Some(&saved(4)), &server, &remembers(Vec::new())), Decision::Print);
        assert_eq!(next_generation(Some(&saved(4)), &remembers(Vec::new())), 5);
        assert_eq!(next_generation(Some(&saved(2)), &remembers(Vec::new())), 4);
        assert_eq!(next_generation(None, &Remembered::Nothing), 1);
    }

    #[test]
    fn all_that_differs_is_named() {
        let found = Identity::File(FileIdentity { inode: 977, ..file() });
        let saved = Instance { generation: 2, identity: Identity::File(file()) };
        let remembered = Remembered::Compared { generation: 3, is_copy: true, lost: lost() };
        let expected = vec![
            Difference::Identity { expected: saved.identity.clone(), found: found.clone() },
            Difference::MemoryCopied,
            Difference::Generation { expected: 3, found: 2 },
            Difference::RowsLost { rows: lost() },
        ];
        assert_eq!(decide(Some(&saved), &found, &remembered), Decision::Ask(expected.clone()));
        let doubt = Doubt { host: "print-room".into(), differences: expected };
        let text = serde_json::to_string(&doubt).unwrap();
        assert_eq!(serde_json::from_str::<Doubt>(&text).unwrap(), doubt);
    }
}
