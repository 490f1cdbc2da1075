// What can go wrong. No error carries a key, a body that was sent, or a CVC.

/** Whatever this package throws on purpose, but for a `TypeError` about an argument. */
export class QismaError extends Error {
  override name = 'QismaError';
}

/** What is known of a request that did not go as it should. */
export interface CallFacts {
  readonly idempotencyKey: string | undefined;
  readonly operationUuid: string | undefined;
  readonly outcomeUnknown: boolean;
}

/** A call that ended without what was asked for. */
export class CallError extends QismaError {
  override name = 'CallError';
  /** The key that was sent: with it the same request may be sent again. */
  readonly idempotencyKey: string | undefined;
  /** The QR operation that was asked for: ask for the same one again. */
  readonly operationUuid: string | undefined;
  /**
   * Whether the request may have done its work all the same. Then send the same request with the same
   * `idempotencyKey` (or `operationUuid`) until it is false; with another key it may be done twice.
   */
  readonly outcomeUnknown: boolean;

  constructor(message: string, facts: CallFacts) {
    super(message);
    this.idempotencyKey = facts.idempotencyKey;
    this.operationUuid = facts.operationUuid;
    this.outcomeUnknown = facts.outcomeUnknown;
  }
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
  /** Whether the code is one of docs/errors.md, and so nobody's but the gateway's. */
  readonly hasGatewayCode: boolean;
  readonly message: string;
  readonly flouciCode: number | string | undefined;
  readonly mistakes: readonly FieldMistake[];
  readonly requestId: string | undefined;
  readonly retryAfterSecs: number | undefined;
}

/** The gateway answered, and did not grant the request, or does not know (`outcomeUnknown`). */
export class ApiError extends CallError {
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

  constructor(refusal: Refusal, facts: CallFacts) {
    super(refusal.message, facts);
    this.status = refusal.status;
    this.code = refusal.code;
    this.flouciCode = refusal.flouciCode;
    this.mistakes = refusal.mistakes;
    this.requestId = refusal.requestId;
    this.retryAfterSecs = refusal.retryAfterSecs;
  }
}

/**
 * No whole answer of the gateway came, in time or at all; an error page of a proxy is none either. What became
 * of a change is unknown.
 */
export class ConnectionError extends CallError {
  override name = 'ConnectionError';
}

/**
 * The answer says that all is well, and is not what the API promises: is that really a gateway? What became of a
 * change is unknown.
 */
export class UnexpectedAnswerError extends CallError {
  override name = 'UnexpectedAnswerError';
}

/** A webhook is not proved to come from the gateway. Answer it with 400 and do nothing. */
export class WebhookVerificationError extends QismaError {
  override name = 'WebhookVerificationError';
}
