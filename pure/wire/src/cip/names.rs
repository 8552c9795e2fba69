//! The names that the CIP Networks Library has for classes, services, statuses and attributes. Codes that only a maker
//! knows have none.

use city::Text;
use compact_str::format_compact;

/// A name in small letters with hyphens: `Get Attribute List` is `get-attribute-list`.
pub fn hyphened(name: &str) -> Text {
    let mut text = Text::default();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            text.push(character.to_ascii_lowercase());
        } else if !text.is_empty() && !text.ends_with('-') {
            text.push('-');
        }
    }
    text.truncate(text.trim_end_matches('-').len());
    text
}

/// A public class (volume 1 chapter 5, volume 2 chapter 5 for the link objects).
pub fn class(class: u32) -> Option<&'static str> {
    Some(match class {
        0x01 => "Identity",
        0x02 => "Message Router",
        0x03 => "DeviceNet",
        0x04 => "Assembly",
        0x05 => "Connection",
        0x06 => "Connection Manager",
        0x07 => "Register",
        0x08 => "Discrete Input Point",
        0x09 => "Discrete Output Point",
        0x0a => "Analog Input Point",
        0x0b => "Analog Output Point",
        0x0e => "Presence Sensing",
        0x0f => "Parameter",
        0x10 => "Parameter Group",
        0x12 => "Group",
        0x1d => "Discrete Input Group",
        0x1e => "Discrete Output Group",
        0x1f => "Discrete Group",
        0x20 => "Analog Input Group",
        0x21 => "Analog Output Group",
        0x22 => "Analog Group",
        0x23 => "Position Sensor",
        0x24 => "Position Controller Supervisor",
        0x25 => "Position Controller",
        0x26 => "Block Sequencer",
        0x27 => "Command Block",
        0x28 => "Motor Data",
        0x29 => "Control Supervisor",
        0x2a => "AC/DC Drive",
        0x2b => "Acknowledge Handler",
        0x2c => "Overload",
        0x2d => "Softstart",
        0x2e => "Selection",
        0x30 => "S-Device Supervisor",
        0x31 => "S-Analog Sensor",
        0x32 => "S-Analog Actuator",
        0x33 => "S-Single Stage Controller",
        0x34 => "S-Gas Calibration",
        0x35 => "Trip Point",
        0x37 => "File",
        0x38 => "S-Partial Pressure",
        0x39 => "Safety Supervisor",
        0x3a => "Safety Validator",
        0x3b => "Safety Discrete Output Point",
        0x3c => "Safety Discrete Output Group",
        0x3d => "Safety Discrete Input Point",
        0x3e => "Safety Discrete Input Group",
        0x3f => "Safety Dual Channel Output",
        0x40 => "S-Sensor Calibration",
        0x41 => "Event Log",
        0x42 => "Motion Device Axis",
        0x43 => "Time Sync",
        0x44 => "Modbus",
        0x45 => "Originator Connection List",
        0x46 => "Modbus Serial Link",
        0x47 => "Device Level Ring (DLR)",
        0x48 => "QoS",
        0x49 => "Safety Analog Input Point",
        0x4a => "Safety Analog Input Group",
        0x4b => "Safety Dual Channel Analog Input",
        0x4c => "SERCOS III Link",
        0x4d => "Target Connection List",
        0x4e => "Base Energy",
        0x4f => "Electrical Energy",
        0x50 => "Non-Electrical Energy",
        0x51 => "Base Switch",
        0x52 => "SNMP",
        0x53 => "Power Management",
        0x54 => "RSTP Bridge",
        0x55 => "RSTP Port",
        0x56 => "Parallel Redundancy Protocol",
        0x57 => "PRP Nodes Table",
        0x58 => "Safety Feedback",
        0x59 => "Safety Dual Channel Feedback",
        0x5a => "Safety Stop Functions",
        0x5b => "Safety Limit Functions",
        0x5c => "Power Curtailment",
        0x5d => "CIP Security",
        0x5e => "EtherNet/IP Security",
        0x5f => "Certificate Management",
        0x60 => "Authority",
        0x61 => "Password Authenticator",
        0x62 => "Certificate Authenticator",
        0x63 => "Ingress Egress",
        0xf0 => "ControlNet",
        0xf1 => "ControlNet Keeper",
        0xf2 => "ControlNet Scheduling",
        0xf3 => "Connection Configuration",
        0xf4 => "Port",
        0xf5 => "TCP/IP Interface",
        0xf6 => "Ethernet Link",
        0xf7 => "CompoNet Link",
        0xf8 => "CompoNet Repeater",
        _ => return None,
    })
}

/// A class as the kind of a target: public classes by name, what Rockwell publishes of its own (1756-PM020) as well,
/// others by number.
pub fn kind(number: u32) -> Text {
    Text::const_new(match number {
        0x37 => "file",
        0x64 => "program-name",
        0x67 => "pccc",
        0x68 => "program",
        0x6b => "symbol",
        0x6c => "template",
        0x8b => "wall-clock-time",
        _ => match class(number) {
            Some(name) => return hyphened(name),
            None => return format_compact!("class-{number:#04x}"),
        },
    })
}

/// A service. Codes from 0x4b belong to the class that is addressed; without a class, a tag is addressed, or the reply
/// does not say.
pub fn service(service: u8, class: Option<u32>) -> Option<&'static str> {
    let of_class = match (class, service) {
        (Some(0x37), _) => of_file(service),
        (Some(0x67), 0x4b) => Some("Execute PCCC"),
        (Some(0x6b), 0x55) => Some("Get Instance Attribute List"),
        (Some(0x6c), 0x4c) => Some("Read Template"),
        (Some(0x0f), 0x4b) => Some("Get Enum String"),
        (Some(0x43), 0x4b) => None,
        (Some(0xf6), 0x4c) => Some("Get and Clear"),
        (Some(0x06) | None, 0x4e) if class.is_some() => Some("Forward Close"),
        (Some(0x06), _) => of_connection_manager(service),
        (None, _) => of_tag(service),
        (Some(0x6b | 0xb2), _) => of_tag(service),
        _ => None,
    };
    of_class.or_else(|| common(service))
}

/// Services that every class may have (volume 1 appendix A-3).
fn common(service: u8) -> Option<&'static str> {
    Some(match service {
        0x01 => "Get Attributes All",
        0x02 => "Set Attributes All",
        0x03 => "Get Attribute List",
        0x04 => "Set Attribute List",
        0x05 => "Reset",
        0x06 => "Start",
        0x07 => "Stop",
        0x08 => "Create",
        0x09 => "Delete",
        0x0a => "Multiple Service Packet",
        0x0d => "Apply Attributes",
        0x0e => "Get Attribute Single",
        0x10 => "Set Attribute Single",
        0x11 => "Find Next Object Instance",
        0x14 => "Error Response",
        0x15 => "Restore",
        0x16 => "Save",
        0x17 => "No Operation",
        0x18 => "Get Member",
        0x19 => "Set Member",
        0x1a => "Insert Member",
        0x1b => "Remove Member",
        0x1c => "Group Sync",
        0x1d => "Get Connection Point Member List",
        _ => return None,
    })
}

/// Volume 1 clause 3-5.5.
fn of_connection_manager(service: u8) -> Option<&'static str> {
    Some(match service {
        0x4e => "Forward Close",
        0x52 => "Unconnected Send",
        0x54 => "Forward Open",
        0x56 => "Get Connection Data",
        0x57 => "Search Connection Data",
        0x59 => "Get Object Owner",
        0x5a => "Get Connection Owner",
        0x5b => "Large Forward Open",
        0x5c => "Concurrent Forward Open",
        0x5d => "Concurrent Forward Close",
        _ => return None,
    })
}

/// Rockwell's services on tags (1756-PM020), and those of the connection manager that share no number with them.
fn of_tag(service: u8) -> Option<&'static str> {
    Some(match service {
        0x4b => "Execute PCCC",
        0x4c => "Read Tag",
        0x4d => "Write Tag",
        0x4e => "Read Modify Write Tag",
        0x52 => "Read Tag Fragmented",
        0x53 => "Write Tag Fragmented",
        0x55 => "Get Instance Attribute List",
        _ => return of_connection_manager(service),
    })
}

/// Volume 1 clause 5-42.
fn of_file(service: u8) -> Option<&'static str> {
    Some(match service {
        0x4b => "Initiate Upload",
        0x4c => "Initiate Download",
        0x4d => "Initiate Partial Read",
        0x4e => "Initiate Partial Write",
        0x4f => "Upload Transfer",
        0x50 => "Download Transfer",
        0x51 => "Clear File",
        _ => return None,
    })
}

/// A general status (volume 1 appendix B-1).
pub fn status(status: u8) -> Option<&'static str> {
    Some(match status {
        0x00 => "Success",
        0x01 => "Connection Failure",
        0x02 => "Resource Unavailable",
        0x03 => "Invalid Parameter Value",
        0x04 => "Path Segment Error",
        0x05 => "Path Destination Unknown",
        0x06 => "Partial Transfer",
        0x07 => "Connection Lost",
        0x08 => "Service Not Supported",
        0x09 => "Invalid Attribute Value",
        0x0a => "Attribute List Error",
        0x0b => "Already in Requested Mode/State",
        0x0c => "Object State Conflict",
        0x0d => "Object Already Exists",
        0x0e => "Attribute Not Settable",
        0x0f => "Privilege Violation",
        0x10 => "Device State Conflict",
        0x11 => "Reply Data Too Large",
        0x12 => "Fragmentation of a Primitive Value",
        0x13 => "Not Enough Data",
        0x14 => "Attribute Not Supported",
        0x15 => "Too Much Data",
        0x16 => "Object Does Not Exist",
        0x17 => "Service Fragmentation Sequence Not in Progress",
        0x18 => "No Stored Attribute Data",
        0x19 => "Store Operation Failure",
        0x1a => "Routing Failure, Request Packet Too Large",
        0x1b => "Routing Failure, Response Packet Too Large",
        0x1c => "Missing Attribute List Entry Data",
        0x1d => "Invalid Attribute Value List",
        0x1e => "Embedded Service Error",
        0x1f => "Vendor Specific Error",
        0x20 => "Invalid Parameter",
        0x21 => "Write-Once Value or Medium Already Written",
        0x22 => "Invalid Reply Received",
        0x23 => "Buffer Overflow",
        0x24 => "Message Format Error",
        0x25 => "Key Failure in Path",
        0x26 => "Path Size Invalid",
        0x27 => "Unexpected Attribute in List",
        0x28 => "Invalid Member ID",
        0x29 => "Member Not Settable",
        0x2a => "Group 2 Only Server General Failure",
        0x2b => "Unknown Modbus Error",
        0x2c => "Attribute Not Gettable",
        0x2d => "Instance Not Deletable",
        0x2e => "Service Not Supported for Specified Path",
        _ => return None,
    })
}

/// An extended status of a connection failure, status 1 (volume 1 table 3-5.33).
pub fn extended_status(extended: u16) -> Option<&'static str> {
    Some(match extended {
        0x0100 => "Connection in Use or Duplicate Forward Open",
        0x0103 => "Transport Class and Trigger Combination Not Supported",
        0x0106 => "Ownership Conflict",
        0x0107 => "Target Connection Not Found",
        0x0108 => "Invalid Network Connection Parameter",
        0x0109 => "Invalid Connection Size",
        0x0110 => "Target for Connection Not Configured",
        0x0111 => "RPI Not Supported",
        0x0112 => "RPI Value(s) Not Acceptable",
        0x0113 => "Out of Connections",
        0x0114 => "Vendor ID or Product Code Mismatch",
        0x0115 => "Device Type Mismatch",
        0x0116 => "Revision Mismatch",
        0x0117 => "Invalid Produced or Consumed Application Path",
        0x0118 => "Invalid or Inconsistent Configuration Application Path",
        0x0119 => "Non-Listen Only Connection Not Opened",
        0x011a => "Target Object Out of Connections",
        0x011b => "RPI Is Smaller Than the Production Inhibit Time",
        0x011c => "Transport Class Not Supported",
        0x011d => "Production Trigger Not Supported",
        0x011e => "Direction Not Supported",
        0x011f => "Invalid O->T Fixed/Variable Flag",
        0x0120 => "Invalid T->O Fixed/Variable Flag",
        0x0121 => "Invalid O->T Priority",
        0x0122 => "Invalid T->O Priority",
        0x0123 => "Invalid O->T Connection Type",
        0x0124 => "Invalid T->O Connection Type",
        0x0125 => "Invalid O->T Redundant Owner",
        0x0126 => "Invalid Configuration Size",
        0x0127 => "Invalid O->T Size",
        0x0128 => "Invalid T->O Size",
        0x0129 => "Invalid Configuration Application Path",
        0x012a => "Invalid Consuming Application Path",
        0x012b => "Invalid Producing Application Path",
        0x012c => "Configuration Symbol Does Not Exist",
        0x012d => "Consuming Symbol Does Not Exist",
        0x012e => "Producing Symbol Does Not Exist",
        0x012f => "Inconsistent Application Path Combination",
        0x0130 => "Inconsistent Consume Data Format",
        0x0131 => "Inconsistent Produce Data Format",
        0x0132 => "Null Forward Open Function Not Supported",
        0x0133 => "Connection Timeout Multiplier Not Acceptable",
        0x0203 => "Connection Timed Out",
        0x0204 => "Unconnected Request Timed Out",
        0x0205 => "Parameter Error in Unconnected Request Service",
        0x0206 => "Message Too Large for Unconnected Send Service",
        0x0207 => "Unconnected Acknowledge Without Reply",
        0x0301 => "No Buffer Memory Available",
        0x0302 => "Network Bandwidth Not Available for Data",
        0x0303 => "No Consumed Connection ID Filter Available",
        0x0304 => "Not Configured to Send Scheduled Priority Data",
        0x0305 => "Schedule Signature Mismatch",
        0x0306 => "Schedule Signature Validation Not Possible",
        0x0311 => "Port Not Available",
        0x0312 => "Link Address Not Valid",
        0x0315 => "Invalid Segment in Connection Path",
        0x0316 => "Error in Forward Close Service Connection Path",
        0x0317 => "Scheduling Not Specified",
        0x0318 => "Link Address to Self Invalid",
        0x0319 => "Secondary Resources Unavailable",
        0x031a => "Rack Connection Already Established",
        0x031b => "Module Connection Already Established",
        0x031c => "Miscellaneous",
        0x031d => "Redundant Connection Mismatch",
        0x031e => "No More User Configurable Link Consumer Resources Available in the Producing Module",
        0x031f => "No User Configurable Link Consumer Resources Configured in the Producing Module",
        0x0800 => "Network Link Offline",
        0x0810 => "No Target Application Data Available",
        0x0811 => "No Originator Application Data Available",
        0x0812 => "Node Address Has Changed Since the Network Was Scheduled",
        0x0813 => "Not Configured for Off-Subnet Multicast",
        0x0814 => "Invalid Produce/Consume Data Format",
        _ => return None,
    })
}

/// An attribute by name where its class is one that every device has, else by number.
pub fn attribute(class: Option<u32>, attribute: u32) -> Text {
    Text::const_new(match (class, attribute) {
        (Some(0x01), 1) => "vendor-id",
        (Some(0x01), 2) => "device-type",
        (Some(0x01), 3) => "product-code",
        (Some(0x01), 4) => "revision",
        (Some(0x01), 5) => "status",
        (Some(0x01), 6) => "serial-number",
        (Some(0x01), 7) => "product-name",
        (Some(0x01), 8) => "state",
        (Some(0x04), 3) => "data",
        (Some(0x08..=0x0b), 3) => "value",
        (Some(0xf5), 1) => "status",
        (Some(0xf5), 2) => "configuration-capability",
        (Some(0xf5), 3) => "configuration-control",
        (Some(0xf5), 4) => "physical-link-object",
        (Some(0xf5), 5) => "interface-configuration",
        (Some(0xf5), 6) => "host-name",
        (Some(0xf6), 1) => "interface-speed",
        (Some(0xf6), 2) => "interface-flags",
        (Some(0xf6), 3) => "physical-address",
        _ => return format_compact!("attribute-{attribute}"),
    })
}
