//! How the simulated printer behaves: what it promises, and what it does instead.

/// How the printer reports that it can hold jobs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Holds {
    No,
    ByAttribute,
    ByOperation,
}

/// How the printer breaks its promise to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BrokenHold {
    /// It holds as promised.
    None,
    /// The hold is ignored.
    Ignored,
    /// A held job starts when its document was received.
    StartsJob,
    /// Only the next held job starts.
    StartsJobOnce,
    /// Not broken: a person cancels a held job when its document was received.
    JobCancelledByHand,
}

/// The failure of one operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OperationFailure {
    /// Not done, and refused with this IPP status code.
    Refuse(u16),
    /// Done, and refused with this IPP status code.
    DoAndRefuse(u16),
    /// Done, and the connection is closed without an answer.
    LoseAnswer,
    /// Not done, and answered with this HTTP status.
    Http(u16),
    /// Done, and answered when no job is under way any more.
    AnswerWhenDone,
}

/// How the printer counts its up-time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UpTime {
    /// In seconds.
    Ticks,
    /// It stands still.
    Constant,
    /// In steps of so many seconds.
    Steps(i32),
    /// In seconds, and jumps back and forth by up to 46 s.
    Jitters,
    /// In seconds, with job times in Unix time.
    OtherJobTimes,
}

/// What becomes of `job-name`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Names {
    Kept,
    /// Every job has this name.
    Fixed(&'static str),
    /// The first characters.
    Cut(usize),
    /// Not reported.
    LeftOut,
}

/// How a printer that speaks IPP 1.1 answers 2.0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Old {
    Refuses,
    SaysNothing,
}

/// What the printer reports as its `printer-state`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PrinterState {
    /// Processing while a job is.
    OfItsJobs,
    /// Idle, although a job is processing.
    Idle,
}
