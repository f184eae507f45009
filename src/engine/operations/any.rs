//! Every act under one type, for what arrives as JSON.

use serde::{Deserialize, Serialize};

use super::{
    account, act::Act, card, clock, correction, count, database, delivery, destruction, district, inspection, instance,
    many, matching, name_index, printer, printer_limits, printer_setting, priority, queue, record, rekey, role, source,
    stock, test_card, token, undo_import, warrant,
};
use crate::{
    domain::permission::{Operation, Permit},
    engine::{Engine, EngineError},
};

macro_rules! any_act {
    ($($module:ident::$name:ident),+ $(,)?) => {
        /// Any act. In JSON `{"act": "hold-record", "record": ..., "note": ...}`.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[serde(tag = "act", rename_all = "kebab-case")]
        pub enum AnyAct {
            $(
                #[doc = concat!("[`", stringify!($name), "`](", stringify!($module), "::", stringify!($name), ")")]
                $name($module::$name),
            )+
        }

        impl AnyAct {
            /// The name of each variant.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// The name of the variant.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                }
            }

            /// The operation that it needs the right for.
            pub fn operation(&self) -> Operation {
                match self {
                    $(Self::$name(_) => <$module::$name as Act>::OPERATION,)+
                }
            }

            /// Does it. The answer is that of the act, as JSON.
            pub async fn perform(self, engine: &Engine, permit: &Permit) -> Result<serde_json::Value, EngineError> {
                Ok(match self {
                    $(Self::$name(act) => json(&act.perform(engine, permit).await?),)+
                })
            }
        }

        $(
            impl From<$module::$name> for AnyAct {
                fn from(act: $module::$name) -> Self {
                    Self::$name(act)
                }
            }
        )+
    };
}

any_act! {
    record::HoldRecord,
    record::ReleaseRecord,
    priority::PutFirst,
    priority::PutInClass,
    priority::PutBack,
    many::HoldRecords,
    many::ReleaseRecords,
    many::CheckCards,
    matching::HoldMatching,
    matching::ReleaseMatching,
    matching::PrioritizeMatching,
    correction::WithdrawRecord,
    correction::RestoreRecord,
    correction::ResolveDuplicate,
    undo_import::UndoImport,
    source::PauseSource,
    source::ResumeSource,
    card::CheckCard,
    card::RejectCard,
    card::HandOverCard,
    district::HandOverCards,
    district::HandOverByProxy,
    district::SendCards,
    district::ReceiveCards,
    card::SurrenderCard,
    correction::CorrectHandOver,
    queue::Pause,
    queue::ResumeQueue,
    queue::ResumePrinter,
    queue::ResumeBatch,
    queue::ApproveBatch,
    queue::CancelBatch,
    inspection::ResolveFound,
    inspection::ResolveNothing,
    inspection::DeclareUncertain,
    warrant::RequestReprint,
    warrant::ApproveReprint,
    warrant::RefuseReprint,
    delivery::ReceiveBlanks,
    delivery::ReverseDelivery,
    stock::LoadHopper,
    stock::UnloadHopper,
    count::OpenCount,
    count::EnterCount,
    count::BookCount,
    count::CancelCount,
    destruction::DestroyBlanks,
    stock::LendBlanks,
    stock::TakeBackBlanks,
    printer::AddPrinter,
    printer::AddObjectedPrinter,
    printer_setting::SetPrinter,
    printer_setting::SetObjectedPrinter,
    printer_limits::SetPrinterLimits,
    printer_limits::SayPrinterSupplies,
    printer::RemovePrinter,
    printer::ClearPrinter,
    test_card::TestPrinter,
    database::ArchiveJobs,
    database::BackUpDatabase,
    database::RecountCounters,
    rekey::RekeyPersons,
    name_index::IndexNames,
    clock::AcceptClock,
    instance::AdoptDatabase,
    account::AddAccount,
    account::ResetAccount,
    account::DisableAccount,
    account::EnableAccount,
    role::GiveRole,
    role::TakeRole,
    token::EndSession,
    token::AddToken,
    token::RevokeToken,
}

fn json(answer: &impl Serialize) -> serde_json::Value {
    // Cannot fail: answers are texts and numbers.
    serde_json::to_value(answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::permission::RIGHTS;

    #[test]
    fn an_act_is_read_back_from_its_json_and_a_wrong_value_is_refused() {
        let text = r#"{"act":"hold-record","record":{"source":"default","request_id":"r1"},"note":"asked for"}"#;
        let act: AnyAct = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&act).unwrap(), text);
        assert_eq!(act.operation(), Operation::RecordHold);
        assert!(serde_json::from_str::<AnyAct>(&text.replace("asked for", " ")).is_err(), "an empty note");
        assert!(serde_json::from_str::<AnyAct>(r#"{"act":"drop-table"}"#).is_err());
    }

    #[test]
    fn every_act_belongs_to_a_line_of_the_permission_table() {
        let act: AnyAct = serde_json::from_str(r#"{"act":"approve-batch","batch":1}"#).unwrap();
        assert!(RIGHTS.iter().any(|(operation, _)| *operation == act.operation()));
    }
}
