/** A real Mosquitto on a port and in a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { freePort } from "../../scripts/embedded-chain";
import { findProgram } from "./need";
import { until } from "./until";

export interface Broker {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What it has logged so far. */
  output(): string;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Again at the same port, after it was killed. */
  start(): Promise<void>;
  /** A client of the test's own, ended with the broker. */
  client(options?: { username?: string; password?: string; clientId?: string }): Promise<MqttClient>;
  stop(): Promise<void>;
}

/** Debian installs it where only root's PATH leads. */
export const findMosquitto = (): string | null =>
  findProgram("mosquitto", "MOSQUITTO_BIN") ?? findProgram("/usr/sbin/mosquitto");

export interface BrokerOptions {
  /** Text of an access list; without one anybody may do anything. */
  accessList?: string;
  /** Text of a file as mosquitto_passwd makes it. */
  passwords?: string;
  /** Keeps what it retains over a restart. */
  isKept?: boolean;
}

export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), "neighborwatt-broker-"));
  const port = await freePort();
  const file = (name: string) => join(folder, name);
  const config = [
    `listener ${port} 127.0.0.1`,
    "log_type all",
    "log_dest stderr",
    // As root it would take an account that cannot read these files.
    "user root",
  ];
  if (options.passwords !== undefined) {
    writeFileSync(file("passwords"), options.passwords, { mode: 0o600 });
    config.push("allow_anonymous false", `password_file ${file("passwords")}`);
  } else config.push("allow_anonymous true");
  if (options.accessList !== undefined) {
    writeFileSync(file("acl"), options.accessList, { mode: 0o600 });
    config.push(`acl_file ${file("acl")}`);
  }
  if (options.isKept)
    config.push("persistence true", `persistence_location ${folder}/`, "autosave_interval 1");
  writeFileSync(file("mosquitto.conf"), `${config.join("\n")}\n`);

  let output = "";
  let child: ChildProcess;
  const clients: MqttClient[] = [];
  const broker: Broker = {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid!;
    },
    output: () => output,
    async kill(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      await gone;
    },
    async start() {
      child = spawn(findMosquitto()!, ["-c", file("mosquitto.conf")], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      child.stderr!.on("data", (chunk) => {
        output += String(chunk);
      });
      const ended = new Promise<never>((_resolve, reject) =>
        child.once("exit", (code) => reject(new Error(`mosquitto ended (${code})\n${output}`))),
      );
      ended.catch(() => {});
      const from = output.length;
      await Promise.race([ended, until("mosquitto to listen", () => output.slice(from).includes(`running`))]);
    },
    async client(more = {}) {
      const client = await connectAsync(broker.url, { protocolVersion: 5, reconnectPeriod: 0, ...more });
      client.on("error", () => {});
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients.splice(0)) client.end(true);
      await broker.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await broker.start();
  return broker;
}

/** The access list of docs/bus.md, for these users and their keys. */
export function accessList(keys: Record<string, string>): string {
  const document = readFileSync(join(__dirname, "..", "..", "docs", "bus.md"), "utf8");
  const [, list] = /```acl\n([^`]*)```/.exec(document)!;
  return list!.replace(/<key of ([\w-]+)>/g, (_all, user: string) => keys[user]!);
}

/** As mosquitto_passwd writes them, all with one password. */
export function passwordsOf(users: string[], password: string): string {
  const folder = mkdtempSync(join(tmpdir(), "neighborwatt-broker-"));
  const file = join(folder, "passwords");
  writeFileSync(file, "");
  for (const user of users) execFileSync("mosquitto_passwd", ["-b", file, user, password]);
  const text = readFileSync(file, "utf8");
  rmSync(folder, { recursive: true });
  return text;
}
