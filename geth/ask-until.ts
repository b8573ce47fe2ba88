/** Asks until `isGood` likes the answer; a node that does not answer yet is asked again. */
export async function askUntil<T>(
  what: string,
  question: () => Promise<T>,
  isGood: (answer: T) => boolean,
  withinMs: number,
  giveUp: () => string | null = () => null,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last = "nothing";
  for (;;) {
    try {
      const answer = await question();
      if (isGood(answer)) return answer;
      last = JSON.stringify(answer);
    } catch (error) {
      last = (error as Error).message;
    }
    const reason = giveUp();
    if (reason !== null) throw new Error(`${what}: ${reason}`);
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${withinMs / 1000} s; the last answer was ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
