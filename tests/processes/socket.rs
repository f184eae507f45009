//! Tests P9 at the socket of a service: who the kernel says is there, sessions and tokens of the command line, and that its answers are
//! those of a command with the data folder.

use std::{
    fs::{self, File, Permissions},
    io::{Read, Write},
    os::unix::{
        fs::{PermissionsExt, chown},
        net::{UnixListener, UnixStream},
        process::CommandExt,
    },
    path::PathBuf,
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    http::{Reply, Served, reply},
    office::{Answer, Office, number},
    people, wait_until,
};

/// A user id that no user of a machine has.
const STRANGER: u32 = 61_234;
const PROGRAM: &str = env!("CARGO_BIN_EXE_cetak");

fn password(name: &str) -> String {
    format!("{name} types this")
}

/// A command of the office with these lines on its standard input.
fn with_input(office: &Office, mut command: Command, lines: &[&str]) -> Answer {
    let file = office.write("input", lines.join("\n"));
    office
        .start_command({
            command.stdin(File::open(file).unwrap());
            command
        })
        .ended(60)
}

/// A person who works at the machine, with a folder for the session.
struct Person<'a> {
    office: &'a Office,
    socket: PathBuf,
    home: PathBuf,
    /// The user; the one of the tests if there is none.
    uid: Option<u32>,
}

impl<'a> Person<'a> {
    fn new(office: &'a Office, name: &str) -> Self {
        let home = office.file(&format!("home-{name}"));
        fs::create_dir_all(&home).unwrap();
        Self { office, socket: socket(office), home, uid: None }
    }

    /// A person who is another user of the machine, in the group of the socket's folder. `None` where the tests may not become one.
    fn other(office: &'a Office, name: &str, uid: u32) -> Option<Self> {
        let person = Self::new(office, name);
        for folder in [office.file(""), office.file("shared")] {
            fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        }
        let is_allowed = chown(&person.home, Some(uid), None).is_ok();
        #[expect(clippy::print_stderr, reason = "the reader of a test must know what it left out")]
        if !is_allowed {
            eprintln!("LEFT OUT: only root can act as another user of the machine");
        }
        is_allowed.then_some(Self { uid: Some(uid), ..person })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.office.any_command(PROGRAM);
        command.args(arguments).arg("--socket").arg(&self.socket).env("XDG_RUNTIME_DIR", &self.home).current_dir("/");
        if let Some(uid) = self.uid {
            command.uid(uid);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        self.office.start_command(self.command(arguments)).ended(60)
    }

    /// A command whose person types these lines.
    fn types(&self, lines: &[&str], arguments: &[&str]) -> Answer {
        with_input(self.office, self.command(&[arguments, &["--password-stdin"]].concat()), lines)
    }

    /// A command for an account, with its password.
    fn by(&self, account: &str, arguments: &[&str]) -> Answer {
        self.types(&[&password(account)], &[arguments, &["--account", account]].concat())
    }

    /// A command that no person runs.
    fn with_token(&self, token: &str, arguments: &[&str]) -> Answer {
        let mut command = self.command(arguments);
        command.env("CETAK_TOKEN", token);
        self.office.start_command(command).ended(60)
    }

    fn log_in(&self, account: &str) {
        done(self.types(&[&password(account)], &["login", account]));
    }

    /// Sends a request to the socket as this process.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let mut stream = self.connect();
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: s\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{headers}\r\n{body}"
        );
        let _ = stream.write_all(text.as_bytes());
        reply(&mut stream)
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream
    }
}

fn socket(office: &Office) -> PathBuf {
    office.file("shared/cetak.sock")
}

fn done(answer: Answer) -> Answer {
    assert_eq!(answer.code, Some(0), "{answer:?}");
    answer
}

/// Asserts that a command was refused, with this in its message.
fn refused(answer: &Answer, why: &str) {
    assert!(answer.code == Some(1) && answer.stderr.contains(why), "{why}: {answer:?}");
}

/// Makes an account in the data folder, whose person chooses a password.
fn add(office: &Office, name: &str) {
    let added = office.json(&["account", "add", name]);
    let once = added["one_time"]["password"].as_str().unwrap();
    let choose = office.command(&["account", "passwd", name, "--password-stdin"]);
    done(with_input(office, choose, &[once, &password(name)]));
}

/// A command with the data folder, for an account.
fn direct(office: &Office, account: &str, arguments: &[&str]) -> Answer {
    let command = office.command(&[arguments, &["--account", account, "--password-stdin"]].concat());
    with_input(office, command, &[&password(account)])
}

/// An office with three records and ten blanks, the administrator `root`, the supervisor `sri`, and a folder for the socket.
fn office() -> Office {
    let office = Office::new();
    office.import("student", &people::students(0..3));
    office.receive("student", 10);
    for name in ["root", "sri"] {
        add(&office, name);
    }
    office.done(&["account", "roles", "sri", "--give", "supervisor", "--reason", "the first"]);
    fs::create_dir(office.file("shared")).unwrap();
    office
}

fn serve(office: &Office) -> Served {
    Served::with(office, &["--socket", socket(office).to_str().unwrap()])
}

/// Gives an account a role, which `sri` confirms.
fn give(office: &Office, name: &str, role: &str) {
    done(direct(office, "root", &["account", "roles", name, "--give", role, "--reason", "from May"]));
    let acts: Value = serde_json::from_str(&direct(office, "sri", &["act", "list", "--json"]).stdout).unwrap();
    let act = acts.as_array().unwrap().last().unwrap()["id"].to_string();
    done(direct(office, "sri", &["act", "confirm", &act]));
}

/// The entries of the server's audit chain.
fn audit(office: &Office) -> Vec<Value> {
    let exported = direct(office, "sri", &["audit", "export"]).stdout;
    let entries = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let entry = |line: Value| line["entry"].as_str().and_then(|entry| serde_json::from_str(entry).ok()).unwrap_or(line);
    entries.map(entry).collect()
}

/// The entries of an act, as text.
fn entries(office: &Office, act: &str) -> Vec<String> {
    let quoted = format!("\"{act}\"");
    audit(office).iter().map(Value::to_string).filter(|entry| entry.contains(&quoted)).collect()
}

/// Commands that read, and acts that are refused.
const COMMANDS: &[&[&str]] = &[
    &["record", "list"],
    &["record", "list", "--json"],
    &["record", "show", "r00000"],
    &["record", "show", "none"],
    &["record", "quarantined", "--json"],
    &["record", "find", "r00001"],
    &["blangko", "balance"],
    &["blangko", "ledger", "--json"],
    &["printer", "list"],
    &["printer", "show", "none"],
    &["printer", "remove", "none"],
    &["batch", "list", "--json"],
    &["batch", "approve", "7"],
    &["job", "list"],
    &["job", "show", "7"],
    &["inspect", "list"],
    &["reprint", "list"],
    &["reprint", "approve", "7"],
    &["act", "list"],
    &["act", "confirm", "99"],
    &["act", "refuse", "99", "--reason", "no"],
    &["act", "take-back", "99"],
    &["account", "list", "--json"],
    &["account", "disable", "none", "--reason", "gone"],
    &["token", "list"],
    &["token", "revoke", "9"],
    &["card", "check", "r00000"],
    &["card", "hand-over", "r00000"],
    &["card", "scan", "not a code"],
    &["queue", "resume", "--printer", "none", "--reason", "go on"],
    &["record", "hold", "none", "--reason", "asked"],
    &["record", "hold", "none", "r00009", "--reason", "asked"],
    &["record", "list", "--limit", "0"],
    &["blangko", "receive", "--type", "none", "--quantity", "3", "--document", "B"],
    &["blangko", "lend", "--type", "student", "--quantity", "1", "--to", "k", "--document", "B", "--second", "budi"],
    &["db", "check", "--json"],
];

#[test]
fn a_command_through_the_socket_answers_as_the_same_command_with_the_data_folder() {
    let office = office();
    let _served = serve(&office);
    let sri = Person::new(&office, "sri");
    for command in COMMANDS {
        let (with_folder, through) = (direct(&office, "sri", command), sri.by("sri", command));
        let answer = |answer: &Answer| (answer.code, answer.stdout.clone(), answer.stderr.clone());
        assert_eq!(answer(&through), answer(&with_folder), "{command:?}");
    }
    done(sri.by("sri", &["record", "hold", "r00000", "--reason", "asked for"]));
    assert_eq!(number(&office.status(), &["records", "held"]), 1);
    let status = done(sri.by("sri", &["status", "--json"])).stdout;
    assert_eq!(number(&serde_json::from_str(&status).unwrap(), &["records", "held"]), 1);
    for (command, what) in [
        (&["card", "preview", "r00000", "--output", "c.png"][..], "draw a card"),
        (&["db", "move", "postgres://u@h/d"], "move the database"),
    ] {
        refused(&sri.by("sri", command), &format!("does not {what} for a command through its socket"));
    }
    let outside = sri.by("root", &["db", "backup", "/etc/backup.db"]);
    refused(&outside, "without a folder");
    assert!(
        entries(&office, "act.forbidden").iter().any(|entry| entry.contains("stock-remove")),
        "--second is on record"
    );
}

#[test]
fn a_list_that_is_imported_through_the_socket_has_the_report_and_the_refused_rows_of_one_with_the_data_folder() {
    let office = office();
    let served = serve(&office);
    let sri = Person::new(&office, "sri");
    let mut list: Vec<_> = (3..9).map(people::student).collect();
    list[1].name.clear();
    list[2].verified_at = "tomorrow".into();
    list[2].number = "?".into();
    let file = office.write("more.csv", people::csv(&list) + "r00009,new\n");
    let [first, second] = ["through.csv", "folder.csv"].map(|name| office.file(name).to_str().unwrap().to_owned());
    let dry = ["import", &file, "--profile", "student", "--dry-run", "--json", "--rejects"];

    let through = done(sri.by("sri", &[&dry[..], &[&*first]].concat()));

    let with_folder = done(direct(&office, "sri", &[&dry[..], &[&*second]].concat()));
    assert_eq!((through.stdout, through.stderr), (with_folder.stdout, with_folder.stderr));
    let rejects = |name: &str| fs::read_to_string(office.file(name)).unwrap();
    assert_eq!(rejects("through.csv"), rejects("folder.csv"));
    assert_eq!(rejects("through.csv").lines().count(), 1 + 3, "{}", rejects("through.csv"));
    let imported = done(sri.by("sri", &["import", &file, "--profile", "student"]));
    assert!(imported.stderr.contains("refused: row 2"), "{imported:?}");
    assert_eq!(number(&office.status(), &["records", "waiting"]), 3 + 4);
    let unread = sri.by("sri", &["import", &file, "--profile", "student", "--photos", "/tmp"]);
    refused(&unread, "a service reads photos from the folder that its settings name");
    refused(&sri.by("sri", &["import", &file, "--profile", "none"]), "no card profile is named `none`");
    assert_eq!(
        sri.by("root", &["import", &file, "--profile", "student"]).code,
        Some(1),
        "an administrator imports nothing"
    );
    drop(served);
}

#[test]
fn a_user_of_the_machine_proves_the_account_that_the_person_gave_it_and_a_stranger_is_refused_and_on_record() {
    let office = office();
    let served = serve(&office);
    let Some(siti) = Person::other(&office, "siti", STRANGER) else { return };
    let unknown = siti.run(&["status"]);
    refused(&unknown, "does not know your user of this machine");
    assert!(unknown.stderr.contains("cetak login") && unknown.stdout.is_empty(), "{unknown:?}");
    refused(&siti.types(&["a wrong password"], &["account", "map", "sri"]), "name and the password");

    done(siti.types(&[&password("sri")], &["account", "map", "sri"]));
    done(siti.run(&["status"]));
    done(siti.run(&["queue", "pause", "--reason", "end of day"]));
    let paused = &entries(&office, "queue.paused")[0];
    let facts = [r#""actor":"sri""#, r#""means":"socket""#, &format!(r#""os_user":"uid {STRANGER}""#)];
    assert!(facts.iter().all(|fact| paused.contains(fact)), "{paused}");
    refused(&Person::new(&office, "here").run(&["status"]), "does not know your user");

    // One user, one account: the newer one.
    done(siti.types(&[&password("root")], &["account", "map", "root"]));
    refused(&siti.run(&["queue", "resume", "--reason", "go on"]), "resume-queue");
    assert_eq!(entries(&office, "account.os-user-mapped").len(), 2);
    assert_eq!(entries(&office, "account.os-user-unmapped").len(), 1);
    office.done(&["account", "disable", "root", "--reason", "moved"]);
    refused(&siti.run(&["status"]), "does not know your user");
    office.done(&["account", "enable", "root", "--reason", "is back"]);
    done(siti.types(&[&password("root")], &["account", "map", "root", "--remove"]));
    refused(&siti.run(&["status"]), "does not know your user");

    let mut outside = siti.command(&["status"]);
    outside.gid(STRANGER);
    refused(&office.start_command(outside).ended(60), "you may not connect to the socket");
    served.running.ask_to_stop();
    assert_eq!(served.running.ended(60).code, Some(0));
    let place = format!("user uid {STRANGER}");
    let counted = entries(&office, "request.unproved");
    assert!(counted.iter().any(|entry| entry.contains(&place)), "{counted:?}");
    office.done(&["db", "check"]);
}

#[test]
fn a_person_signs_in_at_the_socket_and_out_and_a_token_is_for_unattended_commands() {
    let office = office();
    let _served = serve(&office);
    let sri = Person::new(&office, "sri");
    refused(&sri.run(&["logout"]), "not signed in");
    refused(&sri.types(&["wrong"], &["login", "sri"]), "name and the password");
    sri.log_in("sri");
    let kept = sri.home.join("cetak/session");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let session = fs::read(&kept).unwrap();
    done(sri.run(&["queue", "pause", "--reason", "end of day"]));
    assert!(entries(&office, "queue.paused")[0].contains(r#""means":"session""#));
    refused(&Person::new(&office, "other").run(&["status"]), "does not know your user");

    done(sri.run(&["logout"]));
    refused(&sri.run(&["status"]), "does not know your user");
    fs::write(&kept, session).unwrap();
    refused(&sri.run(&["status"]), "your session has ended");
    sri.log_in("sri");
    let sessions = office.json(&["account", "sessions"]);
    assert!(sessions[0]["address"].as_str().unwrap().starts_with("user "), "{sessions}");
    office.done(&["account", "end-session", &sessions[0]["id"].to_string()]);
    refused(&sri.run(&["status"]), "your session has ended");

    let add = ["token", "add", "board", "--owner", "sri", "--scope", "board-read", "--scope", "pause", "--days", "30"];
    let token = office.json(&add);
    let secret = token["secret"].as_str().unwrap();
    done(sri.with_token(secret, &["status"])); // a token goes over a session
    refused(&sri.with_token(secret, &["queue", "resume", "--reason", "go on"]), "scopes of the API token");
    refused(&sri.with_token("cetak_x", &["status"]), "unknown, has expired or was revoked");
    office.done(&["token", "revoke", &token["token"].to_string()]);
    refused(&sri.with_token(secret, &["status"]), "unknown, has expired or was revoked");
    let mut without_socket = office.command(&["status"]);
    without_socket.env("CETAK_TOKEN", secret);
    refused(&office.start_command(without_socket).ended(60), "name the socket");
    done(sri.by("sri", &["status"])); // an account that is named goes over all
    assert_eq!(office.json(&["account", "sessions"]), json!([]), "a command with a password leaves no session");
}

#[test]
fn who_asked_confirms_by_no_way_through_the_socket_and_another_only_with_the_password() {
    let office = office();
    add(&office, "tia");
    for name in ["sri", "tia"] {
        give(&office, name, "stock-keeper");
    }
    give(&office, "tia", "supervisor");
    let _served = serve(&office);
    let (sri, tia) = (Person::new(&office, "sri"), Person::new(&office, "tia"));
    done(sri.types(&[&password("sri")], &["account", "map", "sri"]));
    let asked = done(sri.run(&[
        "blangko",
        "lend",
        "--type",
        "student",
        "--quantity",
        "2",
        "--to",
        "kudus",
        "--document",
        "B-1",
        "--ask",
        "--json",
    ]));
    let act = serde_json::from_str::<Value>(&asked.stdout).unwrap()["act"].to_string();
    let confirm = ["act", "confirm", &act];

    let own = "requested";
    refused(&sri.types(&[&password("sri")], &confirm), own);
    refused(&sri.by("sri", &confirm), own);
    sri.log_in("sri");
    refused(&sri.types(&[&password("sri")], &confirm), own);
    refused(&direct(&office, "sri", &confirm), own);
    refused(&office.run(&confirm), "stock-remove");
    let add = ["token", "add", "t", "--owner", "tia", "--scope", "stock-remove", "--days", "30"];
    let token = office.json(&add);
    refused(&sri.with_token(token["secret"].as_str().unwrap(), &confirm), "stock-remove");
    assert_eq!(number(&office.status(), &["blangko", "student", "loan"]), 0);
    let forbidden = entries(&office, "act.forbidden");
    assert!(forbidden.len() >= 6 && forbidden.iter().all(|entry| entry.contains("stock-remove")), "{forbidden:?}");

    // The user of the machine proves tia's account, and that is not enough.
    done(tia.types(&[&password("tia")], &["account", "map", "tia"]));
    let bare = tia.ask("POST", &format!("/api/v1/acts/{act}/confirmation"), "", "{}");
    assert_eq!((bare.status, &*bare.problem()), (403, "password-needed"), "{bare:?}");
    refused(&tia.run(&confirm), "--password-stdin");
    refused(&tia.types(&["not hers"], &confirm), "name and the password");
    done(tia.types(&[&password("tia")], &confirm));
    assert_eq!(number(&office.status(), &["blangko", "student", "loan"]), 2);
}

#[test]
fn clients_of_the_socket_are_bounded_as_those_of_the_network() {
    let office = office();
    let served = serve(&office);
    let here = Person::new(&office, "here");
    for path in ["/client/act", "/client/query", "/client/request", "/client/together", "/api/v1/board"] {
        let method = if path.starts_with("/client") { "POST" } else { "GET" };
        let unknown = here.ask(method, path, "", "{}");
        assert_eq!((unknown.status, &*unknown.problem()), (401, "sign-in-needed"), "{path}");
    }
    assert_eq!(served.send("POST", "/client/act", &[("content-type", "application/json")], "{}").status, 404);
    done(here.types(&[&password("sri")], &["account", "map", "sri"]));
    assert_eq!(here.ask("GET", "/api/v1/board", "", "").status, 200, "the user proves an account at each address");
    let who = here.ask("GET", "/api/v1/session", "", "");
    assert_eq!((who.status, &who.json()["name"], &who.json()["csrf"]), (200, &json!("sri"), &Value::Null), "{who:?}");
    assert_eq!(here.ask("POST", "/client/act", "", &"x".repeat(2 << 20)).status, 413);
    assert_eq!(here.ask("POST", "/client/os-user", "", &"x".repeat(9 << 10)).status, 413);
    assert_eq!(here.ask("POST", "/client/act", "", &"[".repeat(10_000)).status, 400);
    assert_eq!(here.ask("POST", "/client/act", "", r#"{"act":"drop-table"}"#).status, 422);
    let mock = r#"{"act":"add-printer","name":"m","uri":"mock://m?truth=/etc/x","profile":"student","hopper":null}"#;
    assert_eq!(here.ask("POST", "/client/act", "", mock).status, 422);
    assert_eq!(here.ask("GET", "/client", &format!("x: {}\r\n", "y".repeat(20 << 10)), "").status, 431);

    let idle: Vec<_> = (0..80).map(|_| here.connect()).collect();
    wait_until("connections above the limit are closed", 60, || {
        idle.iter().filter(|stream| is_closed(stream)).count() >= 80 - 64
    });
    assert_eq!(served.get("/healthz").status, 200, "the network is served meanwhile");
    wait_until("silent connections are closed", 60, || idle.iter().all(is_closed));
    done(here.run(&["status"]));
}

fn is_closed(mut stream: &UnixStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    !matches!(stream.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn the_socket_is_removed_at_the_end_one_that_was_left_is_replaced_and_without_a_service_a_command_says_so() {
    let office = office();
    let here = Person::new(&office, "here");
    refused(&here.run(&["status"]), "no service listens on the socket");
    refused(&office.run(&["login", "sri"]), "name the socket with `--socket`");
    let file = socket(&office);
    drop(UnixListener::bind(&file).unwrap());
    refused(&here.run(&["status"]), "no service listens on the socket");

    let served = serve(&office);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o660);
    refused(&here.run(&["status"]), "does not know your user");
    served.running.ask_to_stop();
    assert_eq!(served.running.ended(60).code, Some(0));
    assert!(!file.exists());

    serve(&office).running.kill();
    assert!(file.exists());
    fs::remove_file(&file).unwrap();
    fs::write(&file, "a file of somebody").unwrap();
    let other = office.run(&["serve", "--listen", "127.0.0.1:0", "--socket", file.to_str().unwrap()]);
    refused(&other, "is not a socket");
    fs::remove_file(&file).unwrap();

    office.set(&format!("[serve]\nsocket = \"{}\"\n", file.display()));
    let served = Served::new(&office);
    refused(&here.run(&["status"]), "does not know your user");
    drop(served);
    office.set("");
    let served = Served::new(&office);
    let in_folder = Person { socket: office.data().join("cetak.sock"), ..here };
    done(in_folder.by("sri", &["status"]));
    drop(served);
}
