//! DNP3, in captures that have no log of their own: those of ITI, whose names say what is in them, and Suricata's,
//! whose titles do. What Zeek and ICSNPP log is compared in [`crate::logs`].

use crate::{cases, reading};
use city::Protocol;

/// What must be told of a capture: a part of its name, and a request's function, target and outcome. Each is given in
/// the order in which it comes; what else comes between is not looked at.
const TOLD: &[(&str, &[&str])] = &[
    ("assign_class", &["assign-class [4/binary-input] done"]),
    (
        "auth_change_session_keys",
        &[
            "authenticate-request [4/authentication session-key-status-request] done",
            "authenticate-request [4/authentication session-key-change] done",
        ],
    ),
    ("cold_restart_and_response", &["cold-restart [10/] refused"]),
    ("direct_operate_analog_output", &["direct-operate [4/analog-output 1] missing"]),
    ("direct_operate_no_ack_crob", &["direct-operate-no-ack [4/binary-output 1] not-expected"]),
    ("directoperate_and_response", &["direct-operate [10/binary-output 0] done"]),
    ("disable_unsolcited_and_response", &["disable-unsolicited [10/class 1..3] done"]),
    (
        "file_list_directory",
        &[
            "open-file [4/file .] done",
            "read [4/file handle 305419896] done",
            "read [4/file handle 305419896] done",
            "close-file [4/file handle 305419896] done",
        ],
    ),
    (
        "file_read",
        &[
            "open-file [4/file ./testfile.txt] done",
            "read [4/file handle 305419896] done",
            "close-file [4/file handle 305419896] done",
        ],
    ),
    (
        "file_write",
        &[
            "open-file [4/file ./helloworld.txt] done",
            "write [4/file handle 305419896] done",
            "close-file [4/file handle 305419896] done",
        ],
    ),
    (
        "full_exchange",
        &[
            "disable-unsolicited [10/class 1..3] done",
            "write [10/internal-indication 7] done",
            "read [10/class 0..3] done",
            "enable-unsolicited [10/class 1..3] done",
        ],
    ),
    ("immediate_freeze", &["immediate-freeze [4/counter] done"]),
    ("operate_aggressive_mode", &["direct-operate [4/binary-output 1] done"]),
    ("read_and_response", &["read [10/class 0..3] done"]),
    ("warm_restart_and_response", &["warm-restart [10/] refused"]),
    ("write_binary_output", &["write [3/binary-output 2] missing"]),
    ("dnp3/dnp3-del-measure", &["delay-measurement [2/] done"]),
    ("dnp3/dnp3-en-spon", &["enable-unsolicited [2/class 1..3] done"]),
    (
        "dnp3/dnp3-eve",
        &[
            "disable-unsolicited [10/class 1..3] done",
            "read [10/class 0..3] done",
            "unsolicited-response [10/counter-event 0] done",
            "unsolicited-response [10/binary-input-event 0] done",
            "unsolicited-response [10/analog-input-event 0] done",
        ],
    ),
    (
        "dnp3/dnp3-file-read",
        &["open-file [4/file ./test.xml] done", "read [4/file handle 305419896] done", "close-file"],
    ),
    ("dnp3/dnp3-file-write", &["open-file", "write [4/file handle 305419896] done", "close-file"]),
    ("dnp3/dnp3-flood", &["select [2/binary-output 1] missing"]),
    ("dnp3/dnp3-select-operate", &["select [2/binary-output 1] done", "operate [2/binary-output 1] done"]),
    ("dnp3/dnp3-toclient-start", &["unsolicited-response [10/] done"]),
    ("dnp3/dnp3-write", &["write [2/time] done"]),
];

#[test]
fn what_a_capture_is_named_for_is_told() {
    let Some(cases) = cases::all() else {
        return cases::skipped(cases::COUNT, "what_a_capture_is_named_for_is_told");
    };
    for (name, told) in TOLD {
        let case = cases.iter().find(|case| case.protocol == "dnp3" && case.name == *name);
        let case = case.unwrap_or_else(|| panic!("no case {name}"));
        let reading = reading::read(&case.capture);
        let lines: Vec<String> = reading
            .requests()
            .filter(|request| request.flow.protocol == Some(Protocol::Dnp3))
            .map(|request| format!("{} [{}] {}", request.function, request.target, request.reply.as_str()))
            .collect();
        let mut rest = lines.iter();
        for line in *told {
            assert!(rest.any(|found| found.starts_with(line)), "{name}: no {line} among {lines:#?}");
        }
    }
}

/// What was proved, in whatever way, is no unproved control.
#[test]
fn only_what_was_not_proved_shows_a_weakness() {
    let Some(cases) = cases::of("iti-dnp3", "dnp3") else {
        return cases::skipped(2, "only_what_was_not_proved_shows_a_weakness");
    };
    for case in cases {
        let weak = reading::read(&case.capture).weaknesses().count();
        match case.name.as_str() {
            "operate_aggressive_mode" | "auth_change_session_keys" => assert_eq!(weak, 0, "{}", case.name),
            "directoperate_and_response" | "assign_class" | "file_write" => {
                assert_eq!(weak, 1, "{}", case.name);
            }
            _ => {}
        }
    }
}
