//! The standard's names for its numbers: services, structures, attributes, choices.

use city::Verb::{self, Authenticate, Configure, Discover, Operate, Read, Subscribe, Write};

/// A service: OPC 10000-4 clause 5, numbered by the identifiers that its messages have in namespace 0.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    pub request: u32,
    pub response: u32,
    pub name: &'static str,
    /// The same in the form of all functions.
    pub function: &'static str,
    pub verb: Verb,
}

/// A reply that only says why there is no other.
pub const SERVICE_FAULT: u32 = 397;

const fn service(
    request: u32,
    response: u32,
    name: &'static str,
    function: &'static str,
    verb: Verb,
) -> Service {
    Service { request, response, name, function, verb }
}

/// Every service. What changes the address space, the directory of servers or the history configures; a method may do
/// anything, so that calling one operates.
pub const SERVICES: &[Service] = &[
    service(422, 425, "FindServers", "find-servers", Discover),
    service(428, 431, "GetEndpoints", "get-endpoints", Discover),
    service(437, 440, "RegisterServer", "register-server", Configure),
    service(446, 449, "OpenSecureChannel", "open-secure-channel", Discover),
    service(452, 455, "CloseSecureChannel", "close-secure-channel", Discover),
    service(461, 464, "CreateSession", "create-session", Authenticate),
    service(467, 470, "ActivateSession", "activate-session", Authenticate),
    service(473, 476, "CloseSession", "close-session", Authenticate),
    service(479, 482, "Cancel", "cancel", Discover),
    service(488, 491, "AddNodes", "add-nodes", Configure),
    service(494, 497, "AddReferences", "add-references", Configure),
    service(500, 503, "DeleteNodes", "delete-nodes", Configure),
    service(506, 509, "DeleteReferences", "delete-references", Configure),
    service(527, 530, "Browse", "browse", Discover),
    service(533, 536, "BrowseNext", "browse-next", Discover),
    service(554, 557, "TranslateBrowsePathsToNodeIds", "translate-browse-paths-to-node-ids", Discover),
    service(560, 563, "RegisterNodes", "register-nodes", Discover),
    service(566, 569, "UnregisterNodes", "unregister-nodes", Discover),
    service(615, 618, "QueryFirst", "query-first", Discover),
    service(621, 624, "QueryNext", "query-next", Discover),
    service(631, 634, "Read", "read", Read),
    service(664, 667, "HistoryRead", "history-read", Read),
    service(673, 676, "Write", "write", Write),
    service(700, 703, "HistoryUpdate", "history-update", Configure),
    service(712, 715, "Call", "call", Operate),
    service(751, 754, "CreateMonitoredItems", "create-monitored-items", Subscribe),
    service(763, 766, "ModifyMonitoredItems", "modify-monitored-items", Subscribe),
    service(769, 772, "SetMonitoringMode", "set-monitoring-mode", Subscribe),
    service(775, 778, "SetTriggering", "set-triggering", Subscribe),
    service(781, 784, "DeleteMonitoredItems", "delete-monitored-items", Subscribe),
    service(787, 790, "CreateSubscription", "create-subscription", Subscribe),
    service(793, 796, "ModifySubscription", "modify-subscription", Subscribe),
    service(799, 802, "SetPublishingMode", "set-publishing-mode", Subscribe),
    service(826, 829, "Publish", "publish", Subscribe),
    service(832, 835, "Republish", "republish", Subscribe),
    service(841, 844, "TransferSubscriptions", "transfer-subscriptions", Subscribe),
    service(847, 850, "DeleteSubscriptions", "delete-subscriptions", Subscribe),
    service(12208, 12209, "FindServersOnNetwork", "find-servers-on-network", Discover),
    service(12211, 12212, "RegisterServer2", "register-server2", Configure),
    service(15903, 21001, "SessionlessInvoke", "sessionless-invoke", Discover),
];

/// Whether a message is a request, and of which service.
pub fn message(number: u32) -> Option<(&'static Service, bool)> {
    SERVICES.iter().find_map(|service| match number {
        number if number == service.request => Some((service, true)),
        number if number == service.response => Some((service, false)),
        _ => None,
    })
}

/// The name of a structure that is sent with its type before it, by the identifier of its binary encoding.
pub fn structure(number: u32) -> Option<&'static str> {
    Some(match number {
        321 => "AnonymousIdentityToken",
        324 => "UserNameIdentityToken",
        327 => "X509IdentityToken",
        340 => "BuildInfo",
        354 => "ObjectAttributes",
        357 => "VariableAttributes",
        360 => "MethodAttributes",
        363 => "ObjectTypeAttributes",
        366 => "VariableTypeAttributes",
        369 => "ReferenceTypeAttributes",
        372 => "DataTypeAttributes",
        375 => "ViewAttributes",
        594 => "ElementOperand",
        597 => "LiteralOperand",
        600 => "AttributeOperand",
        603 => "SimpleAttributeOperand",
        646 => "ReadEventDetails",
        649 => "ReadRawModifiedDetails",
        652 => "ReadProcessedDetails",
        655 => "ReadAtTimeDetails",
        658 => "HistoryData",
        661 => "HistoryEvent",
        682 => "UpdateDataDetails",
        685 => "UpdateEventDetails",
        688 => "DeleteRawModifiedDetails",
        691 => "DeleteAtTimeDetails",
        694 => "DeleteEventDetails",
        724 => "DataChangeFilter",
        727 => "EventFilter",
        730 => "AggregateFilter",
        811 => "DataChangeNotification",
        820 => "StatusChangeNotification",
        864 => "ServerStatusDataType",
        916 => "EventNotificationList",
        940 => "IssuedIdentityToken",
        11227 => "HistoryModifiedData",
        11300 => "UpdateStructureDataDetails",
        12901 => "MdnsDiscoveryConfiguration",
        _ => return None,
    })
}

/// The attribute that holds a variable's value.
pub const VALUE: u32 = 13;

/// The name of an attribute (OPC 10000-6 annex A.1).
pub fn attribute(number: u32) -> Option<&'static str> {
    const NAMES: [&str; 27] = [
        "NodeId",
        "NodeClass",
        "BrowseName",
        "DisplayName",
        "Description",
        "WriteMask",
        "UserWriteMask",
        "IsAbstract",
        "Symmetric",
        "InverseName",
        "ContainsNoLoops",
        "EventNotifier",
        "Value",
        "DataType",
        "ValueRank",
        "ArrayDimensions",
        "AccessLevel",
        "UserAccessLevel",
        "MinimumSamplingInterval",
        "Historizing",
        "Executable",
        "UserExecutable",
        "DataTypeDefinition",
        "RolePermissions",
        "UserRolePermissions",
        "AccessRestrictions",
        "AccessLevelEx",
    ];
    NAMES.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
}

/// The name of a built-in type (OPC 10000-6 clause 5.1.2).
pub fn built_in(number: u8) -> Option<&'static str> {
    const NAMES: [&str; 26] = [
        "Null",
        "Boolean",
        "SByte",
        "Byte",
        "Int16",
        "UInt16",
        "Int32",
        "UInt32",
        "Int64",
        "UInt64",
        "Float",
        "Double",
        "String",
        "DateTime",
        "Guid",
        "ByteString",
        "XmlElement",
        "NodeId",
        "ExpandedNodeId",
        "StatusCode",
        "QualifiedName",
        "LocalizedText",
        "ExtensionObject",
        "DataValue",
        "Variant",
        "DiagnosticInfo",
    ];
    NAMES.get(usize::from(number)).copied()
}

/// The class of a node (OPC 10000-3 clause 8.29).
pub fn node_class(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "Unspecified",
        1 => "Object",
        2 => "Variable",
        4 => "Method",
        8 => "ObjectType",
        16 => "VariableType",
        32 => "ReferenceType",
        64 => "DataType",
        128 => "View",
        _ => return None,
    })
}

/// Whether an item is sampled and reported (OPC 10000-4 clause 7.23).
pub fn monitoring_mode(number: u32) -> Option<&'static str> {
    ["Disabled", "Sampling", "Reporting"].get(number as usize).copied()
}

/// How messages are guarded (OPC 10000-4 clause 7.20).
pub fn security_mode(number: u32) -> &'static str {
    ["Invalid", "None", "Sign", "SignAndEncrypt"].get(number as usize).copied().unwrap_or("unknown")
}

/// What an application is (OPC 10000-4 clause 7.4).
pub fn role(number: u32) -> Option<&'static str> {
    const ROLES: [&str; 4] =
        ["OPC UA server", "OPC UA client", "OPC UA server and client", "discovery server"];
    ROLES.get(number as usize).copied()
}

/// The part of a security policy's URI that names it: `None`, `Basic256Sha256`.
pub fn policy(uri: &[u8]) -> &[u8] {
    uri.strip_prefix(POLICY_PREFIX).unwrap_or(uri)
}

/// How the URI of every policy of the OPC Foundation begins.
pub const POLICY_PREFIX: &[u8] = b"http://opcfoundation.org/UA/SecurityPolicy#";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_have_numbers_of_their_own_and_functions_like_their_names() {
        let mut numbers: Vec<u32> = SERVICES.iter().flat_map(|s| [s.request, s.response]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 2 * SERVICES.len());
        for service in SERVICES {
            assert_eq!(service.function.replace('-', ""), service.name.to_lowercase());
        }
        assert_eq!(attribute(VALUE), Some("Value"));
        assert_eq!((attribute(0), attribute(27), attribute(28)), (None, Some("AccessLevelEx"), None));
    }
}
