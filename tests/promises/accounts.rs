//! Tests P9: who acts is proved by an account, its password or a session.

use std::time::Duration;

use cetak::{
    domain::{
        account::PasswordFault,
        actor::{Actor, Means, Role},
        pending::PendingState,
        refusal::AccountRefusal,
        value::AccountName,
    },
    engine::{
        accounts::{
            SessionToken, actor_of_os_user, actor_of_password, actor_of_session, choose_password, first_administrator,
            issue_first_code, map_os_user, sign_in, sign_out, unmap_os_user,
        },
        client::{Client, Direct},
        operations::{
            AddAccount, AddedAccount, DisableAccount, EnableAccount, EndSession, OneTimePassword, ResetAccount,
        },
    },
};

use crate::{
    account_rights::loan,
    database,
    staff::{DESK, Office, is_open, note, password, refused, typed},
    world::World,
};

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_new_account_has_a_one_time_password_with_which_its_person_only_chooses_another() {
    let office = Office::new(&[]).await;
    let added: AddedAccount = office.local().act(AddAccount { name: note("Siti") }).await.unwrap();
    let (once, until) = (added.one_time.password.to_password(), added.one_time.until.clone());
    assert!(!added.is_first && until > office.web.clock.now().to_string());

    let signed_in = sign_in(&office.web, "siti", &once, DESK).await.unwrap();
    assert!(signed_in.password_due && signed_in.actor.roles.is_empty());
    let seen = actor_of_session(&office.web, &signed_in.token).await.unwrap().unwrap();
    assert!(seen.password_due && seen.actor.roles.is_empty());
    let due = actor_of_password(&office.web, "Siti", &once, DESK).await;
    assert_eq!(refused(due), AccountRefusal::PasswordDue);
    let choose = async |new: &str| choose_password(&office.web, "Siti", &once, &typed(new), DESK).await;
    for (new, fault) in [("short", PasswordFault::TooShort), (once.reveal(), PasswordFault::Unchanged)] {
        assert_eq!(refused(choose(new).await), AccountRefusal::Password { fault });
    }
    choose("Siti types this").await.unwrap();

    assert!(!is_open(&office, &signed_in.token).await, "its sessions end");
    assert_eq!(refused(sign_in(&office.web, "Siti", &once, DESK).await), AccountRefusal::SignIn);
    assert!(!sign_in(&office.web, "SITI", &typed("Siti types this"), DESK).await.unwrap().password_due);

    office.local().act(AddAccount { name: note("Budi") }).await.unwrap();
    let late = office.local().act(AddAccount { name: note("Sri") }).await.unwrap().one_time.password.to_password();
    office.world.clock.set_forward(168 * HOUR);
    assert_eq!(refused(sign_in(&office.web, "Sri", &late, DESK).await), AccountRefusal::SignIn, "it has expired");
    office.world.audit().await;
}

#[tokio::test]
async fn a_name_that_may_be_taken_for_another_accounts_is_refused() {
    let office = Office::new(&[]).await;
    for same in ["ROOT", " root ", "r\u{43e}ot", "\u{ff52}oot"] {
        let again = refused(office.local().act(AddAccount { name: note(same) }).await);
        assert!(matches!(&again, AccountRefusal::NameTaken { other, .. } if other == "root"), "{again:?}");
    }
    assert!("\u{200b}root".parse::<AccountName>().is_err(), "what cannot be seen is in no name");
    assert_eq!(office.accounts().await.len(), 1);
}

#[tokio::test]
async fn a_failed_sign_in_has_one_answer_for_all_causes_and_waits_longer_each_time() {
    let office = Office::new(&[("Siti", Role::Operator), ("Budi", Role::Operator)]).await;
    let away = DisableAccount { account: "Budi".into(), note: note("moved") };
    office.local().act(away).await.unwrap();
    let long = "long ".repeat(100);
    for (name, password, desk) in [
        ("Siti", password("Budi"), "10.0.0.1"),
        ("Budi", password("Budi"), "10.0.0.2"),
        ("Nobody", password("Siti"), "10.0.0.3"),
        (long.as_str(), password("Siti"), "10.0.0.4"),
        ("Siti", typed(&"a".repeat(5_000)), "10.0.0.5"),
    ] {
        let answer = refused(sign_in(&office.web, name, &password, desk).await);
        assert_eq!(answer, AccountRefusal::SignIn, "{name}");
    }
    let begun = office.web.clock.elapsed();
    let mut waits = Vec::new();
    for _ in 0..4 {
        let before = office.web.clock.elapsed();
        assert!(sign_in(&office.web, "Siti", &password("Budi"), DESK).await.is_err());
        waits.push(office.web.clock.elapsed().saturating_sub(before).as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8], "two have failed before");
    let before = office.web.clock.elapsed();
    office.sign_in("Siti").await;
    assert!(
        before > begun && office.web.clock.elapsed().saturating_sub(before) <= Duration::from_secs(30),
        "she is not locked out"
    );
    let free = office.web.clock.elapsed();
    office.sign_in("Siti").await;
    assert_eq!(office.web.clock.elapsed(), free, "a right password ends the delay");
}

#[tokio::test]
async fn a_failed_sign_in_computes_one_hash_whether_there_is_such_an_account_or_not() {
    let office = Office::new(&[("Siti", Role::Operator), ("Budi", Role::Operator)]).await;
    let away = DisableAccount { account: "Budi".into(), note: note("moved") };
    office.local().act(away).await.unwrap();
    let late = office.local().act(AddAccount { name: note("Sri") }).await.unwrap().one_time.password.to_password();
    office.world.clock.set_forward(168 * HOUR);
    let long = "long ".repeat(100);
    for (case, name, password) in [
        ("a wrong password", "Siti", password("Budi")),
        ("an unknown account", "Nobody", password("Siti")),
        ("no name", "", password("Siti")),
        ("a name that is too long", &*long, password("Siti")),
        ("a disabled account", "Budi", password("Budi")),
        ("an expired one-time password", "Sri", late),
        ("no password", "Siti", typed("")),
        ("a password that is too long", "Siti", typed(&"a".repeat(5_000))),
    ] {
        let before = office.web.sign_ins.hashes();
        assert_eq!(refused(sign_in(&office.web, name, &password, DESK).await), AccountRefusal::SignIn, "{case}");
        assert_eq!(office.web.sign_ins.hashes() - before, 1, "{case}");
    }
    let before = office.web.sign_ins.hashes();
    office.sign_in("Siti").await;
    assert_eq!(office.web.sign_ins.hashes() - before, 1, "as many as the right password");
}

#[tokio::test]
async fn a_session_is_known_by_its_token_alone_and_ends_by_time_and_by_people() {
    let office = Office::new(&[("Siti", Role::Operator)]).await;
    let (one, two) = (office.sign_in("Siti").await, office.sign_in("Siti").await);
    assert_ne!(one.token.reveal(), two.token.reveal(), "each sign-in has a session of its own");
    assert_ne!(one.token.csrf().reveal(), two.token.csrf().reveal());
    let seen = actor_of_session(&office.web, &one.token).await.unwrap().unwrap();
    assert_eq!((seen.session, &*seen.actor.name, seen.actor.means), (one.session, "Siti", Means::Session));
    assert_eq!(seen.actor.roles, [Role::Operator].into());
    let other = SessionToken::received(&"0".repeat(64)).unwrap();
    assert!(!is_open(&office, &other).await && SessionToken::received("x").is_none());
    let stored = database::execute(&office.world.location, "SELECT token_hash FROM session ORDER BY id LIMIT 1").await;
    assert_ne!(stored.unwrap(), one.token.reveal(), "the token itself is not stored");

    sign_out(&office.web, &one.token).await.unwrap();
    sign_out(&office.web, &one.token).await.unwrap();
    assert!(!is_open(&office, &one.token).await && is_open(&office, &two.token).await);
    office.local().act(EndSession { session: two.session }).await.unwrap();
    assert!(!is_open(&office, &two.token).await);
    let again = office.local().act(EndSession { session: two.session }).await;
    assert_eq!(refused(again), AccountRefusal::NoSession { session: two.session });

    let idle = office.sign_in("Siti").await;
    office.world.clock.set_forward(30 * MINUTE);
    assert!(!is_open(&office, &idle.token).await, "idle");
    assert_eq!(office.sessions().await, []);
    let used = office.sign_in("Siti").await;
    for _ in 0..35 {
        office.world.clock.set_forward(20 * MINUTE);
        assert!(is_open(&office, &used.token).await);
    }
    office.world.clock.set_forward(20 * MINUTE);
    assert!(!is_open(&office, &used.token).await, "after 12 hours, however it was used");
}

#[tokio::test]
async fn the_use_of_a_session_is_saved_at_most_once_a_minute_and_an_account_has_10_sessions() {
    let office = Office::new(&[("Siti", Role::Operator)]).await;
    let session = office.sign_in("Siti").await;
    let opened = office.sessions().await[0].seen_at.clone();
    office.world.clock.set_forward(Duration::from_secs(59));
    assert!(is_open(&office, &session.token).await);
    assert_eq!(office.sessions().await[0].seen_at, opened);
    office.world.clock.set_forward(Duration::from_secs(1));
    assert!(is_open(&office, &session.token).await);
    assert!(office.sessions().await[0].seen_at > opened);
    for _ in 0..10 {
        office.sign_in("Siti").await;
    }
    assert_eq!(office.sessions().await.len(), 10);
    assert!(!is_open(&office, &session.token).await, "the oldest has ended");
}

#[tokio::test]
async fn a_read_in_a_session_does_not_wait_for_the_writer_and_its_use_changes_no_session_that_has_ended() {
    let office = Office::new(&[("Siti", Role::Operator)]).await;
    let (used, ended) = (office.sign_in("Siti").await, office.sign_in("Siti").await);
    let opened = office.sessions().await[0].seen_at.clone();
    office.world.clock.set_forward(MINUTE);
    let mut writer = office.web.store.write(&office.web.writer, office.web.clock.now()).await.unwrap();
    writer.session_end(ended.session).await.unwrap();
    let reads = async {
        for signed_in in [&used, &ended, &used, &ended] {
            assert!(actor_of_session(&office.web, &signed_in.token).await.unwrap().is_some(), "as it was committed");
        }
    };
    tokio::time::timeout(MINUTE, reads).await.expect("no read waits for the writer");
    assert_eq!(office.sessions().await[0].seen_at, opened, "its use waits for the writer");
    writer.commit().await.unwrap();
    office.web.session_uses.saved().await;
    assert!(office.sessions().await[0].seen_at > opened);
    assert!(!is_open(&office, &ended.token).await && office.sessions().await.len() == 1, "what has ended stays so");
}

#[tokio::test]
async fn a_disabled_accounts_sessions_and_tokens_do_nothing_at_once() {
    let office = Office::new(&[("Siti", Role::Operator)]).await;
    let session = office.sign_in("Siti").await;
    let token = office.token("Siti", "board-read", 30).await;
    assert!(office.program(&token.secret).await.is_some());
    office.local().act(DisableAccount { account: "siti".into(), note: note("moved") }).await.unwrap();

    assert!(!is_open(&office, &session.token).await && office.program(&token.secret).await.is_none());
    assert!(sign_in(&office.web, "Siti", &password("Siti"), DESK).await.is_err());
    let again = office.local().act(DisableAccount { account: "siti".into(), note: note("moved") }).await;
    assert_eq!(refused(again), AccountRefusal::Disabled { name: "Siti".into() });
    office.local().act(EnableAccount { account: "Siti".into(), note: note("is back") }).await.unwrap();
    assert!(!is_open(&office, &session.token).await, "the session does not come back");
    assert!(office.program(&token.secret).await.is_some());
    office.sign_in("Siti").await;
    office.world.audit().await;
}

#[tokio::test]
async fn a_reset_ends_the_sessions_and_its_account_confirms_nothing_for_24_hours() {
    let office = Office::new(&[("Siti", Role::StockKeeper), ("Budi", Role::Supervisor)]).await;
    let act = office.at_browser("Siti").await.request(loan(4)).await.unwrap();
    let session = office.sign_in("Budi").await;
    let reset = ResetAccount { account: "Budi".into(), note: note("forgotten") };
    let once: OneTimePassword = office.local().act(reset).await.unwrap();
    assert!(!is_open(&office, &session.token).await);
    assert_eq!(refused(office.confirm(act, "Budi").await), AccountRefusal::SignIn, "the old password");
    choose_password(&office.web, "Budi", &once.password.to_password(), &password("Budi"), DESK).await.unwrap();

    let later = refused(office.confirm(act, "Budi").await);
    assert!(matches!(later, AccountRefusal::ConfirmsLater { act: of, .. } if of == act), "{later:?}");
    assert_eq!(office.state(act).await, PendingState::Pending);
    let entry = office.audit("web").await.pop().unwrap();
    assert!(entry.contains("act.forbidden") && entry.contains("confirms-later"), "{entry}");
    office.world.clock.set_forward(24 * HOUR);
    office.confirm(act, "Budi").await.unwrap();
    assert_eq!(office.world.account("loan").await, 4);
    office.world.audit().await;
}

#[tokio::test]
async fn an_account_that_was_reset_asks_for_nothing_that_two_people_do_for_24_hours() {
    let office = Office::new(&[("Siti", Role::StockKeeper), ("Budi", Role::Supervisor)]).await;
    let reset = ResetAccount { account: "Siti".into(), note: note("forgotten") };
    let once: OneTimePassword = office.local().act(reset).await.unwrap();
    choose_password(&office.web, "Siti", &once.password.to_password(), &password("Siti"), DESK).await.unwrap();

    let later = refused(office.at_browser("Siti").await.request(loan(4)).await);
    assert!(matches!(later, AccountRefusal::AsksLater { .. }), "{later:?}");
    let entry = office.audit("web").await.pop().unwrap();
    assert!(entry.contains("act.forbidden") && entry.contains("asks-later"), "{entry}");
    office.world.clock.set_forward(24 * HOUR);
    office.at_browser("Siti").await.request(loan(4)).await.unwrap();
}

#[tokio::test]
async fn the_first_administrator_is_made_with_a_code_that_is_valid_once_and_for_15_minutes() {
    let world = World::new().await;
    let web = world.engine.acting("web", Actor::system("web", "cetak", "print-room"));
    let make = async |code: &str| first_administrator(&web, code, &note("root"), &password("root")).await;
    assert_eq!(refused(make("").await), AccountRefusal::FirstCode, "none was issued");
    let old = issue_first_code(&web).await.unwrap().unwrap();
    let code = issue_first_code(&web).await.unwrap().unwrap();
    assert_eq!(refused(make(old.reveal()).await), AccountRefusal::FirstCode, "a new code ends the old one");
    world.clock.set_forward(15 * MINUTE);
    assert_eq!(refused(make(code.reveal()).await), AccountRefusal::FirstCode, "it has expired");
    let code = issue_first_code(&web).await.unwrap().unwrap();
    let stored = "SELECT value FROM meta WHERE key = 'first_administrator_code'";
    assert!(!database::execute(&world.location, stored).await.unwrap().contains(code.reveal()));
    let weak = first_administrator(&web, code.reveal(), &note("root"), &typed("short")).await;
    assert_eq!(refused(weak), AccountRefusal::Password { fault: PasswordFault::TooShort });

    make(&format!(" {} ", code.reveal().to_uppercase())).await.unwrap();

    assert_eq!(refused(make(code.reveal()).await), AccountRefusal::AccountsExist);
    assert!(issue_first_code(&web).await.unwrap().is_none());
    let signed_in = sign_in(&web, "root", &password("root"), DESK).await.unwrap();
    assert_eq!(signed_in.actor.roles, [Role::Administrator].into());
    world.audit().await;
}

#[tokio::test]
async fn a_system_user_proves_the_one_account_whose_password_it_gave_and_confirms_nothing_without_it() {
    let office = Office::new(&[("Siti", Role::StockKeeper), ("Budi", Role::Supervisor)]).await;
    let map =
        async |name: &str, typed: &str, user: &str| map_os_user(&office.web, name, &password(typed), user, DESK).await;
    let account = async |user: &str| actor_of_os_user(&office.web, user).await.unwrap().map(|actor| actor.name);
    assert_eq!(refused(map("Siti", "Budi", "siti").await), AccountRefusal::SignIn);
    assert_eq!(account("siti").await, None);
    map("Siti", "Siti", "siti").await.unwrap();
    map("Siti", "Siti", "siti").await.unwrap();
    map("Budi", "Budi", "budi").await.unwrap();
    let siti = actor_of_os_user(&office.web, "siti").await.unwrap().unwrap();
    assert_eq!((&*siti.name, &*siti.os_user, siti.means, siti.authenticated), ("Siti", "siti", Means::Socket, true));

    let asked = Direct::for_actor(&office.web, siti).request(loan(1)).await.unwrap();
    let budi = actor_of_os_user(&office.web, "budi").await.unwrap().unwrap();
    let bare = Direct::for_actor(&office.web, budi.clone()).confirm(asked).await;
    assert!(matches!(refused(bare), AccountRefusal::PasswordNeeded { act, .. } if act == asked));
    office.confirm(asked, "Budi").await.unwrap();
    assert_eq!(office.state(asked).await, PendingState::Confirmed);

    // One user has one account, and one account one user: the last that were mapped.
    map("Budi", "Budi", "siti").await.unwrap();
    assert_eq!((account("siti").await, account("budi").await), (Some("Budi".into()), None));
    unmap_os_user(&office.web, "Siti", &password("Siti"), "other", DESK).await.unwrap();
    assert_eq!(account("siti").await, Some("Budi".into()), "another account's");
    let reset = ResetAccount { account: "Budi".into(), note: note("forgotten") };
    office.local().act(reset).await.unwrap();
    assert_eq!(account("siti").await, None, "another person may have mapped it");
    office.local().act(DisableAccount { account: "Budi".into(), note: note("moved") }).await.unwrap();
    assert_eq!(account("siti").await, None);
    let events = office.audit("web").await.concat();
    let count = |act: &str| events.matches(act).count();
    assert_eq!((count("account.os-user-mapped"), count("account.os-user-unmapped")), (3, 2), "{events}");
    office.world.audit().await;
}

#[tokio::test]
async fn no_secret_is_in_the_audit_or_in_the_database() {
    let office = Office::new(&[]).await;
    let added = office.local().act(AddAccount { name: note("Siti") }).await.unwrap();
    let token = office.token("root", "pause", 30).await;
    let session = office.sign_in("root").await;
    let code = password("root");
    let secrets = [added.one_time.password.reveal(), token.secret.reveal(), session.token.reveal(), code.reveal()];
    let mut kept = [office.audit("cli").await, office.audit("web").await].concat();
    for table in ["account", "token", "session", "meta"] {
        let columns = match table {
            "account" => "password || name",
            "token" => "token_hash || name",
            "session" => "token_hash || address",
            _ => "key || value",
        };
        let sql = format!("SELECT string_agg({columns}, ' ') FROM {table}");
        kept.push(database::execute(&office.world.location, &sql).await.unwrap());
    }
    for secret in secrets {
        assert!(kept.iter().all(|text| !text.contains(secret)));
    }
    let named = kept.iter().filter(|text| text.contains("account.added") && text.contains("account Siti")).count();
    assert!(named == 1 && kept.iter().any(|text| text.contains("\"account_id\":\"2\"")));
    assert!(kept.iter().any(|text| text.contains("$argon2id$v=19$m=19456,t=2,p=1$")));
}
