import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFirmware } from "../../meter/sim/firmware";
import { IdleLaps } from "../../meter/sim/idle";
import { uniformNoise } from "../../meter/sim/noise";
import { Uno } from "../../meter/sim/uno";
import { avrCompiler, buildFirmware, COMMITTED_HEX, committedCompiler } from "../../scripts/firmware";
import { need } from "../support/need";

const HEARTBEAT = [0xf0, 0x6d, 7, 0xf7];
const CLOSE = [0x90, 0, 1];
const OPEN = [0x90, 0, 0];
const text = (words: string) =>
  [...words].map((letter) => `${letter.charCodeAt(0).toString(16).padStart(2, "0")}00`);
const BANNER = `f90205f0790100${text("neighborwatt meter").join("")}f7`;
const TRIP = `f071${text("relay opened: no heartbeat for 1 s").join("")}f7`;
const LATCH_OPEN = "f06e070100f7";
const LATCH_CLOSED = "f06e070101f7";

describe("The meter's own firmware on the simulated Uno", function () {
  this.timeout(60_000);

  /** An Uno that has sent its banner, and all that happens to it from then on. */
  const powerOn = () => {
    let sent = "";
    const edges: { isHigh: boolean; atMs: number }[] = [];
    const log: string[] = [];
    const uno: Uno = new Uno(loadFirmware("neighborwatt"), {
      analogVolts: (channel, atS) => {
        log.push(`look ${channel} ${atS}`);
        return channel;
      },
      relayPin: (isHigh, atS) => {
        edges.push({ isHigh, atMs: atS * 1000 });
        log.push(`relay ${isHigh} ${atS}`);
      },
      transmit: (byte) => {
        sent += byte.toString(16).padStart(2, "0");
        log.push(`byte ${byte} ${uno.seconds}`);
      },
    });
    const run = (ms: number) => uno.runUntil(uno.seconds + ms / 1000);
    run(50);
    const banner = sent;
    sent = "";
    return {
      uno,
      edges,
      log,
      run,
      banner,
      isHigh: () => edges.at(-1)?.isHigh ?? false,
      /** Sends, waits, and takes the answer. */
      ask(bytes: readonly number[], ms = 30): string {
        uno.receive(Uint8Array.from(bytes));
        run(ms);
        const answer = sent;
        sent = "";
        return answer;
      },
    };
  };
  const closed = () => {
    const it = powerOn();
    assert.equal(it.ask([...HEARTBEAT, ...CLOSE, ...HEARTBEAT]), LATCH_OPEN + LATCH_CLOSED);
    assert.equal(it.isHigh(), true);
    return it;
  };

  it("sends version and name when it starts", () => {
    assert.equal(powerOn().banner, BANNER);
  });

  const questions: [name: string, question: number[], answer: string][] = [
    ["its version", [0xf9], "f90205"],
    ["its name", [0xf0, 0x79, 0xf7], BANNER.slice(6)],
    [
      "what its pins can do: an output on D7, analog inputs of ten bits, nothing else",
      [0xf0, 0x6b, 0xf7],
      `f06c${"7f".repeat(7)}01017f${"7f".repeat(6)}${"020a7f".repeat(6)}f7`,
    ],
    ["which pins are analog", [0xf0, 0x69, 0xf7], `f06a${"7f".repeat(14)}000102030405f7`],
    ["the state of the relay's pin", HEARTBEAT, LATCH_OPEN],
    ["the state of an analog pin", [0xf0, 0x6d, 14, 0xf7], "f06e0e0200f7"],
    ["the state of a pin it does not use", [0xf0, 0x6d, 13, 0xf7], "f06e0d7f00f7"],
  ];
  for (const [name, question, answer] of questions)
    it(`answers ${name}`, () => assert.equal(powerOn().ask(question, 60), answer));

  it("reports the analog pins it is asked for, in rising order, at the interval it is given", () => {
    const { ask, log } = powerOn();
    // Of 0 V, 1 V and 2 V at 5 V: 0, 204 and 409 counts.
    const scan = "e00000e14c01e21903";
    const scans = ask([0xf0, 0x7a, 19, 0, 0xf7, 0xc2, 1, 0xc0, 1, 0xc1, 1], 1_000);
    assert.ok(scans.replaceAll(scan, "") === "" && scans.length >= 51 * 18, scans.slice(0, 100));
    const looks = log
      .filter((line) => line.startsWith("look 0"))
      .map((line) => Number(line.split(" ")[2]) * 1000);
    for (const [i, atMs] of looks.slice(1).entries())
      assert.ok(Math.abs(atMs - looks[i]! - 19) < 0.1, `${atMs - looks[i]!} ms`);
    assert.match(ask([0xc0, 0, 0xc2, 0], 200), /^(e0....e1....e2....)?(e14c01)+$/);
    // Never faster than the line can carry.
    ask([0xc1, 0], 20);
    const fast = ask([0xf0, 0x7a, 1, 0, 0xf7, 0xc1, 1], 200);
    assert.ok(fast.length / 6 >= 19 && fast.length / 6 <= 21, `${fast.length / 6} reports in 200 ms`);
  });

  it("moves the relay by port and by pin, and at a system reset opens it and reports no more", () => {
    const { ask, isHigh } = closed();
    ask(OPEN);
    assert.equal(isHigh(), false);
    ask([0xf5, 7, 1]);
    assert.equal(isHigh(), true);
    assert.notEqual(ask([0xc0, 1], 50), "");
    ask([0xff]);
    assert.equal(isHigh(), false);
    assert.equal(ask([], 100), "");
  });

  it("opens the relay a second after the last heartbeat, says so at the next, and stays open until told low", () => {
    const { ask, run, edges, isHigh, uno } = closed();
    for (let beat = 0; beat < 10; beat++) {
      run(220);
      assert.equal(ask(HEARTBEAT), LATCH_CLOSED);
    }
    const lastMs = uno.seconds * 1000 - 30;
    // Everything else that is known is no heartbeat.
    for (let i = 0; i < 5; i++)
      ask([0xf9, 0xf0, 0x79, 0xf7, 0xf0, 0x6d, 14, 0xf7, ...CLOSE, 0xf0, 0x7a, 19, 0, 0xf7], 190);
    run(500);
    assert.equal(isHigh(), false);
    const opened = edges.at(-1)!;
    assert.ok(opened.atMs - lastMs > 990 && opened.atMs - lastMs <= 1_002, `${opened.atMs - lastMs} ms`);

    assert.equal(ask(CLOSE), "");
    assert.equal(ask(HEARTBEAT, 50), TRIP + LATCH_OPEN);
    // A host that does not know of the trip cannot close it.
    assert.equal(ask([...CLOSE, ...HEARTBEAT]), LATCH_OPEN);
    assert.equal(ask([...OPEN, ...CLOSE, ...HEARTBEAT]), LATCH_CLOSED);
  });

  it("does not close for a host that sends no heartbeat", () => {
    const { ask, edges } = powerOn();
    ask([...CLOSE, 0xf5, 7, 1], 2_000);
    assert.deepEqual(edges, []);
  });

  it("is not fed by noise, and opens within a second for good: thirty seconds at the line's full speed", () => {
    const { run, edges, uno, isHigh } = closed();
    const random = uniformNoise(20_261_125);
    const startMs = uno.seconds * 1000;
    for (let slice = 0; slice < 3_000; slice++) {
      uno.receive(Uint8Array.from({ length: 57 }, () => Math.floor(random() * 256)));
      run(10);
    }
    assert.equal(isHigh(), false);
    // While the last heartbeat still counts, a forged write may move it; never after.
    assert.ok(edges.at(-1)!.atMs - startMs <= 1_002, `${edges.at(-1)!.atMs - startMs} ms`);
  });

  it("takes no part of a message for a whole one, and obeys the next", () => {
    const { ask } = powerOn();
    const torn = [
      [0xf0, 0x6d, 7],
      [0xf0, 0x6d, 0xf7],
      [0xf0, 0x6d, 7, 0, 0xf7],
      [0xf0, 0x6d, 20, 0xf7],
      [0x6d, 7, 0xf7],
      [0xf0, 0xf7],
      [0xf0, ...new Array<number>(700).fill(0x6d), 0xf7],
      [0x90, 0],
      [0xf4, 7, 1],
      [0xf0, 0x71, 1, 2, 3, 0xf7],
      [0xf3, 0xf6, 0xd0, 1],
    ];
    for (const bytes of torn)
      assert.equal(ask(bytes, 30 + bytes.length / 5), "", bytes.slice(0, 8).join(" "));
    assert.equal(ask(HEARTBEAT), LATCH_OPEN);
  });

  it("answers more questions than its buffer holds with no wrong word, and is there afterwards", () => {
    const { ask } = powerOn();
    const answers = ask(new Array<number[]>(400).fill([0xf0, 0x6b, 0xf7]).flat(), 15_000);
    assert.equal(
      answers.replaceAll(`f06c${"7f".repeat(7)}01017f${"7f".repeat(6)}${"020a7f".repeat(6)}f7`, ""),
      "",
    );
    assert.equal(ask(HEARTBEAT), LATCH_OPEN);
  });

  it("is reset by its watchdog when the sketch hangs, which opens the relay within half a second", () => {
    const { uno, ask, run, edges } = closed();
    const hungAtMs = uno.seconds * 1000;
    uno.hang();
    run(700);
    assert.equal(uno.watchdogResets, 1);
    assert.equal(edges.at(-1)!.isHigh, false);
    assert.ok(edges.at(-1)!.atMs - hungAtMs <= 530, `${edges.at(-1)!.atMs - hungAtMs} ms`);
    assert.equal(ask([]), BANNER);
    run(2_000);
    assert.equal(uno.watchdogResets, 1);
    assert.equal(ask([...HEARTBEAT, ...CLOSE, ...HEARTBEAT]), LATCH_OPEN + LATCH_CLOSED);
  });

  it("does the very same in the very same cycles when its idle laps are run instead of skipped", () => {
    const life = () => {
      const { ask, run, log } = closed();
      ask([0xc0, 1, 0xc1, 1, 0xf0, 0x7a, 19, 0, 0xf7], 100);
      run(1_000);
      return log;
    };
    const skipped = life();
    const skip = IdleLaps.prototype.skip;
    IdleLaps.prototype.skip = () => {};
    try {
      assert.deepEqual(life(), skipped);
    } finally {
      IdleLaps.prototype.skip = skip;
    }
  });
});

describe("The firmware's hex in the repository", () => {
  it("is what its source gives with the compiler that is named beside it", function () {
    this.timeout(60_000);
    const compiler = avrCompiler();
    need(this, "avr-gcc", compiler !== null);
    need(this, `the firmware's compiler`, compiler === committedCompiler());
    const folder = mkdtempSync(join(tmpdir(), "firmware-"));
    try {
      assert.ok(
        buildFirmware(folder).equals(readFileSync(COMMITTED_HEX)),
        "run `npm run firmware -- --update`",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
