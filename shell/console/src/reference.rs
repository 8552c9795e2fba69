//! Names of the techniques and outcomes that findings cite, so that a reader need not look the numbers up.
//!
//! Techniques: MITRE ATT&CK for ICS, and of the enterprise matrix what ICS has no word for. Outcomes: NCSC Cyber Assessment Framework 4.0 (contributing outcomes) and NIST
//! Cybersecurity Framework 2.0 (the sense of each subcategory in a few words). An id that is not here is shown bare.

/// The name of a technique of ATT&CK for ICS.
#[must_use]
pub fn technique(id: &str) -> Option<&'static str> {
    find(TECHNIQUES, id)
}

/// What an outcome asks for, by its id with the framework in front: `caf:A3.a`, `csf:ID.AM-01`.
#[must_use]
pub fn outcome(id: &str) -> Option<&'static str> {
    find(OUTCOMES, id)
}

/// The short name of the framework and the outcome's own number.
#[must_use]
pub fn split_outcome(id: &str) -> (&'static str, &str) {
    match id.split_once(':') {
        Some(("caf", number)) => ("NCSC CAF 4.0", number),
        Some(("csf", number)) => ("NIST CSF 2.0", number),
        _ => ("", id),
    }
}

fn find(table: &'static [(&str, &'static str)], id: &str) -> Option<&'static str> {
    let index = table.binary_search_by_key(&id, |(key, _)| key).ok()?;
    table.get(index).map(|(_, name)| *name)
}

const TECHNIQUES: &[(&str, &str)] = &[
    ("T0800", "Activate Firmware Update Mode"),
    ("T0801", "Monitor Process State"),
    ("T0802", "Automated Collection"),
    ("T0803", "Block Command Message"),
    ("T0804", "Block Reporting Message"),
    ("T0805", "Block Serial COM"),
    ("T0806", "Brute Force I/O"),
    ("T0807", "Command-Line Interface"),
    ("T0809", "Data Destruction"),
    ("T0811", "Data from Information Repositories"),
    ("T0812", "Default Credentials"),
    ("T0813", "Denial of Control"),
    ("T0814", "Denial of Service"),
    ("T0815", "Denial of View"),
    ("T0816", "Device Restart/Shutdown"),
    ("T0817", "Drive-by Compromise"),
    ("T0819", "Exploit Public-Facing Application"),
    ("T0820", "Exploitation for Evasion"),
    ("T0821", "Modify Controller Tasking"),
    ("T0822", "External Remote Services"),
    ("T0823", "Graphical User Interface"),
    ("T0826", "Loss of Availability"),
    ("T0827", "Loss of Control"),
    ("T0828", "Loss of Productivity and Revenue"),
    ("T0829", "Loss of View"),
    ("T0830", "Adversary-in-the-Middle"),
    ("T0831", "Manipulation of Control"),
    ("T0832", "Manipulation of View"),
    ("T0834", "Native API"),
    ("T0835", "Manipulate I/O Image"),
    ("T0836", "Modify Parameter"),
    ("T0837", "Loss of Protection"),
    ("T0838", "Modify Alarm Settings"),
    ("T0839", "Module Firmware"),
    ("T0840", "Network Connection Enumeration"),
    ("T0842", "Network Sniffing"),
    ("T0843", "Program Download"),
    ("T0845", "Program Upload"),
    ("T0846", "Remote System Discovery"),
    ("T0847", "Replication Through Removable Media"),
    ("T0848", "Rogue Master"),
    ("T0849", "Masquerading"),
    ("T0851", "Rootkit"),
    ("T0852", "Screen Capture"),
    ("T0853", "Scripting"),
    ("T0855", "Unauthorized Command Message"),
    ("T0856", "Spoof Reporting Message"),
    ("T0857", "System Firmware"),
    ("T0858", "Change Operating Mode"),
    ("T0859", "Valid Accounts"),
    ("T0860", "Wireless Compromise"),
    ("T0861", "Point & Tag Identification"),
    ("T0862", "Supply Chain Compromise"),
    ("T0863", "User Execution"),
    ("T0864", "Transient Cyber Asset"),
    ("T0865", "Spearphishing Attachment"),
    ("T0866", "Exploitation of Remote Services"),
    ("T0867", "Lateral Tool Transfer"),
    ("T0868", "Detect Operating Mode"),
    ("T0869", "Standard Application Layer Protocol"),
    ("T0871", "Execution through API"),
    ("T0872", "Indicator Removal on Host"),
    ("T0873", "Project File Infection"),
    ("T0874", "Hooking"),
    ("T0877", "I/O Image"),
    ("T0878", "Alarm Suppression"),
    ("T0879", "Damage to Property"),
    ("T0880", "Loss of Safety"),
    ("T0881", "Service Stop"),
    ("T0882", "Theft of Operational Information"),
    ("T0883", "Internet Accessible Device"),
    ("T0884", "Connection Proxy"),
    ("T0885", "Commonly Used Port"),
    ("T0886", "Remote Services"),
    ("T0887", "Wireless Sniffing"),
    ("T0888", "Remote System Information Discovery"),
    ("T0889", "Modify Program"),
    ("T0890", "Exploitation for Privilege Escalation"),
    ("T0891", "Hardcoded Credentials"),
    ("T0892", "Change Credential"),
    ("T0893", "Data from Local System"),
    ("T0894", "System Binary Proxy Execution"),
    ("T0895", "Autorun Image"),
    ("T1071.001", "Web Protocols (enterprise matrix)"),
    ("T1485", "Data Destruction (enterprise matrix)"),
    ("T1486", "Data Encrypted for Impact (enterprise matrix)"),
    ("T1490", "Inhibit System Recovery (enterprise matrix)"),
    ("T1566.002", "Spearphishing Link (enterprise matrix)"),
    ("T1571", "Non-Standard Port (enterprise matrix)"),
];

const OUTCOMES: &[(&str, &str)] = &[
    ("caf:A1.a", "Board direction"),
    ("caf:A1.b", "Roles and responsibilities"),
    ("caf:A1.c", "Decision-making"),
    ("caf:A2.a", "Risk management process"),
    ("caf:A2.b", "Understanding threat"),
    ("caf:A2.c", "Assurance"),
    ("caf:A3.a", "Asset management"),
    ("caf:A4.a", "Supply chain"),
    ("caf:A4.b", "Secure software development and support"),
    ("caf:B1.a", "Policy, process and procedure development"),
    ("caf:B1.b", "Policy, process and procedure implementation"),
    ("caf:B2.a", "Identity verification, authentication and authorisation"),
    ("caf:B2.b", "Device management"),
    ("caf:B2.c", "Privileged user management"),
    ("caf:B2.d", "Identity and access management"),
    ("caf:B3.a", "Understanding data"),
    ("caf:B3.b", "Data in transit"),
    ("caf:B3.c", "Stored data"),
    ("caf:B3.d", "Mobile data"),
    ("caf:B3.e", "Media and equipment sanitisation"),
    ("caf:B4.a", "Secure by design"),
    ("caf:B4.b", "Secure configuration"),
    ("caf:B4.c", "Secure management"),
    ("caf:B4.d", "Vulnerability management"),
    ("caf:B5.a", "Resilience preparation"),
    ("caf:B5.b", "Design for resilience"),
    ("caf:B5.c", "Backups"),
    ("caf:B6.a", "Cyber security culture"),
    ("caf:B6.b", "Cyber security training"),
    ("caf:C1.a", "Sources and tools for logging and monitoring"),
    ("caf:C1.b", "Securing logs"),
    ("caf:C1.c", "Generating alerts"),
    ("caf:C1.d", "Triage of security alerts"),
    ("caf:C1.e", "Personnel skills for monitoring and detection"),
    ("caf:C1.f", "Understanding user and system behaviour, and threat intelligence"),
    ("caf:C2.a", "Threat hunting"),
    ("caf:D1.a", "Response plan"),
    ("caf:D1.b", "Response and recovery capability"),
    ("caf:D1.c", "Testing and exercising"),
    ("caf:D2.a", "Post incident analysis"),
    ("caf:D2.b", "Using incidents to drive improvements"),
    ("csf:DE.AE-02", "Adverse events are analysed to understand what they are part of"),
    ("csf:DE.AE-03", "Information from several sources is correlated"),
    ("csf:DE.AE-04", "The impact and scope of adverse events are understood"),
    ("csf:DE.AE-06", "Adverse events are told to the people and tools that need to know"),
    ("csf:DE.AE-07", "Threat intelligence informs the analysis"),
    ("csf:DE.AE-08", "Incidents are declared when events meet the criteria"),
    ("csf:DE.CM-01", "Networks and network services are monitored"),
    ("csf:DE.CM-02", "The physical environment is monitored"),
    ("csf:DE.CM-03", "People's activity and use of technology are monitored"),
    ("csf:DE.CM-06", "Suppliers' activities and services are monitored"),
    ("csf:DE.CM-09", "Hardware, software, their environments and data are monitored"),
    ("csf:GV.SC-04", "Suppliers are known and ordered by criticality"),
    ("csf:GV.SC-07", "Risks from suppliers are understood and followed"),
    ("csf:ID.AM-01", "An inventory of hardware is kept"),
    ("csf:ID.AM-02", "An inventory of software, services and systems is kept"),
    ("csf:ID.AM-03", "A picture of authorised network communication is kept"),
    ("csf:ID.AM-04", "An inventory of suppliers' services is kept"),
    ("csf:ID.AM-05", "Assets are prioritised by class, criticality and impact"),
    ("csf:ID.AM-07", "Inventories of data are kept"),
    ("csf:ID.AM-08", "Systems, hardware and software are managed over their lives"),
    ("csf:ID.IM-02", "Improvements come from tests and exercises"),
    ("csf:ID.IM-03", "Improvements come from running the operation"),
    ("csf:ID.IM-04", "Plans for incidents and recovery are kept and improved"),
    ("csf:ID.RA-01", "Vulnerabilities in assets are found, validated and recorded"),
    ("csf:ID.RA-02", "Threat intelligence is received"),
    ("csf:ID.RA-03", "Threats to the organisation are identified and recorded"),
    ("csf:ID.RA-05", "Threats, vulnerabilities and impacts are used to understand risk"),
    ("csf:ID.RA-07", "Changes and exceptions are managed and recorded"),
    ("csf:ID.RA-09", "Hardware and software are checked before use"),
    ("csf:PR.AA-01", "Identities and credentials are managed"),
    ("csf:PR.AA-02", "Identities are proofed and bound to credentials"),
    ("csf:PR.AA-03", "Users, services and hardware are authenticated"),
    ("csf:PR.AA-04", "Assertions of identity are protected and verified"),
    ("csf:PR.AA-05", "Permissions follow least privilege and separation of duties"),
    ("csf:PR.AA-06", "Physical access is managed"),
    ("csf:PR.DS-01", "Data at rest is protected"),
    ("csf:PR.DS-02", "Data in transit is protected"),
    ("csf:PR.DS-10", "Data in use is protected"),
    ("csf:PR.DS-11", "Backups are made, protected, kept and tested"),
    ("csf:PR.IR-01", "Networks are protected from unauthorised access and use"),
    ("csf:PR.IR-02", "Technology is protected from environmental threats"),
    ("csf:PR.IR-03", "Mechanisms for resilience are in place"),
    ("csf:PR.IR-04", "Capacity for availability is kept"),
    ("csf:PR.PS-01", "Configuration is managed"),
    ("csf:PR.PS-02", "Software is maintained, replaced and removed according to risk"),
    ("csf:PR.PS-03", "Hardware is maintained, replaced and removed according to risk"),
    ("csf:PR.PS-04", "Log records are made and available for monitoring"),
    ("csf:PR.PS-05", "Unauthorised software cannot be installed or run"),
    ("csf:PR.PS-06", "Secure development practices are used"),
    ("csf:RC.RP-01", "Recovery is carried out once begun"),
    ("csf:RC.RP-03", "Backups are verified before they are used to restore"),
    ("csf:RC.RP-05", "What was restored is verified, and normal operation confirmed"),
    ("csf:RS.MA-01", "The response plan is carried out with the parties concerned"),
    ("csf:RS.MA-02", "Reports of incidents are triaged and validated"),
    ("csf:RS.MI-01", "Incidents are contained"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_so_that_they_can_be_searched() {
        assert!(TECHNIQUES.is_sorted_by_key(|(id, _)| id));
        assert!(OUTCOMES.is_sorted_by_key(|(id, _)| id));
        assert_eq!(technique("T0846"), Some("Remote System Discovery"));
        assert_eq!(outcome("caf:A3.a"), Some("Asset management"));
        assert_eq!(split_outcome("csf:ID.AM-01"), ("NIST CSF 2.0", "ID.AM-01"));
        assert_eq!(technique("T9999"), None);
    }
}
