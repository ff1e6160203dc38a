//! The man page of the protocol, `icpy-protocol(7)`, in the `man` macros of roff.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{definitions, paragraph, reference, schemas};
use crate::api::{Delivery, EventInfo, MethodInfo};
use crate::error::ERRORS;
use crate::preferences::declared::PREFERENCES;
use crate::{API, PROTOCOL};

const INTRODUCTION: &str = "\
.SH DESCRIPTION
.BR icpyd (1)
and its clients speak JSON\\-RPC 2.0, one UTF\\-8 JSON object or array on each line. A line may end in CR LF; blank
lines are skipped. A line has at most 16 MiB; a longer one is refused, by its id where that is in the first KiB and in
front of the params. Batches of up to 1000 calls are answered as one array.
.PP
Requests of one connection start in the order in which they arrive. Answers may overtake each other. Events that a
request causes reach its sender before the answer.
.PP
Fields are in camelCase. Times are integer milliseconds since 1970, sizes are bytes, integers stay below 2^53. A path is
a string, or {\"base64\": ...} where it is not Unicode. In the names of methods and topics a dot is accepted for the
colon.
.SS Cancelling, progress and streams
The notification
.B $/cancelRequest
{id} of a client ends a request, which is then answered with the error
.IR cancelled .
The daemon may send
.B $/progress
{id, done, total, unit} for a request, and the pieces of a long result as
.B $/stream
{id, seq, data} before the answer. Up to 256 KiB of pieces are sent ahead; the client asks for more with
.B $/ack
{id, bytes}.
.SS Events
An event is a notification whose method is its topic. Beside the payload its params hold
.IR subscription ,
.IR epoch ,
.I seq
and
.IR prev :
the seq of the event before it on the same subscription. A client that sees another
.I prev
than its last
.I seq
has missed some. After a lost connection
.B session:resume
delivers what was missed, once each.
.PP
In a pattern * stands for one segment of a topic and ** at the end for one or more: file:*, **.
";

/// The man page of this build.
pub fn man_page() -> String {
    let types = definitions(schemas("/definitions"));
    let mut out = format!(
        ".TH ICPY\\-PROTOCOL 7 \"\" \"icpy {}\"\n.SH NAME\nicpy\\-protocol \\- the protocol of the icpy workspace daemon, version {PROTOCOL}\n",
        env!("CARGO_PKG_VERSION")
    );
    out.push_str(INTRODUCTION);
    out.push_str(".SH METHODS\nThe word in parentheses is the access that a caller needs.\n");
    for namespace in API {
        let _ = writeln!(out, ".SS {}\n{}", namespace.name, text(namespace.doc));
        for info in namespace.methods {
            method(&mut out, info, &types);
        }
    }
    out.push_str(".SH EVENTS\n");
    for info in API.iter().flat_map(|namespace| namespace.events) {
        event(&mut out, info, &types);
    }
    out.push_str(".SH PREFERENCES\nWhat there is to prefer, what it can be, and what it is when nobody has set it.\n");
    for it in PREFERENCES {
        let told = format!("{} It is {}; by default `{}`.", it.description, it.allowed(), it.default_value());
        let _ = writeln!(out, ".TP\n.B {}\n{}", escape(it.key), text(&told));
    }
    out.push_str(".SH ERRORS\nAn error is {code, message, data: {kind, retryable, ...}}. Branch on the kind.\n");
    for info in ERRORS {
        let retryable = if info.retryable { ", retryable" } else { "" };
        let _ = writeln!(
            out,
            ".TP\n.B {}\n({}, HTTP {}{retryable}) {}.",
            escape(info.name),
            info.code,
            info.kind.status(),
            escape(info.meaning)
        );
    }
    out.push_str(".SH SEE ALSO\n.BR icpy (1),\n.BR icpyd (1)\n");
    out
}

fn method(out: &mut String, info: &MethodInfo, types: &Map<String, Value>) {
    let access = serde_json::to_value(info.access).expect("a unit variant is a string");
    let access = access.as_str().unwrap_or_default();
    let _ = writeln!(out, ".TP\n.BR {} \" ({access})\"\n{}", escape(info.name), text(info.doc));
    let mut schemas = schemas("/definitions");
    members(out, "Params", &(info.params)(&mut schemas).to_value(), types);
    members(out, "Result", &(info.result)(&mut schemas).to_value(), types);
}

fn event(out: &mut String, info: &EventInfo, types: &Map<String, Value>) {
    let _ = writeln!(out, ".TP\n.B {}\n{}", escape(info.topic), text(info.doc));
    let delivery = match info.delivery {
        Delivery::Ordered => "Every event is delivered.",
        Delivery::Latest => "A waiting event may be replaced by a newer one about the same thing.",
        Delivery::Direct => "Sent by the session itself: without epoch, seq and prev.",
    };
    let _ = writeln!(out, "{delivery}");
    if info.is_durable {
        let _ = writeln!(out, "Kept in the event log.");
    }
    if let Some(method) = info.state {
        let _ = writeln!(out, "The state behind it is answered by\n.BR {} .", escape(method));
    }
    members(out, "Payload", &(info.payload)(&mut schemas("/definitions")).to_value(), types);
}

/// Lists the members of a type with their docs, if it has any.
fn members(out: &mut String, title: &str, schema: &Value, types: &Map<String, Value>) {
    let schema = reference(schema).and_then(|name| types.get(name)).unwrap_or(schema);
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = schema.get("required").and_then(Value::as_array);
    let _ = writeln!(out, ".RS\n.PP\n{title}:\n.RS");
    for (name, property) in properties {
        let is_required = required.is_some_and(|names| names.iter().any(|it| it == name));
        let mark = if is_required { "" } else { "?" };
        let doc = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let _ = writeln!(out, ".TP\n.IR {} {mark}\n{}", escape(name), text(doc));
    }
    out.push_str(".RE\n.RE\n");
}

/// A doc comment as roff: one paragraph, each sentence on a line of its own, code in bold.
fn text(doc: &str) -> String {
    let text = escape(&paragraph(doc)).replace(". ", ".\n");
    let mut out = String::new();
    for (position, part) in text.split('`').enumerate() {
        out.push_str(match (position, position % 2) {
            (0, _) => "",
            (_, 1) => "\\fB",
            _ => "\\fR",
        });
        out.push_str(part);
    }
    out
}

/// Keeps roff from reading text as requests or typography.
fn escape(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-");
    if escaped.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}
