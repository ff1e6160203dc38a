//! JSON-RPC 2.0 as its specification says and as clients in practice need it, over every transport.
//!
//! Each case sends bytes and then a request of its own, whose answer shows that the connection lives. What else comes must
//! be exactly what the case expects.

use icpy_tests::{Daemon, LineClient, Transport};
use serde_json::{Value, json};

/// An answer that a case expects.
#[derive(Clone, Debug)]
enum Expect {
    /// A result, for the id with this text.
    Result(&'static str),
    /// An error with this code, for the id with this text.
    Error(&'static str, i64),
    /// A batch of answers, in any order.
    Batch(Vec<Expect>),
}

use Expect::{Batch, Error, Result};

/// The request that ends every case.
const SENTINEL: &str = "\n{\"jsonrpc\":\"2.0\",\"id\":\"sentinel\",\"method\":\"session:ping\"}\n";

const PARSE: i64 = -32700;
const INVALID: i64 = -32600;
const METHOD: i64 = -32601;
const PARAMS: i64 = -32602;

/// Checks a case over every transport.
fn check(bytes: impl AsRef<[u8]>, expect: &[Expect]) {
    let daemon = Daemon::boot("");
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            client.send(bytes.as_ref()).await;
            client.send(SENTINEL).await;
            let (mut lines, mut is_alive) = (Vec::new(), false);
            // An answer that takes longer may come behind.
            while !is_alive || lines.len() < expect.len() {
                let line = client.receive_line().await.expect("the connection lives");
                match line.contains("\"sentinel\"") {
                    true => is_alive = true,
                    false => lines.push(line),
                }
            }
            let shown = String::from_utf8_lossy(&bytes.as_ref()[..bytes.as_ref().len().min(200)]).into_owned();
            assert_eq!(lines.len(), expect.len(), "{transport:?}: {shown}: {lines:?}");
            for (line, expect) in lines.iter().zip(expect) {
                assert!(fits(line, expect), "{transport:?}: {shown}: expected {expect:?}, got {line}");
            }
        });
    }
}

/// The id is compared as text: it must come back as it was sent.
fn fits(line: &str, expect: &Expect) -> bool {
    let value: Value = serde_json::from_str(line).unwrap();
    match expect {
        Result(id) => {
            line.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"#)) && value.get("error").is_none()
        }
        Error(id, code) => {
            line.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"error":"#)) && value["error"]["code"] == *code
        }
        Batch(expect) => {
            let answers = value.as_array().expect("a batch is answered by an array");
            let has = |it: &Expect| answers.iter().any(|answer| fits_value(answer, it));
            answers.len() == expect.len() && expect.iter().all(has)
        }
    }
}

fn fits_value(answer: &Value, expect: &Expect) -> bool {
    let has_id = |id: &str| answer["id"] == serde_json::from_str::<Value>(id).unwrap();
    match expect {
        Result(id) => has_id(id) && answer.get("result").is_some(),
        Error(id, code) => has_id(id) && answer["error"]["code"] == *code,
        Batch(_) => false,
    }
}

fn ping(id: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"session:ping"}}"#)
}

macro_rules! cases {
    ($($name:ident: $bytes:expr => [$($expect:expr),*];)+) => {
        $(
            #[test]
            fn $name() {
                check($bytes, &[$($expect),*]);
            }
        )+
    };
}

cases! {
    an_integer_id_is_echoed: ping("1") => [Result("1")];
    a_string_id_is_echoed: ping(r#""a""#) => [Result(r#""a""#)];
    an_empty_string_id_is_echoed: ping(r#""""#) => [Result(r#""""#)];
    a_null_id_makes_a_request: ping("null") => [Result("null")];
    a_negative_id_is_echoed: ping("-7") => [Result("-7")];
    a_zero_id_is_echoed: ping("0") => [Result("0")];
    an_id_over_2_to_the_53_is_echoed: ping("9007199254740993") => [Result("9007199254740993")];
    an_id_over_64_bits_is_echoed: ping("123456789012345678901234567890") => [Result("123456789012345678901234567890")];
    a_fractional_id_is_echoed: ping("1.50") => [Result("1.50")];
    an_exponent_id_is_echoed: ping("1e3") => [Result("1e3")];
    an_escaped_id_is_echoed_as_it_was_written: ping(r#""\u00e9\n""#) => [Result(r#""\u00e9\n""#)];
    an_emoji_id_is_echoed: ping(r#""🦀""#) => [Result(r#""🦀""#)];
    a_surrogate_pair_id_is_echoed: ping(r#""\ud83e\udd80""#) => [Result(r#""\ud83e\udd80""#)];

    a_notification_is_not_answered: r#"{"jsonrpc":"2.0","method":"session:ping"}"# => [];
    a_notification_of_an_unknown_method_is_not_answered: r#"{"jsonrpc":"2.0","method":"no:such"}"# => [];
    a_notification_with_wrong_params_is_not_answered:
        r#"{"jsonrpc":"2.0","method":"fs:stat","params":{"path":1}}"# => [];

    an_unknown_method_is_an_error: r#"{"jsonrpc":"2.0","id":1,"method":"no:such"}"# => [Error("1", METHOD)];
    an_empty_method_is_an_error: r#"{"jsonrpc":"2.0","id":1,"method":""}"# => [Error("1", METHOD)];
    a_reserved_method_is_an_error: r#"{"jsonrpc":"2.0","id":1,"method":"rpc.describe"}"# => [Error("1", METHOD)];
    an_unknown_protocol_request_is_an_error: r#"{"jsonrpc":"2.0","id":1,"method":"$/such"}"# => [Error("1", METHOD)];
    an_unknown_protocol_notification_is_ignored: r#"{"jsonrpc":"2.0","method":"$/such"}"# => [];
    cancelling_nothing_is_ignored: r#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":99}}"# => [];
    a_malformed_cancel_is_ignored: r#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":[1]}"# => [];

    broken_json_is_a_parse_error: r#"{"jsonrpc":"2.0","method":"foobar,"params":"bar","baz]"# => [Error("null", PARSE)];
    plain_text_is_a_parse_error: "hello" => [Error("null", PARSE)];
    a_cut_object_is_a_parse_error: r#"{"jsonrpc":"2.0","id":1"# => [Error("null", PARSE)];
    two_objects_on_a_line_are_a_parse_error: format!("{}{}", ping("1"), ping("2")) => [Error("null", PARSE)];
    text_behind_an_object_is_a_parse_error: format!("{} x", ping("1")) => [Error("null", PARSE)];
    an_id_with_a_leading_zero_is_a_parse_error: ping("01") => [Error("null", PARSE)];
    a_byte_order_mark_is_a_parse_error: format!("\u{feff}{}", ping("1")) => [Error("null", PARSE)];
    a_nul_character_is_a_parse_error: "\0" => [Error("null", PARSE)];
    invalid_utf_8_is_a_parse_error: b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}" => [Error("null", PARSE)];
    invalid_utf_8_in_a_member_nobody_reads_is_a_parse_error:
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session:ping\",\"x\":\"\xc3\x28\"}" => [Error("null", PARSE)];
    a_lone_surrogate_in_a_method_is_an_error: r#"{"jsonrpc":"2.0","id":1,"method":"\ud83e"}"# => [Error("null", PARSE)];

    a_number_is_an_invalid_request: "1" => [Error("null", INVALID)];
    a_string_is_an_invalid_request: r#""x""# => [Error("null", INVALID)];
    null_is_an_invalid_request: "null" => [Error("null", INVALID)];
    an_empty_object_is_an_invalid_request: "{}" => [Error("null", INVALID)];
    a_method_that_is_a_number_is_invalid: r#"{"jsonrpc":"2.0","method":1,"params":"bar"}"# => [Error("null", INVALID)];
    params_that_are_a_string_are_invalid:
        r#"{"jsonrpc":"2.0","id":1,"method":"session:ping","params":"bar"}"# => [Error("null", INVALID)];
    params_that_are_a_number_are_invalid:
        r#"{"jsonrpc":"2.0","id":1,"method":"session:ping","params":7}"# => [Error("null", INVALID)];
    a_missing_version_is_invalid: r#"{"id":1,"method":"session:ping"}"# => [Error("null", INVALID)];
    another_version_is_invalid: r#"{"jsonrpc":"1.0","id":1,"method":"session:ping"}"# => [Error("null", INVALID)];
    a_version_that_is_a_number_is_invalid: r#"{"jsonrpc":2.0,"id":1,"method":"session:ping"}"# => [Error("null", INVALID)];
    a_missing_method_is_invalid: r#"{"jsonrpc":"2.0","id":1}"# => [Error("null", INVALID)];
    an_object_id_is_invalid: ping("{}") => [Error("null", INVALID)];
    an_array_id_is_invalid: ping("[1]") => [Error("null", INVALID)];
    a_boolean_id_is_invalid: ping("true") => [Error("null", INVALID)];
    a_member_twice_is_invalid:
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"session:ping"}"# => [Error("null", INVALID)];
    deep_nesting_that_is_no_request_is_invalid:
        format!("{{\"a\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000)) => [Error("null", INVALID)];

    params_by_position_do_not_fit: r#"{"jsonrpc":"2.0","id":1,"method":"fs:stat","params":["/"]}"# => [Error("1", PARAMS)];
    params_of_another_type_do_not_fit:
        r#"{"jsonrpc":"2.0","id":1,"method":"fs:stat","params":{"path":7}}"# => [Error("1", PARAMS)];
    missing_params_do_not_fit: r#"{"jsonrpc":"2.0","id":1,"method":"fs:stat"}"# => [Error("1", PARAMS)];
    params_nested_too_deep_do_not_fit: format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"session:initialize","params":{{"clientInfo":{{"name":"x"}},"capabilities":{{"a":{}{}}}}}}}"#,
        "[".repeat(200_000), "]".repeat(200_000)
    ) => [Error("1", PARAMS)];
    empty_params_by_position_are_none: r#"{"jsonrpc":"2.0","id":1,"method":"session:ping","params":[]}"# => [Result("1")];
    null_params_are_none: r#"{"jsonrpc":"2.0","id":1,"method":"session:ping","params":null}"# => [Result("1")];
    an_unknown_param_is_ignored:
        r#"{"jsonrpc":"2.0","id":1,"method":"session:ping","params":{"new":true}}"# => [Result("1")];
    an_unknown_member_is_ignored: r#"{"jsonrpc":"2.0","id":1,"method":"session:ping","meta":{}}"# => [Result("1")];
    members_come_in_any_order: r#"{"params":{},"method":"session:ping","id":1,"jsonrpc":"2.0"}"# => [Result("1")];
    an_escaped_method_is_read: r#"{"jsonrpc":"2.0","id":1,"method":"session\u003aping"}"# => [Result("1")];
    a_dot_stands_for_the_colon: r#"{"jsonrpc":"2.0","id":1,"method":"session.ping"}"# => [Result("1")];

    a_line_may_end_in_cr_lf: format!("{}\r\n", ping("1")) => [Result("1")];
    blank_lines_are_skipped: format!("\n\n  \r\n\t\n{}", ping("1")) => [Result("1")];
    space_around_a_request_is_skipped: format!("  \t{}  ", ping("1")) => [Result("1")];
    two_lines_in_one_write_are_two_requests: format!("{}\n{}", ping("1"), ping("2")) => [Result("1"), Result("2")];
    a_stray_result_is_ignored: r#"{"jsonrpc":"2.0","id":1,"result":1}"# => [];
    a_stray_error_is_ignored: r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"# => [];

    an_empty_batch_is_invalid: "[]" => [Error("null", INVALID)];
    a_batch_of_a_number_is_answered_as_a_batch: "[1]" => [Batch(vec![Error("null", INVALID)])];
    a_batch_of_three_numbers_has_three_answers:
        "[1,2,3]" => [Batch(vec![Error("null", INVALID), Error("null", INVALID), Error("null", INVALID)])];
    a_broken_batch_is_a_parse_error: r#"[{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","method"]"# => [Error("null", PARSE)];
    a_batch_of_one_is_answered_as_a_batch: format!("[{}]", ping("1")) => [Batch(vec![Result("1")])];
    a_batch_of_notifications_is_not_answered:
        r#"[{"jsonrpc":"2.0","method":"session:ping"},{"jsonrpc":"2.0","method":"x"}]"# => [];
    a_mixed_batch_answers_what_asks: format!(
        r#"[{},{{"jsonrpc":"2.0","method":"session:ping"}},{{"foo":"boo"}},{{"jsonrpc":"2.0","id":"5","method":"no:such"}},{}]"#,
        ping("1"), ping(r#""9""#)
    ) => [Batch(vec![Result("1"), Error("null", INVALID), Error(r#""5""#, METHOD), Result(r#""9""#)])];
    a_batch_with_an_id_twice_has_both_answers:
        format!("[{},{}]", ping("1"), ping("1")) => [Batch(vec![Result("1"), Result("1")])];
    a_batch_waits_for_its_slowest_call: format!(
        r#"[{{"jsonrpc":"2.0","id":1,"method":"fs:stat","params":{{"path":"/"}}}},{}]"#, ping("2")
    ) => [Batch(vec![Result("1"), Result("2")])];
    a_batch_of_too_many_is_invalid: format!("[{}]", vec!["1"; 1001].join(",")) => [Error("null", INVALID)];
    a_batch_in_a_batch_is_invalid: format!("[[{}]]", ping("1")) => [Batch(vec![Error("null", INVALID)])];
}

#[test]
fn a_line_over_the_limit_is_refused_and_the_next_one_read() {
    let daemon = Daemon::boot_with("", |limits| limits.line_bytes_max = 1000);
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            let long = "x".repeat(5_000_000);
            // The answer comes before the line has ended.
            client.send(&long[..2000]).await;
            let refused = client.receive().await;
            assert_eq!(refused["error"]["code"], INVALID);
            assert_eq!(refused["id"], Value::Null);
            assert_eq!(refused["error"]["data"]["limit"], 1000);
            client.send(&long).await;
            client.send(format!("\n{}\n", ping("1"))).await;
            assert_eq!(client.receive().await["id"], 1);
            // Who has asked is told, where the line begins with that.
            client.send(format!(r#"{{"jsonrpc":"2.0","id":"a","method":"rpc:ping","params":{{"x":"{long}"}}}}"#)).await;
            let refused = client.receive().await;
            assert_eq!((&refused["id"], &refused["error"]["data"]["limit"]), (&json!("a"), &json!(1000)));
            client.send(format!("\n{}\n", ping("2"))).await;
            assert_eq!(client.receive().await["id"], 2);
        });
    }
}

#[test]
fn a_request_in_many_pieces_is_one_request() {
    each_transport(async |client| {
        for byte in format!("{}\n", ping("1")).bytes() {
            client.send([byte]).await;
        }
        assert_eq!(client.receive().await["id"], 1);
    });
}

#[test]
fn half_a_line_at_the_end_is_dropped() {
    each_transport(async |client| {
        client.send(format!("{}\n{}", ping("1"), ping("2"))).await;
        client.half_close().await;
        assert_eq!(client.receive().await["id"], 1);
        assert_eq!(client.receive_line().await, None);
    });
}

#[test]
fn what_was_read_before_a_half_close_is_answered() {
    each_transport(async |client| {
        for id in 0..50 {
            client.request(id, "fs:stat", &json!({ "path": "/" })).await;
        }
        client.half_close().await;
        let mut ids = Vec::new();
        while let Some(line) = client.receive_line().await {
            ids.push(serde_json::from_str::<Value>(&line).unwrap()["id"].as_u64().unwrap());
        }
        ids.sort_unstable();
        assert_eq!(ids, (0..50).collect::<Vec<_>>());
    });
}

#[test]
fn a_thousand_requests_in_one_write_are_answered_in_order() {
    each_transport(async |client| {
        let lines: String = (0..1000).map(|id| ping(&id.to_string()) + "\n").collect();
        client.send(lines).await;
        for id in 0..1000 {
            assert_eq!(client.receive().await["id"], id);
        }
    });
}

#[test]
fn an_answer_never_holds_a_newline() {
    let daemon = Daemon::boot("//- /a.txt\none\ntwo\n");
    for transport in Transport::ALL {
        daemon.run(async {
            let mut client = daemon.line_client(*transport).await;
            client.request(1, "fs:read_file", &json!({ "path": daemon.path("a.txt") })).await;
            assert_eq!(client.receive().await["result"]["content"], "one\ntwo\n");
        });
    }
}

#[test]
fn an_unknown_method_with_a_long_name_has_a_short_answer() {
    each_transport(async |client| {
        client.request(1, &"x".repeat(100_000), &json!({})).await;
        let line = client.receive_line().await.unwrap();
        assert!(line.len() < 500, "{} bytes", line.len());
    });
}

#[expect(clippy::needless_pass_by_value, reason = "a closure is written in place")]
fn each_transport(test: impl AsyncFn(&mut LineClient)) {
    let daemon = Daemon::boot("");
    for transport in Transport::ALL {
        daemon.run(async { test(&mut daemon.line_client(*transport).await).await });
    }
}
