/** The serial line is cut, noisy, or dead in one direction. */
import { setTimeout as sleep } from "node:timers/promises";
import { LOSS_OF_A_TRIP_MILLI_WH, OVERSHOOT_MILLI_WH } from "./bounds";
import type { Fault, Scene } from "./scene";

/**
 * Beginnings of the messages of this line, as hexadecimal digits: digital write, analog value, report, pin mode, set
 * pin, version, sysex (string, capabilities, pin state, sampling interval, unknown), and a sysex that ends at once.
 */
const BEGINNINGS = ["91", "e0", "c0", "f4", "f5", "f9", "f071", "f06c", "f06e09", "f07a", "f001", "f0f7"];
const LONGEST_BURST = 24;

/** Half of it the beginnings of messages, half random bytes. */
function noise({ random, between }: Pick<Scene, "random" | "between">): string {
  let hex = "";
  while (hex.length < 2 * LONGEST_BURST) {
    hex +=
      random() < 0.5
        ? BEGINNINGS[Math.floor(random() * BEGINNINGS.length)]!
        : between(0, 255).toString(16).padStart(2, "0");
  }
  return hex;
}

function noisy(name: string, command: "say" | "hear", isShort = false): Fault {
  return {
    name,
    isShort,
    orderMilliWh: 6n,
    async strike(scene) {
      const { arduino } = scene.bench;
      for (let burst = 0; burst < 20; burst++) {
        await arduino.tell(
          `${command} ${noise({ random: scene.random, between: (a, b) => scene.between(a, b) })}`,
        );
        await sleep(scene.between(20, 150));
        // Noise may open the relay. What it does to a relay that is open is another matter: see judgeRelay.
        if (scene.bench.relay === "open") break;
      }
      scene.mayLoseMilliWh += LOSS_OF_A_TRIP_MILLI_WH;
    },
  };
}

/** Plugs are drawn and put back so many times, at random moments. */
function plugCycles(count: number): Fault {
  return {
    name: `${count} plug cycles at random intervals`,
    orderMilliWh: BigInt(3 + Math.ceil(count / 10)),
    async strike(scene) {
      const { arduino } = scene.bench;
      for (let cycle = 0; cycle < count; cycle++) {
        // The sample under way is lost.
        if (scene.bench.relay === "closed") scene.mayLoseMilliWh += OVERSHOOT_MILLI_WH;
        if ((await arduino.tell("unplug")).relay === "closed") scene.violations.push("closed without power");
        await sleep(scene.between(0, 400));
        await arduino.tell("replug");
        await sleep(scene.between(0, 3000));
      }
    },
  };
}

function halfOpen(name: string, command: "deafen" | "mute", isShort = false): Fault {
  return {
    name,
    isShort,
    async strike(scene) {
      const { arduino } = scene.bench;
      await arduino.tell(command);
      await scene.mustOpen();
      await scene.mustComplain(/meter (lost|connecting): .*/);
      await sleep(scene.between(0, 1000));
      await arduino.tell("heal");
    },
  };
}

export const LINE_FAULTS: Fault[] = [
  {
    name: "the serial line is cut, and plugged in again",
    isShort: true,
    async strike(scene) {
      const { arduino } = scene.bench;
      await arduino.tell("unplug");
      await scene.mustOpen();
      await scene.mustComplain(/meter (lost|connecting): .*/);
      await sleep(scene.between(0, 2000));
      await arduino.tell("replug");
    },
  },
  noisy("noise on the line towards the server", "say", true),
  noisy("noise on the line towards the Arduino", "hear"),
  halfOpen("the line is dead towards the Arduino", "deafen"),
  halfOpen("the line is dead towards the server", "mute", true),
  plugCycles(100),
];
