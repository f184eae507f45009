//! The writes of workers, each with its own type of answer.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::{
    domain::{
        attempt::Outcome,
        batch::{Batch, BatchEnd},
        breaker::Breaker,
        id::{AttemptKey, BatchId, JobId},
        job::{JobState, PrintedCard},
        printer::Printer,
        reason::Reason,
        supply::Supplies,
    },
    engine::planning,
    store::{Acknowledgement, Begin, QueuedJob, StoreError},
};

/// The end of one attempt and the beginning of the next, in one commit.
pub(crate) struct Step {
    pub(crate) settle: Option<Settle>,
    pub(crate) begin: Option<Begin>,
}

/// The end of one attempt and the release of a held one, in one commit.
pub(crate) struct Release {
    pub(crate) settle: Option<Settle>,
    /// The printer's answer to the upload of the held attempt.
    pub(crate) held: Acknowledgement,
}

/// A held card that its printer started without a release.
pub(crate) struct Started {
    pub(crate) attempt: AttemptKey,
    pub(crate) name: String,
}

/// Uncertain attempts, with their names, that this process has begun and will not send any more.
pub(crate) struct Confirmation(pub(crate) Vec<(AttemptKey, String)>);

/// Jobs at a printer, by name, that the database does not know.
pub(crate) struct UnknownJobs {
    pub(crate) printer: String,
    pub(crate) names: Vec<String>,
}

/// The next batch of a printer.
pub(crate) struct PlanRequest(pub(crate) Printer);

/// The walk-in that waits joins the front of this batch, if it may.
pub(crate) struct Join(pub(crate) BatchId);

/// The end of a batch, and its reason.
pub(crate) struct End {
    pub(crate) batch: Batch,
    pub(crate) why: BatchEnd,
}

/// A job whose card cannot be rendered.
pub(crate) struct NotRenderable {
    pub(crate) batch: BatchId,
    pub(crate) job: JobId,
    pub(crate) subject: String,
    pub(crate) reason: Reason,
}

/// The status of a printer.
pub(crate) struct StatusReport {
    pub(crate) printer: String,
    pub(crate) state: &'static str,
    pub(crate) reasons: Vec<String>,
    /// Whether these are all its reasons. If they are, an acknowledged reason that is not among them has ended.
    pub(crate) whole: bool,
}

/// New counts of a printer's supplies, and those from which they follow.
pub(crate) struct SupplyCount {
    pub(crate) printer: String,
    pub(crate) before: Supplies,
    pub(crate) after: Supplies,
}

/// The capabilities that a printer reported, as JSON.
pub(crate) struct Probed {
    pub(crate) printer: String,
    pub(crate) capabilities: String,
}

/// A write without an effect, which shows whether the database can be written again.
pub(crate) struct Probe;

/// The end of an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Settle {
    pub(crate) attempt: AttemptKey,
    pub(crate) outcome: Outcome,
    pub(crate) breaker: Option<BreakerChange>,
    /// The card, if it is good and its worker began it: then it is saved without a read.
    pub(crate) good: Option<PrintedCard>,
}

/// A new state of a printer's breaker.
#[derive(Clone, Debug)]
pub(crate) struct BreakerChange {
    pub(crate) printer: String,
    pub(crate) from: Breaker,
    pub(crate) to: Breaker,
    pub(crate) failures: u32,
}

/// The result of a breaker change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BreakerSaved {
    /// It is saved, or nothing changed.
    Saved,
    /// The breaker was in another state, because an operator cleared the printer meanwhile. That stands.
    Superseded,
}

/// The result of saving an outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    /// It is saved.
    Saved { job: JobState, breaker: BreakerSaved },
    /// A person declared the attempt uncertain earlier. That stands.
    AlreadyEnded,
}

/// The result of a [`Step`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stepped {
    /// `None` if there was no outcome to save.
    pub(crate) settled: Option<Settled>,
    /// `None` if there was no attempt to begin, or a guard refused it.
    pub(crate) begun: Option<AttemptKey>,
}

/// The result of a [`Release`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Released {
    /// `None` if there was no outcome to save.
    pub(crate) settled: Option<Settled>,
    /// Whether the held attempt may be released; false if a guard refused it.
    pub(crate) is_released: bool,
}

/// A write.
pub(crate) trait Write: Sized {
    /// The answer to the worker.
    type Answer;

    /// The write with its reply channel.
    fn envelope(asked: Asked<Self>) -> Envelope;
}

/// A write, and the channel for its answer.
pub(crate) struct Asked<W: Write> {
    pub(crate) printer: Arc<str>,
    pub(crate) write: W,
    pub(crate) reply: oneshot::Sender<Result<W::Answer, StoreError>>,
}

/// Generates [`Envelope`], [`Group`] and [`Answers`] from one list, so that each write is answered with its own type.
/// The writes after `done` have no answer but success.
macro_rules! writes {
    (answered { $($field:ident: $write:ident => $answer:ty,)* } done { $($done:ident: $saved:ident,)* }) => {
        /// A write of any kind with its reply channel.
        pub(crate) enum Envelope {
            $($write(Asked<$write>),)*
            $($saved(Asked<$saved>),)*
        }

        /// The writes of one commit, by kind.
        #[derive(Default)]
        pub(crate) struct Group {
            $(pub(crate) $field: Vec<Asked<$write>>,)*
            $(pub(crate) $done: Vec<Asked<$saved>>,)*
        }

        /// The answers to a [`Group`], in its order.
        #[derive(Default)]
        pub(crate) struct Answers {
            $(pub(crate) $field: Vec<$answer>,)*
        }

        $(impl Write for $write {
            type Answer = $answer;

            fn envelope(asked: Asked<Self>) -> Envelope {
                Envelope::$write(asked)
            }
        })*

        $(impl Write for $saved {
            type Answer = ();

            fn envelope(asked: Asked<Self>) -> Envelope {
                Envelope::$saved(asked)
            }
        })*

        impl Group {
            /// Adds a write.
            pub(crate) fn add(&mut self, envelope: Envelope) {
                match envelope {
                    $(Envelope::$write(asked) => self.$field.push(asked),)*
                    $(Envelope::$saved(asked) => self.$done.push(asked),)*
                }
            }

            /// The number of writes.
            pub(crate) fn len(&self) -> usize {
                0 $(+ self.$field.len())* $(+ self.$done.len())*
            }

            /// Orders the writes by printer name, so that a commit does not depend on the order of arrival.
            pub(crate) fn sort(&mut self) {
                $(self.$field.sort_by(|one, other| one.printer.cmp(&other.printer));)*
                $(self.$done.sort_by(|one, other| one.printer.cmp(&other.printer));)*
            }

            /// Answers all writes. An error of the channel is ignored, because the worker may have ended.
            pub(crate) fn answer(self, answers: Answers) {
                $(for (asked, answer) in self.$field.into_iter().zip(answers.$field) {
                    let _ = asked.reply.send(Ok(answer));
                })*
                $(for asked in self.$done {
                    let _ = asked.reply.send(Ok(()));
                })*
            }

            /// Answers all writes with an error.
            pub(crate) fn fail(self, mut error: impl FnMut() -> StoreError) {
                $(for asked in self.$field {
                    let _ = asked.reply.send(Err(error()));
                })*
                $(for asked in self.$done {
                    let _ = asked.reply.send(Err(error()));
                })*
            }

            /// A group for each write.
            pub(crate) fn singles(self) -> Vec<Self> {
                let mut singles = Vec::with_capacity(self.len());
                $(singles.extend(self.$field.into_iter().map(|asked| Self { $field: vec![asked], ..Self::default() }));)*
                $(singles.extend(self.$done.into_iter().map(|asked| Self { $done: vec![asked], ..Self::default() }));)*
                singles
            }
        }
    };
}

writes! {
    answered {
        steps: Step => Stepped,
        releases: Release => Released,
        breakers: BreakerChange => BreakerSaved,
        ends: End => planning::BatchEnded,
        plans: PlanRequest => planning::Plan,
        joins: Join => Option<QueuedJob>,
        supplies: SupplyCount => bool,
    }
    done {
        acknowledgements: Acknowledgement,
        started: Started,
        confirmations: Confirmation,
        unknown_jobs: UnknownJobs,
        not_renderable: NotRenderable,
        seen: StatusReport,
        probed: Probed,
        probes: Probe,
    }
}

impl Group {
    /// Whether the group only saves good cards, without a change of a breaker, and begins attempts.
    pub(crate) fn is_of_good_cards(&self) -> bool {
        let is_good = |settle: &Settle| settle.good.is_some() && settle.breaker.is_none();
        self.steps.len() == self.len() && self.settles().all(is_good)
    }

    /// The outcomes of the group, those of steps first.
    pub(crate) fn settles(&self) -> impl Iterator<Item = &Settle> {
        let steps = self.steps.iter().filter_map(|step| step.write.settle.as_ref());
        steps.chain(self.releases.iter().filter_map(|release| release.write.settle.as_ref()))
    }
}
