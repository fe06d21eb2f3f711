import assert from "node:assert/strict";
import { filterRuleset, literalsRuleset, parseCounter } from "./link_filter.ts";
import { describeLink } from "./network.ts";

Deno.test("filterRuleset() lets ARP, DHCP, DNS and the endpoints through", () => {
  assert.equal(
    filterRuleset(describeLink(1)),
    `\
table netdev worker1 {
  counter refused { }
  set endpoints {
    type ipv4_addr . inet_service
  }
  chain refuse {
    counter name refused
    limit rate 50/second burst 50 packets log group 1 snaplen 256 queue-threshold 1
    drop
  }
  chain ingress {
    type filter hook ingress device "worker1" priority filter; policy drop;
    meta mark 1 drop
    ether saddr != 52:54:00:c0:00:01 goto refuse
    arp operation { request, reply } arp saddr ether 52:54:00:c0:00:01 arp saddr ip { 0.0.0.0, 10.123.1.2 } arp daddr ip { 10.123.1.1, 10.123.1.2 } accept
    ip saddr 10.123.1.2 ip daddr . tcp dport @endpoints accept
    ip saddr 10.123.1.2 ip daddr 10.123.1.1 meta l4proto { tcp, udp } th dport 53 accept
    ip saddr { 0.0.0.0, 10.123.1.2 } ip daddr { 255.255.255.255, 10.123.1.1 } udp sport 68 udp dport 67 accept
    ip saddr 10.123.1.2 ip daddr 10.123.1.1 icmp type destination-unreachable drop
    ip saddr 10.123.1.2 ip daddr 198.18.8.0/21 tcp flags & syn == 0 drop
    ip6 daddr ff02::/16 icmpv6 type { nd-router-solicit, nd-neighbor-solicit, mld-listener-report, mld2-listener-report } drop
    goto refuse
  }
}
table inet worker1 {
  chain output {
    type filter hook output priority filter; policy accept;
    oifname "worker1" ip daddr 255.255.255.255 meta mark set 1
  }
}
`,
  );
});

Deno.test("literalsRuleset() redirects named addresses to synthetic ones", () => {
  const link = describeLink(1);
  const fresh = "table ip worker1\ndelete table ip worker1\n";
  assert.equal(literalsRuleset(link, new Map()), fresh);
  assert.equal(
    literalsRuleset(link, new Map([["192.0.2.1", "198.18.8.1"]])),
    `${fresh}\
table ip worker1 {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "worker1" dnat to ip daddr map { 192.0.2.1 : 198.18.8.1 }
  }
}
`,
  );
});

Deno.test("parseCounter() reads what nft prints", () => {
  // As printed by nftables 1.1.3.
  const output =
    '{"nftables": [{"metainfo": {"version": "1.1.3", "release_name": "Commodore Bullmoose #4", "json_schema_version": 1}}, {"counter": {"family": "netdev", "name": "refused", "table": "worker0", "handle": 3, "packets": 2, "bytes": 99}}]}';
  assert.equal(parseCounter(output), 2);
  assert.throws(() => parseCounter('{"nftables": []}'));
  assert.throws(() => parseCounter("Error"));
});
