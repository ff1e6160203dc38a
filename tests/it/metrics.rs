//! What the daemon counts, and Prometheus' way to read it.

use icpy_tests::{Process, until_now};

#[test]
fn requests_are_counted_by_method_and_outcome() {
    let user = Process::new("//- /a.py\n");
    for _ in 0..3 {
        assert_eq!(user.icpy(&["a.py"]).status, 0);
    }
    assert_eq!(user.icpy(&["missing.py"]).status, 3);
    assert_eq!(user.icpy(&["call", "no:such"]).status, 2);
    user.json(&["terminal", "new", "--", "sleep", "1000"]);
    let metrics = user.json(&["status", "--metrics"]);
    let open = &metrics["methods"]["file:open"];
    assert_eq!(
        (&open["requests"], &open["errors"], &open["cancelled"]),
        (&4.into(), &1.into(), &0.into()),
        "{metrics}"
    );
    let buckets = open["buckets"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap());
    assert_eq!(buckets.sum::<u64>(), 4);
    assert_eq!((&metrics["refused"], &metrics["terminals"]), (&1.into(), &1.into()));
    if cfg!(target_os = "linux") {
        assert!(metrics["residentBytes"].as_u64().unwrap() > 1 << 20, "{metrics}");
        assert!(metrics["openDescriptors"].as_u64().unwrap() > 3, "{metrics}");
    }
    // The daemon may still be closing the connection of a client that has ended.
    until_now("only the client that asks has a session", || user.json(&["status", "--metrics"])["sessions"] == 1);
}

#[test]
fn the_text_is_what_prometheus_reads() {
    let user = Process::new("");
    assert_eq!(user.icpy(&["call", "session:ping"]).status, 0);
    let text = user.icpy(&["status", "--metrics"]).stdout;
    let mut families = Vec::new();
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            families.push(family.split(' ').next().unwrap().to_owned());
        } else if !line.starts_with('#') {
            // `name{labels} value`, of the family that was named last.
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(name.starts_with(families.last().unwrap().as_str()), "{line}");
        }
    }
    let mut unique = families.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), families.len(), "each family is told once");
    assert!(text.contains("icpyd_requests_total{method=\"session:ping\"} 1\n"), "{text}");
    assert!(text.contains("icpyd_request_duration_seconds_bucket{method=\"session:ping\",le=\"+Inf\"} 1\n"), "{text}");
    assert!(text.contains("icpyd_request_duration_seconds_bucket{method=\"session:ping\",le=\"0.000001\"}"), "{text}");
}
