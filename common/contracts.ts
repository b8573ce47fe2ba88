/**
 * web3 4 with names that are checked. web3 itself accepts any method name and leaves event values `unknown`; these
 * types are read off the generated ABIs, so that a wrong method, argument or event field fails `tsc`. Types alone:
 * a `Contract` of web3-eth-contract is cast once, where it is made:
 *
 *     new Contract(energyTradeAbi, address) as unknown as TypedContract<typeof energyTradeAbi>
 */
import type { ContractEventOptions, NonPayableMethodObject, PayableMethodObject } from "web3-eth-contract";
import type { BlockNumberOrTag, ContractOptions } from "web3-types";

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

type Method<F> = (
  ...args: Inputs<F>
) => F extends { stateMutability: "payable" }
  ? PayableMethodObject<Inputs<F>, Output<F>>
  : NonPayableMethodObject<Inputs<F>, Output<F>>;
type Methods<A extends Abi> = {
  readonly [Name in MethodName<A>]: Method<Named<A, "function", Name>>;
} & { readonly [F in Named<A, "function"> as Signature<F>]: Method<F> };

/** What a view returns, or what a function would. */
export type MethodResult<A extends Abi, Name extends MethodName<A>> = Output<Named<A, "function", Name>>;

/** An event's arguments by name. */
export type EventArguments<A extends Abi, Name extends EventName<A>> =
  Named<A, "event", Name> extends { inputs: infer P extends Parameters } ? Struct<P> : never;

/** A decoded log. `event` tells which: narrow on it where several kinds come together. */
export type TypedEventLog<A extends Abi, Name extends EventName<A> = EventName<A>> = {
  [N in Name]: {
    readonly event: N;
    readonly returnValues: EventArguments<A, N>;
    readonly address: string;
    readonly blockHash: string;
    readonly blockNumber: bigint;
    readonly transactionHash: string;
    readonly transactionIndex: bigint;
    readonly logIndex: bigint;
  };
}[Name];

export interface EventSubscription<Log> {
  on(type: "data" | "changed", listener: (log: Log) => void): void;
  on(type: "error", listener: (error: Error) => void): void;
  on(type: "connected", listener: (subscriptionId: number) => void): void;
  unsubscribe(): Promise<void>;
}

interface EventQuery<A extends Abi, Name extends EventName<A>> extends Omit<ContractEventOptions, "filter"> {
  /** Values, or lists of values, that indexed arguments must have. */
  filter?: {
    [K in keyof EventArguments<A, Name>]?: EventArguments<A, Name>[K] | EventArguments<A, Name>[K][];
  };
}

/** The part of web3-eth-contract's `Contract` the house uses. */
export interface TypedContract<A extends Abi> {
  readonly options: ContractOptions;
  readonly methods: Methods<A>;
  readonly events: {
    readonly [Name in EventName<A>]: (
      options?: EventQuery<A, Name>,
    ) => EventSubscription<TypedEventLog<A, Name>>;
  } & { allEvents(options?: ContractEventOptions): EventSubscription<TypedEventLog<A>> };
  getPastEvents<Name extends EventName<A>>(
    event: Name,
    options?: EventQuery<A, Name> & { toBlock?: BlockNumberOrTag },
  ): Promise<TypedEventLog<A, Name>[]>;
  getPastEvents(
    event: "allEvents",
    options?: Omit<ContractEventOptions, "filter"> & { toBlock?: BlockNumberOrTag },
  ): Promise<TypedEventLog<A>[]>;
}
