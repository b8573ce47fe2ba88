/**
 * The simulated Arduino on standard input and output. With socat it becomes a serial port like any other:
 *
 *   socat PTY,link=/tmp/arduino,raw,echo=0,wait-slave EXEC:"npx tsx meter/sim/stdio.ts"
 *   METER=serial:/tmp/arduino npm run meter
 */
import { Desk } from "./desk";
import { runInRealTime } from "./pace";

const desk = new Desk(
  {},
  {
    data: (bytes) => process.stdout.write(bytes),
    closed: () => {},
    relayEdge: (position) => process.stderr.write(`relay ${position}\n`),
  },
);
const pace = runInRealTime(desk);
const leave = () => {
  pace.stop();
  process.exit();
};
desk.open();
pace.forgetLag();
process.stdin.on("data", (bytes: Buffer) => {
  pace.catchUp();
  desk.send(bytes);
});
process.stdin.on("end", leave);
// The other end is gone: nobody is left to tell.
process.stdout.on("error", leave);
