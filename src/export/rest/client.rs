//! One request and its answer: verified TLS, a key that goes nowhere else, time limits, and patience.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use ureq::config::Config;
use ureq::http::HeaderValue;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::export::error::ExportError;
use crate::export::rest::answer::Answer;
use crate::export::rest::error::RestError;
use crate::export::rest::failure::{Failure, lost};
use crate::export::rest::patience::{
    COUNT_TRIES_MAX, Patience, QUIET_MAX, may_pass, retry_after, wait,
};
use crate::export::rest::target::RestTarget;
use crate::export::tls;
use crate::model::time::Micros;

const CONNECT_S_MAX: u64 = 15;
/// How often a wait looks whether it is over.
const LOOK: Duration = Duration::from_millis(50);
/// A page above it is asked for in smaller ones.
const BODY_BYTES_MAX: u64 = 256 << 20;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    /// Path and query below the API.
    pub(super) path: &'a str,
    /// In words, for messages.
    pub(super) what: &'a str,
    pub(super) kind: Kind,
}

/// How it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The rows.
    Rows,
    /// How many rows there are, exactly.
    Count,
    /// What the API says of itself.
    Description,
}

/// Someone to ask.
pub(super) struct Client<'a> {
    agent: Agent,
    target: RestTarget,
    /// Where the tables are.
    base: String,
    authorization: HeaderValue,
    apikey: HeaderValue,
    /// Whether any answer came so far: then a connection that is refused is no wrong address.
    answered: bool,
    patience: Patience,
    now: &'a dyn Fn() -> Micros,
    /// Whether someone said stop.
    stop: &'a dyn Fn() -> bool,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        target: RestTarget,
        patience: Patience,
        now: &'a dyn Fn() -> Micros,
        stop: &'a dyn Fn() -> bool,
    ) -> Result<Self, ExportError> {
        let seconds = |s| Some(Duration::from_secs(s));
        let mut config = Config::builder()
            .http_status_as_error(false)
            // the key would go wherever someone points to
            .max_redirects(0)
            .max_redirects_will_error(false)
            .https_only(!target.near)
            .timeout_resolve(seconds(CONNECT_S_MAX))
            .timeout_connect(seconds(CONNECT_S_MAX))
            .timeout_per_read(Some(patience.silence_max))
            .timeout_per_write(Some(patience.silence_max))
            .user_agent(concat!("backstory/", env!("CARGO_PKG_VERSION")));
        if target.near {
            config = config.proxy(None);
        }
        if target.origin.starts_with("https:") {
            let trusted = tls::certificates(target.authorities.as_deref())?;
            let roots = trusted.iter().map(|one| Certificate::from_der(one).to_owned());
            // named, because two providers in one program would make rustls panic when it has to guess
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let tls = TlsConfig::builder()
                .root_certs(RootCerts::from(roots))
                .unversioned_rustls_crypto_provider(provider);
            config = config.tls_config(tls.build());
        }
        let secret = |text: String| {
            let mut value =
                HeaderValue::from_str(&text).map_err(|_| RestError::OddKey("the environment"))?;
            value.set_sensitive(true);
            Ok::<_, RestError>(value)
        };
        let key = target.key.expose_secret();
        Ok(Self {
            agent: config.build().new_agent(),
            authorization: secret(format!("Bearer {key}"))?,
            apikey: secret(key.to_string())?,
            base: format!("{}{}", target.origin, target.path.as_deref().unwrap_or_default()),
            target,
            answered: false,
            patience,
            now,
            stop,
        })
    }

    pub(super) fn target(&self) -> &RestTarget {
        &self.target
    }

    /// What the clock says.
    pub(super) fn now(&self) -> Micros {
        (self.now)()
    }

    /// Takes the tables to be below this path of the server.
    pub(super) fn look_below(&mut self, path: &str) {
        self.base = format!("{}{path}", self.target.origin);
    }

    /// Asks until there is an answer that stays, or patience ends. `note` hears of what went wrong.
    pub(super) fn ask(
        &mut self,
        request: Request<'_>,
        note: &mut dyn FnMut(String),
    ) -> Result<Answer, ExportError> {
        let mut tries = 1;
        loop {
            if (self.stop)() {
                return Err(ExportError::Stopped);
            }
            let (err, quiet) = match self.ask_once(request, tries) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(err)) => return Err(err.into()),
                Err(Failure::Passing(err, quiet)) => (err, quiet),
            };
            if let Some(quiet) = quiet.filter(|quiet| *quiet > QUIET_MAX) {
                return Err(RestError::Quiet { seconds: quiet.as_secs() }.into());
            }
            let Patience { tries_max, wait_first, .. } = self.patience;
            // a count that takes too long takes as long each time, and an answer to HEAD cannot say so
            let is_count = request.kind == Kind::Count;
            if tries >= if is_count { COUNT_TRIES_MAX.min(tries_max) } else { tries_max } {
                return Err(err.into());
            }
            let pause = quiet.unwrap_or_default().max(wait(wait_first, tries));
            note(format!("{err}; asked again in {:.1} s", pause.as_secs_f64()));
            self.sleep(pause);
            tries += 1;
        }
    }

    /// Until the time is over or someone says stop.
    fn sleep(&self, pause: Duration) {
        let ends = Instant::now() + pause;
        while !(self.stop)() && Instant::now() < ends {
            thread::sleep(LOOK.min(ends - Instant::now()));
        }
    }

    fn ask_once(&mut self, request: Request<'_>, tries: u32) -> Result<Answer, Failure> {
        let url = format!("{}{}", self.base, request.path);
        let asked = match request.kind {
            Kind::Count => self.agent.head(&url).header("Prefer", "count=exact"),
            Kind::Rows => self.agent.get(&url).header("Accept", "application/json"),
            Kind::Description => {
                self.agent.get(&url).header("Accept", "application/openapi+json, application/json")
            }
        };
        let asked =
            asked.header("apikey", &self.apikey).header("Authorization", &self.authorization);
        let mut response = asked.call().map_err(|err| self.failure(err, request.what, tries))?;
        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_string())
        };
        let quiet = header("retry-after").and_then(|text| retry_after(&text, (self.now)()));
        let range = header("content-range");
        let body = match read(response.body_mut()) {
            Ok(body) => body,
            Err(ureq::Error::BodyExceedsLimit(_)) => return Ok(Answer::too_large()),
            Err(err) => return Err(self.failure(err, request.what, tries)),
        };
        let answer = Answer::new(status, range.as_deref(), body);
        let is_first = !std::mem::replace(&mut self.answered, true);
        if may_pass(status) && !answer.is_out_of_time() {
            let err = answer.error(request.what, tries);
            return Err(Failure::Passing(err, quiet));
        }
        if status == 200 && request.kind == Kind::Rows && !answer.is_json() {
            if is_first {
                return Err(Failure::Final(RestError::NotPostgrest(status)));
            }
            // a proxy can end an answer in its midst and call it whole
            let why = "it is no JSON to its end".to_string();
            return Err(Failure::Passing(lost(request.what, why, tries), None));
        }
        Ok(answer)
    }

    /// What a request that got no answer means.
    fn failure(&self, err: ureq::Error, what: &str, tries: u32) -> Failure {
        let is_first = (!self.answered).then_some(tries);
        Failure::of(err, &self.target.place, is_first)
            .unwrap_or_else(|why| Failure::Passing(lost(what, why, tries), None))
    }
}

fn read(body: &mut Body) -> Result<Vec<u8>, ureq::Error> {
    body.with_config().limit(BODY_BYTES_MAX).read_to_vec()
}
