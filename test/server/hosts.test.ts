import assert from "node:assert/strict";
import fc from "fast-check";
import { type Host, Hosts, parseHost } from "../../server/http/hosts";

const hostsAt = (
  host: string,
  port = 3000,
  allowed = "",
  addresses = ["127.0.0.1", "192.168.1.7", "fe80::1%eth0"],
) =>
  new Hosts({
    host,
    allowed: allowed === "" ? [] : allowed.split(",").map((one) => parseHost(one) as Host),
    listening: () => ({ address: host === "house" ? "192.168.1.7" : host, port }),
    addresses: () => addresses,
  });

describe("which Host the server answers to", () => {
  const table: [where: string, hosts: Hosts, served: string[], refused: (string | undefined)[]][] = [
    [
      "on loopback",
      hostsAt("127.0.0.1"),
      [
        "localhost:3000",
        "LOCALHOST:3000",
        "localhost.:3000",
        "127.0.0.1:3000",
        "127.1:3000",
        "[::1]:3000",
        "[0:0:0:0:0:0:0:1]:3000",
      ],
      [
        undefined,
        "",
        "localhost",
        "localhost:3001",
        "localhost:30000",
        "127.0.0.1",
        "192.168.1.7:3000",
        "evil.example:3000",
        "localhost.evil.example:3000",
        "evil.localhost:3000",
        "127.0.0.1.evil.example:3000",
        "localhost:3000.evil.example",
        "localhost:3000@evil.example",
        "evil.example@localhost:3000",
        "localhost:3000/",
        "localhost:3000,evil.example",
        "localhost :3000",
        "[::1",
        "[::2]:3000",
        "::1:3000",
        "localhost:99999",
        "localhost:-1",
        "localhost:0x0bb8",
        "localhost\t:3000",
        "localhost..:3000",
      ],
    ],
    [
      "on port 80",
      hostsAt("127.0.0.1", 80),
      ["localhost", "localhost:80", "localhost:", "127.0.0.1", "[::1]"],
      ["localhost:8080"],
    ],
    [
      "on every address",
      hostsAt("0.0.0.0"),
      ["localhost:3000", "192.168.1.7:3000", "[fe80::1]:3000"],
      ["192.168.1.8:3000", "192.168.1.7", "0.0.0.0:3000", "evil.example:3000"],
    ],
    [
      "on every address of IPv6",
      hostsAt("::"),
      ["192.168.1.7:3000", "[FE80::1]:3000", "[::1]:3000"],
      ["[::]:3000", "[fe80::2]:3000"],
    ],
    [
      "on a name of this machine",
      hostsAt("house"),
      ["house:3000", "House.:3000", "192.168.1.7:3000"],
      ["house", "house.example:3000"],
    ],
    [
      "behind a proxy",
      hostsAt("127.0.0.1", 3000, "house.example,other.example:8443,third.example:443,[fd00::1]:99"),
      [
        "house.example",
        "HOUSE.example.",
        "house.example:443",
        "house.example:9",
        "other.example:8443",
        "third.example",
        "third.example:443",
        "[fd00:0::1]:99",
        "localhost:3000",
      ],
      ["other.example", "third.example:8443", "evil-house.example", "house.example.evil", "[fd00::1]"],
    ],
  ];
  for (const [where, hosts, served, refused] of table) {
    it(`${where}: its own`, () => {
      for (const host of served) assert.equal(hosts.refusalOf(host), null, host);
    });
    it(`${where}: no other, and the refusal names the setting`, () => {
      for (const host of refused) assert.match(hosts.refusalOf(host) ?? "", /ALLOWED_HOSTS/, host);
    });
  }

  it("none before it listens", () => {
    const hosts = new Hosts({ host: "127.0.0.1", allowed: [], listening: () => null });
    assert.notEqual(hosts.refusalOf("localhost:3000"), null);
  });

  const origins: [origin: string, host: string | undefined, isOwn: boolean][] = [
    ["http://localhost:3000", "localhost:3000", true],
    ["http://LOCALHOST:3000", "localhost.:3000", true],
    ["http://house.example", "house.example", true],
    ["http://house.example", "house.example:80", true],
    ["https://house.example", "house.example", true],
    ["https://house.example", "house.example:443", true],
    ["https://other.example", "other.example:80", false],
    // A proxy that writes the Host of what is behind it.
    ["https://house.example", "127.0.0.1:3000", true],
    ["https://evil.example", "127.0.0.1:3000", false],
    ["http://127.0.0.1:3000", "localhost:3000", false],
    // Our own port speaks http.
    ["https://localhost:3000", "localhost:3000", false],
    ["http://localhost:3001", "localhost:3000", false],
    ["http://localhost:3000", undefined, false],
    ["null", "localhost:3000", false],
    ["", "localhost:3000", false],
    ["file://localhost:3000", "localhost:3000", false],
    ["http://house.example.evil.example", "127.0.0.1:3000", false],
  ];
  for (const [origin, host, isOwn] of origins)
    it(`a page of ${JSON.stringify(origin)} asking ${host} is ${isOwn ? "" : "not "}its own`, () => {
      assert.equal(hostsAt("127.0.0.1", 3000, "house.example").isOwnOrigin(origin, host), isOwn);
    });

  it("never a name that it was not told, however it is written", () => {
    const hosts = hostsAt("0.0.0.0", 3000, "house.example");
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string(), fc.webAuthority({ withPort: true })), (text) => {
        const host = parseHost(text);
        if (host !== null && /^(localhost|house\.example|[\d.]+|\[.*\])$/.test(host.name)) return;
        assert.notEqual(hosts.refusalOf(text), null);
        assert.notEqual(hosts.refusalOf(`${text}:3000`), null);
      }),
      { numRuns: 2000 },
    );
  });
});
