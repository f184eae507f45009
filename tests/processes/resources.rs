//! Tests what the program does when something that it needs is used up, suspended or away: it loses nothing, tells the reason
//! once and under "needs a person", and goes on by itself.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use cetak::store::Store;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    office::{Answer, Office, Running, number, wait_slowly_until},
    people::{self, FACE, PHOTO},
    postgres::Postgres,
    wait_until,
};

/// An office whose data folder is on a small disk of its own, which a test can fill.
struct SmallDisk {
    office: Office,
    /// The process that keeps the disk mounted, for itself and the processes of the office.
    mounter: Child,
}

const DISK_MIB: u32 = 24;

impl SmallDisk {
    fn new() -> Self {
        let mut office = Office::new();
        fs::create_dir(office.data()).unwrap();
        let (data, ready) = (office.data(), office.file("mounted"));
        let script = "mount -t tmpfs -o mode=700,size=$1 cetak \"$2\" && touch \"$3\" && exec sleep 1d";
        let mut mounter = Command::new("unshare");
        mounter.args(["--map-root-user", "--mount", "sh", "-c", script, "sh", &format!("{DISK_MIB}m")]);
        let mut mounter = mounter.arg(&data).arg(&ready).stdin(Stdio::null()).spawn().unwrap();
        wait_until("the disk is mounted", 30, || {
            let ended = mounter.try_wait().unwrap();
            assert!(ended.is_none(), "no disk can be mounted; hint: allow user namespaces (`unshare --map-root-user`)");
            ready.exists()
        });
        let process = mounter.id().to_string();
        office.run_through(&["nsenter", "--preserve-credentials", "--user", "--mount", "--target", &process]);
        Self { office, mounter }
    }

    /// Runs a shell script in the data folder.
    fn shell(&self, script: &str) -> Answer {
        let mut command = self.office.any_command("sh");
        command.args(["-c", &format!("cd \"$1\" && {script}"), "sh"]).arg(self.office.data());
        self.office.start_command(command).ended(60)
    }

    /// Fills the disk to the last block.
    fn fill(&self) {
        let filled = self.shell("cat /dev/zero > fill");
        assert!(filled.stderr.contains("No space left"), "{filled:?}");
    }

    fn free(&self) {
        assert_eq!(self.shell("rm fill").code, Some(0));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.mounter.kill();
        let _ = self.mounter.wait();
    }
}

/// What needs a person, in one text.
fn needs(status: &Value) -> String {
    let lines = status["needs_person"].as_array().unwrap().iter().map(|need| format!("{need}\n"));
    lines.collect()
}

/// Asserts that each record has one card, that the database agrees with the printer, and that the log says nothing else.
fn assert_each_printed_once(office: &Office, printer: &str, records: usize, log: &str) {
    let cards = office.truth(printer);
    let attempts = office.attempts();
    let good: HashSet<&str> =
        attempts.iter().filter(|one| one.outcome.as_deref() == Some("printed")).map(|one| one.id.as_str()).collect();
    assert_eq!((cards.len(), good.len()), (records, records), "{attempts:?}");
    assert!(cards.iter().all(|card| good.contains(card.attempt.as_str())));
    assert_eq!(office.json(&["db", "check"])["clean"], json!(true));
    let settled: Vec<&str> = log.lines().filter(|line| line.contains("an open attempt is settled")).collect();
    let names: HashSet<&str> = settled.iter().filter_map(|line| line.split("attempt.id=").nth(1)).collect();
    assert_eq!(settled.len(), names.len(), "an outcome is logged when it is saved, once: {log}");
}

#[test]
fn a_full_disk_is_told_once_and_printing_goes_on_by_itself_when_there_is_space_again() {
    let disk = SmallDisk::new();
    let office = &disk.office;
    office.import("student", &people::students(0..40));
    office.receive("student", 40);
    office.add_mock("p1", "student", "card_ms=100");
    let scheduler = office.start(&["run"]);
    wait_until("cards are printed", 60, || office.truth("p1").len() > 3);

    disk.fill();
    wait_until("the reason is logged", 60, || scheduler.messages().contains("cannot be written: the disk is full"));
    let status = office.status();
    assert!(needs(&status).contains("the disk is full") && needs(&status).contains("df -h"), "{status}");
    let refused = office.run(&["queue", "pause", "--reason", "the disk"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("the disk is full"), "{refused:?}");
    assert!(refused.stderr.contains("hint: free space"), "{refused:?}");
    let made = office.truth("p1").len();
    assert_eq!(office.truth("p1").len(), made, "no card starts: {}", scheduler.messages());

    disk.free();
    wait_until("all cards are printed", 120, || number(&office.status(), &["records", "printed"]) == 40);
    let log = scheduler.messages();
    assert_eq!(log.matches("the database cannot be written").count(), 1, "{log}");
    assert_eq!(log.matches("the database can be written again after").count(), 1, "{log}");
    assert!(!needs(&office.status()).contains("scheduler-fault"), "{}", office.status());
    assert_each_printed_once(office, "p1", 40, &log);
    scheduler.ask_to_stop();
    assert_eq!(scheduler.ended(60).code, Some(0));
}

#[test]
fn a_limit_of_file_sizes_stops_no_scheduler_and_printing_goes_on_when_it_is_raised() {
    let office = Office::new();
    office.import("student", &people::students(0..40));
    office.receive("student", 40);
    office.add_mock("p1", "student", "card_ms=100");
    let mut scheduler = office.start(&["run"]);
    wait_until("cards are printed", 60, || office.truth("p1").len() > 3);

    // The log, the truth file and the file of faults are smaller than that, and the write-ahead log is larger.
    limit_file_size(&scheduler, "65536");
    wait_until("the reason is logged", 60, || scheduler.messages().contains("the database cannot be written"));
    assert!(needs(&office.status()).contains("quota"), "{}", office.status());
    assert!(!scheduler.has_ended());

    limit_file_size(&scheduler, "unlimited");
    wait_until("all cards are printed", 120, || number(&office.status(), &["records", "printed"]) == 40);
    assert_each_printed_once(&office, "p1", 40, &scheduler.messages());
}

#[test]
fn a_database_file_that_was_moved_away_takes_no_writes_until_it_is_back() {
    let office = Office::new();
    office.import("student", &people::students(0..40));
    office.receive("student", 40);
    office.add_mock("p1", "student", "card_ms=100");
    let scheduler = office.start(&["run"]);
    wait_until("cards are printed", 60, || office.truth("p1").len() > 3);

    let (database, elsewhere) = (office.data().join("cetak.db"), office.file("elsewhere.db"));
    fs::rename(&database, &elsewhere).unwrap();
    wait_until("the reason is logged", 60, || scheduler.messages().contains("its file was moved"));
    fs::rename(&elsewhere, &database).unwrap();

    wait_until("all cards are printed", 120, || number(&office.status(), &["records", "printed"]) == 40);
    assert_each_printed_once(&office, "p1", 40, &scheduler.messages());
}

#[test]
fn the_database_itself_is_not_read_as_a_list_because_closing_it_would_release_its_locks() {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    let link = office.file("link.csv");
    std::os::unix::fs::symlink(office.data().join("cetak.db"), &link).unwrap();
    for file in [office.data().join("cetak.db"), link] {
        let refused = office.run(&["import", file.to_str().unwrap(), "--profile", "student"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("it is the database of this program"), "{refused:?}");
    }
}

fn limit_file_size(process: &Running, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    assert!(Command::new("prlimit").args(["--pid", &process.id().to_string(), &limit]).status().unwrap().success());
}

#[test]
fn a_file_that_could_not_be_completed_does_not_take_its_name() {
    let disk = SmallDisk::new();
    let office = &disk.office;
    office.import("student", &people::students(0..3));
    let list = office.write("refused.csv", people::students(0..1).replace("2029-12-31", "tomorrow"));
    disk.fill();
    let in_folder = |name: &str| office.data().join(name).to_str().unwrap().to_owned();
    let commands: [&[&str]; 4] = [
        &["audit", "seal", &in_folder("seal.json")],
        &["db", "backup", &in_folder("backup.db")],
        &["card", "preview", "r00000", "--output", &in_folder("card.png")],
        &["import", &list, "--profile", "student", "--rejects", &in_folder("rejects.csv")],
    ];
    for command in commands {
        let answer = office.run(command);
        assert_eq!(answer.code, Some(1), "{command:?}: {answer:?}");
        assert!(answer.stderr.contains("hint: "), "{command:?}: {answer:?}");
    }
    let left = disk.shell("ls seal* backup* card* rejects* 2>/dev/null").stdout;
    assert_eq!(left, "", "something is left");

    disk.free();
    for command in &commands[..3] {
        office.done(command);
    }
    assert!(disk.shell("cat seal.json").stdout.contains("\"chain\""));
}

#[test]
fn a_process_suspended_within_its_transaction_is_named_by_the_commands_and_the_scheduler_that_wait_for_it() {
    let office = Office::new();
    office.import("student", &people::students(0..30));
    office.receive("student", 30);
    office.add_mock("p1", "student", "card_ms=200");
    let scheduler = office.start(&["run"]);
    wait_until("cards are printed", 60, || office.truth("p1").len() > 1);
    let list = office.write("long.csv", people::students(1_000..20_000));
    let import = office.start(&["import", &list, "--profile", "student"]);
    let database = office.data().join("cetak.db");
    let locks = || Store::writing_process(&database).is_some_and(|writer| writer.process == import.id());
    wait_until("the import is suspended within a transaction", 60, || {
        locks() && {
            import.freeze();
            locks() || {
                import.thaw();
                false
            }
        }
    });

    let pause = office.start(&["queue", "pause", "--reason", "power work"]);
    let (process, resume) =
        (format!("process {}, which is suspended", import.id()), format!("kill -CONT {}", import.id()));
    let status = office.status();
    assert!(needs(&status).contains(&process) && needs(&status).contains(&resume), "{status}");
    let pause = pause.ended(40);
    assert_eq!(pause.code, Some(1), "{pause:?}");
    assert!(pause.stderr.contains(&process) && pause.stderr.contains(&resume), "{pause:?}");
    wait_until("the scheduler names it", 60, || scheduler.messages().contains(&process));

    import.thaw();
    assert_eq!(import.ended(120).code, Some(0));
    office.done(&["queue", "pause", "--reason", "power work"]);
    office.done(&["queue", "resume", "--reason", "power is back"]);
    wait_until("it goes on", 60, || scheduler.messages().contains("the database can be written again after"));
    wait_slowly_until("the first list is printed", 60, || office.truth("p1").len() >= 30);
    let log = scheduler.messages();
    assert_eq!(log.matches("the database cannot be written").count(), 1, "{log}");
}

#[test]
fn a_suspended_scheduler_needs_a_person() {
    let office = Office::new();
    office.add_mock("p1", "student", "");
    let scheduler = office.start(&["run"]);
    wait_until("it runs", 30, || office.data().join("cetak.faults").exists());
    assert!(!needs(&office.status()).contains("scheduler-fault"));
    scheduler.freeze();
    let command = format!("kill -CONT {}", scheduler.id());
    assert!(needs(&office.status()).contains(&command), "{}", office.status());
    scheduler.thaw();
    wait_slowly_until("it is no need any more", 30, || !needs(&office.status()).contains(&command));
}

/// Makes each write fail as PostgreSQL does, with that SQLSTATE.
fn break_writes(server: &Postgres, sqlstate: &str) {
    server.psql(&format!(
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{sqlstate}'; END $$;\n
         CREATE TRIGGER broken BEFORE INSERT ON audit FOR EACH STATEMENT EXECUTE FUNCTION broken()"
    ));
}

fn mend_writes(server: &Postgres) {
    server.psql("DROP FUNCTION broken CASCADE");
}

#[test]
fn what_keeps_a_server_from_writing_is_told_once_and_its_node_goes_on_by_itself() {
    let cluster = Cluster::new(Postgres::start(), 60, 60);
    cluster.office.add_mock("p1", "student", "card_ms=100");
    let mut node = cluster.node("a", &[]);
    node.join();
    for (sqlstate, reason) in [("53100", "the disk is full"), ("25006", "it is read-only"), ("42501", "permission")] {
        let before = cluster.office.truth("p1").len();
        wait_until("cards are printed", 60, || cluster.office.truth("p1").len() > before + 2);
        break_writes(&cluster.server, sqlstate);
        let told = || node.running().messages().matches(reason).count() > 0;
        wait_until("the reason is logged", 60, told);
        let status = node.office.status();
        assert!(needs(&status).contains(reason), "{reason}: {status}");
        let refused = cluster.office.run(&["queue", "pause", "--reason", "the disk"]);
        assert!(refused.code == Some(1) && refused.stderr.contains(reason), "{refused:?}");
        let was = node.running().messages().matches("written again").count();
        mend_writes(&cluster.server);
        wait_until("it is over", 60, || node.running().messages().matches("written again").count() > was);
    }
    cluster.come_to_rest(&mut [&mut node], 120);
    let log = node.running().messages();
    assert_eq!(log.matches("the database cannot be written").count(), 3, "{log}");
    node.stop();
    cluster.compare(cluster.office.truth("p1"), 60, 60);
}

#[test]
fn a_database_that_is_not_in_utf8_is_refused_when_it_is_opened() {
    let server = Postgres::start();
    // The server has no template of another encoding.
    server.psql("CREATE DATABASE latin TEMPLATE cetak");
    server.psql("UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN1') WHERE datname = 'latin'");
    let url = server.url();
    let office = Office::with(&[("CETAK_DATABASE", &format!("{}/latin", url.strip_suffix("/cetak").unwrap()))]);

    let answer = office.run(&["init"]);

    let told = ["encoding LATIN1", "hint: ", "createdb -E UTF8"].iter().all(|word| answer.stderr.contains(word));
    assert!(answer.code == Some(1) && told, "{answer:?}");
}

#[test]
fn a_scheduler_that_starts_before_its_server_waits_for_it_and_a_wrong_address_is_refused_at_once() {
    let mut cluster = Cluster::new(Postgres::start(), 3, 3);
    cluster.office.add_mock("p1", "student", "");
    let url = cluster.server.url();
    for (wrong, words) in [
        (url.replace("/cetak", "/nowhere"), "does not exist"),
        (url.replace("127.0.0.1", "no-such-host.invalid"), "hint: "),
    ] {
        let mut command = cluster.office.command(&["run"]);
        command.env("CETAK_DATABASE", &wrong);
        let answer = cluster.office.start_command(command).ended(60);
        assert!(answer.code == Some(1) && answer.stderr.contains(words), "{answer:?}");
    }
    cluster.server.stop();
    let mut scheduler = cluster.office.start(&["run"]);
    wait_until("it says that it waits", 30, || scheduler.messages().contains("the database is not there yet"));

    cluster.server.restart();
    wait_until("the cards are printed", 60, || cluster.office.truth("p1").len() == 3);
    assert!(!scheduler.has_ended());
    let log = scheduler.messages();
    assert_eq!(log.matches("not there yet").count(), 1, "{log}");
    assert!(log.contains("the database can be reached after"), "{log}");
}

#[test]
fn two_nodes_with_a_copied_data_folder_do_not_take_the_lease_from_each_other() {
    let cluster = Cluster::new(Postgres::start(), 4, 4);
    let [mut a, copy] = [(), ()].map(|()| cluster.node("a", &[]));
    a.join();
    fs::copy(a.office.data().join("cetak.instance"), copy.office.data().join("cetak.instance")).unwrap();

    let refused = copy.office.run(&["run"]);

    let expected = format!("another scheduler is node `a`: process {}", a.running().id());
    assert!(refused.code == Some(1) && refused.stderr.contains(&expected), "{refused:?}");

    // In two containers of one host name, neither sees the process of the other.
    cluster.server.psql("UPDATE node SET epoch = epoch + 1, process = 7, expires_at_us = expires_at_us + 60000000");
    let ended = a.ended(60);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("another scheduler is node `a`: process 7"), "{ended:?}");
    assert_eq!(cluster.acts_on("node.joined", "node a").len(), 1);
}

#[test]
fn a_pipe_or_a_device_in_place_of_a_file_is_refused_and_waited_for_by_no_command() {
    let office = Office::new();
    office.import("student", &people::students(0..1));
    let pipe = office.file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let citizens = people::citizens(",", 2);
    let photo = office.write("photo.csv", citizens.replacen(PHOTO, "pipe", 1));
    fs::write(office.file(PHOTO), FACE).unwrap();
    let rejects = office.file("rejects.csv");
    let report = office.json(&["import", &photo, "--rejects", rejects.to_str().unwrap()]);
    assert_eq!(report["refused_by_reason"]["photo"], json!(1), "{report}");
    for special in [pipe.as_path(), Path::new("/dev/zero")] {
        let special = special.to_str().unwrap();
        let commands: [&[&str]; 4] = [
            &["import", special, "--profile", "student"],
            &["import", &photo, "--rejects", special],
            &["--config", special, "status"],
            &["db", "check", "--seal", special],
        ];
        for command in commands {
            let answer = office.run(command);
            assert_eq!(answer.code, Some(1), "{command:?}: {answer:?}");
            assert!(answer.stderr.contains("no regular file"), "{command:?}: {answer:?}");
        }
        let mut command = office.command(&["status"]);
        command.env("CETAK_KEY_FILE", special);
        let answer = office.start_command(command).ended(60);
        assert!(answer.code == Some(1) && answer.stderr.contains("no regular file"), "{answer:?}");
    }
    let own = office.data().join("profiles/own");
    fs::create_dir_all(&own).unwrap();
    assert!(Command::new("mkfifo").arg(own.join("profile.toml")).status().unwrap().success());
    let answer = office.run(&["config", "check"]);
    assert!(answer.code == Some(1) && answer.stderr.contains("no regular file"), "{answer:?}");
}

#[test]
fn a_low_limit_of_open_files_is_told_with_what_to_do() {
    let office = Office::new();
    office.import("student", &people::students(0..1));
    for limit in 4..24 {
        let script = format!("ulimit -n {limit}; exec \"$@\"");
        let mut command = office.any_command("sh");
        let status = office.command(&["status"]);
        command.args(["-c", &script, "sh"]).arg(status.get_program()).args(status.get_args());
        let answer = office.start_command(command).ended(60);
        if answer.code != Some(0) {
            assert!(answer.stderr.contains("ulimit -n"), "with {limit}: {answer:?}");
        }
    }
    let mut command = office.any_command("sh");
    let run = office.command(&["run"]);
    command.args(["-c", "ulimit -n 40; exec \"$@\"", "sh"]).arg(run.get_program()).args(run.get_args());
    let answer = office.start_command(command).ended(60);
    assert!(answer.code == Some(1) && answer.stderr.contains("at most 40 files may be open"), "{answer:?}");
}
