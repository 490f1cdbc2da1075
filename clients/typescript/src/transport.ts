// One request: time limit, repetition where it is safe, and errors read from answers.
import { ApiError, ConnectionError, UnexpectedAnswerError } from './errors.js';
import type { FieldMistake } from './errors.js';
import { isObject } from './read.js';
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
}

/** The statuses that say "later". 409 says it, with a time, while the same key is at work. */
const LATER = [409, 429, 503];
const FIRST_PAUSE_SECS = 0.5;

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
    this.#timeoutSecs = options.timeoutSecs ?? 30;
    this.#retriesMax = options.retriesMax ?? 2;
    this.#retryWaitSecsMax = options.retryWaitSecsMax ?? 30;
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#sleep = options.sleep ?? ((secs) => new Promise((done) => setTimeout(done, secs * 1000)));
  }

  /** Sends a request, again where that is safe, and gives the answer's JSON. */
  async call(call: Call): Promise<Json> {
    // Reading changes nothing; writing twice is safe only under one key.
    const isRepeatable = call.method === 'GET' || call.idempotencyKey !== undefined;
    for (let tried = 0; ; tried += 1) {
      const isLast = tried >= this.#retriesMax || !isRepeatable;
      let answer: Answer;
      try {
        answer = await this.#send(call);
      } catch (cause) {
        if (isLast) throw new ConnectionError(`no answer came: ${reason(cause)}`, call.idempotencyKey);
        await this.#sleep(pauseSecs(tried));
        continue;
      }
      const error = refusal(answer, call.idempotencyKey);
      if (error === undefined) return json(answer);
      const wait = LATER.includes(error.status) ? error.retryAfterSecs : undefined;
      if (isLast || wait === undefined || wait > this.#retryWaitSecsMax) throw error;
      await this.#sleep(wait);
    }
  }

  async #send(call: Call): Promise<Answer> {
    const headers: Record<string, string> = {
      Accept: 'application/json',
      Authorization: call.authorization,
      'User-Agent': 'qisma-typescript/0.1.0',
    };
    if (call.body !== undefined) headers['Content-Type'] = 'application/json';
    if (call.idempotencyKey !== undefined) headers['Idempotency-Key'] = call.idempotencyKey;
    const send = this.#fetch;
    const response = await send(this.#root + call.target, {
      method: call.method,
      headers,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      // The API never redirects; whoever does must not be handed the keys.
      redirect: 'manual',
      signal: AbortSignal.timeout(this.#timeoutSecs * 1000),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown';
  const inner = cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
  return `${cause.message}${inner}`;
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

function json(answer: Answer): Json {
  const value = parsed(answer);
  if (!isObject(value)) throw new UnexpectedAnswerError('the answer is not a JSON object');
  return value;
}

function refusal(answer: Answer, idempotencyKey: string | undefined): ApiError | undefined {
  const value = parsed(answer);
  const body = isObject(value) ? value : {};
  const isOk = answer.status >= 200 && answer.status < 300;
  if (isOk && body['status'] !== 'error' && body['success'] !== false) return undefined;
  const result = isObject(body['result']) ? body['result'] : {};
  const flouciCode = body['code'];
  const isCode = typeof flouciCode === 'number' || typeof flouciCode === 'string';
  const word = typeof flouciCode === 'string' ? flouciCode : '';
  const message = body['message'] ?? result['message'];
  return new ApiError({
    status: answer.status,
    code: typeof result['error'] === 'string' ? result['error'] : word,
    message: typeof message === 'string' ? message : `the answer has the status ${answer.status}`,
    flouciCode: isCode ? flouciCode : undefined,
    mistakes: mistakes(result['errors']),
    requestId: answer.headers.get('x-request-id') ?? undefined,
    retryAfterSecs: retryAfterSecs(answer.headers.get('retry-after')),
    idempotencyKey,
  });
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
