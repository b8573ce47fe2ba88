/**
 * The simulated Arduino in a process of its own, behind a pseudo-terminal: a serial port like any other, which outlives
 * whoever opens it. Needs socat.
 *
 *   npx tsx meter/sim/port.ts /tmp/arduino                     in one terminal
 *   METER=serial:/tmp/arduino npm start                        in another
 *
 * What is flashed on it is our own firmware, or the one named after the path: `… /tmp/arduino StandardFirmata`.
 *
 * Opening the port resets the Uno, as DTR does on a real one; closing it, or the death of the program that had it open,
 * leaves the Uno running. Commands come in lines on standard input:
 *
 *   mark            say where everything stands
 *   unplug, replug  the USB cable
 *   stall, resume   the crystal
 *   noise 64        so many random bytes towards the computer
 *   say 9001, hear 9001  these bytes, in hexadecimal digits, to the computer or from it
 *   pin 1 0         from now on so many volts stand at that analog pin
 *   reverse 2       the sensor at that analog pin the wrong way round
 *   deafen, mute    bytes from the computer, or to it, are lost from now on; `heal` ends both
 *   signal SIGKILL 4711   sends a signal to a process, at a moment that this desk's clock knows exactly
 *
 * Each command, and each move of the relay's contact, is answered on standard output with one line of JSON.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Desk } from "./desk";
import { DEFAULT_FIRMWARE, FIRMWARE_NAMES, isFirmwareName } from "./firmware";
import { runInRealTime } from "./pace";
import { SENSOR_VCC } from "./sensors";

/** What one line of standard output holds. */
export interface PortNews {
  /** The command, or `relay` for a move of the contact. */
  what: string;
  /** Seconds of the desk's own time. */
  atS: number;
  relay: "open" | "closed";
  /** What has really flowed to the neighbour since the start, mWh. */
  deliveredMilliWh: number;
}

const JOULE_PER_MILLI_WH = 3.6;
/** A UART whose reader sleeps loses what does not fit; so does this one, characters. */
const LINE_BUFFER = 4096;

const [path, firmware = DEFAULT_FIRMWARE] = process.argv.slice(2);
if (!path || !isFirmwareName(firmware)) {
  console.error(
    `usage: npx tsx meter/sim/port.ts PATH [FIRMWARE]\nPATH is where the serial port shall appear; FIRMWARE is ${FIRMWARE_NAMES.join(" or ")}.`,
  );
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), "neighborwatt-port-"));
const socketPath = join(folder, "line");
let line: Socket | null = null;
let cable: ChildProcess | null = null;
let isDeaf = false;
let isMute = false;

const say = (what: string, atS = desk.nowS) => {
  const news: PortNews = {
    what,
    atS,
    relay: desk.world.relay,
    deliveredMilliWh: desk.world.deliveredJ / JOULE_PER_MILLI_WH,
  };
  process.stdout.write(`${JSON.stringify(news)}\n`);
};

const desk = new Desk(
  { firmware },
  {
    cables: {
      house: {
        data: (bytes) => {
          if (line !== null && !isMute && line.writableLength < LINE_BUFFER) line.write(bytes);
        },
        closed: () => {},
      },
      neighbour: { data: () => {}, closed: () => {} },
    },
    relayEdge: (_, atS) => say("relay", atS),
  },
);
const pace = runInRealTime(desk);

/** One end of socat is this process, the other the pseudo-terminal; it ends whenever the port is closed. */
function plugIn(): void {
  const socat = spawn(
    "socat",
    [`PTY,link=${path},raw,echo=0,wait-slave,pty-interval=0.02`, `UNIX-CONNECT:${socketPath}`],
    { stdio: "ignore" },
  );
  cable = socat;
  socat.once("error", (error) => leave(`socat cannot be started: ${error.message}`));
  socat.once("exit", () => {
    if (cable === socat) plugIn();
  });
}

const server = createServer((socket) => {
  pace.catchUp();
  desk.house.open();
  pace.forgetLag();
  line = socket;
  socket.on("data", (bytes) => {
    pace.catchUp();
    if (!isDeaf) desk.house.send(bytes);
  });
  // The program at the other end may die in the middle of a byte.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    if (line !== socket) return;
    line = null;
    desk.house.close();
  });
});

const commands: Record<string, (...words: string[]) => void> = {
  mark: () => {},
  unplug: () => {
    const socat = cable;
    cable = null;
    desk.house.unplug();
    socat?.kill();
  },
  replug: () => {
    desk.house.replug();
    if (cable === null) plugIn();
  },
  stall: () => desk.house.stall(),
  resume: () => desk.house.resume(),
  noise: (count) => desk.house.garbage(randomBytes(Number(count) || 64)),
  say: (hex) => desk.house.garbage(Buffer.from(hex, "hex")),
  hear: (hex) => desk.house.send(Buffer.from(hex, "hex")),
  pin: (pin, volts) => desk.world.rewire(Number(pin), () => Number(volts)),
  reverse: (pin) => desk.world.rewire(Number(pin), (volts) => SENSOR_VCC - volts),
  deafen: () => {
    isDeaf = true;
  },
  mute: () => {
    isMute = true;
  },
  heal: () => {
    isDeaf = isMute = false;
  },
  signal: (name, pid) => void process.kill(Number(pid), name as NodeJS.Signals),
};

createInterface({ input: process.stdin })
  .on("line", (text) => {
    const [name = "", ...words] = text.trim().split(" ");
    const command = commands[name];
    if (!command) {
      console.error(`unknown command ${name}: ${Object.keys(commands).join(", ")}`);
      return;
    }
    pace.catchUp();
    try {
      command(...words);
    } catch (error) {
      console.error(`${text}: ${(error as Error).message}`);
      return;
    }
    say(name);
  })
  .on("close", () => leave());

function leave(reason?: string): void {
  pace.stop();
  const socat = cable;
  cable = null;
  socat?.kill();
  rmSync(folder, { recursive: true, force: true });
  if (reason) console.error(reason);
  process.exit(reason ? 1 : 0);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => leave());
// Nobody reads this any more: nobody is left to tell.
process.stdout.on("error", () => leave());
server.listen(socketPath, () => {
  plugIn();
  say("ready");
});
