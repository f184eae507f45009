//! Counts requests, and measures how long their answers take.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

/// The upper bounds of seconds of an answer.
const SECONDS: [f64; 9] = [0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0, 60.0];
/// What a number of requests is of.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct RequestLabels {
    /// The method; `other` if it is none of HTTP itself.
    method: &'static str,
    /// The path of the route, with the names of what stands in it.
    route: String,
    /// The status of the answer.
    status: u16,
}

/// What a duration is of.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct RouteLabels {
    route: String,
}

/// Makes the histogram of a route.
type NewHistogram = fn() -> Histogram;

/// What the server measures. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct HttpMetrics {
    /// Answered requests.
    pub(super) requests: Family<RequestLabels, Counter>,
    /// Seconds to the beginning of an answer.
    pub(super) seconds: Family<RouteLabels, Histogram, NewHistogram>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self { requests: Family::default(), seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)) }
    }
}

impl HttpMetrics {
    /// Counts an answered request.
    pub(super) fn observe(&self, method: &Method, route: &str, status: StatusCode, duration: Duration) {
        let (method, route) = (name_of(method), route.to_owned());
        let labels = RequestLabels { method, route: route.clone(), status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&RouteLabels { route }).observe(duration.as_secs_f64());
    }
}

/// The methods that are told apart. A client may send any word.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
const METHOD_NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn name_of(method: &Method) -> &'static str {
    METHODS.iter().position(|known| known == method).map_or("other", |place| METHOD_NAMES[place])
}
