/** A store in memory that insists on its contract and remembers what it was told. */
import assert from "node:assert/strict";
import type { ChainEvent } from "../../chain/chain-event";
import type { BlockHeader, ChainIdentity, ChainSink, EventBatch } from "../../chain/sink";

export const placeOf = ({ block, blockHash, txHash, logIndex }: ChainEvent) =>
  `${block}:${blockHash}:${txHash}:${logIndex}`;

export class RecordingSink implements ChainSink {
  events: ChainEvent[] = [];
  early: ChainEvent[] = [];
  head: BlockHeader | null = null;
  identity: ChainIdentity | null = null;
  states: string[] = [];
  detail = "";
  rollbacks: number[] = [];
  resets = 0;
  batches: EventBatch[] = [];
  /** Called in the middle of `apply`; may throw, as a full disk would. */
  whileApplying: () => void = () => {};
  private blocks = new Map<number, string>();

  get state(): string | undefined {
    return this.states.at(-1);
  }

  cursor(): { block: number; hash: string } | null {
    return this.knownBlocks()[0] ?? null;
  }

  knownBlocks(): { block: number; hash: string }[] {
    return [...this.blocks].map(([block, hash]) => ({ block, hash })).sort((a, b) => b.block - a.block);
  }

  chainIdentity(): ChainIdentity | null {
    return this.identity;
  }

  apply(batch: EventBatch): void {
    const cursor = this.cursor()?.block ?? -1;
    assert.ok(batch.through.block > cursor, `a batch through ${batch.through.block} at cursor ${cursor}`);
    const headers = new Map([...batch.headers, batch.through].map((header) => [header.block, header]));
    let before = { block: cursor, logIndex: Number.POSITIVE_INFINITY };
    for (const event of batch.events) {
      const isLater =
        event.block > before.block || (event.block === before.block && event.logIndex > before.logIndex);
      assert.ok(isLater && event.block <= batch.through.block, `${event.name} out of order`);
      assert.equal(headers.get(event.block)?.hash, event.blockHash);
      before = event;
    }
    this.whileApplying();
    this.batches.push(batch);
    for (const { block, hash } of headers.values()) this.blocks.set(block, hash);
    this.events.push(...batch.events);
  }

  rollback(block: number): void {
    this.rollbacks.push(block);
    this.events = this.events.filter((event) => event.block <= block);
    for (const known of this.blocks.keys()) if (known > block) this.blocks.delete(known);
  }

  reset(identity: ChainIdentity): void {
    this.resets++;
    this.identity = identity;
    this.events = [];
    this.early = [];
    this.blocks.clear();
  }

  preview(events: ChainEvent[], headers: BlockHeader[], head: BlockHeader): void {
    const hashes = new Map(headers.map(({ block, hash }) => [block, hash]));
    for (const event of events) {
      assert.ok(event.block > (this.cursor()?.block ?? -1), `${event.name} is previewed below the cursor`);
      assert.equal(hashes.get(event.block), event.blockHash);
    }
    this.early = events;
    this.head = head;
  }

  nodeState(state: string, detail: string): void {
    this.states.push(state);
    this.detail = detail;
  }
}
