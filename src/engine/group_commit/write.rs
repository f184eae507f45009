//! What workers have saved, each with its own type of answer.

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
    },
    engine::planning,
    store::{Acknowledgement, Begin, StoreError},
};

/// The end of one attempt and the beginning of the next, in one commit.
pub(crate) struct Step {
    pub(crate) settle: Option<Settle>,
    pub(crate) begin: Option<Begin>,
}

/// The end of one attempt and the release of a held one, in one commit.
pub(crate) struct Release {
    pub(crate) settle: Option<Settle>,
    /// What the printer answered to the upload of the held attempt.
    pub(crate) held: Acknowledgement,
}

/// A held card that its printer started by itself.
pub(crate) struct Started {
    pub(crate) attempt: AttemptKey,
    pub(crate) name: String,
}

/// The next batch of a printer.
pub(crate) struct PlanFor(pub(crate) Printer);

/// The end of a batch.
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

/// How a printer was seen.
pub(crate) struct Seen {
    pub(crate) printer: String,
    pub(crate) state: &'static str,
    pub(crate) reasons: Vec<String>,
    /// These are all its reasons: a reason that an operator declared to be over and that is not among them is over.
    pub(crate) whole: bool,
}

/// What a printer answered about itself: JSON.
pub(crate) struct Probed {
    pub(crate) printer: String,
    pub(crate) capabilities: String,
}

/// The end of an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Settle {
    pub(crate) attempt: AttemptKey,
    pub(crate) outcome: Outcome,
    pub(crate) breaker: Option<BreakerChange>,
    /// The card, if it is good and its worker began it: then nothing has to be read to save it.
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

/// What became of a breaker change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BreakerSaved {
    /// It is saved, or there was none.
    Saved,
    /// The breaker was in another state: an operator cleared the printer meanwhile, and that stands.
    Superseded,
}

/// What became of an outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    /// It is saved.
    Saved { job: JobState, breaker: BreakerSaved },
    /// A person declared the attempt uncertain before; that stands.
    AlreadyEnded,
}

/// What became of a [`Step`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stepped {
    /// `None` where nothing was to be settled.
    pub(crate) settled: Option<Settled>,
    /// `None` where nothing was to begin, or a guard refused it.
    pub(crate) begun: Option<AttemptKey>,
}

/// What became of a [`Release`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Released {
    /// `None` where nothing was to be settled.
    pub(crate) settled: Option<Settled>,
    /// The held attempt may be released; a guard refused it otherwise.
    pub(crate) is_released: bool,
}

/// Something to save.
pub(crate) trait Write: Sized {
    /// What its worker is answered.
    type Answer;

    /// With the way back to its worker.
    fn envelope(asked: Asked<Self>) -> Envelope;
}

/// Something to save, and where the answer goes.
pub(crate) struct Asked<W: Write> {
    pub(crate) printer: Arc<str>,
    pub(crate) write: W,
    pub(crate) reply: oneshot::Sender<Result<W::Answer, StoreError>>,
}

/// Makes [`Envelope`], [`Group`] and [`Answers`] from one list, so that each write is answered with its own type. Those
/// after `done` are answered that they are saved.
macro_rules! writes {
    (answered { $($field:ident: $write:ident => $answer:ty,)* } done { $($done:ident: $saved:ident,)* }) => {
        /// A write of any kind.
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

            /// How many writes there are.
            pub(crate) fn len(&self) -> usize {
                0 $(+ self.$field.len())* $(+ self.$done.len())*
            }

            /// Orders the writes by printer: what one commit does does not depend on which worker came first.
            pub(crate) fn sort(&mut self) {
                $(self.$field.sort_by(|one, other| one.printer.cmp(&other.printer));)*
                $(self.$done.sort_by(|one, other| one.printer.cmp(&other.printer));)*
            }

            /// Answers all. A worker that has ended needs no answer.
            pub(crate) fn answer(self, answers: Answers) {
                $(for (asked, answer) in self.$field.into_iter().zip(answers.$field) {
                    let _ = asked.reply.send(Ok(answer));
                })*
                $(for asked in self.$done {
                    let _ = asked.reply.send(Ok(()));
                })*
            }

            /// Answers all that they are not saved.
            pub(crate) fn fail(self, mut error: impl FnMut() -> StoreError) {
                $(for asked in self.$field {
                    let _ = asked.reply.send(Err(error()));
                })*
                $(for asked in self.$done {
                    let _ = asked.reply.send(Err(error()));
                })*
            }

            /// Each write as a group of its own.
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
        ends: End => planning::Ended,
        plans: PlanFor => planning::Plan,
    }
    done {
        acknowledgements: Acknowledgement,
        started: Started,
        not_renderable: NotRenderable,
        seen: Seen,
        probed: Probed,
    }
}

impl Group {
    /// The outcomes in it, those of steps first.
    pub(crate) fn settles(&self) -> impl Iterator<Item = &Settle> {
        let steps = self.steps.iter().filter_map(|step| step.write.settle.as_ref());
        steps.chain(self.releases.iter().filter_map(|release| release.write.settle.as_ref()))
    }
}
