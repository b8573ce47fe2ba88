/**
 * Which Host this server answers to, and which pages are its own. A page of elsewhere can point a name of its own at
 * this machine (DNS rebinding), and is then of one origin with the server for every browser: Origin and Host agree.
 * What it cannot do is change that name.
 */
import type { IncomingMessage } from "node:http";
import { networkInterfaces } from "node:os";

/** Lower case, without a closing dot; an IPv6 address in brackets and in its shortest form. */
export interface Host {
  name: string;
  /** Null where none is said. */
  port: number | null;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/** Null for what is no host, such as one with a path or a user's name in it. */
export function parseHost(text: string): Host | null {
  const parts = /^(\[[0-9a-f:.]{2,45}\]|[^\s/?#@\\:[\]%]{1,253})(?::(\d{0,5}))?$/i.exec(text);
  if (!parts?.[1] || !URL.canParse(`http://${parts[1]}`)) return null;
  // A browser writes an address in this form too, whatever was typed: 127.1 becomes 127.0.0.1.
  const name = new URL(`http://${parts[1]}`).hostname.replace(/\.$/, "");
  const port = parts[2] ? Number(parts[2]) : null;
  return name === "" || (port !== null && port > 65_535) ? null : { name, port };
}

/** What a request says; undefined for none, and for two: a proxy before us may have read the other one. */
export function hostHeaderOf({ headersDistinct: { host } }: IncomingMessage): string | undefined {
  return host?.length === 1 ? host[0] : undefined;
}

/** An address or name as `parseHost` would give it. */
const nameOf = (address: string): string =>
  parseHost(address.includes(":") ? `[${address.split("%")[0]}]` : address)?.name ?? "";

const isLoopback = (name: string): boolean =>
  name === "localhost" ||
  name === "[::1]" ||
  /^127\.\d+\.\d+\.\d+$/.test(name) ||
  name.startsWith("[::ffff:7f");

export const isAnyAddress = (host: string): boolean => ["0.0.0.0", "[::]"].includes(nameOf(host));

export interface HostParts {
  /** What HOST says. */
  host: string;
  /** Of ALLOWED_HOSTS; without a port, any will do. */
  allowed: readonly Host[];
  /** Where the server listens; null before it does. */
  listening(): { address: string; port: number } | null;
  /** Of this machine; asked again each time, since a laptop changes networks. */
  addresses?(): string[];
}

export const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));

export class Hosts {
  private readonly addresses: () => string[];

  constructor(private readonly parts: HostParts) {
    this.addresses = parts.addresses ?? ownAddresses;
  }

  /** Why a request to this Host is refused, naming the mend; null when it is welcome. */
  refusalOf(header: string | undefined): string | null {
    const host = parseHost(header ?? "");
    if (host !== null && (this.isServed(host) || this.isAllowed(host))) return null;
    // Anybody's to write: only what reads as a host is repeated.
    const shown =
      host === null ? "this Host" : `the Host ${host.name}${host.port === null ? "" : `:${host.port}`}`;
    return (
      `This server does not answer to ${shown}: open it at the address that its start prints. ` +
      "Behind a proxy, or under a name of its own, put that name into the setting ALLOWED_HOSTS."
    );
  }

  /** A page is our own when it came from the Host that it asks, or from a name in ALLOWED_HOSTS (behind a proxy that writes another Host). */
  isOwnOrigin(origin: string, header: string | undefined): boolean {
    if (!URL.canParse(origin)) return false;
    const { protocol, hostname, port } = new URL(origin);
    if (protocol !== "http:" && protocol !== "https:") return false;
    const usual = protocol === "https:" ? HTTPS_PORT : HTTP_PORT;
    const from = { name: hostname.replace(/\.$/, ""), port: port === "" ? usual : Number(port) };
    const host = parseHost(header ?? "");
    const isSame = host !== null && host.name === from.name && (host.port ?? usual) === from.port;
    // Our own port speaks http: a page that has this very port by https is of another program.
    if (isSame && (protocol === "http:" || host.port === null)) return true;
    return this.isAllowed(from);
  }

  private isServed({ name, port }: Host): boolean {
    const listening = this.parts.listening();
    if (listening === null || (port ?? HTTP_PORT) !== listening.port) return false;
    if (isLoopback(name)) return true;
    if (isAnyAddress(this.parts.host)) return this.addresses().some((address) => nameOf(address) === name);
    return [this.parts.host, listening.address].some((address) => nameOf(address) === name);
  }

  private isAllowed({ name, port }: Host): boolean {
    return this.parts.allowed.some(
      (one) =>
        one.name === name &&
        (one.port === null ||
          one.port === port ||
          (port === null && (one.port === HTTP_PORT || one.port === HTTPS_PORT))),
    );
  }
}
