/** How a node fails behind a door; the door makes a JSON-RPC error of it, and the HTTP status. */
export class NodeFailure extends Error {
  override name = "NodeFailure";
  constructor(
    readonly status: 502 | 503 | 504,
    message: string,
  ) {
    super(message);
  }
}

/** It answers, but nothing that can be an answer. */
export class NodeNonsense extends NodeFailure {
  constructor(what: string) {
    super(502, `The node's answer cannot be used: ${what}.`);
  }
}

/** The caller asked for more than a door hands out. */
export class AnswerTooLarge extends Error {
  override name = "AnswerTooLarge";
  constructor(readonly maxBytes: number) {
    super(`The answer has more than ${maxBytes} bytes: ask for less.`);
  }
}
