import assert from "node:assert/strict";
import type { RelayPosition } from "../../common/meter";
import { Relay } from "../../meter/relay";
import { ManualClock } from "./manual-clock";

describe("The relay", () => {
  const wired = () => {
    const calls: string[] = [];
    const clock = new ManualClock();
    const relay = new Relay(
      { writeRelay: (position: RelayPosition) => calls.push(position), askRelay: () => calls.push("ask") },
      () => clock.steadyMs(),
    );
    return { calls, relay, pass: (ms: number) => clock.advance(ms) };
  };
  /** A relay that is closed, and known to be. */
  const closed = () => {
    const it = wired();
    it.relay.command("closed");
    it.relay.confirm("closed");
    it.pass(60);
    it.calls.length = 0;
    return it;
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
    assert.equal(relay.confirm("closed"), "moved");
    assert.equal(relay.position, "closed");
    assert.equal(relay.confirm("closed"), "nothing");
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

  it("commands again when the latch has not followed, and gives up a latch that never does", () => {
    const { calls, relay } = wired();
    relay.command("closed");
    calls.length = 0;
    assert.equal(relay.confirm("open"), "moved");
    assert.deepEqual(calls, ["closed", "ask"]);
    for (let repeat = 0; repeat < 3; repeat++) relay.confirm("open");
    calls.length = 0;
    relay.confirm("open");
    assert.equal(relay.confirm("open"), "nothing");
    assert.deepEqual(calls, []);
  });

  it("takes a relay that was closed and is open for tripped, and commands it open from then on", () => {
    const { calls, relay } = closed();
    relay.affirm();
    calls.length = 0;
    assert.equal(relay.confirm("open"), "tripped");
    assert.equal(calls.length, 0);
    assert.equal(relay.position, "open");
    assert.equal(relay.mayConduct, false);
    relay.affirm();
    assert.equal(relay.confirm("open"), "nothing");
    assert.ok(!calls.includes("closed"));
  });

  it("takes no answer from before a command for one to it", () => {
    const { relay, pass } = closed();
    pass(100);
    relay.affirm();
    relay.command("open");
    relay.command("closed");
    // To the question of the turn, to that after "open", to that after "closed".
    assert.deepEqual(
      (["closed", "open", "closed"] as RelayPosition[]).map((position) => relay.confirm(position)),
      ["nothing", "nothing", "nothing"],
    );
    assert.equal(relay.position, "closed");
  });

  it("asks once in every turn, but not twice within 50 ms", () => {
    const { calls, relay, pass } = closed();
    for (let turn = 0; turn < 10; turn++) {
      pass(110);
      relay.affirm();
      relay.affirm();
      relay.confirm("closed");
    }
    assert.equal(calls.length, 10);
  });

  it("puts no further question into a line that has owed an answer for half a second, and then gives it up", () => {
    const { calls, relay, pass } = closed();
    for (let turn = 0; turn < 8; turn++) {
      pass(114);
      relay.affirm();
    }
    assert.equal(calls.length, 5);
    assert.equal(relay.isMute, false);
    for (let turn = 0; turn < 2; turn++) relay.affirm();
    assert.equal(relay.isMute, true);
  });

  it("goes on when the answer comes late, as after a standstill of the process", () => {
    const { calls, relay, pass } = closed();
    relay.affirm();
    pass(60);
    relay.affirm();
    pass(3_000);
    relay.affirm();
    assert.equal(relay.isMute, false);
    relay.confirm("closed");
    relay.affirm();
    assert.equal(calls.length, 3);
  });

  it("judges the first answer again after any number were lost", () => {
    const { relay, pass } = closed();
    for (let round = 0; round < 50; round++) {
      pass(100);
      relay.affirm();
      pass(100);
      relay.affirm();
      relay.confirm("closed");
    }
    pass(100);
    relay.affirm();
    relay.confirm("closed");
    relay.command("open");
    assert.equal(relay.confirm("open"), "moved");
  });
});
