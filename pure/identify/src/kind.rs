//! Kinds of saying: where a device said it.

use city::{Protocol, Witness};
use std::{borrow::Cow, fmt};

/// Where a device said a thing: in its SSH banner, in the `Server` field of HTTP, in its SNMP description.
///
/// A kind has a short name of ours; databases in recog's form have a name of their own for it, which a [`Kind`] knows,
/// too. A kind that only such a database has is named as that names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(Cow<'static, str>);

/// Our short name, the name in recog's databases (`matches`), the name of recog's file, and what it is.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("apache-modules", "apache_modules", "apache_modules", "modules listed by an Apache HTTP server"),
    ("apache-os", "apache_os", "apache_os", "the comment in an Apache HTTP server's `Server` field"),
    ("architecture", "architecture", "architecture", "a processor architecture"),
    ("dhcp-vendor-class", "dhcp_vendor_class", "dhcp_vendor_class", "DHCP option 60"),
    ("dns-version", "dns.versionbind", "dns_versionbind", "the answer to version.bind"),
    ("favicon", "favicon.md5", "favicons", "the MD5 of a web site's icon"),
    ("ftp", "ftp.banner", "ftp_banners", "the greeting of an FTP server, without its code"),
    ("h323", "h323_callresp", "h323_callresp", "vendor fields of an H.323 call response"),
    ("html-title", "html_title", "html_title", "the title of a web page"),
    ("http-auth", "http_header.wwwauth", "http_wwwauth", "the `WWW-Authenticate` field of HTTP"),
    ("http-cookie", "http_header.cookie", "http_cookies", "the `Set-Cookie` field of HTTP"),
    ("http-server", "http_header.server", "http_servers", "the `Server` field of HTTP"),
    ("imap", "imap4.banner", "imap_banners", "the greeting of an IMAP server"),
    ("ldap", "ldap.search_result", "ldap_searchresult", "the root entry of a directory"),
    (
        "mdns-device-info",
        "mdns.device-info.txt",
        "mdns_device-info_txt",
        "the TXT record of _device-info._tcp",
    ),
    (
        "mdns-workstation",
        "mdns.workstation.txt",
        "mdns_workstation_txt",
        "the TXT record of _workstation._tcp",
    ),
    ("mysql", "mysql.banner", "mysql_banners", "the version of a MySQL server"),
    ("mysql-error", "mysql.error", "mysql_error", "the error of a MySQL server"),
    ("nntp", "nntp.banner", "nntp_banners", "the greeting of a news server"),
    ("ntp", "ntp.banner", "ntp_banners", "variables of an NTP server"),
    ("operating-system", "operating_system.name", "operating_system", "the name of an operating system"),
    ("pjl", "hp_pjl_id", "hp_pjl_id", "a printer's answer to @PJL INFO ID"),
    ("pop3", "pop3.banner", "pop_banners", "the greeting of a POP3 server"),
    ("rsh", "rsh.response", "rsh_resp", "the answer of a remote shell"),
    ("rtsp-server", "rtsp_header.server", "rtsp_servers", "the `Server` field of RTSP"),
    ("sip-server", "sip_header.server", "sip_banners", "the `Server` field of SIP"),
    ("sip-user-agent", "sip_header.user_agent", "sip_user_agents", "the `User-Agent` field of SIP"),
    ("smb-lm", "smb.native_lm", "smb_native_lm", "the LAN manager named in an SMB session"),
    ("smb-os", "smb.native_os", "smb_native_os", "the operating system named in an SMB session"),
    ("smtp", "smtp.banner", "smtp_banners", "the greeting of a mail server, without its code"),
    ("snmp", "snmp.sys_description", "snmp_sysdescr", "sysDescr of SNMP (1.3.6.1.2.1.1.1.0)"),
    ("snmp-object", "snmp.sys_object_id", "snmp_sysobjid", "sysObjectID of SNMP (1.3.6.1.2.1.1.2.0)"),
    ("ssh", "ssh.banner", "ssh_banners", "the software named in an SSH banner, after SSH-2.0-"),
    ("telnet", "telnet.banner", "telnet_banners", "the greeting of a Telnet server"),
    ("tls-jarm", "tls.jarm", "tls_jarm", "the JARM of a TLS server"),
    ("upnp", "upnp.server", "upnp_servers", "the `SERVER` field of SSDP"),
    ("x11", "x11.vendor", "x11_banners", "the vendor named by an X server"),
    ("x509-issuer", "x509.issuer", "x509_issuers", "the issuer of a certificate"),
    ("x509-subject", "x509.subject", "x509_subjects", "the subject of a certificate"),
];

impl Kind {
    /// The kind with a name: ours, or the one that a database in recog's form has for it, or the name of its file.
    #[must_use]
    pub fn named(name: &str) -> Kind {
        let name = name.trim();
        let known = KINDS.iter().find(|(ours, matches, file, _)| [*ours, *matches, *file].contains(&name));
        Kind(match known {
            Some((ours, ..)) => Cow::Borrowed(*ours),
            None => Cow::Owned(name.to_owned()),
        })
    }

    /// The kind of what a witness saw, if fingerprints can know it.
    #[must_use]
    pub fn witnessed(witness: &Witness) -> Option<Kind> {
        let name = match (witness.protocol, witness.field.as_str()) {
            (Protocol::Dhcp, "option 60") => "dhcp-vendor-class",
            (Protocol::Ftp, "greeting") => "ftp",
            (Protocol::Http, "Server") => "http-server",
            (Protocol::Rtsp, "Server") => "rtsp-server",
            (Protocol::Sip, "Server") => "sip-server",
            (Protocol::Sip, "User-Agent") => "sip-user-agent",
            (Protocol::Smtp, "greeting") => "smtp",
            (Protocol::Snmp, "sysDescr") => "snmp",
            (Protocol::Ssdp, "SERVER") => "upnp",
            (Protocol::Ssh, "banner") => "ssh",
            (Protocol::Telnet, "welcome") => "telnet",
            _ => return None,
        };
        Some(Kind(Cow::Borrowed(name)))
    }

    /// The kind that shows in the saying itself, by the words of the protocol that carries it.
    #[must_use]
    pub fn shown_by(said: &str) -> Option<Kind> {
        const SIGNS: [(&str, &str); 5] = [
            ("SSH-", "ssh"),
            ("Server:", "http-server"),
            ("Set-Cookie:", "http-cookie"),
            ("User-Agent:", "sip-user-agent"),
            ("WWW-Authenticate:", "http-auth"),
        ];
        let begins =
            |sign: &str| said.get(..sign.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(sign));
        SIGNS.iter().find(|(sign, _)| begins(sign)).map(|(_, name)| Kind(Cow::Borrowed(name)))
    }

    /// What is said, without the words of the protocol that carries it: `220 `, `SSH-2.0-`, `Server: `.
    #[must_use]
    pub fn bare<'s>(&self, said: &'s str) -> &'s str {
        let said = said.trim_end_matches(['\r', '\n']);
        let field = |name: &str| {
            let (before, after) = said.split_once(':')?;
            before.eq_ignore_ascii_case(name).then(|| after.trim_start())
        };
        let bare = match self.as_str() {
            "ssh" => said.strip_prefix("SSH-").and_then(|rest| Some(rest.split_once('-')?.1)),
            "smtp" | "ftp" => said.strip_prefix("220").map(|rest| rest.trim_start_matches([' ', '-'])),
            "pop3" => said.strip_prefix("+OK").map(str::trim_start),
            "imap" => said.strip_prefix("* OK").map(str::trim_start),
            "http-server" | "rtsp-server" | "sip-server" | "upnp" => field("Server"),
            "sip-user-agent" => field("User-Agent"),
            "http-cookie" => field("Set-Cookie"),
            "http-auth" => field("WWW-Authenticate"),
            _ => None,
        };
        bare.unwrap_or(said)
    }

    /// The kind's short name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Every kind that has a name of ours, with what it is.
    pub fn all() -> impl ExactSizeIterator<Item = (Kind, &'static str)> {
        KINDS.iter().map(|(name, .., what)| (Kind(Cow::Borrowed(name)), *what))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_each_of_its_names() {
        for name in ["ssh", "ssh.banner", "ssh_banners"] {
            assert_eq!(Kind::named(name).as_str(), "ssh");
        }
        assert_eq!(Kind::named("weather.report").as_str(), "weather.report");
        assert!(KINDS.is_sorted());
    }

    #[test]
    fn the_words_of_the_protocol_are_put_aside() {
        for (kind, said, bare) in [
            ("ssh", "SSH-2.0-dropbear_2020.81\r\n", "dropbear_2020.81"),
            ("smtp", "220-mail.example ESMTP Postfix", "mail.example ESMTP Postfix"),
            ("http-server", "server: nginx", "nginx"),
            ("http-server", "lamp:ctl/1", "lamp:ctl/1"),
            ("snmp", "220 volts", "220 volts"),
        ] {
            assert_eq!(Kind::named(kind).bare(said), bare);
        }
    }
}
