/** A cable of a test's own: a network namespace, and a virtual link from it to this machine that can be cut (Linux). */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";

function ip(...args: string[]): { ok: boolean; said: string } {
  const { error, status, stdout, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (error && (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return { ok: status === 0, said: `${stdout}${stderr}` };
}

function must(...args: string[]): void {
  const { ok, said } = ip(...args);
  if (!ok) throw new Error(`ip ${args.join(" ")}: ${said}`);
}

/** Whether this account may make network namespaces here. */
export function canCutLinks(): boolean {
  const name = `nw-probe-${process.pid}`;
  if (!ip("netns", "add", name).ok) return false;
  const linked = ip(
    "link",
    "add",
    `nwp${process.pid % 100_000}`,
    "type",
    "veth",
    "peer",
    "name",
    "far",
    "netns",
    name,
  );
  must("netns", "delete", name);
  return linked.ok;
}

export class Link {
  private readonly number = randomInt(1, 0xffff);
  private readonly namespace = `nw-${process.pid}-${this.number}`;
  private readonly near = `nw${this.number}`;
  private readonly prefix = `10.213.${(this.number >> 6) & 0xff}`;
  private readonly base = (this.number & 0x3f) * 4;
  /** Of this machine, on the link. */
  readonly nearAddress = `${this.prefix}.${this.base + 1}`;
  /** Of whatever runs in the namespace. */
  readonly farAddress = `${this.prefix}.${this.base + 2}`;
  /** Both ends and nobody else. */
  readonly cidr = `${this.prefix}.${this.base}/30`;
  /** Runs a program on the far end; `ip` becomes that program, so its process id is the program's. */
  readonly launcher = ["ip", "netns", "exec", this.namespace];

  lay(): void {
    must("netns", "add", this.namespace);
    must("link", "add", this.near, "type", "veth", "peer", "name", "far", "netns", this.namespace);
    must("address", "add", `${this.nearAddress}/30`, "dev", this.near);
    must("link", "set", this.near, "up");
    must("-n", this.namespace, "address", "add", `${this.farAddress}/30`, "dev", "far");
    must("-n", this.namespace, "link", "set", "far", "up");
    must("-n", this.namespace, "link", "set", "lo", "up");
  }

  cut(): void {
    must("link", "set", this.near, "down");
  }

  restore(): void {
    must("link", "set", this.near, "up");
  }

  /** The link goes with the namespace. */
  remove(): void {
    must("netns", "delete", this.namespace);
  }
}
