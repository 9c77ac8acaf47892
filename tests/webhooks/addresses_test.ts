/** Shows which addresses webhooks are sent to: public ones, private ones if the operator allows them, never any others. */

import { assertEquals } from "@std/assert";
import { literalAddress, whyForbidden } from "../../src/webhooks/addresses.ts";

const PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"];

const PRIVATE = [
  ...["127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
  ...["::1", "fc00::1", "fdff::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1"],
];

const FORBIDDEN = [
  // Unspecified, broadcast, multicast.
  ...["0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "239.1.1.1", "::", "ff02::1", "::ffff:0.0.0.0"],
  // Link-local and cloud metadata.
  ...["169.254.1.1", "169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254"],
  ...["fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42"],
  ...["168.63.129.16", "100.100.100.200", "192.0.0.192"],
  // Shared by the customers of a provider, documentation, benchmarks, reserved.
  ...["100.64.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "240.0.0.1", "192.88.99.1"],
  // IPv6 that stands for IPv4, or is given to nobody.
  ...["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001::1", "::7f00:1", "2001:db8::1", "3fff::1"],
  ...["fec0::1", "100::1", "4000::1", "5f00::1"],
  // No addresses.
  ...["", "localhost", "1.2.3.4.5", "256.1.1.1"],
];

Deno.test({
  name: "public addresses are allowed, private ones only with the operator's leave, all others never",
  permissions: "none",
  fn() {
    const allowed = (address: string, allowPrivate: boolean) => whyForbidden(address, { allowPrivate }) === undefined;
    for (const address of PUBLIC) {
      assertEquals([address, allowed(address, false), allowed(address, true)], [address, true, true]);
    }
    for (const address of PRIVATE) {
      assertEquals([address, allowed(address, false), allowed(address, true)], [address, false, true]);
    }
    for (const address of FORBIDDEN) {
      assertEquals([address, allowed(address, false), allowed(address, true)], [address, false, false]);
    }
  },
});

Deno.test({
  name: "an address in a URL is found in all its spellings, and a name is none",
  permissions: "none",
  fn() {
    const found = (url: string) => literalAddress(new URL(url).hostname);
    for (
      const url of [
        "http://127.0.0.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://127.1/",
        "http://0177.0.0.1/",
      ]
    ) {
      assertEquals([url, found(url)], [url, "127.0.0.1"]);
    }
    assertEquals(found("http://[::1]:80/"), "::1");
    assertEquals(found("http://localhost/"), undefined);
    assertEquals(found("http://example.com/"), undefined);
  },
});
