//! Which end is likely the server, where no packet says so.

use city::Transport;

/// Well-known ports above the system ports (RFC 6335 section 6), in order: of the protocols of offices and of plants.
const SERVERS: &[u16] = &[
    1080, 1089, 1090, 1091, 1153, 1433, 1434, 1502, 1521, 1701, 1812, 1813, 1883, 1900, 1911, 1962, 2049,
    2123, 2152, 2222, 2223, 2404, 3128, 3268, 3269, 3306, 3389, 3478, 3544, 3702, 4000, 4059, 4070, 4500,
    4712, 4713, 4739, 4754, 4786, 4789, 4840, 4843, 4911, 5000, 5004, 5005, 5006, 5007, 5060, 5061, 5072,
    5094, 5222, 5223, 5269, 5353, 5355, 5432, 5555, 5672, 5683, 5684, 5800, 5900, 5938, 5985, 5986, 6000,
    6081, 6379, 6666, 6667, 6668, 6669, 7400, 7626, 8000, 8008, 8080, 8081, 8088, 8291, 8443, 8472, 8554,
    8883, 8888, 9100, 9600, 10001, 10161, 11211, 11740, 17185, 17500, 18245, 18246, 19132, 19999, 20000,
    20547, 27017, 34962, 34963, 34964, 34980, 37777, 38412, 44818, 47808, 48898, 55553, 62900, 62911, 62924,
];

/// System ports on which clients listen: those of DHCP (RFC 2131, RFC 8415).
const CLIENTS: [u16; 2] = [68, 546];

/// A port that is a server's over TCP alone: over UDP, servers of IEEE C37.118.2 by default listen on 4713, and who
/// commands them sends from 4712.
const TCP_ONLY: u16 = 4712;

/// Whether servers listen on such a port.
pub(crate) fn is_server(transport: Transport, port: u16) -> bool {
    if transport == Transport::Udp && port == TCP_ONLY {
        return false;
    }
    (1..1024).contains(&port) && !CLIENTS.contains(&port) || SERVERS.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_order() {
        assert!(SERVERS.is_sorted_by(|a, b| a < b));
        let tcp = |port| is_server(Transport::Tcp, port);
        assert!(tcp(502) && tcp(4712) && tcp(47808) && !tcp(68) && !tcp(49152) && !tcp(0));
        assert!(!is_server(Transport::Udp, 4712) && is_server(Transport::Udp, 4713));
    }
}
