/**
 * What a caller may put into a call. Each reader returns the value that goes on to the node, built anew, so that
 * nothing reaches it unread; the first fault ends the reading, so that a hostile list costs nothing.
 */

/** A parameter that cannot be used; the message is for the caller. */
export class ParameterError extends Error {
  override name = "ParameterError";
  constructor(
    message: string,
    readonly reason: "invalidParams" | "logRange" | "stateOverride" = "invalidParams",
  ) {
    super(message);
  }
}

/** @param where the parameter's place, for the message */
export type Read = (value: unknown, where: string) => unknown;

/** The largest transaction that geth takes. */
const MAX_BYTES = 128 * 1024;
const MAX_ADDRESSES = 20;
const MAX_TOPICS = 4;
const MAX_TOPIC_CHOICES = 20;
const MAX_ACCESS_LIST = 50;
const MAX_STORAGE_KEYS = 50;
/** The node's own largest number of blocks in a fee history. */
const MAX_FEE_BLOCKS = 1024;
const MAX_PERCENTILES = 20;
const TAGS = new Set(["latest", "pending", "earliest", "safe", "finalized"]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const matching =
  (pattern: RegExp, maxLength: number, what: string): Read =>
  (value, where) => {
    if (typeof value === "string" && value.length <= maxLength && pattern.test(value)) return value;
    throw new ParameterError(`${where} must be ${what}`);
  };

export const address = matching(/^0x[0-9a-f]{40}$/i, 42, "an address: 0x and 40 hexadecimal digits");
export const hash = matching(/^0x[0-9a-f]{64}$/i, 66, "a hash: 0x and 64 hexadecimal digits");
export const quantity = matching(/^0x[0-9a-f]{1,64}$/i, 66, "a number: 0x and 1 to 64 hexadecimal digits");
const blockNumber = matching(
  /^0x[0-9a-f]{1,13}$/i,
  15,
  "latest, pending, earliest, or a block's number such as 0x1f",
);

export const bytes: Read = (value, where) => {
  if (
    typeof value !== "string" ||
    !value.startsWith("0x") ||
    value.length % 2 ||
    /[^0-9a-f]/i.test(value.slice(2))
  )
    throw new ParameterError(`${where} must be bytes: 0x and an even number of hexadecimal digits`);
  if (value.length > 2 + 2 * MAX_BYTES)
    throw new ParameterError(`${where} may have ${MAX_BYTES} bytes at most`);
  return value;
};

export const flag: Read = (value, where) => {
  if (typeof value === "boolean") return value;
  throw new ParameterError(`${where} must be true or false`);
};

export const tagOrNumber: Read = (value, where) =>
  typeof value === "string" && TAGS.has(value) ? value : blockNumber(value, where);

/** A tag, a number, or EIP-1898's object. */
export const block: Read = (value, where) => {
  if (!isObject(value)) return tagOrNumber(value, where);
  if (value.blockHash === undefined)
    return { blockNumber: blockNumber(value.blockNumber, `${where}.blockNumber`) };
  return {
    blockHash: hash(value.blockHash, `${where}.blockHash`),
    ...(value.requireCanonical === undefined
      ? {}
      : { requireCanonical: flag(value.requireCanonical, `${where}.requireCanonical`) }),
  };
};

const list =
  (most: number, read: Read): Read =>
  (value, where) => {
    if (!Array.isArray(value)) throw new ParameterError(`${where} must be a list`);
    if (value.length > most) throw new ParameterError(`${where} may have ${most} entries at most`);
    return value.map((entry, i) => read(entry, `${where}[${i}]`));
  };

const orNull =
  (read: Read): Read =>
  (value, where) =>
    value === null ? null : read(value, where);

const oneOrList =
  (most: number, read: Read): Read =>
  (value, where) =>
    Array.isArray(value) ? list(most, read)(value, where) : read(value, where);

/** Fields of `value` that `readers` know; what is absent or null stays out, and so does what they do not know, as in geth. */
function fields(value: unknown, where: string, readers: Record<string, Read>): Record<string, unknown> {
  if (!isObject(value)) throw new ParameterError(`${where} must be an object`);
  const result: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(readers)) {
    const field = Object.hasOwn(value, name) ? value[name] : undefined;
    if (field !== undefined && field !== null) result[name] = read(field, `${where}.${name}`);
  }
  return result;
}

const accessList = list(MAX_ACCESS_LIST, (value, where) => ({
  storageKeys: [],
  ...fields(value, where, { address, storageKeys: list(MAX_STORAGE_KEYS, hash) }),
}));

const CALL_FIELDS: Record<string, Read> = {
  from: address,
  to: address,
  gas: quantity,
  gasPrice: quantity,
  maxFeePerGas: quantity,
  maxPriorityFeePerGas: quantity,
  value: quantity,
  data: bytes,
  input: bytes,
  nonce: quantity,
  type: quantity,
  chainId: quantity,
  accessList,
};

/** A call that is carried out on the node, of which it may take `gasCap` gas at most. */
export const cappedCall =
  (gasCap: bigint): Read =>
  (value, where) => {
    const call = fields(value, where, CALL_FIELDS);
    const gas = typeof call.gas === "string" ? BigInt(call.gas) : gasCap;
    return { ...call, gas: `0x${(gas < gasCap ? gas : gasCap).toString(16)}` };
  };

export interface LogFilter {
  fromBlock?: string;
  toBlock?: string;
  blockHash?: string;
}

export const logFilter: Read = (value, where) => {
  const filter = fields(value, where, {
    fromBlock: tagOrNumber,
    toBlock: tagOrNumber,
    blockHash: hash,
    address: oneOrList(MAX_ADDRESSES, address),
    topics: list(MAX_TOPICS, orNull(oneOrList(MAX_TOPIC_CHOICES, orNull(hash)))),
  });
  if (filter.blockHash !== undefined && (filter.fromBlock !== undefined || filter.toBlock !== undefined))
    throw new ParameterError(`${where} names a blockHash and a range of blocks: one of them is enough`);
  return filter;
};

export const feeBlocks: Read = (value, where) => {
  const count = typeof value === "string" && /^0x[0-9a-f]{1,4}$/i.test(value) ? Number(value) : value;
  if (Number.isInteger(count) && (count as number) >= 1 && (count as number) <= MAX_FEE_BLOCKS)
    return `0x${(count as number).toString(16)}`;
  throw new ParameterError(`${where} must be a number of blocks, 0x1 to 0x${MAX_FEE_BLOCKS.toString(16)}`);
};

export const percentiles = orNull(
  list(MAX_PERCENTILES, (value, where) => {
    if (typeof value === "number" && value >= 0 && value <= 100) return value;
    throw new ParameterError(`${where} must be a number from 0 to 100`);
  }),
);
