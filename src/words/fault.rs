//! What the server itself objects to, beside the refusals of acts and queries.

use crate::domain::value::InvalidValue;

/// Declares [`Fault`] with the list of all its variants.
macro_rules! faults {
    ($($(#[$doc:meta])+ $name:ident;)+) => {
        /// What the server itself objects to. Refusals of acts and queries are [`Refusal`](crate::domain::refusal::Refusal)s.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Fault {
            $($(#[$doc])+ $name,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

faults! {
    /// The body is not JSON.
    BodyNotJson;
    /// An object of the body has a field twice.
    FieldTwice;
    /// The body ended early or could not be read.
    BodyCut;
    /// The query string or a part of the path is not percent-encoded UTF-8, or has U+0000.
    UrlUnreadable;
    /// The key of a request has no characters, too many, or such as cannot be seen.
    KeyUnreadable;
    /// No account is proved.
    SignInNeeded;
    /// The request of a browser may come from the page of another server.
    OtherPage;
    /// There is nothing at this address.
    NoSuchAddress;
    /// The address knows other methods.
    MethodNotAllowed;
    /// The same request is just being carried out.
    KeyInUse;
    /// Another change came first.
    ChangedMeanwhile;
    /// The ledger has too few blanks.
    InsufficientStock;
    /// The person has another open request.
    SecondOpenRequest;
    /// What is changed has another version than `If-Match` names.
    OtherVersion;
    /// `If-Match` is neither `*` nor a list of tags.
    VersionUnreadable;
    /// `If-Match` at an address of which nothing has a version.
    NoVersion;
    /// The body did not arrive in time.
    BodySlow;
    /// The list arrived too slowly.
    ListSlow;
    /// The body is too large.
    BodyTooLarge;
    /// The list has another media type.
    NotAList;
    /// The body has another media type.
    NotJson;
    /// The body is compressed.
    BodyEncoded;
    /// Another request had the same key.
    KeyReused;
    /// A panic or an error that is the program's.
    Internal;
    /// The database cannot be used.
    DatabaseAway;
    /// The database was lost during a commit.
    InDoubt;
    /// The request took too long.
    TimedOut;
    /// The account, or all accounts together, have too many streams of events.
    TooManyStreams;
    /// The server has too much to do.
    Busy;
}

/// The rule that a value of a request breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueRule {
    /// It must be given.
    Missing,
    /// No field or parameter has this name.
    Unknown,
    /// It stands in the address and in the body.
    GivenTwice,
    /// It has another type, or is none of the values that are possible.
    WrongType,
    /// It must be a whole number.
    NotWhole,
    /// It must be `true` or `false`.
    NotFlag,
    /// It must be an instant.
    NotATime,
    /// It must be one of these.
    NotOneOf(&'static [&'static str]),
    /// It must be the address of a device, as over the network no file of the server may be named.
    NotADevice,
    /// It must be the name of a file, without a folder.
    NotAFileName,
    /// A value of an act that is not accepted.
    Value(InvalidValue),
    /// Another rule, which has no words.
    Other,
}

impl ValueRule {
    /// The stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::GivenTwice => "given-twice",
            Self::WrongType => "wrong-type",
            Self::NotWhole => "not-whole",
            Self::NotFlag => "not-a-flag",
            Self::NotATime => "not-a-time",
            Self::NotOneOf(_) => "not-one-of",
            Self::NotADevice => "not-a-device",
            Self::NotAFileName => "not-a-file-name",
            Self::Value(value) => value.code(),
            Self::Other => "not-accepted",
        }
    }
}
