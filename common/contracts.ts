/**
 * The contracts with names that are checked: these types are read off the generated ABIs, so that a wrong method,
 * argument or event field fails `tsc`. Types alone; `chain/codec.ts` and `chain/contract.ts` have the code.
 */
import type { Address } from "./address";

interface Parameter {
  readonly type: string;
  readonly name?: string;
  readonly components?: readonly Parameter[];
}
type Parameters = readonly Parameter[];

/** What `as const` makes of an ABI. */
export type Abi = readonly {
  readonly type: string;
  readonly name?: string;
  readonly inputs?: Parameters;
  readonly outputs?: Parameters;
  readonly stateMutability?: string;
}[];

/** One value. Every integer is a bigint, `uint32` too: that is what web3 4 returns. */
type Value<P extends Parameter> = P["type"] extends `${infer Item}[]`
  ? readonly Value<Omit<P, "type"> & { type: Item }>[]
  : P["type"] extends `${"" | "u"}int${number}`
    ? bigint
    : P["type"] extends "bool"
      ? boolean
      : P["type"] extends "tuple"
        ? P extends { components: infer Fields extends Parameters }
          ? Struct<Fields>
          : never
        : P["type"] extends "address" | "string" | `bytes${string}`
          ? string
          : never;
type Struct<P extends Parameters> = {
  readonly [Field in P[number] as Field extends { name: infer Name extends string }
    ? Name
    : never]: Value<Field>;
};
type Values<P extends Parameters> = { [I in keyof P]: Value<P[I]> };

type Named<A extends Abi, Type extends string, Name = string> = Extract<
  A[number],
  { type: Type; name: Name }
>;

export type MethodName<A extends Abi> = Named<A, "function">["name"];
export type EventName<A extends Abi> = Named<A, "event">["name"];
/** A custom error's name, such as "OfferNotOpen". */
export type ErrorName<A extends Abi> = Named<A, "error">["name"];

type Inputs<F> = F extends { inputs: infer P extends Parameters } ? Values<P> : never;
type Output<F> = F extends { outputs: infer P extends Parameters }
  ? P extends readonly []
    ? undefined
    : P extends readonly [infer Only extends Parameter]
      ? Value<Only>
      : Struct<P>
  : never;

/** "transferAndCall(address,uint256)": how an overload is named. Not for structs, whose fields it would need. */
type Signature<F> = F extends { name: infer Name extends string; inputs: infer P extends Parameters }
  ? `${Name}(${JoinTypes<P>})`
  : never;
type JoinTypes<P extends Parameters> = P extends readonly [
  infer First extends Parameter,
  ...infer Rest extends Parameters,
]
  ? Rest extends readonly []
    ? First["type"]
    : `${First["type"]},${JoinTypes<Rest>}`
  : "";

export interface Receipt {
  transactionHash: string;
  blockNumber: number;
  gasUsed: bigint;
  /** Of the contract that it made. */
  contractAddress?: string | null;
}

/** Who sends it, with how much ether (wei); the gas is estimated where none is given. */
export interface SendOptions {
  from: Address;
  value?: bigint;
  gas?: bigint;
}

export interface MethodCall<Output> {
  /** As a view on the newest block. */
  call(): Promise<Output>;
  /** As a transaction, and waits for its block. @throws Error in the contract's words */
  send(options: SendOptions): Promise<Receipt>;
  encodeABI(): `0x${string}`;
}

type Method<F> = (...args: Inputs<F>) => MethodCall<Output<F>>;
type Methods<A extends Abi> = {
  readonly [Name in MethodName<A>]: Method<Named<A, "function", Name>>;
} & { readonly [F in Named<A, "function"> as Signature<F>]: Method<F> };

/** What a view returns, or what a function would. */
export type MethodResult<A extends Abi, Name extends MethodName<A>> = Output<Named<A, "function", Name>>;

/** An event's arguments by name. */
export type EventArguments<A extends Abi, Name extends EventName<A>> =
  Named<A, "event", Name> extends { inputs: infer P extends Parameters } ? Struct<P> : never;

/** A decoded log. */
export interface TypedEventLog<A extends Abi, Name extends EventName<A>> {
  readonly event: Name;
  readonly returnValues: EventArguments<A, Name>;
  readonly blockNumber: bigint;
  readonly transactionHash: string;
}

export interface EventQuery<A extends Abi, Name extends EventName<A>> {
  /** Values that arguments must have. */
  filter?: Partial<EventArguments<A, Name>>;
  /** By default block 0. */
  fromBlock?: bigint | number;
  /** Included. */
  toBlock?: bigint | number | "latest";
}

/** A contract as scripts and tests use it. */
export interface TypedContract<A extends Abi> {
  readonly address: Address;
  readonly methods: Methods<A>;
  getPastEvents<Name extends EventName<A>>(
    event: Name,
    options?: EventQuery<A, Name>,
  ): Promise<TypedEventLog<A, Name>[]>;
}
