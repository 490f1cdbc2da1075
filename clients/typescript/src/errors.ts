// What can go wrong. No error carries a key, a body that was sent, or a CVC.

/** Whatever this package throws on purpose, but for a `TypeError` about an argument. */
export class QismaError extends Error {
  override name = 'QismaError';
}

/** A mistake in one field of a request. */
export interface FieldMistake {
  readonly field: string;
  readonly message: string;
}

/** What the gateway said when it did not grant a request. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly flouciCode: number | string | undefined;
  readonly mistakes: readonly FieldMistake[];
  readonly requestId: string | undefined;
  readonly retryAfterSecs: number | undefined;
  readonly idempotencyKey: string | undefined;
}

/** The gateway answered, and did not grant the request. */
export class ApiError extends QismaError {
  override name = 'ApiError';
  /** The HTTP status. */
  readonly status: number;
  /** The code of docs/errors.md, such as `payment_not_found`; empty when the answer has none. */
  readonly code: string;
  /** The body's own `code`, as Flouci spells it: 1, or a word such as `REFUND_NOT_ALLOWED`. */
  readonly flouciCode: number | string | undefined;
  /** Every mistake of a request that is `request_invalid`. */
  readonly mistakes: readonly FieldMistake[];
  /** What to tell whoever runs the gateway. */
  readonly requestId: string | undefined;
  /** How long the gateway asks to wait, in seconds. */
  readonly retryAfterSecs: number | undefined;
  /** The key that was sent: with it the same request may be sent again. */
  readonly idempotencyKey: string | undefined;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.status = refusal.status;
    this.code = refusal.code;
    this.flouciCode = refusal.flouciCode;
    this.mistakes = refusal.mistakes;
    this.requestId = refusal.requestId;
    this.retryAfterSecs = refusal.retryAfterSecs;
    this.idempotencyKey = refusal.idempotencyKey;
  }
}

/**
 * No whole answer came, in time or at all. What became of the request is unknown: send it again with
 * the same idempotency key.
 */
export class ConnectionError extends QismaError {
  override name = 'ConnectionError';

  constructor(
    message: string,
    readonly idempotencyKey: string | undefined,
  ) {
    super(message);
  }
}

/** The answer says that all is well, and is not what the API promises: is that really a gateway? */
export class UnexpectedAnswerError extends QismaError {
  override name = 'UnexpectedAnswerError';
}

/** A webhook is not proved to come from the gateway. Answer it with 400 and do nothing. */
export class WebhookVerificationError extends QismaError {
  override name = 'WebhookVerificationError';
}
