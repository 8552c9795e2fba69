//! Rulesets of many kinds, each of which `nft` takes.

/// Names and texts.
pub const ALL: &[(&str, &str)] = &[
    ("host", HOST),
    ("zones", ZONES),
    ("joined keys", JOINED),
    ("flags", FLAGS),
    ("bridge", BRIDGE),
    ("icmp", ICMP),
    ("commands", COMMANDS),
    ("translation", TRANSLATION),
    ("rates", RATES),
    ("ingress", INGRESS),
    ("masks", MASKS),
    ("unknown", UNKNOWN),
    ("interfaces", INTERFACES),
    ("names", NAMES),
    ("objects", OBJECTS),
    ("generated", GENERATED),
    ("containers", CONTAINERS),
    ("services by maps", MAPPED),
    ("queues", QUEUES),
    ("segments", SEGMENTS),
    ("refusals in a bridge", REFUSALS),
];

const HOST: &str = r#"#!/usr/sbin/nft -f
flush ruleset

table inet filter {
    set admins {
        type ipv4_addr
        flags interval
        elements = { 192.0.2.0/28, 198.51.100.7, 203.0.113.10-203.0.113.20 }
    }
    chain input {
        type filter hook input priority filter; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
        iif lo accept comment "this machine itself"
        iif != lo ip daddr 127.0.0.1/8 counter drop
        meta l4proto { icmp, ipv6-icmp } accept
        tcp dport ssh ip saddr @admins counter accept
        tcp dport { http, https, 8080-8090 } accept
        udp dport != { 53, 67-68, 123 } log prefix "odd udp: " group 2 drop
        counter comment "what is left"
    }
    chain forward { type filter hook forward priority 0; policy drop; }
    chain output { type filter hook output priority 0; policy accept; ip6 daddr 2001:db8:bad::/48 reject; }
}
"#;

const ZONES: &str = r#"
table inet city {
    map ways {
        type ipv4_addr . ipv4_addr : verdict
        flags interval
        elements = { 192.0.2.0/26 . 198.51.100.0/25 : jump signals, 192.0.2.64/26 . 198.51.100.128/25 : goto pumps,
                     203.0.113.0/24 . 0.0.0.0/0 : drop }
    }
    map ports {
        type inet_service : verdict
        flags interval
        elements = { 502 : accept, 1024-2047 : continue, 2404 comment "telecontrol" : accept, 5000-5009 : return }
    }
    set quarantine { type ipv4_addr; elements = { 192.0.2.9 }; }
    chain signals { tcp dport vmap @ports; udp dport 161 accept; }
    chain pumps {
        tcp dport 20000 ct state new,established accept
        log prefix "pumps: " level warn flags all
    }
    chain between {
        ip saddr @quarantine drop
        ip daddr @quarantine drop
        ip saddr . ip daddr vmap @ways
        ip saddr 192.0.2.128-192.0.2.159 ip daddr != 198.51.100.0/24 return
        ip6 saddr 2001:db8:1::/48 ip6 daddr 2001:db8:2::/48 tcp dport 443 accept
    }
    chain forward {
        type filter hook forward priority filter - 5; policy drop;
        ct state established,related accept
        ct state & (invalid | untracked) != 0 drop
        jump between
        ip protocol sctp accept
        reject with icmpx type admin-prohibited
    }
}
table inet after { chain f { type filter hook forward priority filter; ip saddr 192.0.2.7 drop; }
}
"#;

const JOINED: &str = r#"
table inet j {
    set trusted {
        type ipv4_addr . inet_service
        flags interval
        elements = { 192.0.2.0/24 . 22, 192.0.2.1-192.0.2.9 . 100-200, 198.51.100.1 . 1024-65535 }
    }
    set named {
        typeof ip6 saddr . meta l4proto . th dport
        elements = { 2001:db8::1 . udp . 53, 2001:db8::2 . tcp . 80 }
    }
    set stations { typeof ether saddr . ip saddr; elements = { 02:00:5e:00:53:01 . 192.0.2.1, 02:00:5e:00:53:02 . 192.0.2.2 }; }
    chain f {
        type filter hook forward priority 0; policy accept;
        ip saddr . tcp dport @trusted accept
        ip saddr . udp dport != @trusted counter
        ip6 saddr . meta l4proto . th dport @named drop
        ip saddr . ip daddr . tcp dport { 192.0.2.0/24 . 198.51.100.0/24 . 80, 203.0.113.5 . 198.51.100.1-198.51.100.9 . 1-99 } drop
        iifname . ip saddr { "eth0" . 192.0.2.1, "lan0" . 192.0.2.2 } reject with tcp reset
        ip saddr . ip protocol vmap { 192.0.2.5 . tcp : drop, 192.0.2.6 . udp : accept, 192.0.2.7 . icmp : drop }
        ether saddr . ip saddr != @stations meta nfproto ipv4 drop
        ct state . tcp dport { new . 23, established . 25 } drop
    }
}
"#;

const FLAGS: &str = r#"
table inet tcpflags {
    chain f {
        type filter hook forward priority 0; policy accept;
        tcp flags & (fin|syn|rst|ack) == syn tcp dport 1601 drop
        tcp flags syn tcp dport 1602 drop
        tcp flags syn,ack tcp dport 1603 drop
        tcp flags == syn tcp dport 1604 drop
        tcp flags == syn|ack tcp dport 1605 drop
        tcp flags != syn,ack tcp dport 1606 drop
        tcp flags ! fin,rst tcp dport 1607 drop
        tcp flags syn / fin,syn,rst,ack tcp dport 1608 drop
        tcp flags != syn / fin,syn,rst,ack tcp dport 1609 drop
        tcp flags { syn, syn|ack, 0x11 } tcp dport 1610 drop
        tcp flags != { syn, syn|ack } tcp dport 1611 drop
        tcp flags & (syn|ack) vmap { syn : drop, syn|ack : jump other, 0 : return }
        tcp flags & syn != 0 tcp dport 1612 drop
        tcp flags & (fin|syn) == (fin|syn) tcp dport 1613 drop
        tcp flags & (fin|psh|urg) == 0x0 tcp dport 1614 drop
        tcp flags vmap { ack : drop, fin|ack : accept }
        ct state new|untracked tcp dport 1615 drop
        ct state != new tcp dport 1616 drop
        ct state ! new,established tcp dport 1617 drop
        ct state == established tcp dport 1618 drop
        ct state { new, invalid } tcp dport 1619 drop
        ct state != { new, invalid } tcp dport 1620 drop
    }
    chain other { tcp dport 1601-1620 accept; }
}
"#;

const BRIDGE: &str = r#"
table bridge switch {
    set stations { type ether_addr; elements = { 02:00:5e:00:53:01, 02:00:5e:00:53:02 }; }
    chain f {
        type filter hook forward priority filter; policy drop;
        ether type arp accept
        ether type != { ip, ip6, vlan, arp } drop
        vlan id 5 ip saddr 192.0.2.1 tcp dport 502 accept
        ether daddr 02:00:5e:00:53:02 vlan id != 7 accept
        vlan type ip6 drop
        ether saddr @stations ip daddr 192.0.2.0/24 udp dport 47808 accept
        meta protocol ip6 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        icmp type echo-request accept
        meta l4proto != { tcp, udp } ether saddr & ff:ff:ff:00:00:00 == 02:00:5e:00:00:00 accept
        ether type vmap { ip : jump v4, vlan : drop }
    }
    chain v4 { tcp dport 80 accept; iifname "eth0" oifname "eth1" accept; }
    chain in { type filter hook input priority -200; ether type ip drop; }
    chain post { type filter hook postrouting priority srcnat; iifname "eth0" drop; ip saddr 192.0.2.5 drop; }
}
"#;

const ICMP: &str = r#"
table inet pings {
    set kinds { type icmpv6_type; elements = { echo-request, packet-too-big, 200 }; }
    chain i {
        type filter hook input priority 0; policy drop;
        icmp type { echo-reply, destination-unreachable, 30-40 } accept
        icmp type time-exceeded icmp code 0 accept
        icmp code port-unreachable accept
        icmpv6 type @kinds accept
        icmpv6 type 133-136 icmpv6 code 0 accept
        icmpv6 type != mld-listener-query ip6 saddr fe80::/10 accept
        ip6 nexthdr udp udp dport 5353 accept
        icmp type . icmp code { 8 . 0, 3 . 1-4 } accept
    }
    chain f { type filter hook forward priority 0; reject with icmp type host-prohibited; reject with icmpv6 type no-route; }
}
"#;

const COMMANDS: &str = r#"
define lan = { 192.0.2.0/24, 198.51.100.0/25 }
define web = { 80, 443 }
define ports = { $web, 8000-8010 }
define uplink = "wan0"
define dns = 203.0.113.53

add table ip t
delete table ip t
table ip t
add chain ip t f { type filter hook forward priority filter + 1; policy accept; }
add chain t extra
add set ip t bad { type ipv4_addr; flags interval; auto-merge; }
add element ip t bad { 192.0.2.1, 192.0.2.2-192.0.2.10, 203.0.113.0/24 }
delete element ip t bad { 203.0.113.0/24 }
add map ip t m { type inet_service : verdict; }
add element ip t m { 22 : accept, 23 : drop, 24 : jump extra }
add rule t f ip saddr @bad drop
add rule ip t f ip saddr $lan tcp dport $ports \
    accept
add rule ip t f oifname $uplink udp dport 53 ip daddr != $dns drop
insert rule ip t f ip daddr 192.0.2.250 counter accept
add rule ip t f index 0 ip daddr 192.0.2.251 drop
add rule ip t f tcp dport vmap @m
add rule ip t extra ip saddr 198.51.100.1 drop; add rule ip t extra return
add chain ip t gone; flush chain ip t gone; delete chain ip t gone
"#;

const TRANSLATION: &str = r#"
table ip nat {
    chain pre { type nat hook prerouting priority dstnat; tcp dport 80 dnat to 192.0.2.10:8080; udp dport 53 redirect to :5353; }
    chain post { type nat hook postrouting priority srcnat; oifname "wan0" masquerade random; ip saddr 192.0.2.0/24 snat to 203.0.113.1-203.0.113.4; }
    chain maps { dnat to tcp dport map { 25 : 192.0.2.25, 110 : 192.0.2.26 }; }
}
table inet raw {
    chain pre { type filter hook prerouting priority raw; udp dport 123 notrack; ct state new drop; tcp dport 179 ct zone set 5; }
}
table inet mangle {
    chain pre {
        type filter hook prerouting priority mangle; policy accept;
        ct state untracked accept
        tcp dport 22 meta mark set 0x10 ct mark set meta mark
        ip dscp set cs1
        ip saddr 192.0.2.66 meta mark set ip daddr map { 198.51.100.1 : 1, 198.51.100.2 : 2 } accept
        ip daddr 192.0.2.77 ip daddr set 192.0.2.78
        ip saddr 192.0.2.99 drop
    }
    chain out { type route hook output priority mangle; tcp sport 1-1023 meta priority set 1:2 drop; }
}
"#;

const RATES: &str = r#"
table inet rates {
    set seen { type ipv4_addr; size 65535; flags dynamic,timeout; timeout 5m; }
    set talkers { type ipv4_addr . inet_service; flags dynamic; }
    chain i {
        type filter hook input priority 0; policy drop;
        tcp dport 22 ct state new limit rate over 5/minute burst 10 packets drop
        icmp type echo-request limit rate 10/second accept
        ip protocol udp limit rate 2 mbytes/second accept
        limit rate 1/hour log prefix "rare"
        tcp dport 23 add @seen { ip saddr timeout 10m } drop
        udp dport 161 update @talkers { ip saddr . udp dport limit rate over 20/second burst 5 packets } drop
        add @seen { ip saddr } ip saddr 192.0.2.4 accept
        tcp dport 25 meter mail { ip saddr limit rate 3/minute } accept
        tcp dport 26 ct count over 20 reject
        quota over 100 mbytes drop
        tcp dport 443 quota until 5 mbytes accept
        ip saddr @seen tcp dport 80 accept
    }
}
"#;

const INGRESS: &str = r#"
table netdev edge {
    chain in {
        type filter hook ingress device "lo" priority -500; policy accept;
        ip saddr { 192.0.2.0/24, 198.51.100.0/24 } drop
        ether type ip6 tcp dport 22 drop
        udp dport 53 fwd to "lo"
        udp dport 54 dup to "lo"
        vlan id 9 drop
    }
}
table inet edge {
    chain in { type filter hook ingress device "lo" priority 0; tcp dport 80 drop; ip6 saddr 2001:db8::/32 drop; }
    chain f { type filter hook forward priority 0; policy drop; tcp dport 1-1000 accept; }
}
"#;

const MASKS: &str = r#"
table ip m {
    chain f {
        type filter hook forward priority 0;
        ip saddr & 255.255.0.0 == 192.0.0.0 tcp dport 1601 drop
        ip daddr & 255.255.255.0 != 198.51.100.0 tcp dport 1602 drop
        ip saddr & 0.255.255.255 == 0.0.2.1 tcp dport 1603 drop
        tcp dport & 0xff00 == 0x1f00 drop
        tcp sport < 1024 tcp dport >= 60000 drop
        tcp sport > 5000 tcp dport <= 1607 drop
        ip saddr < 10.0.0.0 drop
        ip saddr != 192.0.2.0/24 ip daddr 203.0.113.1-203.0.113.77 drop
        ip daddr != 192.0.2.1-192.0.2.99 udp dport 1609 drop
        ip protocol != { tcp, udp } drop
    }
}
table ip6 m {
    chain f {
        type filter hook forward priority 0;
        ip6 saddr 2001:db8::/32 ip6 daddr & ffff:ffff:ffff:: == 2001:db8:5:: drop
        ip6 saddr 2001:db8:9::1-2001:db8:9::ff drop
        ip6 saddr ::ffff:192.0.2.1 drop
        ip6 saddr { ::1, fe80::/64, 2001:db8:7:: } tcp dport { 1601-1610 } drop
    }
}
"#;

const UNKNOWN: &str = r#"
table inet u {
    chain i {
        type filter hook input priority 0; policy drop;
        fib daddr type { local, broadcast } tcp dport 1-99 accept
        fib saddr . iif oif missing drop
        meta mark 0x00000005 accept
        meta mark != 0x00000005 tcp dport 1000-2000 accept
        ip dscp cs1 accept
        ip ttl < 5 drop
        ip6 hoplimit 255 udp dport 5353 accept
        ct status dnat accept
        ct mark 0x00000001 tcp dport 2222 accept
        ct original ip saddr 192.0.2.1 accept
        ct direction reply udp sport 53 accept
        meta pkttype { broadcast, multicast } drop
        meta length 100-200 drop
        meta skuid 0 accept
        numgen random mod 4 0 tcp dport 80 accept
        tcp option maxseg size 1-500 drop
        exthdr frag exists drop
        @th,16,16 0x0050 drop
        fib daddr type vmap { local : jump here, anycast : return, multicast : drop }
        udp length 8 drop
        ct helper "ftp" accept
        ct expiration 1s-10s drop
    }
    chain here { ip saddr 192.0.2.1 return; accept; }
}
"#;

const INTERFACES: &str = r#"
table inet n {
    set inside { type ifname; elements = { "lan0", "lan12", "tun9" }; }
    map ways { type ifname : verdict; elements = { "eth0" : accept, "wan0" : jump out }; }
    chain f {
        type filter hook forward priority 0; policy drop;
        iifname "lan*" oifname "wan0" accept
        iifname eth1 oifname != "eth*" accept
        iifname { "eth0", "tun9" } oifname @inside accept
        oifname != { "lo", "lan0" } tcp dport 22 accept
        iifname vmap @ways
        iif "lo" oif != "lo" drop
        iifname . oifname { "eth11" . "eth1", "lan12" . "lan0" } accept
    }
    chain out { oifname "eth1*" drop; iifname "e*" accept; }
}
"#;

const NAMES: &str = r#"
table inet services {
    set open { type inet_service; flags interval; elements = { ssh, domain, http, https, ntp, snmp, snmp-trap }; }
    set protos { type inet_proto; elements = { tcp, udp, esp, gre, ospf }; }
    chain i {
        type filter hook input priority 0; policy drop;
        tcp dport @open accept
        udp sport { bootps, bootpc, tftp, syslog } accept
        ip protocol @protos ip saddr 192.0.2.0/25 accept
        meta l4proto vmap { icmp : accept, sctp : drop }
        th dport { 53, 5353 } accept
        udp dport vmap { 53 : accept, 100-200 : drop, * : continue } udp dport 1-65535 drop
        tcp dport { ldap, ldaps, imap2, imaps } accept
    }
}
"#;

const OBJECTS: &str = r#"
table inet o {
    comment "with everything that is no rule"
    counter seen { packets 5 bytes 600 }
    quota much { over 500 mbytes used 3 mbytes }
    limit slow { rate 3/second burst 7 packets }
    ct helper ftp { type "ftp" protocol tcp; l3proto ip; }
    ct timeout agressive { protocol tcp; l3proto ip; policy = { established : 100, close : 4 }; }
    set timed { type ipv4_addr; timeout 1h; elements = { 192.0.2.1 timeout 30m, 192.0.2.2 expires 20m comment "soon" }; }
    set counted { type ipv4_addr; counter; elements = { 192.0.2.7 counter packets 3 bytes 9, 192.0.2.8 }; }
    chain i {
        comment "in"
        type filter hook input priority 5; policy accept;
        counter name "seen" tcp dport 21 ct helper set "ftp"
        tcp dport 99 counter name tcp dport map { 99 : "seen" }
        limit name "slow" ip saddr @timed drop
        quota name "much" drop
        ip saddr @counted counter packets 77 bytes 88 drop
        tcp dport 22 log flags tcp sequence,options flags ip options counter drop comment "it says: # no; { more"
        meta nftrace set 1
    }
}
"#;

const QUEUES: &str = r#"
table inet q {
    chain i {
        type filter hook input priority 0; policy drop;
        tcp dport 8080-8090 queue num 0-3 bypass,fanout
        tcp dport 1-1024 queue
        udp dport 1-60000 accept
    }
}
"#;

const REFUSALS: &str = r#"
table bridge r {
    chain i {
        type filter hook prerouting priority -200; policy drop;
        ether type ip tcp dport 22 reject with tcp reset
        ip saddr 192.0.2.0/24 reject with icmp host-prohibited
        meta l4proto { tcp, udp } accept
        reject
    }
}
"#;

const SEGMENTS: &str = r#"
table inet s {
    chain f {
        type filter hook forward priority mangle; policy drop;
        tcp flags syn tcp option maxseg size set rt mtu
        tcp dport 1-30000 accept
    }
}
"#;

/// As generators of firewalls write them: chains for zones, gone to by interface.
const GENERATED: &str = r#"
table inet generated {
    ct helper helper-tftp-udp { type "tftp" protocol udp; l3proto inet; }
    chain mangle_PREROUTING { type filter hook prerouting priority mangle + 10; policy accept;
        jump mangle_PREROUTING_ZONES
    }
    chain mangle_PREROUTING_ZONES {
        iifname "eth0" goto mangle_PRE_public
        goto mangle_PRE_public
    }
    chain mangle_PRE_public {
    }
    chain filter_PREROUTING {
        type filter hook prerouting priority filter + 10; policy accept;
        icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
        meta nfproto ipv6 fib saddr . mark . iif oif missing drop
    }
    chain filter_INPUT {
        type filter hook input priority filter + 10; policy accept;
        ct state { established, related } accept
        ct status dnat accept
        iifname "lo" accept
        jump filter_INPUT_ZONES
        ct state { invalid } drop
        reject with icmpx type admin-prohibited
    }
    chain filter_FORWARD {
        type filter hook forward priority filter + 10; policy accept;
        ct state { established, related } accept
        ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002:0000::/24, 2002:0a00::/24 } reject with icmpv6 type addr-unreachable
        reject with icmpx type admin-prohibited
    }
    chain filter_OUTPUT {
        type filter hook output priority filter + 10; policy accept;
        ct state { established, related } accept
        oifname "lo" accept
        ip6 daddr { ::/96, 2002:e000::/19 } reject with icmpv6 type addr-unreachable
    }
    chain filter_INPUT_ZONES {
        iifname "eth0" goto filter_IN_public
        ip saddr 192.0.2.0/24 goto filter_IN_work
        goto filter_IN_public
    }
    chain filter_IN_public {
        jump filter_IN_public_allow
        meta l4proto { icmp, ipv6-icmp } accept
        log prefix "filter_IN_public_REJECT: " level info
        return
    }
    chain filter_IN_public_allow {
        tcp dport 22 ct state { new, untracked } accept
        ip6 daddr fe80::/64 udp dport 546 ct state { new, untracked } accept
        udp dport 69 ct helper set "helper-tftp-udp"
        udp dport 69 ct state { new, untracked } accept
    }
    chain filter_IN_work { tcp dport { 22, 80 } accept
    }
}
"#;

/// As what runs containers makes them by way of iptables.
const CONTAINERS: &str = r#"
table ip nat {
    chain CONTAINERS {
        iifname "bridge0" counter packets 0 bytes 0 return
        iifname != "bridge0" meta l4proto tcp tcp dport 8080 counter packets 2 bytes 120 dnat to 192.0.2.2:80
    }
    chain PREROUTING {
        type nat hook prerouting priority dstnat; policy accept;
        fib daddr type local counter packets 3 bytes 180 jump CONTAINERS
    }
    chain POSTROUTING {
        type nat hook postrouting priority srcnat; policy accept;
        oifname != "bridge0" ip saddr 192.0.2.0/24 counter packets 0 bytes 0 masquerade
        ip saddr 192.0.2.2 ip daddr 192.0.2.2 tcp dport 80 counter packets 0 bytes 0 masquerade
    }
}
table ip filter {
    chain CONTAINERS { ip daddr 192.0.2.2 iifname != "eth0" oifname "eth1" tcp dport 80 counter packets 0 bytes 0 accept
    }
    chain ISOLATION-STAGE-1 {
        iifname "eth1" oifname != "eth1" counter packets 9 bytes 9 jump ISOLATION-STAGE-2
        counter packets 0 bytes 0 return
    }
    chain ISOLATION-STAGE-2 {
        oifname "eth1" counter packets 0 bytes 0 drop
        counter packets 5 bytes 5 return
    }
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
        counter packets 0 bytes 0 jump USER
        counter packets 0 bytes 0 jump ISOLATION-STAGE-1
        oifname "eth1" ct state related,established counter packets 0 bytes 0 accept
        oifname "eth1" counter packets 0 bytes 0 jump CONTAINERS
        iifname "eth1" oifname != "eth1" counter packets 0 bytes 0 accept
        iifname "eth1" oifname "eth1" counter packets 0 bytes 0 accept
    }
    chain USER { counter packets 0 bytes 0 return
    }
}
"#;

/// As what balances loads writes them: everything by maps, and names with slashes.
const MAPPED: &str = r#"
table ip balance {
    comment "rules for services"
    map service-ips {
        type ipv4_addr . inet_proto . inet_service : verdict
        comment "addresses of services"
        elements = {
            192.0.2.80 . tcp . 80 comment "town/web" : goto service-QAB2/town/web/tcp/p80,
            192.0.2.81 . udp . 53 comment "town/dns" : goto service-NWY2/town/dns/udp/p53
        }
    }
    map no-endpoints { type ipv4_addr . inet_proto . inet_service : verdict; elements = { 192.0.2.82 . tcp . 443 : goto refuse }
    }
    set affinity { type ipv4_addr; flags dynamic,timeout; timeout 3h; }
    chain service-QAB2/town/web/tcp/p80 {
        ip saddr != 198.51.100.0/24 ip daddr 192.0.2.80 tcp dport 80 jump mark-it
        ip saddr @affinity goto endpoint-1/town
        numgen random mod 2 vmap { 0 : goto endpoint-1/town, 1 : goto endpoint-2/town }
    }
    chain endpoint-1/town {
        ip saddr 198.51.100.1 jump mark-it
        update @affinity { ip saddr }
        ip daddr 192.0.2.80 accept
    }
    chain endpoint-2/town { ip saddr 198.51.100.2 drop; accept
    }
    chain service-NWY2/town/dns/udp/p53 { udp sport 1024-65535 accept; drop
    }
    chain mark-it { meta mark set meta mark | 0x4000
    }
    chain refuse { reject
    }
    chain services { ip daddr . meta l4proto . th dport vmap @service-ips
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state new jump services
        ct state new ip daddr . meta l4proto . th dport vmap @no-endpoints
        meta mark & 0x4000 == 0x4000 accept
        fib daddr type local ip daddr != 127.0.0.0/8 drop
        ip daddr 203.0.113.0/24 accept
    }
}
"#;
