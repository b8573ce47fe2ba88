import assert from "node:assert/strict";
import type { RelayPosition } from "../../common/meter";
import { Relay } from "../../meter/relay";

describe("The relay", () => {
  const wired = () => {
    const calls: string[] = [];
    const relay = new Relay({
      writeRelay: (position: RelayPosition) => calls.push(position),
      askRelay: () => calls.push("ask"),
    });
    return { calls, relay };
  };

  it("is taken for open and for conducting while nothing is known", () => {
    const { relay } = wired();
    assert.equal(relay.position, "open");
    assert.equal(relay.mayConduct, true);
  });

  it("asks the firmware after every command", () => {
    const { calls, relay } = wired();
    relay.command("open");
    relay.command("closed");
    assert.deepEqual(calls, ["open", "ask", "closed", "ask"]);
  });

  it("shows a position only when the firmware has confirmed it", () => {
    const { relay } = wired();
    relay.command("open");
    relay.confirm("open");
    relay.command("closed");
    assert.equal(relay.position, "open");
    assert.equal(relay.confirm("closed"), true);
    assert.equal(relay.position, "closed");
    assert.equal(relay.confirm("closed"), false);
  });

  it("may conduct from the command to close until open is confirmed", () => {
    const { relay } = wired();
    relay.command("open");
    relay.confirm("open");
    assert.equal(relay.mayConduct, false);
    relay.command("closed");
    assert.equal(relay.mayConduct, true);
    relay.confirm("closed");
    relay.command("open");
    assert.equal(relay.mayConduct, true);
    relay.confirm("open");
    assert.equal(relay.mayConduct, false);
  });

  it("may conduct when it was told to close and to open again before any answer", () => {
    const { relay } = wired();
    relay.command("open");
    relay.confirm("open");
    relay.command("closed");
    relay.command("open");
    assert.equal(relay.mayConduct, true);
  });

  it("commands again when the latch stands elsewhere, as after a reset", () => {
    const { calls, relay } = wired();
    relay.command("closed");
    relay.confirm("closed");
    calls.length = 0;
    relay.confirm("open");
    assert.deepEqual(calls, ["closed", "ask"]);
  });

  it("is only asked, not commanded, by a check", () => {
    const { calls, relay } = wired();
    relay.check();
    assert.deepEqual(calls, ["ask"]);
  });
});
