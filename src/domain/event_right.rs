//! Who may see that an event happened.

use super::permission::Operation;

/// The operation whose right permits to see the event: its instant, its name and its subject. Nothing of it is personal; its details,
/// which may hold the words of a person, need [`Operation::AuditSeal`].
///
/// * What concerns accounts is for those who may read the accounts; an event of the machine's security is for those who read the audit.
/// * Documents and quantities of blanks are for those who may read the ledger.
/// * The rest is what the board and the lists show.
/// * An event that is not known here is for those who read the audit.
pub fn right_to_see(act: &str, subject: &str) -> Operation {
    if subject.starts_with("account ") {
        return Operation::AccountManage;
    }
    let (noun, _) = act.split_once('.').unwrap_or((act, ""));
    match noun {
        "account" | "role" | "session" | "token" => Operation::AccountManage,
        "blangko" | "count" => Operation::ReportRead,
        "act" if act == "act.forbidden" => Operation::AuditSeal,
        "act" | "attempt" | "batch" | "card" | "clock" | "counters" | "database" | "import" | "jobs" | "names"
        | "node" | "persons" | "printer" | "queue" | "record" | "reprint" => Operation::BoardRead,
        _ => Operation::AuditSeal,
    }
}

/// Whether an event changes what an account, a session or a token that is there already may see: it takes or gives rights, or it opens or
/// closes a count of blanks.
pub fn changes_rights(act: &str) -> bool {
    if act.starts_with("count.") {
        return true;
    }
    let of_account = [
        "account.disabled",
        "account.enabled",
        "account.os-user-mapped",
        "account.os-user-unmapped",
        "account.password-chosen",
        "account.reset",
    ];
    of_account.contains(&act) || ["role.given", "role.taken", "session.ended", "token.revoked"].contains(&act)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_an_account_is_for_those_who_may_read_the_accounts() {
        for (act, subject, expected) in [
            ("attempt.printed", "cetak-local-1", Operation::BoardRead),
            ("record.held", "record default/r1", Operation::BoardRead),
            ("queue.paused", "queue", Operation::BoardRead),
            ("blangko.received", "blangko ktp-el", Operation::ReportRead),
            ("count.opened", "count 7", Operation::ReportRead),
            ("session.opened", "account siti", Operation::AccountManage),
            ("act.requested", "account siti", Operation::AccountManage),
            ("act.requested", "record default/r1", Operation::BoardRead),
            ("act.forbidden", "operation pause", Operation::AuditSeal),
            ("request.unproved", "address 10.0.0.7", Operation::AuditSeal),
            ("settings.changed", "settings", Operation::AuditSeal),
            ("something.new", "x", Operation::AuditSeal),
        ] {
            assert_eq!(right_to_see(act, subject), expected, "{act}");
        }
    }

    #[test]
    fn what_ends_a_session_or_a_token_changes_rights_and_a_new_one_does_not() {
        for act in ["account.disabled", "account.reset", "role.taken", "session.ended", "token.revoked", "count.opened"]
        {
            assert!(changes_rights(act), "{act}");
        }
        for act in ["account.added", "session.opened", "token.added", "queue.paused", "act.forbidden"] {
            assert!(!changes_rights(act), "{act}");
        }
    }
}
