//! Tests how an office begins: lists that are uploaded in the console, and the first start.

use std::{collections::BTreeMap, fs, io::Write};

use crate::{
    accounts::by,
    console::{Browser, staff, texts},
    http::{Reply, Served, reply},
    office::{Office, number, wait_slowly_until},
    peer::Kind,
    people,
    person::{Person, add, add_with_role, audit, first_administrator, password, with_supervisor},
};

const BOUNDARY: &str = "----a1b2c3";

/// An office without records, its server, and a person of each role.
fn office() -> (Office, Served) {
    let office = Office::new();
    office.done(&["init"]);
    let served = Served::new(&office);
    (office, served)
}

fn waiting(office: &Office) -> i64 {
    number(&office.status(), &["records", "waiting"])
}

/// A form as a browser sends it.
fn form(fields: &[(&str, &str)], file: Option<(&str, &str)>) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, content)) = file {
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"list\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv\r\n\r\n{content}\r\n"
        );
    }
    body + &format!("--{BOUNDARY}--\r\n")
}

/// A browser at the page of the import.
struct Desk<'a> {
    served: &'a Served,
    cookie: String,
    csrf: String,
    language: &'static str,
}

impl<'a> Desk<'a> {
    fn of(served: &'a Served, person: &Person<'_>) -> Self {
        Self { served, cookie: person.cookie.clone(), csrf: person.csrf.clone(), language: "en" }
    }

    /// Sends a body from a page of an origin.
    fn post(&self, origin: &str, body: &str) -> Reply {
        let media = format!("multipart/form-data; boundary={BOUNDARY}");
        let headers = [
            ("cookie", &*self.cookie),
            ("accept-language", self.language),
            ("origin", origin),
            ("content-type", &media),
        ];
        self.served.post_bytes("/import", &headers, body.as_bytes())
    }

    fn own(&self) -> String {
        format!("http://{}", self.served.address)
    }

    /// Sends the first form with a list.
    fn shows(&self, name: &str, list: &str) -> Reply {
        let fields = [("csrf", &*self.csrf), ("source", "default"), ("profile", "student"), ("skip_lines", "")];
        self.post(&self.own(), &form(&fields, Some((name, list))))
    }

    /// Sends the form that a page has, with a list.
    fn goes_on(&self, page: &Reply, list: &str) -> Reply {
        let hidden = hidden(&page.body);
        let fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.post(&self.own(), &form(&fields, Some(("again.csv", list))))
    }
}

/// The hidden fields of the form with the list.
fn hidden(page: &str) -> BTreeMap<String, String> {
    let form = page.split("<form").find(|form| form.contains("multipart/form-data")).unwrap();
    let form = form.split("</form>").next().unwrap();
    let value =
        |input: &str, name: &str| Some(input.split_once(&format!(" {name}=\""))?.1.split('"').next()?.to_owned());
    let inputs = form.split("<input").filter(|input| input.contains("type=\"hidden\""));
    inputs.filter_map(|input| Some((value(input, "name")?, value(input, "value")?))).collect()
}

#[test]
fn an_uploaded_list_is_shown_row_by_row_and_imported_when_the_same_file_is_sent_again() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let desk = Desk::of(&served, &staff["operator"]);
    let bad = people::students(3..4).replace("S000003", "");
    let list = people::students(0..3) + bad.split_once('\n').unwrap().1;
    let files = || {
        let names = fs::read_dir(office.data()).unwrap().map(|entry| entry.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();

    let shown = desk.shows("list.csv", &list);
    assert_eq!(shown.status, 200, "{shown:?}");
    let text = texts(&shown.body);
    assert!(text.contains("Nothing is changed yet") && text.contains("New on the waiting list"), "{text}");
    assert!(text.contains("r00003") && text.contains("student_number: "), "{text}");
    assert!(!text.contains("S000000") && !text.contains("STUDENT NUMBER"), "{text}");
    assert_eq!((waiting(&office), files()), (0, before), "nothing is kept");
    assert_eq!(hidden(&shown.body)["digest"].len(), 64);

    let done = desk.goes_on(&shown, &list);
    assert_eq!(done.status, 200, "{done:?}");
    assert!(texts(&done.body).contains("The list is imported"), "{done:?}");
    assert_eq!(waiting(&office), 3);
    let again = desk.shows("list.csv", &list);
    assert!(texts(&again.body).contains("would change nothing"), "{again:?}");
    let by = audit(&staff["supervisor"]).into_iter().find(|entry| entry["act"] == "import.rows").unwrap();
    assert!(by.to_string().contains("opi"), "{by}");

    let json = people::students(5..6);
    let (keys, values) = json.trim().split_once('\n').unwrap();
    let pairs = keys.split(',').zip(values.split(','));
    let object: serde_json::Map<String, serde_json::Value> =
        pairs.map(|(key, value)| (key.to_owned(), value.into())).collect();
    let lines = serde_json::Value::Object(object).to_string() + "\n";
    let shown = desk.shows("list.jsonl", &lines);
    assert_eq!(desk.goes_on(&shown, &lines).status, 200, "the format is that of the first file");
    assert_eq!(waiting(&office), 4);
}

#[test]
fn another_file_in_the_second_step_of_an_upload_changes_nothing() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let mut desk = Desk::of(&served, &staff["operator"]);
    let shown = desk.shows("list.csv", &people::students(0..3));
    desk.language = "id";
    let other = desk.goes_on(&shown, &people::students(0..4));
    assert_eq!(other.status, 409, "{other:?}");
    assert!(texts(&other.body).contains("Tidak ada yang diubah"), "{other:?}");
    assert!(other.body.contains("role=\"alert\"") && other.body.contains("<title>Galat: "), "{other:?}");
    assert_eq!(waiting(&office), 0);
}

#[test]
fn a_form_that_breaks_off_or_is_none_changes_nothing() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let desk = Desk::of(&served, &staff["operator"]);
    let list = people::students(0..3);
    let shown = desk.shows("list.csv", &list);
    let digest = hidden(&shown.body)["digest"].clone();
    let fields = [("csrf", &*desk.csrf), ("digest", &*digest), ("source", "default"), ("profile", "student")];
    let whole = form(&fields, Some(("list.csv", &list)));
    let end = format!("--{BOUNDARY}--\r\n");
    let without_end = whole.strip_suffix(&end).unwrap();
    let twice = without_end.to_owned() + &form(&[], Some(("list.csv", &list)));
    let in_the_list = &whole[..whole.len() - end.len() - 10];
    for (body, status) in [
        (without_end, 400),
        (&*twice, 400),
        (in_the_list, 400),
        ("no form at all", 400),
        ("", 400),
        (&*form(&fields, None), 422),
        (&*form(&fields, Some(("", ""))), 422),
    ] {
        let refused = desk.post(&desk.own(), body);
        assert_eq!(refused.status, status, "{body}: {refused:?}");
        assert_eq!(waiting(&office), 0);
    }
    let no_form =
        [("cookie", &*desk.cookie), ("origin", &*desk.own()), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(served.post_bytes("/import", &no_form, b"csrf=1").status, 400);
    assert_eq!(waiting(&office), 0);
    assert_eq!(desk.post(&desk.own(), &whole).status, 200);
    assert_eq!(waiting(&office), 3);
}

#[test]
fn the_limits_of_an_uploaded_form_apply_while_it_is_read() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let desk = Desk::of(&served, &staff["operator"]);
    let long = "x".repeat(200 << 10);
    for body in [
        form(&[("csrf", &desk.csrf), ("source", &long)], Some(("list.csv", "x"))),
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"list\"; filename=\"{long}"),
    ] {
        let refused = desk.post(&desk.own(), &body);
        assert_eq!(refused.status, 413, "{refused:?}");
    }
    let mut stream = served.connect();
    let head = format!(
        "POST /import HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncookie: {}\r\norigin: {}\r\n\
         content-type: multipart/form-data; boundary={BOUNDARY}\r\ncontent-length: 2000000000\r\n\r\n",
        served.address,
        desk.cookie,
        desk.own()
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(reply(&mut stream).status, 413, "before a byte of it is read");
    let fields = [("csrf", &*desk.csrf), ("source", "default"), ("profile", "student"), ("skip_lines", "1001")];
    let refused = desk.post(&desk.own(), &form(&fields, Some(("list.csv", "x"))));
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(texts(&refused.body).contains("Lines above the headings"), "{refused:?}");
    assert_eq!(waiting(&office), 0);
}

#[test]
fn a_list_is_uploaded_only_from_the_own_page_by_a_person_who_may_import() {
    let (office, served) = office();
    let staff = staff(&office, &served);
    let desk = Desk::of(&served, &staff["operator"]);
    let list = people::students(0..3);
    let fields = [("source", "default"), ("profile", "student")];
    let without = desk.post(&desk.own(), &form(&fields, Some(("list.csv", &list))));
    assert_eq!(without.status, 403, "{without:?}");
    let proof = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n", desk.csrf);
    let late = form(&fields, Some(("list.csv", &list))).replace(&format!("--{BOUNDARY}--"), &proof);
    assert_eq!(desk.post(&desk.own(), &(late + &format!("--{BOUNDARY}--\r\n"))).status, 403, "after the file");
    let proved = form(&[("csrf", &*desk.csrf), fields[0], fields[1]], Some(("list.csv", &list)));
    assert_eq!(desk.post("https://example.org", &proved).status, 403, "the page of another server");

    for role in ["auditor", "stock-keeper", "administrator"] {
        let refused = Desk::of(&served, &staff[role]).shows("list.csv", &list);
        assert_eq!(refused.status, 403, "{role}: {refused:?}");
        let text = texts(&refused.body);
        assert!(text.contains("operator") && text.contains("supervisor"), "{text}");
        let page = Browser::of(&served, &staff[role]).get("/import");
        assert_eq!(page.status, 403, "{role}: {page:?}");
    }
    let refusals = audit(&staff["supervisor"]);
    let of = |name: &str| {
        let is_it = |entry: &&serde_json::Value| entry["act"] == "act.forbidden" && entry.to_string().contains(name);
        refusals.iter().any(|entry| is_it(&entry) && entry.to_string().contains("import"))
    };
    assert!(of("audi") && of("gugun") && of("root"), "{refusals:?}");
    let stranger = Desk { cookie: String::new(), ..Desk::of(&served, &staff["operator"]) };
    assert_eq!(stranger.shows("list.csv", &list).status, 303, "to the sign-in");
    assert_eq!(waiting(&office), 0);
}

#[test]
fn a_list_that_withdraws_too_many_is_stopped_and_only_a_supervisor_accepts_it() {
    let (office, served) = office();
    office.import("student", &people::students(0..40));
    let staff = staff(&office, &served);
    let (operator, supervisor) = (Desk::of(&served, &staff["operator"]), Desk::of(&served, &staff["supervisor"]));
    let list = people::withdrawn(0..30);
    let stopped = operator.shows("list.csv", &list);
    assert_eq!(stopped.status, 409, "{stopped:?}");
    let text = texts(&stopped.body);
    assert!(text.contains("would withdraw 30 of 40") && text.contains("To accept it means"), "{text}");
    assert!(text.contains("Ask an account with one of these roles: supervisor"), "{text}");
    assert!(!hidden(&stopped.body).contains_key("accept"), "{stopped:?}");
    let fields = [("csrf", &*operator.csrf), ("source", "default"), ("profile", "student"), ("accept", "withdrawals")];
    let claimed = operator.post(&operator.own(), &form(&fields, Some(("list.csv", &list))));
    assert_eq!(claimed.status, 403, "{claimed:?}");

    let stopped = supervisor.shows("list.csv", &list);
    assert_eq!(hidden(&stopped.body)["accept"], "withdrawals");
    let shown = supervisor.goes_on(&stopped, &list);
    assert!(texts(&shown.body).contains("Nothing is changed yet"), "{shown:?}");
    assert_eq!(waiting(&office), 40);
    let done = supervisor.goes_on(&shown, &list);
    assert!(texts(&done.body).contains("The list is imported"), "{done:?}");
    assert_eq!(waiting(&office), 10);
}

/// The step that the board names as the next one.
fn next_step(browser: &Browser<'_>) -> String {
    let board = browser.get("/").body;
    let step = board.split("aria-current=\"step\"").nth(1).unwrap_or_default();
    texts(&format!("<body>{}", step.split("</li>").next().unwrap_or_default()))
}

/// The people of the first start.
const STAFF: [(&str, &str); 3] = [("supervisor", "sri"), ("operator", "opi"), ("stock-keeper", "gugun")];

#[test]
fn the_accounts_of_an_empty_office_are_made_as_its_pages_say() {
    let office = Office::new();
    office.done(&["init"]);
    let served = Served::new(&office);
    let root = first_administrator(&served);
    let mut browser = Browser::of(&served, &root);
    for (language, said) in [("id", "memegang folder datanya"), ("en", "who has its data folder")] {
        browser.language = language;
        for path in ["/", "/people"] {
            let page = texts(&browser.get(path).body);
            assert!(page.contains(said) && page.contains("cetak account roles"), "{path}: {page}");
        }
    }
    let added = browser.submit("/do/AddAccount?back=/people", &[("/name", "ani")]);
    assert!(added.status == 200 && texts(&added.body).contains("assword"), "{added:?}");
    add(&served, &root, "sri");
    let people = browser.get("/people").body;
    let command = people.split_once("<code>cetak ").unwrap().1.split('<').next().unwrap().to_owned();
    let command = command.replace("NAME", "sri").replace("TEXT", "first");
    office.done(&command.split_whitespace().collect::<Vec<_>>());

    let sri = Person::sign_in(&served, "sri");
    let supervisor = Browser::of(&served, &sri);
    for (role, name) in [("operator", "opi"), ("stock-keeper", "gugun")] {
        assert!(next_step(&browser).contains("asks for its role") && next_step(&browser).contains("Go"), "{role}");
        assert!(!next_step(&supervisor).contains("Go"), "{}", next_step(&supervisor));
        add(&served, &root, name);
        let asking = format!("/ask/GiveRole?/account={name}&back=/people");
        let asked = browser.submit(&asking, &[("/role", role), ("/note", "from May")]);
        assert_eq!(asked.status, 303, "{asked:?}");
        let step = next_step(&supervisor);
        assert!(step.contains("A role waits") && step.contains("Done by: supervisor. Place: Second person"), "{step}");
        assert!(supervisor.get("/").body.contains("primary\" href=\"/acts\""));
        let acts = supervisor.get("/acts").body;
        let confirming = acts.split("href=\"").find(|part| part.starts_with("/do/ConfirmAct")).unwrap();
        let confirming = confirming.split('"').next().unwrap().replace("&#38;", "&");
        let done = supervisor.submit(&confirming, &[("/password", &password("sri"))]);
        assert_eq!(done.status, 303, "{done:?}");
    }
    assert!(next_step(&browser).contains("Add a printer"), "{}", next_step(&browser));
    assert!(!texts(&browser.get("/people").body).contains("cetak account"), "the way is done");
}

/// The first step makes the people: it names the roles that are missing, until each has an account.
fn assert_people_first(office: &Office, served: &Served) {
    let (root, sri) = with_supervisor(office, served);
    let step = || next_step(&Browser::of(served, &root));
    assert!(step().contains("Still without an account: operator, stock-keeper") && step().contains("Go"), "{}", step());
    let page = Browser::of(served, &root).get("/").body;
    assert!(page.contains("href=\"/people\""), "{page}");
    add_with_role(served, (&root, &sri), "opi", "operator");
    assert!(step().contains("Still without an account: stock-keeper"), "{}", step());
    assert!(next_step(&Browser::of(served, &sri)).contains("Done by: administrator"));
    add_with_role(served, (&root, &sri), "gugun", "stock-keeper");
    assert!(step().contains("Add a printer"), "{}", step());
}

#[test]
fn an_empty_office_is_led_by_pages_alone_to_its_first_printed_card() {
    let printer = Kind::Eve.start();
    let office = Office::new();
    office.done(&["init"]);
    office.set("approve_batches = true\n");
    let served = Served::new(&office);
    assert_people_first(&office, &served);
    let staff: BTreeMap<&str, Person<'_>> = STAFF.map(|(role, name)| (role, Person::sign_in(&served, name))).into();
    let person = |role: &str| Browser::of(&served, &staff[role]);
    let (operator, supervisor) = (person("operator"), person("supervisor"));
    let step = next_step(&operator);
    assert!(step.contains("Add a printer") && step.contains("Done by: "), "{step}");

    assert!(next_step(&supervisor).contains("Go"), "a supervisor may");
    let uri = printer.uri();
    let fields = [("/name", "p1"), ("/uri", &*uri), ("/profile", "student")];
    let added = supervisor.submit("/do/AddPrinter?back=/", &fields);
    assert_eq!(added.status, 200, "{added:?}");
    assert!(texts(&added.body).contains("is there and answers"), "{added:?}");
    let probed = operator.get("/printers/p1/probe");
    assert!(texts(&probed.body).contains("can print cards"), "{probed:?}");

    assert!(next_step(&operator).contains("first delivery"), "{}", next_step(&operator));
    let blanks = [("/blank_type", "student"), ("/quantity", "10"), ("/document", "D-1")];
    let booked = person("stock-keeper").submit("/do/ReceiveBlanks?back=/", &blanks);
    assert!(booked.status < 400, "{booked:?}");

    assert!(next_step(&operator).contains("test card"), "{}", next_step(&operator));
    let tested = operator.submit("/do/TestPrinter?/printer=p1&back=/", &[]);
    assert_eq!(tested.status, 200, "{tested:?}");
    assert!(texts(&tested.body).contains("The printer reports a card"), "{tested:?}");

    assert!(next_step(&operator).contains("first waiting list"), "{}", next_step(&operator));
    let (desk, list) = (Desk::of(&served, &staff["operator"]), people::students(0..3));
    let shown = desk.shows("list.csv", &list);
    assert_eq!(desk.goes_on(&shown, &list).status, 200);

    let mut approving = String::new();
    wait_slowly_until("the first batch waits for approval", 60, || {
        let board = supervisor.get("/").body;
        let link = board.split("href=\"/batches/").nth(1).and_then(|rest| rest.split('"').next());
        approving = link.unwrap_or_default().to_owned();
        !approving.is_empty() && next_step(&supervisor).contains("Approve the first batch")
    });
    assert!(next_step(&operator).contains("Done by: supervisor"), "{}", next_step(&operator));
    let approved = supervisor.submit(&format!("/do/ApproveBatch?/batch={approving}&back=/"), &[]);
    assert!(approved.status < 400, "{approved:?}");
    wait_slowly_until("the cards are printed", 100, || number(&office.status(), &["records", "printed"]) == 3);
    assert_eq!(printer.cards().len(), 4, "with the test card");
    assert!(!operator.get("/").body.contains("id=\"steps\""), "the way is done");
    let card = operator.get("/records/default/r00000?pictures=true").body;
    assert!(card.contains("/preview") && !card.contains("Code on the card"), "a card that exists is scanned itself");
}

#[test]
fn a_printer_is_asked_from_its_page_and_its_test_card_told_in_both_languages() {
    let office = Office::new();
    office.receive("student", 5);
    office.add_mock("p1", "student", "card_ms=0&script=2:spoil");
    let served = Served::new(&office);
    let staff = staff(&office, &served);
    let mut browser = Browser::of(&served, &staff["operator"]);
    assert!(browser.get("/printers/p1").body.contains("href=\"/printers/p1/probe\""));
    for (language, answers, prints) in
        [("en", "The printer answers", "reports a card"), ("id", "Printer menjawab", "melaporkan kartu rusak")]
    {
        browser.language = language;
        let probed = texts(&browser.get("/printers/p1/probe").body);
        assert!(probed.contains(answers), "{probed}");
        let tested = texts(&browser.submit("/do/TestPrinter?/printer=p1&back=/printers/p1", &[]).body);
        assert!(tested.contains(prints), "{tested}");
    }
    assert_eq!(browser.get("/printers/p2/probe").status, 404);
    let refused = Browser::of(&served, &staff["auditor"]).get("/printers/p1/probe");
    assert_eq!(refused.status, 403, "{refused:?}");
}

#[test]
fn what_looks_wrong_about_a_list_is_accepted_with_a_right_of_its_own() {
    let (office, served) = office();
    office.import("student", &people::students(0..40));
    let (root, sri) = with_supervisor(&office, &served);
    add_with_role(&served, (&root, &sri), "budi", "operator");
    let token = |account: &str, scopes: &[&str]| {
        let made = root.done(
            "/tokens",
            &serde_json::json!({ "account": account, "name": scopes.concat(), "scopes": scopes, "days": 30 }),
        );
        format!("Bearer {}", made["secret"].as_str().unwrap())
    };
    let path = "/api/v1/imports?source=default&profile=student&accept=withdrawals";
    let send = |token: &str| {
        let headers = [("authorization", token), ("content-type", "text/csv")];
        served.send("POST", path, &headers, &people::withdrawn(0..30))
    };
    let refused = send(&token("budi", &["import", "import-accept"]));
    assert_eq!((refused.status, &*refused.problem()), (403, "no-right"));
    let refused = send(&token("sri", &["import"]));
    assert_eq!((refused.status, &*refused.problem()), (403, "not-in-scope"));
    let file = office.write("list.csv", people::withdrawn(0..30));
    let refused = by(&office, "budi", &["import", &file, "--profile", "student", "--accept", "withdrawals"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert_eq!(waiting(&office), 40);
    assert_eq!(send(&token("sri", &["import", "import-accept"])).status, 200);
    assert_eq!(waiting(&office), 10);
}
