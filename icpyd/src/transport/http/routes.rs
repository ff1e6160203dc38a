//! Every route there is, with what it takes to use it. Nothing is routed that is not in this table, and what is not in it is
//! answered after the credential was looked at: nobody learns by asking what there is.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, any, get, post};
use icpy_protocol::error::Error;

use super::problem::Problem;
use super::{Door, assets, events, guard, health, login, rest, rpc, websocket};

/// What a request to a route shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: what is there is no secret.
    Nothing,
    /// A token, or a browser's login.
    Credential,
    /// The same, or a ticket.
    Ticket,
}

/// One route.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) needs: Needs,
    handler: fn() -> MethodRouter<Arc<Door>>,
}

/// The routes that are written by hand.
pub(super) const ROUTES: &[Route] = &[
    Route { path: "/", needs: Needs::Nothing, handler: || get(assets::index) },
    Route { path: "/assets/{*path}", needs: Needs::Nothing, handler: || get(assets::asset) },
    Route { path: "/api/v1/events", needs: Needs::Credential, handler: || get(events::events) },
    Route { path: "/api/v1/docs", needs: Needs::Nothing, handler: || get(rest::docs) },
    Route { path: "/api/v1/openapi.json", needs: Needs::Credential, handler: || get(rest::description) },
    Route {
        path: "/api/v1/fs/content",
        needs: Needs::Credential,
        handler: || get(rest::read_content).put(rest::write_content),
    },
    Route { path: "/api/v1/{*path}", needs: Needs::Credential, handler: || any(rest::answer) },
    Route { path: "/healthz", needs: Needs::Nothing, handler: || get(health::healthz) },
    Route { path: "/login", needs: Needs::Nothing, handler: || get(login::page).post(login::by_password) },
    Route { path: "/logout", needs: Needs::Credential, handler: || post(login::logout) },
    Route { path: "/metrics", needs: Needs::Credential, handler: || get(health::metrics) },
    Route { path: "/rpc", needs: Needs::Credential, handler: || post(rpc::answer) },
    Route { path: "/ws", needs: Needs::Ticket, handler: || get(websocket::open) },
];

/// What it takes to use a path.
pub(super) fn needs(path: &str) -> Needs {
    let is_at = |route: &&Route| match route.path.strip_suffix("{*path}") {
        Some(beginning) => path.len() > beginning.len() && path.starts_with(beginning),
        None => path == route.path,
    };
    ROUTES.iter().find(is_at).map_or(Needs::Credential, |route| route.needs)
}

/// The paths of the routes, with what each needs: for whoever checks that all of them are guarded.
pub fn table() -> impl Iterator<Item = (&'static str, Needs)> {
    ROUTES.iter().map(|route| (route.path, route.needs))
}

/// All routes. They are behind the guard.
pub(super) fn all(door: &Arc<Door>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, (route.handler)());
    }
    router.fallback(nothing).method_not_allowed_fallback(wrong_method).with_state(Arc::clone(door))
}

async fn nothing() -> Problem {
    Problem::from(Error::not_found("there is nothing at this path"))
}

async fn wrong_method() -> Problem {
    guard::wrong_method()
}
