import assert from "node:assert/strict";
import { loadFirmware, parseIntelHex } from "../../meter/sim/firmware";
import { IdleLaps } from "../../meter/sim/idle";
import { Uno } from "../../meter/sim/uno";

const BANNER = "f90203f07902035300740061006e0064006100720064004600690072006d006100740061002e0069006e006f00f7";

describe("Intel HEX", () => {
  it("is read into flash words, little end first, with unwritten flash all ones", () => {
    const flash = parseIntelHex(":0400100001020304E2\n:00000001FF\n");
    assert.deepEqual([...flash.slice(7, 11)], [0xffff, 0x0201, 0x0403, 0xffff]);
    assert.equal(flash.length, 16_384);
  });

  const unsound: [name: string, text: string, message: RegExp][] = [
    ["a wrong checksum", ":0400100001020304E3", /line 1 is not a sound/],
    ["a cut line", ":04001000010203", /line 1 is not a sound/],
    ["another file", ":00000001FG\nhello", /line 1 is not a sound/],
    ["a record type that no small AVR has", ":020000040000FA", /record type 4/],
  ];
  for (const [name, text, message] of unsound)
    it(`refuses ${name}`, () => assert.throws(() => parseIntelHex(text), message));
});

describe("StandardFirmata on the simulated Uno", () => {
  /** Everything that leaves the Uno, with the cycle at which it does. */
  const record = (seconds: number) => {
    const log: string[] = [];
    let bytes = "";
    const uno: Uno = new Uno(loadFirmware("StandardFirmata"), {
      analogVolts: (channel, atS) => {
        log.push(`look ${channel} ${atS}`);
        return channel + 1;
      },
      relayPin: (isHigh, atS) => log.push(`relay ${isHigh} ${atS}`),
      transmit: (byte) => {
        bytes += byte.toString(16).padStart(2, "0");
        log.push(`byte ${byte} ${uno.seconds}`);
      },
    });
    uno.runUntil(2);
    // Sample every 19 ms; report A0 and A1; D7 is an output, high, low.
    uno.receive(Uint8Array.of(0xf0, 0x7a, 19, 0, 0xf7, 0xc0, 1, 0xc1, 1, 0xf4, 7, 1, 0x90, 0, 1));
    uno.runUntil(2 + seconds / 2);
    uno.receive(Uint8Array.of(0x90, 0, 0));
    uno.runUntil(2 + seconds);
    return { log, bytes };
  };

  it("sends its banner, samples its pins every 19 ms and obeys", () => {
    const { log, bytes } = record(1);
    assert.ok(bytes.startsWith(BANNER), bytes.slice(0, 100));
    const samples = bytes.slice(BANNER.length).match(/e04c01e11903/g) ?? [];
    assert.ok(samples.length >= 51 && samples.length <= 53, `${samples.length} samples in a second`);
    assert.equal(bytes, BANNER + samples.join(""));
    assert.deepEqual(
      log.filter((line) => line.startsWith("relay")).map((line) => line.split(" ")[1]),
      ["true", "false"],
    );
  });

  it("does the very same in the very same cycles when its idle laps are run instead of skipped", () => {
    const skipped = record(0.3);
    const skip = IdleLaps.prototype.skip;
    IdleLaps.prototype.skip = () => {};
    try {
      assert.deepEqual(record(0.3), skipped);
    } finally {
      IdleLaps.prototype.skip = skip;
    }
  });

  it("takes bytes at the speed of the line: 5.2 ms for thirty", () => {
    let answeredAtS = 0;
    const uno: Uno = new Uno(loadFirmware("StandardFirmata"), {
      analogVolts: () => 0,
      relayPin: () => {},
      transmit: () => {
        answeredAtS ||= uno.seconds;
      },
    });
    uno.runUntil(2);
    answeredAtS = 0;
    // A string of 27 bytes, which this firmware echoes, takes its time to arrive.
    uno.receive(Uint8Array.of(0xf0, 0x71, ...new Array<number>(26).fill(1), 0xf7, 0xf9));
    uno.runUntil(2.1);
    assert.ok(answeredAtS - 2 > 0.0045 && answeredAtS - 2 < 0.01, `${(answeredAtS - 2) * 1000} ms`);
  });
});
