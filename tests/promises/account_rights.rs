//! Tests P9: what is for two people needs two accounts, the local administrator is no second person, and a token does no more than
//! its scopes and its owner's roles allow.

use std::time::Duration;

use cetak::{
    domain::{
        actor::{Actor, Role},
        count::{CountedBlanks, WhichCount},
        pending::{PendingState, TwoPerson},
        permission::Operation,
        refusal::{AccountRefusal, Refusal},
        value::{PersonName, TokenDays, Witnesses},
    },
    engine::{
        EngineError,
        accounts::{actor_of_password, actor_of_session, actor_of_token, confirm_with_password},
        client::{Client, Direct},
        operations::{
            AddAccount, AddToken, AddedToken, BookCount, DisableAccount, EnterCount, GiveRole, HoldRecord, OpenCount,
            ReleaseRecord, ResumeQueue, RevokeToken, TakeRole, TwoPersonAct,
        },
        query::{ListAccounts, ListTokens, ShowBoard, ShowStock},
    },
};

use crate::{
    acts::lent_blanks,
    database,
    staff::{DESK, Office, no_right, note, password, refused},
    world::{World, all, name, students},
};

/// A loan of blanks, which needs two people.
pub(crate) fn loan(quantity: i64) -> TwoPersonAct {
    lent_blanks("student", quantity, "kudus", "L-1").into()
}

fn hold(id: &str) -> HoldRecord {
    HoldRecord { record: name(id), note: note("asked for") }
}

#[tokio::test]
async fn a_person_confirms_with_the_password_of_an_account_and_never_an_own_act() {
    let office = Office::new(&[("Siti", Role::StockKeeper), ("Budi", Role::Supervisor)]).await;
    let mut tx = office.web.store.write(&office.web.writer, office.web.clock.now()).await.unwrap();
    let siti = tx.account_find("Siti").await.unwrap().unwrap().id;
    tx.account_role_give(siti, Role::Supervisor).await.unwrap();
    tx.commit().await.unwrap();
    let act = office.at_browser("Siti").await.request(loan(4)).await.unwrap();
    let operation = Operation::StockRemove;

    let session = refused(office.at_browser("Budi").await.confirm(act).await);
    assert_eq!(session, AccountRefusal::PasswordNeeded { act, operation }, "a session that was left open");
    let wrong = confirm_with_password(&office.web, act, "Budi", &password("Siti"), DESK, None).await;
    assert_eq!(refused(wrong), AccountRefusal::SignIn);
    let own = |result: Result<(), EngineError>| match result {
        Err(EngineError::Refused(refusal)) => refusal,
        Ok(()) | Err(_) => panic!("{result:?}"),
    };
    assert_eq!(own(office.confirm(act, "Siti").await), Refusal::SamePerson { act, operation });
    let renamed = format!("UPDATE account SET name = 'Sita', name_key = 'sita' WHERE id = {siti}");
    database::execute(&office.world.location, &renamed).await.unwrap();
    let as_sita = confirm_with_password(&office.web, act, "Sita", &password("Siti"), DESK, None).await;
    assert_eq!(own(as_sita), Refusal::SamePerson { act, operation }, "by the account, and not by its name");
    assert_eq!(office.world.account("vault").await, 10);

    office.confirm(act, "Budi").await.unwrap();
    assert_eq!((office.world.account("vault").await, office.state(act).await), (6, PendingState::Confirmed));
    let lent = office.audit("web").await.into_iter().find(|entry| entry.contains("blangko.lent")).unwrap();
    for part in
        ["\"actor\":\"Budi\"", "\"means\":\"password\"", "\"requested_by\":\"Siti\"", "\"authenticated\":\"true\""]
    {
        assert!(lent.contains(part), "{part} in {lent}");
    }
}

#[tokio::test]
async fn where_it_is_only_recorded_one_account_does_what_is_for_two_and_the_audit_says_so() {
    let world = World::with(|settings| settings.two_person = TwoPerson::Recorded).await;
    let people = [("Budi", Role::Supervisor), ("Siti", Role::StockKeeper)];
    let office = Box::pin(Office::in_world(world, &people)).await;
    let (budi, siti) = (office.at_browser("Budi").await, office.at_browser("Siti").await);
    let counted = async |blanks: &str| {
        let (blank_type, printer, counter) = ("student".into(), None, None);
        let count = budi.act(OpenCount { blank_type, printer, counter, note: note("stocktake") }).await.unwrap();
        let entry = CountedBlanks { bundles: note("0"), bundle_size: note("0"), loose: note(blanks) };
        for _ in 0..2 {
            siti.act(EnterCount { count, entry, again: entry }).await.unwrap();
        }
        BookCount { count, which: WhichCount::Second, note: note("stocktake") }
    };
    let act = budi.request(counted("9").await.into()).await.unwrap();
    let operation = Operation::CountBook;
    assert_eq!(refused(budi.confirm(act).await), AccountRefusal::PasswordNeeded { act, operation });
    office.confirm(act, "Budi").await.unwrap();
    assert_eq!((office.world.account("missing").await, office.state(act).await), (1, PendingState::Confirmed));
    budi.act(counted("10").await).await.unwrap();
    assert_eq!(office.world.account("missing").await, 0);
    let alone = office.audit("web").await;
    let alone: Vec<_> = alone.iter().filter(|entry| entry.contains("\"second_person\":\"none\"")).collect();
    let of = |act: &str, name: &str| {
        let is_of = |entry: &&&String| entry.contains(act) && entry.contains(&format!("\"actor\":\"{name}\""));
        alone.iter().filter(is_of).count()
    };
    assert_eq!([of("count.booked", "Budi"), of("count.entered", "Siti"), alone.len()], [2, 2, 4], "{alone:?}");

    assert_eq!(no_right(siti.act(lent_blanks("student", 1, "kudus", "L-2")).await), Operation::StockRemove);
    let act = siti.request(loan(1)).await.unwrap();
    assert_eq!(no_right(office.confirm(act, "Siti").await), Operation::StockRemove, "she has the right of one only");
    office.world.audit().await;
}

#[tokio::test]
async fn with_accounts_the_local_administrator_is_an_administrator_and_never_a_second_person() {
    let world = World::new().await;
    world.receive(10, None).await;
    world.import(&students(0..1)).await;
    let local = Direct::new(&world.engine);
    let claimed = local.request(loan(1)).await.unwrap();
    local.act(hold("r00000")).await.unwrap();
    local.act(AddAccount { name: note("root") }).await.unwrap();

    let release = ReleaseRecord { record: name("r00000"), note: note("asked for") };
    assert_eq!(no_right(local.act(release).await), Operation::RecordRelease);
    assert_eq!(no_right(local.query(ShowStock {}).await), Operation::ReportRead);
    assert_eq!(no_right(local.act(lent_blanks("student", 1, "kudus", "L-2")).await), Operation::StockRemove);
    let two = Witnesses::try_from([note::<PersonName>("Siti"), note("Budi")]).unwrap();
    assert_eq!(no_right(local.together(loan(2), two).await), Operation::StockRemove);
    assert_eq!(no_right(local.confirm(claimed).await), Operation::StockRemove);
    assert_eq!(no_right(Direct::new(&world.as_actor("Budi")).confirm(claimed).await), Operation::StockRemove);
    local.query(ShowBoard {}).await.unwrap();
    local.query(ListAccounts::default()).await.unwrap();
    assert_eq!((world.account("vault").await, world.records("held").await), (10, 1));
    let rows = world.engine.store.read().await.unwrap().audit_page("cli", 0, 1_000).await.unwrap();
    let forbidden = rows.iter().filter(|row| row.entry.contains("act.forbidden")).count();
    assert_eq!(forbidden, 5, "each refused act is on record");
}

#[tokio::test]
async fn what_was_asked_for_under_a_claimed_name_must_be_asked_for_again_with_an_account() {
    let world = World::new().await;
    world.receive(10, None).await;
    let claimed = Direct::new(&world.as_actor("Siti")).request(loan(4)).await.unwrap();
    let web = world.engine.acting("web", Actor::system("web", "cetak", "print-room"));
    let office = Office { world, web };
    office.add("root").await;
    let budi = office.add("Budi").await;
    let mut tx = office.web.store.write(&office.web.writer, office.web.clock.now()).await.unwrap();
    tx.account_role_give(budi, Role::Supervisor).await.unwrap();
    tx.commit().await.unwrap();

    let refused = refused(office.confirm(claimed, "Budi").await);
    assert_eq!(refused, AccountRefusal::AskedWithoutAccount { act: claimed, operation: Operation::StockRemove });
    assert_eq!((office.world.account("loan").await, office.state(claimed).await), (0, PendingState::Pending));
    office.at_browser("Budi").await.refuse(claimed, note("ask again")).await.unwrap();
}

#[tokio::test]
async fn a_role_is_given_by_an_administrator_and_a_supervisor_and_by_no_administrator_alone() {
    let office = Office::new(&[("Budi", Role::Supervisor), ("Siti", Role::Operator)]).await;
    let give = || GiveRole { account: "siti".into(), role: Role::Auditor, note: note("from May") };
    let root = office.at_browser("root").await;
    assert_eq!(no_right(root.act(give()).await), Operation::RoleGive);
    let entry = office.audit("web").await.pop().unwrap();
    assert!(entry.contains("act.forbidden") && entry.contains("role-give") && entry.contains("\"root\""), "{entry}");
    let act = root.request(give().into()).await.unwrap();
    assert_eq!(no_right(office.confirm(act, "root").await), Operation::RoleGive);
    assert_eq!(no_right(office.confirm(act, "Siti").await), Operation::RoleGive);
    assert_eq!(office.roles("Siti").await, [Role::Operator]);

    office.confirm(act, "Budi").await.unwrap();
    assert_eq!(office.roles("Siti").await, [Role::Operator, Role::Auditor]);
    let given = office.audit("web").await.into_iter().find(|entry| entry.contains("role.given")).unwrap();
    for part in ["account Siti", "\"role\":\"auditor\"", "\"requested_by\":\"root\"", "\"confirmed_by\":\"Budi\""] {
        assert!(given.contains(part), "{part} in {given}");
    }
    let again = refused(root.request(give().into()).await);
    assert_eq!(again, AccountRefusal::RoleHeld { name: "Siti".into(), role: Role::Auditor });
    let session = office.sign_in("Siti").await;
    let take = TakeRole { account: "Siti".into(), role: Role::Auditor, note: note("until June") };
    root.act(take).await.unwrap();
    let now = actor_of_session(&office.web, &session.token).await.unwrap().unwrap();
    assert_eq!(now.actor.roles, [Role::Operator].into(), "an open session has it no more");
    office.world.audit().await;
}

#[tokio::test]
async fn the_first_supervisor_is_made_at_the_machine_alone_and_no_other_role_or_supervisor() {
    let office = Office::new(&[]).await;
    office.add("Budi").await;
    office.add("Siti").await;
    let give = |account: &str, role| GiveRole { account: account.into(), role, note: note("the first") };
    assert_eq!(no_right(office.local().act(give("Budi", Role::Operator)).await), Operation::RoleGive);
    assert_eq!(
        no_right(office.at_browser("root").await.act(give("Budi", Role::Supervisor)).await),
        Operation::RoleGive
    );

    office.local().act(give("Budi", Role::Supervisor)).await.unwrap();
    let given = office.audit("cli").await.pop().unwrap();
    assert!(given.contains("role.given") && given.contains("\"second_person\":\"none\""), "{given}");
    let take = TakeRole { account: "Budi".into(), role: Role::Supervisor, note: note("moved") };
    let last = AccountRefusal::LastSupervisor { name: "Budi".into() };
    assert_eq!(refused(office.local().act(take).await), last, "no role could be given any more");
    let second = office.local().act(give("Siti", Role::Supervisor)).await;
    assert_eq!(no_right(second), Operation::RoleGive, "an account has had it");
    assert_eq!((office.roles("Budi").await, office.roles("Siti").await), (vec![Role::Supervisor], vec![]));
}

#[tokio::test]
async fn an_account_that_is_disabled_or_loses_its_role_after_its_proof_confirms_nothing() {
    let office =
        Office::new(&[("Siti", Role::StockKeeper), ("Budi", Role::Supervisor), ("Sri", Role::Supervisor)]).await;
    let act = office.at_browser("Siti").await.request(loan(4)).await.unwrap();
    let proof = async |name: &str| actor_of_password(&office.web, name, &password(name), DESK).await.unwrap();
    let (budi, sri) = (proof("Budi").await, proof("Sri").await);

    let take = TakeRole { account: "Sri".into(), role: Role::Supervisor, note: note("moved") };
    office.local().act(take).await.unwrap();
    office.local().act(DisableAccount { account: "Budi".into(), note: note("left") }).await.unwrap();

    for actor in [budi, sri] {
        let confirmed = Direct::for_actor(&office.web, actor).confirm(act).await;
        assert_eq!(no_right(confirmed), Operation::StockRemove);
    }
    assert_eq!((office.state(act).await, office.world.account("loan").await), (PendingState::Pending, 0));
}

#[tokio::test]
async fn a_token_does_what_its_scopes_and_its_owners_roles_allow_and_confirms_nothing() {
    let office =
        Office::new(&[("Siti", Role::StockKeeper), ("Budi", Role::Supervisor), ("Sri", Role::Supervisor)]).await;
    let token = office.token("Budi", "record-hold stock-remove import", 30).await;
    let program = office.program(&token.secret).await.unwrap();
    program.act(hold("r00000")).await.unwrap();
    let held = office.audit("web").await.pop().unwrap();
    assert!(held.contains("\"actor\":\"Budi\"") && held.contains("\"means\":\"token\""), "{held}");
    let resume = ResumeQueue { note: note("go on") };
    let outside = refused(program.act(resume).await);
    assert_eq!(outside, AccountRefusal::NotInScope { operation: Operation::ResumeQueue }, "his role would allow it");
    assert_eq!(
        refused(program.query(ShowBoard {}).await),
        AccountRefusal::NotInScope { operation: Operation::BoardRead }
    );
    let act = office.at_browser("Siti").await.request(loan(4)).await.unwrap();
    assert_eq!(no_right(program.confirm(act).await), Operation::StockRemove);
    assert_eq!(office.world.account("loan").await, 0);
    // The administrator who made it has seen it, and could confirm what it asks for.
    let asks = office.token("Siti", "stock-remove reprint-ask", 30).await;
    let asks = office.program(&asks.secret).await.unwrap();
    assert_eq!(no_right(asks.request(loan(4)).await), Operation::StockRemove);

    let take = TakeRole { account: "Budi".into(), role: Role::Supervisor, note: note("moved") };
    office.local().act(take).await.unwrap();
    let program = office.program(&token.secret).await.unwrap();
    assert_eq!(no_right(program.act(hold("r00000")).await), Operation::RecordHold, "the owner's roles are the ceiling");

    let maker = office.token("root", "database-care", 30).await;
    let (name, scopes) = (note("wider"), "pause".parse().unwrap());
    let wider = AddToken { name, account: "root".into(), scopes, days: 30_i64.try_into().unwrap() };
    let program = office.program(&maker.secret).await.unwrap();
    assert_eq!(no_right(program.act(wider).await), Operation::DatabaseCare, "a token makes no token");
    office.world.audit().await;
}

#[tokio::test]
async fn a_token_expires_and_is_revoked() {
    let office = Office::new(&[("Siti", Role::Operator)]).await;
    let (short, long) = (office.token("Siti", "board-read", 1).await, office.token("Siti", "board-read", 365).await);
    let is_known = async |token: &AddedToken| office.program(&token.secret).await.is_some();
    assert!(is_known(&short).await && is_known(&long).await);
    assert!(actor_of_token(&office.web, "cetak_").await.unwrap().is_none());
    office.world.clock.set_forward(Duration::from_hours(24));
    assert!(!is_known(&short).await && is_known(&long).await);
    office.local().act(RevokeToken { token: long.token }).await.unwrap();
    assert!(!is_known(&long).await);
    let again = refused(office.local().act(RevokeToken { token: long.token }).await);
    assert_eq!(again, AccountRefusal::TokenRevoked { token: long.token });
    let lines = all(&office.web, |page| ListTokens { page }).await;
    assert_eq!(lines.iter().map(|line| line.revoked_at.is_some()).collect::<Vec<_>>(), [false, true]);
    assert!(TokenDays::try_from(366).is_err(), "at most a year");
}
