//! The `api!` macro: one declaration per method and event, from which everything else is made.
//!
//! A block expands to the server's trait (a missing handler does not compile), a `mount` function that routes to it, a
//! typed client, and the constant [`Namespace`] from which documents, access checks and tests are made:
//!
//! ```text
//! api! {
//!     /// Files on disk.
//!     service FsApi, FsClient = "fs" {
//!         /// Returns what a path names.
//!         Read fn stat(FsStatParams) -> FsStatResult; rest GET "/fs/stat";
//!         /// Makes a folder.
//!         Write fn create_directory(FsPath) -> FsMade; rest PUT "/fs/directory{?path}" created "/fs/directory{?path}";
//!         /// Replaces a file.
//!         Write fn write_file(FsWriteFileParams) -> FsWriteFileResult, idempotent;
//!     }
//!     events {
//!         /// A file changed on disk.
//!         Read CHANGED: FileChanged = "file:changed", durable, state("fs:stat");
//!     }
//! }
//! ```
//!
//! The word before `fn` is the [`Access`] that a caller needs, or a receiver of the event. A name that is a keyword of Rust
//! stands behind the function's: `fn move_items as "move"(...)`. Words after a comma are
//! methods of [`MethodInfo`] and [`Topic`]: an unknown one does not compile. What `rest` declares is a [`Route`].

use std::future::Future;

use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::message::without_place;
use crate::rest::Route;

/// What a caller must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Nothing beyond being connected.
    Open,
    /// See files and state.
    Read,
    /// Change files and state.
    Write,
    /// Run programs.
    Execute,
    /// Use terminals.
    Terminal,
    /// Direct agents.
    Agent,
    /// Control the daemon and who may use it.
    Admin,
}

/// Adds a type to a set of schemas and returns a reference to it.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One declared method.
#[derive(Debug)]
pub struct MethodInfo {
    /// `namespace:verb_object`.
    pub name: &'static str,
    /// The declaration's doc comment.
    pub doc: &'static str,
    /// What a caller needs.
    pub access: Access,
    /// Whether sending the request twice has the effect of sending it once. Reads always do.
    pub is_idempotent: bool,
    /// The REST route, if one is declared.
    pub rest: Option<Route>,
    /// The type of the params.
    pub params: SchemaOf,
    /// The type of the result.
    pub result: SchemaOf,
}

impl MethodInfo {
    /// For `api!` alone.
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        access: Access,
        params: SchemaOf,
        result: SchemaOf,
    ) -> Self {
        let is_idempotent = matches!(access, Access::Read);
        Self { name, doc, access, is_idempotent, rest: None, params, result }
    }

    /// Declares that sending the request twice has the effect of sending it once.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.is_idempotent = true;
        self
    }

    /// Declares a REST route.
    #[must_use]
    pub const fn rest(mut self, route: Route) -> Self {
        self.rest = Some(route);
        self
    }
}

/// How events of a topic reach a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Every event, in order. A reader too slow for what is kept is told of the gap.
    Ordered,
    /// The newest event for each key is enough: an older one that still waits is dropped.
    Latest,
    /// Sent by a session to its own client; never on the bus, without `seq`.
    Direct,
}

/// One declared event, without its type.
#[derive(Clone, Copy, Debug)]
pub struct EventInfo {
    /// `namespace:past_participle`.
    pub topic: &'static str,
    /// The declaration's doc comment.
    pub doc: &'static str,
    /// What a receiver needs.
    pub access: Access,
    /// How it is delivered.
    pub delivery: Delivery,
    /// Whether it is kept in the event log, which survives the daemon.
    pub is_durable: bool,
    /// The method that answers with the state that this event reports changes of.
    pub state: Option<&'static str>,
    /// The type of the payload.
    pub payload: SchemaOf,
    /// Checks a payload that came as JSON and finds its conflation key.
    pub check: fn(&RawValue) -> Result<Option<String>>,
}

/// One declared event with the type of its payload: what a service publishes on.
#[derive(Debug)]
pub struct Topic<T> {
    /// The declaration, without the type.
    pub info: EventInfo,
    key: Option<fn(&T) -> String>,
}

impl<T> Topic<T> {
    /// For `api!` alone.
    pub const fn new(
        topic: &'static str,
        doc: &'static str,
        access: Access,
        payload: SchemaOf,
        check: fn(&RawValue) -> Result<Option<String>>,
    ) -> Self {
        let delivery = Delivery::Ordered;
        Self {
            info: EventInfo { topic, doc, access, delivery, is_durable: false, state: None, payload, check },
            key: None,
        }
    }

    /// Declares that the newest event for each key is enough.
    #[must_use]
    pub const fn latest(mut self, key: fn(&T) -> String) -> Self {
        self.info.delivery = Delivery::Latest;
        self.key = Some(key);
        self
    }

    /// Declares that a session sends it to its own client.
    #[must_use]
    pub const fn direct(mut self) -> Self {
        self.info.delivery = Delivery::Direct;
        self
    }

    /// Declares that it is kept in the event log.
    #[must_use]
    pub const fn durable(mut self) -> Self {
        self.info.is_durable = true;
        self
    }

    /// Declares which method answers with the state behind the event.
    #[must_use]
    pub const fn state(mut self, method: &'static str) -> Self {
        self.info.state = Some(method);
        self
    }

    /// The payload's conflation key, for topics that have one.
    pub fn key(&self, payload: &T) -> Option<String> {
        self.key.map(|key| key(payload))
    }
}

/// Reads a payload into its declared type. For `api!` alone.
pub fn check_payload<T: DeserializeOwned>(topic: &Topic<T>, payload: &RawValue) -> Result<Option<String>> {
    let read = serde_json::from_str(payload.get()).map_err(|error| {
        Error::invalid_params(format!("invalid payload for `{}`: {}", topic.info.topic, without_place(&error)))
    })?;
    Ok(topic.key(&read))
}

/// Everything that is declared under one name.
#[derive(Debug)]
pub struct Namespace {
    /// The part of the names before the colon.
    pub name: &'static str,
    /// The service's doc comment.
    pub doc: &'static str,
    /// Its methods.
    pub methods: &'static [&'static MethodInfo],
    /// Its events.
    pub events: &'static [&'static EventInfo],
}

/// What takes the handlers of a service: the daemon's router.
pub trait Mount<C> {
    /// Routes a method to its handler.
    fn method<P, R, H, F>(&mut self, info: &'static MethodInfo, handler: H)
    where
        P: DeserializeOwned + Send + 'static,
        R: Serialize + 'static,
        H: Fn(C, P) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R>> + Send + 'static;
}

/// What a typed client sends its requests through: a connection, or the daemon's own bus.
pub trait Call: Sync {
    /// Sends one request: params and result are JSON text.
    fn send(&self, method: &'static MethodInfo, params: String) -> impl Future<Output = Result<Vec<u8>>> + Send;

    /// Sends one request and reads its result.
    fn call<P, R>(&self, method: &'static MethodInfo, params: &P) -> impl Future<Output = Result<R>> + Send
    where
        P: Serialize + Sync,
        R: DeserializeOwned + Send,
    {
        async move {
            let params = serde_json::to_string(params).expect("wire types have string keys");
            let result = self.send(method, params).await?;
            serde_json::from_slice(&result)
                .map_err(|error| Error::internal(format!("the result of `{}` has another type: {error}", method.name)))
        }
    }
}

/// Declares the methods and events of one namespace; see the module.
#[macro_export]
macro_rules! api {
    (
        $(#[doc = $service_doc:literal])+
        service $server:ident, $client:ident = $namespace:literal {
            $(
                $(#[doc = $doc:literal])+
                $access:ident fn $method:ident $(as $name:literal)? ($params:ty) -> $result:ty $(, $marker:ident)*;
                $(rest $verb:ident $route:literal $(created $location:literal)?;)?
            )+
        }
        $(events {
            $(
                $(#[doc = $event_doc:literal])+
                $event_access:ident $event:ident: $payload:ty = $topic:literal $(, $option:ident $(($argument:expr))?)*;
            )+
        })?
    ) => {
        $(#[doc = $service_doc])+
        pub trait $server<C>: Send + Sync + 'static {
            $(
                $(#[doc = $doc])+
                fn $method(
                    &self,
                    caller: &C,
                    params: $params,
                ) -> impl ::std::future::Future<Output = $crate::error::Result<$result>> + Send;
            )+
        }

        /// The declarations of the methods, by their names.
        #[allow(non_upper_case_globals)]
        pub mod method {
            #[allow(unused_imports)]
            use super::*;
            use $crate::api::{Access, MethodInfo};
            $(
                $(#[doc = $doc])+
                pub const $method: &MethodInfo = &MethodInfo::new(
                    concat!($namespace, ":", $crate::verb!($method $($name)?)),
                    concat!($($doc, "\n"),+),
                    Access::$access,
                    |schemas| schemas.subschema_for::<$params>(),
                    |schemas| schemas.subschema_for::<$result>(),
                )$(.$marker())*$(
                    .rest($crate::rest::Route::new($crate::rest::Verb::$verb, $route)$(.created($location))?)
                )?;
            )+
        }

        /// Routes every method of the namespace to `service`.
        pub fn mount<C, S>(service: &::std::sync::Arc<S>, into: &mut impl $crate::api::Mount<C>)
        where
            C: Send + Sync + 'static,
            S: $server<C>,
        {
            $({
                let service = ::std::sync::Arc::clone(service);
                into.method(method::$method, move |caller: C, params: $params| {
                    let service = ::std::sync::Arc::clone(&service);
                    async move { service.$method(&caller, params).await }
                });
            })+
        }

        /// Calls the methods of the namespace through a connection or the bus.
        #[derive(Clone, Copy, Debug)]
        pub struct $client<T>(T);

        impl<T: $crate::api::Call> $client<T> {
            /// A client that sends its requests through `transport`.
            pub const fn new(transport: T) -> Self {
                Self(transport)
            }

            $(
                $(#[doc = $doc])+
                pub async fn $method(&self, params: &$params) -> $crate::error::Result<$result> {
                    $crate::api::Call::call(&self.0, method::$method, params).await
                }
            )+
        }

        $($(
            $(#[doc = $event_doc])+
            pub const $event: $crate::api::Topic<$payload> = $crate::api::Topic::<$payload>::new(
                $topic,
                concat!($($event_doc, "\n"),+),
                $crate::api::Access::$event_access,
                |schemas| schemas.subschema_for::<$payload>(),
                |payload| $crate::api::check_payload(&$event, payload),
            )$(.$option($($argument)?))*;
        )+)?

        /// Everything declared here.
        pub const NAMESPACE: $crate::api::Namespace = $crate::api::Namespace {
            name: $namespace,
            doc: concat!($($service_doc, "\n"),+),
            methods: &[$(method::$method),+],
            events: &[$($(&$event.info),+)?],
        };
    };
}

/// The part of a method's name behind the colon: as the function, unless a keyword of Rust makes that impossible. For `api!`
/// alone.
#[doc(hidden)]
#[macro_export]
macro_rules! verb {
    ($method:ident) => {
        stringify!($method)
    };
    ($method:ident $name:literal) => {
        $name
    };
}

impl<T: Call> Call for &T {
    async fn send(&self, method: &'static MethodInfo, params: String) -> Result<Vec<u8>> {
        T::send(self, method, params).await
    }
}
