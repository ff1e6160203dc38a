//! `rpc:*`: the protocol's own description.

use serde_json::{Map, Value};

use crate::Empty;

crate::api! {
    /// The protocol's own description.
    service RpcApi, RpcClient = "rpc" {
        /// Returns the OpenRPC 1.3 document of this daemon: every method with the schemas of its params and result.
        Open fn discover(Empty) -> Map<String, Value>, idempotent; rest GET "/openrpc";
    }
}
