//! Services by their names, as a file may write them in the place of a port.
//!
//! The names are those of the IANA registry and the aliases that systems commonly have for them. `nft` itself reads the
//! file `/etc/services` of its machine, so a name that is not here may still be one there.

/// The port of a service.
pub(in crate::text) fn service(name: &str) -> Option<u128> {
    let place = SERVICES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    SERVICES.get(place).map(|(_, port)| u128::from(*port))
}

/// In the order of their names.
#[rustfmt::skip]
const SERVICES: &[(&str, u16)] = &[
    ("acr-nema", 104), ("afpovertcp", 548), ("afs3-bos", 7007), ("afs3-callback", 7001),
    ("afs3-fileserver", 7000), ("afs3-kaserver", 7004), ("afs3-prserver", 7002), ("afs3-rmtsys", 7009),
    ("afs3-update", 7008), ("afs3-vlserver", 7003), ("afs3-volser", 7005), ("amanda", 10080),
    ("amqp", 5672), ("amqps", 5671), ("asf-rmcp", 623), ("asf-secure-rmcp", 664), ("auth", 113),
    ("babel", 6696), ("bacnet", 47808), ("bacula-dir", 9101), ("bacula-fd", 9102), ("bacula-sd", 9103),
    ("bbs", 7000), ("bfd-control", 3784), ("bfd-echo", 3785), ("bgp", 179), ("bgpd", 2605), ("biff", 512),
    ("bootpc", 68), ("bootps", 67), ("c1222-acse", 1153), ("capwap-control", 5246), ("capwap-data", 5247),
    ("cassandra", 9042), ("cfengine", 5308), ("chargen", 19), ("clearcase", 371), ("cmip-agent", 164),
    ("cmip-man", 163), ("coap", 5683), ("coaps", 5684), ("codaauth2", 370), ("codasrv", 2432),
    ("codasrv-se", 2433), ("csnet-ns", 105), ("cvspserver", 2401), ("daap", 3689), ("datametrics", 1645),
    ("daytime", 13), ("db-lsp", 17500), ("dcap", 22125), ("dhcpv6-client", 546), ("dhcpv6-server", 547),
    ("diameter", 3868), ("dicom", 104), ("dict", 2628), ("discard", 9), ("distcc", 3632),
    ("dlms-cosem", 4059), ("dnp", 20000), ("dnp-sec", 19999), ("docker", 2375), ("docker-s", 2376),
    ("domain", 53), ("domain-s", 853), ("echo", 7), ("efcp", 3671), ("epmap", 135), ("epmd", 4369),
    ("etcd-client", 2379), ("etcd-server", 2380), ("ethernet-ip-1", 44818), ("ethernet-ip-2", 2222),
    ("ethernetip-1", 2222), ("ethernetip-2", 44818), ("exec", 512), ("f5-globalsite", 2792),
    ("f5-iquery", 4353), ("ff-annunc", 1089), ("ff-fms", 1090), ("ff-sm", 1091), ("fido", 60179),
    ("finger", 79), ("font-service", 7100), ("freeciv", 5556), ("ftp", 21), ("ftp-data", 20), ("ftps", 990),
    ("ftps-data", 989), ("gdomap", 538), ("gds-db", 3050), ("gds_db", 3050), ("geneve", 6081),
    ("genie", 402), ("git", 9418), ("gnunet", 2086), ("gnutella-rtr", 6347), ("gnutella-svc", 6346),
    ("gopher", 70), ("gpsd", 2947), ("gris", 2135), ("groupwise", 1677), ("gsidcap", 22128),
    ("gsiftp", 2811), ("gsigatekeeper", 2119), ("gsmtap", 4729), ("gtp-control", 2123), ("gtp-user", 2152),
    ("h323gatedisc", 1718), ("h323gatestat", 1719), ("h323hostcall", 1720), ("hart-ip", 5094),
    ("hkp", 11371), ("hostname", 101), ("hsrp", 1985), ("http", 80), ("http-alt", 8080),
    ("http-proxy", 8080), ("https", 443), ("iax", 4569), ("icp", 3130), ("icpv2", 3130), ("ident", 113),
    ("iec-104", 2404), ("iec-104-sec", 19998), ("imap", 143), ("imap2", 143), ("imaps", 993),
    ("ingreslock", 1524), ("ipp", 631), ("iprop", 2121), ("ipsec-nat-t", 4500), ("ipx", 213), ("irc", 194),
    ("ircd", 6667), ("ircs-u", 6697), ("isakmp", 500), ("iscsi-target", 3260), ("isisd", 2608),
    ("isns", 3205), ("iso-tsap", 102), ("jabber-client", 5222), ("jabber-server", 5269), ("kdc", 750),
    ("kerberos", 88), ("kerberos-adm", 749), ("kerberos-iv", 750), ("kerberos-master", 751),
    ("kerberos-sec", 88), ("kerberos4", 750), ("kerberos5", 88), ("kermit", 1649), ("klogin", 543),
    ("knxnet-ip", 3671), ("kpasswd", 464), ("krb5", 88), ("kshell", 544), ("l2f", 1701), ("l2tp", 1701),
    ("ldap", 389), ("ldaps", 636), ("ldp", 646), ("llmnr", 5355), ("loc-srv", 135), ("login", 513),
    ("lontalk-norm", 1628), ("lontalk-urgnt", 1629), ("lotusnote", 1352), ("lotusnotes", 1352),
    ("macromedia-fcs", 1935), ("mail", 25), ("mailq", 174), ("mbap", 502), ("mbap-s", 802), ("mdns", 5353),
    ("memcache", 11211), ("microsoft-ds", 445), ("modbus", 502), ("moira-db", 775), ("moira-ureg", 779),
    ("mon", 2583), ("mongodb", 27017), ("mqtt", 1883), ("ms-sql-m", 1434), ("ms-sql-s", 1433),
    ("ms-wbt-server", 3389), ("msft-gc", 3268), ("msft-gc-ssl", 3269), ("mtn", 4691), ("munin", 4949),
    ("mysql", 3306), ("mysql-proxy", 6446), ("nameserver", 42), ("nat-pmp", 5351), ("nbd", 10809),
    ("netbios-dgm", 138), ("netbios-ns", 137), ("netbios-ssn", 139), ("netconf-ssh", 830),
    ("netconf-tls", 6513), ("netstat", 15), ("netwall", 533), ("nfs", 2049), ("nicname", 43), ("nntp", 119),
    ("nntps", 563), ("nqs", 607), ("nrpe", 5666), ("ntalk", 518), ("ntp", 123), ("ntske", 4460),
    ("nut", 3493), ("opcua-tcp", 4840), ("opcua-tls", 4843), ("openvpn", 1194), ("ospf6d", 2606),
    ("ospfapi", 2607), ("ospfd", 2604), ("passwd-server", 752), ("pop-3", 110), ("pop2", 109),
    ("pop3", 110), ("pop3s", 995), ("portmapper", 111), ("postgres", 5432), ("postgresql", 5432),
    ("pptp", 1723), ("printer", 515), ("profinet-cm", 34964), ("profinet-rt", 34962),
    ("profinet-rtm", 34963), ("proofd", 1093), ("ptp-event", 319), ("ptp-general", 320), ("puppet", 8140),
    ("qmqp", 628), ("qmtp", 209), ("qotd", 17), ("radius", 1812), ("radius-acct", 1813),
    ("radmin-port", 4899), ("re-mail-ck", 50), ("redis", 6379), ("remctl", 4373), ("rfb", 5900),
    ("ripd", 2602), ("ripng", 521), ("ripngd", 2603), ("rje", 5), ("rlp", 39), ("rmiregistry", 1099),
    ("rmtcfg", 1236), ("rootd", 1094), ("route", 520), ("router", 520), ("rpc2portmap", 369),
    ("rsync", 873), ("rtcm-sc104", 2101), ("rtelnet", 107), ("rtsp", 554), ("sa-msg-port", 1646),
    ("saft", 487), ("sane-port", 6566), ("secure-mqtt", 8883), ("sge-execd", 6445), ("sge-qmaster", 6444),
    ("shell", 514), ("sieve", 4190), ("silc", 706), ("sip", 5060), ("sip-tls", 5061), ("sips", 5061),
    ("smtp", 25), ("smtps", 465), ("smux", 199), ("snmp", 161), ("snmp-trap", 162), ("snmpdtls", 10161),
    ("snmpssh", 5161), ("snmptls", 10161), ("snmptls-trap", 10162), ("snmptrap", 162), ("snpp", 444),
    ("socks", 1080), ("spamd", 783), ("ssdp", 1900), ("ssh", 22), ("ssmtp", 465), ("stun", 3478),
    ("stuns", 5349), ("submission", 587), ("submissions", 465), ("subversion", 3690), ("sunrpc", 111),
    ("suucp", 4031), ("svn", 3690), ("svrloc", 427), ("synchrophasor", 4712), ("syslog", 514),
    ("syslog-tls", 6514), ("sysrqd", 4094), ("systat", 11), ("tacacs", 49), ("talk", 517), ("tcpmux", 1),
    ("telnet", 23), ("telnets", 992), ("tftp", 69), ("time", 37), ("timserver", 37), ("tinc", 655),
    ("turn", 3478), ("turns", 5349), ("ulistserv", 372), ("urd", 465), ("uucp", 540), ("venus", 2430),
    ("venus-se", 2431), ("vnc-server", 5900), ("vxlan", 4789), ("wago-service", 6626), ("webcache", 8080),
    ("webmin", 10000), ("who", 513), ("whois", 43), ("wnn6", 22273), ("wsdapi", 5357), ("wsman", 5985),
    ("wsmans", 5986), ("www", 80), ("x11", 6000), ("x11-1", 6001), ("x11-2", 6002), ("x11-3", 6003),
    ("xdmcp", 177), ("xfs", 7100), ("xmms2", 9667), ("xmpp-client", 5222), ("xmpp-server", 5269),
    ("z3950", 210), ("zabbix-agent", 10050), ("zabbix-trapper", 10051), ("zebra", 2601), ("zebrasrv", 2600),
    ("zephyr-clt", 2103), ("zope", 9673), ("zope-ftp", 8021),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_in_order() {
        assert!(SERVICES.is_sorted_by(|one, other| one.0 < other.0));
        assert_eq!(["ssh", "domain", "mqtt", "nothing"].map(service), [Some(22), Some(53), Some(1883), None]);
    }
}
