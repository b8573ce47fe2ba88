/** The simulated Arduino in a process of its own at a serial port, with its world's log: it outlives the server. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { FirmwareName } from "../../meter/sim/firmware";
import type { PortNews } from "../../meter/sim/port";
import { until } from "./until";

const ROOT = join(__dirname, "..", "..");

export class PluggedArduino {
  readonly path: string;
  /** Everything the world has said, oldest first. */
  readonly log: PortNews[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "neighborwatt-arduino-"));
  private child!: ChildProcess;

  constructor(private readonly firmware: FirmwareName = "neighborwatt") {
    this.path = join(this.folder, "tty");
  }

  async start(): Promise<void> {
    this.child = spawn(
      process.execPath,
      ["--require", "tsx/cjs", "meter/sim/port.ts", this.path, this.firmware],
      { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] },
    );
    createInterface({ input: this.child.stdout! }).on("line", (text) =>
      this.log.push(JSON.parse(text) as PortNews),
    );
    await until("the simulated Arduino's port", () => existsSync(this.path), 30_000);
  }

  /** Gives a command (see meter/sim/port.ts) and resolves to where everything stood at that moment. */
  async tell(command: string): Promise<PortNews> {
    const from = this.log.length;
    const [what] = command.split(" ");
    this.child.stdin!.write(`${command}\n`);
    return until(`an answer to ${command}`, () => this.log.slice(from).find((news) => news.what === what));
  }

  /** When the contact first opened at or after `atS`; null while it has not. It may have been open already. */
  openedSince(atS: number): number | null {
    const before = this.log.filter((news) => news.atS <= atS).at(-1);
    if (before?.relay === "open") return atS;
    return this.log.find((news) => news.atS >= atS && news.relay === "open")?.atS ?? null;
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill("SIGTERM");
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
