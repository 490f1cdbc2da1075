// One request: time limit, repetition where it is safe, and errors read from answers.
import { ApiError, ConnectionError, UnexpectedAnswerError } from './errors.js';
import type { CallFacts, FieldMistake, Refusal } from './errors.js';
import { Unreadable, isObject } from './read.js';
import type { Json } from './read.js';

/** Where to send, and how patiently. */
export interface TransportOptions {
  /** How long one try may take, in seconds; 30 when absent. */
  readonly timeoutSecs?: number;
  /** How often a request is sent again; 2 when absent. */
  readonly retriesMax?: number;
  /** A longer `Retry-After` is not waited for but reported, in seconds; 30 when absent. */
  readonly retryWaitSecsMax?: number;
  /** What sends; the platform's own when absent. */
  readonly fetch?: typeof fetch;
  /** What waits, for tests. */
  readonly sleep?: (secs: number) => Promise<void>;
}

/** A request to be sent. */
export interface Call {
  readonly method: 'GET' | 'POST';
  /** With its query, from the root. */
  readonly target: string;
  readonly authorization: string;
  readonly body?: object;
  readonly idempotencyKey?: string;
  /** What makes a GET that changes something the same one again. */
  readonly operationUuid?: string;
}

/** The statuses that say "later". 409 says it, with a time, while the same key is at work. */
const LATER = [409, 429, 503];
/** Says "later", but of another request: the same key finds the payment that was called off. */
const CALLED_OFF = 'terminal_unavailable';
const FIRST_PAUSE_SECS = 0.5;
/** What the gateway takes (docs/api.md). */
const KEY = /^[!-~]{1,255}$/;
const DAY_SECS = 86_400;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export class Transport {
  readonly #root: string;
  readonly #timeoutSecs: number;
  readonly #retriesMax: number;
  readonly #retryWaitSecsMax: number;
  readonly #fetch: typeof fetch;
  readonly #sleep: (secs: number) => Promise<void>;

  constructor(baseUrl: string, options: TransportOptions) {
    const url = new URL(baseUrl);
    const isPlain = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
    if (!['https:', 'http:'].includes(url.protocol) || !isPlain) {
      throw new TypeError('baseUrl must be an address such as https://pay.example');
    }
    this.#root = url.href.replace(/\/+$/, '');
    this.#timeoutSecs = within('timeoutSecs', options.timeoutSecs ?? 30, 0.001, DAY_SECS);
    this.#retriesMax = within('retriesMax', options.retriesMax ?? 2, 0, 100);
    this.#retryWaitSecsMax = within('retryWaitSecsMax', options.retryWaitSecsMax ?? 30, 0, DAY_SECS);
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#sleep = options.sleep ?? ((secs) => new Promise((done) => setTimeout(done, secs * 1000)));
  }

  /** Sends a request, again where that is safe, and gives what is read from the answer's JSON. */
  async call<T>(call: Call, read: (answer: Json) => T): Promise<T> {
    const { idempotencyKey, operationUuid } = call;
    // Here, so that the caller's mistakes are not taken for a lost connection, and that every try sends the same.
    if (idempotencyKey !== undefined) checkIdempotencyKey(idempotencyKey);
    const body = call.body === undefined ? null : JSON.stringify(call.body);
    const isChange = idempotencyKey !== undefined || operationUuid !== undefined;
    const facts = (isUnknown: boolean): CallFacts => {
      return { idempotencyKey, operationUuid, outcomeUnknown: isUnknown && isChange };
    };
    // Reading changes nothing; writing twice is safe only under one key.
    const isRepeatable = call.method === 'GET' || idempotencyKey !== undefined;
    let isUnknown = false;
    for (let tried = 0; ; tried += 1) {
      const isLast = tried >= this.#retriesMax || !isRepeatable;
      const answer = await this.#send(call, body);
      const refused = typeof answer === 'string' ? undefined : refusal(answer);
      if (typeof answer === 'string' || (refused !== undefined && isForeign(refused))) {
        isUnknown = true;
        const asked = refused?.retryAfterSecs;
        if (isLast || (asked !== undefined && asked > this.#retryWaitSecsMax)) {
          const why = typeof answer === 'string' ? answer : `the status ${answer.status} is not the gateway's`;
          throw new ConnectionError(`no answer came: ${why}`, facts(true));
        }
        await this.#sleep(asked ?? pauseSecs(tried));
        continue;
      }
      if (refused === undefined) return understood(answer, read, facts(true));
      if (refused.code === 'outcome_unknown') isUnknown = true;
      const isLater = LATER.includes(refused.status) && refused.code !== CALLED_OFF;
      const wait = isLater ? refused.retryAfterSecs : undefined;
      if (isLast || wait === undefined || wait > this.#retryWaitSecsMax) {
        throw new ApiError(refused, facts(isUnknown && !isFinal(refused)));
      }
      await this.#sleep(wait);
    }
  }

  /** The answer, or why there is none. */
  async #send(call: Call, body: string | null): Promise<Answer | string> {
    const headers: Record<string, string> = {
      Accept: 'application/json',
      Authorization: call.authorization,
      'User-Agent': 'qisma-typescript/0.1.0',
    };
    if (body !== null) headers['Content-Type'] = 'application/json';
    if (call.idempotencyKey !== undefined) headers['Idempotency-Key'] = call.idempotencyKey;
    const send = this.#fetch;
    try {
      const response = await send(this.#root + call.target, {
        method: call.method,
        headers,
        body,
        // The API never redirects; whoever does must not be handed the keys.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#timeoutSecs * 1000),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (cause) {
      return reason(cause);
    }
  }
}

/** Refuses what the gateway would. */
export function checkIdempotencyKey(key: string): void {
  if (!KEY.test(key)) throw new TypeError('an idempotency key is 1 to 255 visible ASCII characters');
}

function within(name: string, value: number, min: number, max: number): number {
  // Written so that what is no number is refused, too.
  if (!(value >= min && value <= max)) throw new TypeError(`${name} must be from ${min} to ${max}`);
  return value;
}

/** Whether something before the gateway answered: its own errors of 500 and above have a code. */
function isForeign(refused: Refusal): boolean {
  return refused.status >= 500 && !refused.hasGatewayCode;
}

/** Whether a refusal also tells what became of earlier tries under the same key. */
function isFinal(refused: Refusal): boolean {
  const saysLater = refused.status >= 500 || refused.retryAfterSecs !== undefined;
  const isOfTheKey = !saysLater && refused.status !== 401 && refused.status !== 429;
  return isOfTheKey || refused.code === CALLED_OFF;
}

function understood<T>(answer: Answer, read: (answer: Json) => T, facts: CallFacts): T {
  try {
    const value = parsed(answer);
    if (!isObject(value)) throw new Unreadable('the answer is not a JSON object');
    return read(value);
  } catch (error) {
    if (error instanceof Unreadable) throw new UnexpectedAnswerError(error.message, facts);
    throw error;
  }
}

/** No message of the platform, which may hold the address, and with it what was asked for. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown';
  const code: unknown = isObject(cause.cause) ? cause.cause['code'] : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : cause.name;
}

/** Half a second, doubled each time, of which a part is left to chance so that clients spread out. */
function pauseSecs(tried: number): number {
  const longest = FIRST_PAUSE_SECS * 2 ** tried;
  return longest * (0.5 + Math.random() / 2);
}

function parsed(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

function refusal(answer: Answer): Refusal | undefined {
  const value = parsed(answer);
  const body = isObject(value) ? value : {};
  const isOk = answer.status >= 200 && answer.status < 300;
  if (isOk && body['status'] !== 'error' && body['success'] !== false) return undefined;
  const result = isObject(body['result']) ? body['result'] : {};
  const hasGatewayCode = typeof result['error'] === 'string';
  const flouciCode = body['code'];
  const isCode = typeof flouciCode === 'number' || typeof flouciCode === 'string';
  const word = typeof flouciCode === 'string' ? flouciCode : '';
  const message = body['message'] ?? result['message'];
  return {
    status: answer.status,
    code: typeof result['error'] === 'string' ? result['error'] : word,
    hasGatewayCode,
    message: typeof message === 'string' ? message : `the answer has the status ${answer.status}`,
    flouciCode: isCode ? flouciCode : undefined,
    mistakes: mistakes(result['errors']),
    requestId: answer.headers.get('x-request-id') ?? undefined,
    retryAfterSecs: retryAfterSecs(answer.headers.get('retry-after')),
  };
}

function mistakes(errors: unknown): FieldMistake[] {
  if (!Array.isArray(errors)) return [];
  return errors.filter(isObject).map(({ field, message }) => ({
    field: String(field),
    message: String(message),
  }));
}

/** Seconds, or a date. */
function retryAfterSecs(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^[0-9]+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}
