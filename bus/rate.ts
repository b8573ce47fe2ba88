/** How many messages a sender may send: so many at once, so many a second. */
export class Bucket {
  private level: number;
  private filledAtMs: number;

  constructor(
    private readonly limit: { burst: number; perSecond: number },
    steadyMs: number,
  ) {
    this.level = limit.burst;
    this.filledAtMs = steadyMs;
  }

  /** @returns whether that many were left; they are gone then */
  take(count: number, steadyMs: number): boolean {
    const grown = ((steadyMs - this.filledAtMs) / 1000) * this.limit.perSecond;
    this.level = Math.min(this.limit.burst, this.level + grown);
    this.filledAtMs = steadyMs;
    if (this.level < count) return false;
    this.level -= count;
    return true;
  }
}
