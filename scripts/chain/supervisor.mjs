// Runs a program for as long as its own standard input stays open. The system closes that with the process at its
// other end, however that process ends: so anvil never outlives its keeper, not even one that is killed with -9.
// Plain JavaScript, because nothing has to be loaded before it.
import { spawn } from "node:child_process";

const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
const end = () => child.kill("SIGKILL");

// A keeper that has ended by now reads no number, and that must not end this program before anvil.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
child.once("spawn", () => process.stdout.write(`${child.pid}\n`));
child.once("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
child.once("exit", (code, signal) => {
  if (signal) console.error(`ended by ${signal}`);
  process.exit(code ?? 1);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
process.stdin.once("error", end).once("close", end).resume();
