/**
 * How a program that has started others ends: whatever ends it (Ctrl-C, SIGTERM, a closed terminal, an error), what it
 * has started is ended first, the last one first, each once.
 */
type Stop = () => unknown;

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

const running: { name: string; stop: Stop }[] = [];
let ending: Promise<never> | undefined;
let isListening = false;

/** Has this ended with the program. @returns what forgets it, for a caller that ends it earlier */
export function endsWithUs(name: string, stop: Stop): () => void {
  listen();
  const entry = { name, stop };
  running.push(entry);
  return () => {
    const at = running.indexOf(entry);
    if (at >= 0) running.splice(at, 1);
  };
}

export const isEnding = (): boolean => ending !== undefined;

/** Ends what runs, then the program; a second call, or a second Ctrl-C while it works, changes nothing. */
export function end(exitCode: number): Promise<never> {
  ending ??= (async () => {
    // One by one from the end: what was being started at that moment may join meanwhile.
    for (let last = running.pop(); last; last = running.pop()) {
      const { name, stop } = last;
      try {
        await stop();
      } catch (error) {
        console.error(`  ${name} did not end well: ${(error as Error).message}`);
      }
    }
    process.exit(exitCode);
  })();
  return ending;
}

/** Runs a program to its end; an error is told in one line. */
export function runProgram(main: () => Promise<unknown>): void {
  listen();
  main().then(
    () => end(Number(process.exitCode ?? 0)),
    (error: Error) => {
      // What was being done when a signal came fails because its parts are ended: nobody needs to hear of that.
      if (!isEnding()) console.error(error.message);
      return end(1);
    },
  );
}

/** Signals end the program from now on, in order. @param exitCode by default 128 and the signal's number, as a shell says */
export function listen(exitCode?: number): void {
  if (isListening) return;
  isListening = true;
  for (const [signal, number] of Object.entries(SIGNALS))
    process.on(signal, () => void end(exitCode ?? 128 + number));
  // After its terminal is closed nobody can read what a program writes, and that is no reason to stop ending well.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}
