/** Counts in windows of a minute: what it remembers is forgotten with the window. */
export class Rate {
  private taken = new Map<string, number>();
  private beganAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly perMinute: number,
    private readonly elapsedMs: () => number,
  ) {}

  take(client: string, count: number): boolean {
    if (this.perMinute === Number.POSITIVE_INFINITY) return true;
    const nowMs = this.elapsedMs();
    if (nowMs - this.beganAtMs >= 60_000) {
      this.taken = new Map();
      this.beganAtMs = nowMs;
    }
    const sum = (this.taken.get(client) ?? 0) + count;
    if (sum > this.perMinute) return false;
    this.taken.set(client, sum);
    return true;
  }
}
