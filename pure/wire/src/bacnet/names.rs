//! Enumerations: ANSI/ASHRAE 135-2020, clause 21. Property identifiers and units are long enough for files
//! of their own.

use city::Text;
use compact_str::format_compact;

/// Names with their numbers, in the order of the numbers.
pub type Names = &'static [(u32, &'static str)];

/// The name of a number, or `{otherwise}-{number}` where there is none.
pub fn name(names: Names, number: u32, otherwise: &str) -> Text {
    known(names, number).map_or_else(|| format_compact!("{otherwise}-{number}"), Text::const_new)
}

/// The name of a number, if the standard gives one.
pub fn known(names: Names, number: u32) -> Option<&'static str> {
    let place = names.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    names.get(place).map(|(_, name)| *name)
}

/// BACnetObjectType.
pub const OBJECT_TYPES: Names = &[
    (0, "analog-input"),
    (1, "analog-output"),
    (2, "analog-value"),
    (3, "binary-input"),
    (4, "binary-output"),
    (5, "binary-value"),
    (6, "calendar"),
    (7, "command"),
    (8, "device"),
    (9, "event-enrollment"),
    (10, "file"),
    (11, "group"),
    (12, "loop"),
    (13, "multi-state-input"),
    (14, "multi-state-output"),
    (15, "notification-class"),
    (16, "program"),
    (17, "schedule"),
    (18, "averaging"),
    (19, "multi-state-value"),
    (20, "trend-log"),
    (21, "life-safety-point"),
    (22, "life-safety-zone"),
    (23, "accumulator"),
    (24, "pulse-converter"),
    (25, "event-log"),
    (26, "global-group"),
    (27, "trend-log-multiple"),
    (28, "load-control"),
    (29, "structured-view"),
    (30, "access-door"),
    (31, "timer"),
    (32, "access-credential"),
    (33, "access-point"),
    (34, "access-rights"),
    (35, "access-user"),
    (36, "access-zone"),
    (37, "credential-data-input"),
    (38, "network-security"),
    (39, "bitstring-value"),
    (40, "characterstring-value"),
    (41, "date-pattern-value"),
    (42, "date-value"),
    (43, "datetime-pattern-value"),
    (44, "datetime-value"),
    (45, "integer-value"),
    (46, "large-analog-value"),
    (47, "octetstring-value"),
    (48, "positive-integer-value"),
    (49, "time-pattern-value"),
    (50, "time-value"),
    (51, "notification-forwarder"),
    (52, "alert-enrollment"),
    (53, "channel"),
    (54, "lighting-output"),
    (55, "binary-lighting-output"),
    (56, "network-port"),
    (57, "elevator-group"),
    (58, "escalator"),
    (59, "lift"),
    (60, "staging"),
    (61, "audit-log"),
    (62, "audit-reporter"),
];

/// The classes of production Error.
pub const ERROR_CLASSES: Names = &[
    (0, "device"),
    (1, "object"),
    (2, "property"),
    (3, "resources"),
    (4, "security"),
    (5, "services"),
    (6, "vt"),
    (7, "communication"),
];

/// The codes of production Error.
pub const ERROR_CODES: Names = &[
    (0, "other"),
    (1, "authentication-failed"),
    (2, "configuration-in-progress"),
    (3, "device-busy"),
    (4, "dynamic-creation-not-supported"),
    (5, "file-access-denied"),
    (6, "incompatible-security-levels"),
    (7, "inconsistent-parameters"),
    (8, "inconsistent-selection-criterion"),
    (9, "invalid-data-type"),
    (10, "invalid-file-access-method"),
    (11, "invalid-file-start-position"),
    (12, "invalid-operator-name"),
    (13, "invalid-parameter-data-type"),
    (14, "invalid-time-stamp"),
    (15, "key-generation-error"),
    (16, "missing-required-parameter"),
    (17, "no-objects-of-specified-type"),
    (18, "no-space-for-object"),
    (19, "no-space-to-add-list-element"),
    (20, "no-space-to-write-property"),
    (21, "no-vt-sessions-available"),
    (22, "property-is-not-a-list"),
    (23, "object-deletion-not-permitted"),
    (24, "object-identifier-already-exists"),
    (25, "operational-problem"),
    (26, "password-failure"),
    (27, "read-access-denied"),
    (28, "security-not-supported"),
    (29, "service-request-denied"),
    (30, "timeout"),
    (31, "unknown-object"),
    (32, "unknown-property"),
    (34, "unknown-vt-class"),
    (35, "unknown-vt-session"),
    (36, "unsupported-object-type"),
    (37, "value-out-of-range"),
    (38, "vt-session-already-closed"),
    (39, "vt-session-termination-failure"),
    (40, "write-access-denied"),
    (41, "character-set-not-supported"),
    (42, "invalid-array-index"),
    (43, "cov-subscription-failed"),
    (44, "not-cov-property"),
    (45, "optional-functionality-not-supported"),
    (46, "invalid-configuration-data"),
    (47, "datatype-not-supported"),
    (48, "duplicate-name"),
    (49, "duplicate-object-id"),
    (50, "property-is-not-an-array"),
    (51, "abort-buffer-overflow"),
    (52, "abort-invalid-apdu-in-this-state"),
    (53, "abort-preempted-by-higher-priority-task"),
    (54, "abort-segmentation-not-supported"),
    (55, "abort-proprietary"),
    (56, "abort-other"),
    (57, "invalid-tag"),
    (58, "network-down"),
    (59, "reject-buffer-overflow"),
    (60, "reject-inconsistent-parameters"),
    (61, "reject-invalid-parameter-data-type"),
    (62, "reject-invalid-tag"),
    (63, "reject-missing-required-parameter"),
    (64, "reject-parameter-out-of-range"),
    (65, "reject-too-many-arguments"),
    (66, "reject-undefined-enumeration"),
    (67, "reject-unrecognized-service"),
    (68, "reject-proprietary"),
    (69, "reject-other"),
    (70, "unknown-device"),
    (71, "unknown-route"),
    (72, "value-not-initialized"),
    (73, "invalid-event-state"),
    (74, "no-alarm-configured"),
    (75, "log-buffer-full"),
    (76, "logged-value-purged"),
    (77, "no-property-specified"),
    (78, "not-configured-for-triggered-logging"),
    (79, "unknown-subscription"),
    (80, "parameter-out-of-range"),
    (81, "list-element-not-found"),
    (82, "busy"),
    (83, "communication-disabled"),
    (84, "success"),
    (85, "access-denied"),
    (86, "bad-destination-address"),
    (87, "bad-destination-device-id"),
    (88, "bad-signature"),
    (89, "bad-source-address"),
    (90, "bad-timestamp"),
    (91, "cannot-use-key"),
    (92, "cannot-verify-message-id"),
    (93, "correct-key-revision"),
    (94, "destination-device-id-required"),
    (95, "duplicate-message"),
    (96, "encryption-not-configured"),
    (97, "encryption-required"),
    (98, "incorrect-key"),
    (99, "invalid-key-data"),
    (100, "key-update-in-progress"),
    (101, "malformed-message"),
    (102, "not-key-server"),
    (103, "security-not-configured"),
    (104, "source-security-required"),
    (105, "too-many-keys"),
    (106, "unknown-authentication-type"),
    (107, "unknown-key"),
    (108, "unknown-key-revision"),
    (109, "unknown-source-message"),
    (110, "not-router-to-dnet"),
    (111, "router-busy"),
    (112, "unknown-network-message"),
    (113, "message-too-long"),
    (114, "security-error"),
    (115, "addressing-error"),
    (116, "write-bdt-failed"),
    (117, "read-bdt-failed"),
    (118, "register-foreign-device-failed"),
    (119, "read-fdt-failed"),
    (120, "delete-fdt-entry-failed"),
    (121, "distribute-broadcast-failed"),
    (122, "unknown-file-size"),
    (123, "abort-apdu-too-long"),
    (124, "abort-application-exceeded-reply-time"),
    (125, "abort-out-of-resources"),
    (126, "abort-tsm-timeout"),
    (127, "abort-window-size-out-of-range"),
    (128, "file-full"),
    (129, "inconsistent-configuration"),
    (130, "inconsistent-object-type"),
    (131, "internal-error"),
    (132, "not-configured"),
    (133, "out-of-memory"),
    (134, "value-too-long"),
    (135, "abort-insufficient-security"),
    (136, "abort-security-error"),
    (137, "duplicate-entry"),
    (138, "invalid-value-in-this-state"),
    (140, "list-item-not-numbered"),
    (141, "list-item-not-timestamped"),
    (142, "invalid-data-encoding"),
    (143, "bvlc-function-unknown"),
    (144, "bvlc-proprietary-function-unknown"),
    (145, "header-encoding-error"),
    (146, "header-not-understood"),
    (147, "message-incomplete"),
    (148, "not-a-bacnet-sc-hub"),
    (149, "payload-expected"),
    (150, "unexpected-data"),
    (151, "node-duplicate-vmac"),
    (152, "http-unexpected-response-code"),
    (153, "http-no-upgrade"),
    (154, "http-resource-not-local"),
    (155, "http-proxy-authentication-failed"),
    (156, "http-response-timeout"),
    (157, "http-response-syntax-error"),
    (158, "http-response-value-error"),
    (159, "http-response-missing-header"),
    (160, "http-websocket-header-error"),
    (161, "http-upgrade-required"),
    (162, "http-upgrade-error"),
    (163, "http-temporary-unavailable"),
    (164, "http-not-a-server"),
    (165, "http-error"),
    (166, "websocket-scheme-not-supported"),
    (167, "websocket-unknown-control-message"),
    (168, "websocket-close-error"),
    (169, "websocket-closed-by-peer"),
    (170, "websocket-endpoint-leaves"),
    (171, "websocket-protocol-error"),
    (172, "websocket-data-not-accepted"),
    (173, "websocket-closed-abnormally"),
    (174, "websocket-data-inconsistent"),
    (175, "websocket-data-against-policy"),
    (176, "websocket-frame-too-long"),
    (177, "websocket-extension-missing"),
    (178, "websocket-request-unavailable"),
    (179, "websocket-error"),
    (180, "tls-client-certificate-error"),
    (181, "tls-server-certificate-error"),
    (182, "tls-client-authentication-failed"),
    (183, "tls-server-authentication-failed"),
    (184, "tls-client-certificate-expired"),
    (185, "tls-server-certificate-expired"),
    (186, "tls-client-certificate-revoked"),
    (187, "tls-server-certificate-revoked"),
    (188, "tls-error"),
    (189, "dns-unavailable"),
    (190, "dns-name-resolution-failed"),
    (191, "dns-resolver-failure"),
    (192, "dns-error"),
    (193, "tcp-connect-timeout"),
    (194, "tcp-connection-refused"),
    (195, "tcp-closed-by-local"),
    (196, "tcp-closed-other"),
    (197, "tcp-error"),
    (198, "ip-address-not-reachable"),
    (199, "ip-error"),
];

/// BACnetRejectReason.
pub const REJECT_REASONS: Names = &[
    (0, "other"),
    (1, "buffer-overflow"),
    (2, "inconsistent-parameters"),
    (3, "invalid-parameter-datatype"),
    (4, "invalid-tag"),
    (5, "missing-required-parameter"),
    (6, "parameter-out-of-range"),
    (7, "too-many-arguments"),
    (8, "undefined-enumeration"),
    (9, "unrecognized-service"),
];

/// BACnetAbortReason.
pub const ABORT_REASONS: Names = &[
    (0, "other"),
    (1, "buffer-overflow"),
    (2, "invalid-apdu-in-this-state"),
    (3, "preempted-by-higher-priority-task"),
    (4, "segmentation-not-supported"),
    (5, "security-error"),
    (6, "insufficient-security"),
    (7, "window-size-out-of-range"),
    (8, "application-exceeded-reply-time"),
    (9, "out-of-resources"),
    (10, "tsm-timeout"),
    (11, "apdu-too-long"),
];

/// BACnetAuditOperation.
pub const AUDIT_OPERATIONS: Names = &[
    (0, "read"),
    (1, "write"),
    (2, "create"),
    (3, "delete"),
    (4, "life-safety"),
    (5, "acknowledge-alarm"),
    (6, "device-disable-comm"),
    (7, "device-enable-comm"),
    (8, "device-reset"),
    (9, "device-backup"),
    (10, "device-restore"),
    (11, "subscription"),
    (12, "notification"),
    (13, "auditing-failure"),
    (14, "network-changes"),
    (15, "general"),
];

/// BACnetBackupState.
pub const BACKUP_STATES: Names = &[
    (0, "idle"),
    (1, "preparing-for-backup"),
    (2, "preparing-for-restore"),
    (3, "performing-a-backup"),
    (4, "performing-a-restore"),
    (5, "backup-failure"),
    (6, "restore-failure"),
];

/// BACnetDeviceStatus.
pub const DEVICE_STATUSES: Names = &[
    (0, "operational"),
    (1, "operational-read-only"),
    (2, "download-required"),
    (3, "download-in-progress"),
    (4, "non-operational"),
    (5, "backup-in-progress"),
];

/// BACnetDoorAlarmState.
pub const DOOR_ALARM_STATES: Names = &[
    (0, "normal"),
    (1, "alarm"),
    (2, "door-open-too-long"),
    (3, "forced-open"),
    (4, "tamper"),
    (5, "door-fault"),
    (6, "lock-down"),
    (7, "free-access"),
    (8, "egress-open"),
];

/// BACnetDoorStatus.
pub const DOOR_STATUSES: Names = &[
    (0, "closed"),
    (1, "opened"),
    (2, "unknown"),
    (3, "door-fault"),
    (4, "unused"),
    (5, "none"),
    (6, "closing"),
    (7, "opening"),
    (8, "safety-locked"),
    (9, "limited-opened"),
];

/// What DeviceCommunicationControl asks for.
pub const ENABLE_DISABLE: Names = &[(0, "enable"), (1, "disable"), (2, "disable-initiation")];

/// BACnetEventState.
pub const EVENT_STATES: Names = &[
    (0, "normal"),
    (1, "fault"),
    (2, "offnormal"),
    (3, "high-limit"),
    (4, "low-limit"),
    (5, "life-safety-alarm"),
];

/// BACnetEventType.
pub const EVENT_TYPES: Names = &[
    (0, "change-of-bitstring"),
    (1, "change-of-state"),
    (2, "change-of-value"),
    (3, "command-failure"),
    (4, "floating-limit"),
    (5, "out-of-range"),
    (8, "change-of-life-safety"),
    (9, "extended"),
    (10, "buffer-ready"),
    (11, "unsigned-range"),
    (13, "access-event"),
    (14, "double-out-of-range"),
    (15, "signed-out-of-range"),
    (16, "unsigned-out-of-range"),
    (17, "change-of-characterstring"),
    (18, "change-of-status-flags"),
    (19, "change-of-reliability"),
    (20, "none"),
    (21, "change-of-discrete-value"),
    (22, "change-of-timer"),
];

/// BACnetFileAccessMethod.
pub const FILE_ACCESS_METHODS: Names = &[(0, "record-access"), (1, "stream-access")];

/// BACnetLifeSafetyMode.
pub const LIFE_SAFETY_MODES: Names = &[
    (0, "off"),
    (1, "on"),
    (2, "test"),
    (3, "manned"),
    (4, "unmanned"),
    (5, "armed"),
    (6, "disarmed"),
    (7, "prearmed"),
    (8, "slow"),
    (9, "fast"),
    (10, "disconnected"),
    (11, "enabled"),
    (12, "disabled"),
    (13, "automatic-release-disabled"),
    (14, "default"),
];

/// BACnetLifeSafetyOperation.
pub const LIFE_SAFETY_OPERATIONS: Names = &[
    (0, "none"),
    (1, "silence"),
    (2, "silence-audible"),
    (3, "silence-visual"),
    (4, "reset"),
    (5, "reset-alarm"),
    (6, "reset-fault"),
    (7, "unsilence"),
    (8, "unsilence-audible"),
    (9, "unsilence-visual"),
];

/// BACnetLifeSafetyState.
pub const LIFE_SAFETY_STATES: Names = &[
    (0, "quiet"),
    (1, "pre-alarm"),
    (2, "alarm"),
    (3, "fault"),
    (4, "fault-pre-alarm"),
    (5, "fault-alarm"),
    (6, "not-ready"),
    (7, "active"),
    (8, "tamper"),
    (9, "test-alarm"),
    (10, "test-active"),
    (11, "test-fault"),
    (12, "test-fault-alarm"),
    (13, "holdup"),
    (14, "duress"),
    (15, "tamper-alarm"),
    (16, "abnormal"),
    (17, "emergency-power"),
    (18, "delayed"),
    (19, "blocked"),
    (20, "local-alarm"),
    (21, "general-alarm"),
    (22, "supervisory"),
    (23, "test-supervisory"),
];

/// BACnetLightingInProgress.
pub const LIGHTING_IN_PROGRESS: Names =
    &[(0, "idle"), (1, "fade-active"), (2, "ramp-active"), (3, "not-controlled"), (4, "other")];

/// BACnetLightingTransition.
pub const LIGHTING_TRANSITIONS: Names = &[(0, "none"), (1, "fade"), (2, "ramp")];

/// BACnetLockStatus.
pub const LOCK_STATUSES: Names = &[(0, "locked"), (1, "unlocked"), (2, "fault"), (3, "unknown")];

/// BACnetLoggingType.
pub const LOGGING_TYPES: Names = &[(0, "polled"), (1, "cov"), (2, "triggered")];

/// BACnetMaintenance.
pub const MAINTENANCE: Names =
    &[(0, "none"), (1, "periodic-test"), (2, "need-service-operational"), (3, "need-service-inoperative")];

/// BACnetNetworkType.
pub const NETWORK_TYPES: Names = &[
    (0, "ethernet"),
    (1, "arcnet"),
    (2, "ms-tp"),
    (3, "ptp"),
    (4, "lontalk"),
    (5, "ipv4"),
    (6, "zigbee"),
    (7, "virtual"),
    (9, "ipv6"),
    (10, "serial"),
];

/// BACnetNodeType.
pub const NODE_TYPES: Names = &[
    (0, "unknown"),
    (1, "system"),
    (2, "network"),
    (3, "device"),
    (4, "organizational"),
    (5, "area"),
    (6, "equipment"),
    (7, "point"),
    (8, "collection"),
    (9, "property"),
    (10, "functional"),
    (11, "other"),
    (12, "subsystem"),
    (13, "building"),
    (14, "floor"),
    (15, "section"),
    (16, "module"),
    (17, "tree"),
    (18, "member"),
    (19, "protocol"),
    (20, "room"),
    (21, "zone"),
];

/// BACnetNotifyType.
pub const NOTIFY_TYPES: Names = &[(0, "alarm"), (1, "event"), (2, "ack-notification")];

/// BACnetProgramError.
pub const PROGRAM_ERRORS: Names =
    &[(0, "normal"), (1, "load-failed"), (2, "internal"), (3, "program"), (4, "other")];

/// BACnetProgramRequest.
pub const PROGRAM_REQUESTS: Names =
    &[(0, "ready"), (1, "load"), (2, "run"), (3, "halt"), (4, "restart"), (5, "unload")];

/// BACnetProgramState.
pub const PROGRAM_STATES: Names =
    &[(0, "idle"), (1, "loading"), (2, "running"), (3, "waiting"), (4, "halted"), (5, "unloading")];

/// What ReinitializeDevice asks for.
pub const REINITIALIZED_STATES: Names = &[
    (0, "coldstart"),
    (1, "warmstart"),
    (2, "start-backup"),
    (3, "end-backup"),
    (4, "start-restore"),
    (5, "end-restore"),
    (6, "abort-restore"),
    (7, "activate-changes"),
];

/// BACnetReliability.
pub const RELIABILITIES: Names = &[
    (0, "no-fault-detected"),
    (1, "no-sensor"),
    (2, "over-range"),
    (3, "under-range"),
    (4, "open-loop"),
    (5, "shorted-loop"),
    (6, "no-output"),
    (7, "unreliable-other"),
    (8, "process-error"),
    (9, "multi-state-fault"),
    (10, "configuration-error"),
    (12, "communication-failure"),
    (13, "member-fault"),
    (14, "monitored-object-fault"),
    (15, "tripped"),
    (16, "lamp-failure"),
    (17, "activation-failure"),
    (18, "renew-dhcp-failure"),
    (19, "renew-fd-registration-failure"),
    (20, "restart-auto-negotiation-failure"),
    (21, "restart-failure"),
    (22, "proprietary-command-failure"),
    (23, "faults-listed"),
    (24, "referenced-object-fault"),
    (25, "multi-state-out-of-range"),
];

/// BACnetRestartReason.
pub const RESTART_REASONS: Names = &[
    (0, "unknown"),
    (1, "coldstart"),
    (2, "warmstart"),
    (3, "detected-power-lost"),
    (4, "detected-powered-off"),
    (5, "hardware-watchdog"),
    (6, "software-watchdog"),
    (7, "suspended"),
    (8, "activate-changes"),
];

/// BACnetSegmentation.
pub const SEGMENTATIONS: Names =
    &[(0, "segmented-both"), (1, "segmented-transmit"), (2, "segmented-receive"), (3, "no-segmentation")];

/// BACnetSilencedState.
pub const SILENCED_STATES: Names =
    &[(0, "unsilenced"), (1, "audible-silenced"), (2, "visible-silenced"), (3, "all-silenced")];

/// BACnetTimerState.
pub const TIMER_STATES: Names = &[(0, "idle"), (1, "running"), (2, "expired")];

/// BACnetVTClass.
pub const VT_CLASSES: Names = &[
    (0, "default-terminal"),
    (1, "ansi-x364"),
    (2, "dec-vt-52"),
    (3, "dec-vt-100"),
    (4, "dec-vt-220"),
    (5, "hp-70094"),
    (6, "ibm-3130"),
];

/// BACnetWriteStatus.
pub const WRITE_STATUSES: Names = &[(0, "idle"), (1, "in-progress"), (2, "successful"), (3, "failed")];
