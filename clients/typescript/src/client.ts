// The calls of the API, one method each.
import { Unreadable, checkMillimes, list, millimes, object, optionalText, text } from './read.js';
import type { Json } from './read.js';
import { Transport, checkIdempotencyKey } from './transport.js';
import type { TransportOptions } from './transport.js';
import type {
  Binding,
  Cancellation,
  Confirmation,
  CreatedPayment,
  Destination,
  HistoryFilter,
  HistoryRow,
  NewPayment,
  NewPosTransaction,
  NewQrCode,
  NewRefund,
  Payment,
  PaymentStatus,
  PosQuery,
  PosTransaction,
  QrCode,
  QrHistoryFilter,
  QrTransaction,
  Refund,
  RevokedBinding,
  SettlementStatus,
  StartedPosTransaction,
} from './types.js';

export interface ClientOptions extends TransportOptions {
  /** The gateway's address, such as `https://pay.example`. */
  readonly baseUrl: string;
  /** The pair of keys that `qisma app create` printed. */
  readonly publicKey: string;
  readonly privateKey: string;
  /** The key of the QR calls; only they need it. */
  readonly apiKey?: string;
}

/** How to send a request that changes something. */
export interface SendOptions {
  /** Makes the same request again harmless; a fresh UUID when absent. */
  readonly idempotencyKey?: string;
}

const STATUSES: readonly string[] = [
  'SUCCESS',
  'PENDING',
  'EXPIRED',
  'FAILURE',
  'PREAUTH_SUCCESS',
  'SYSTEM_FAILURE',
] satisfies PaymentStatus[];

/** A client of one app of a merchant. It holds no state and may be shared. */
export class QismaClient {
  readonly #transport: Transport;
  readonly #authorization: string;
  readonly #apiKey: string | undefined;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options.baseUrl, options);
    const pair = [credential('publicKey', options.publicKey), credential('privateKey', options.privateKey)];
    this.#authorization = `Bearer ${pair.join(':')}`;
    this.#apiKey = options.apiKey && credential('apiKey', options.apiKey);
  }

  /** Asks for a payment. Send the payer to its `link`, unless a saved card's `status` says that it is paid. */
  async generatePayment(payment: NewPayment, options?: SendOptions): Promise<CreatedPayment> {
    checkMillimes('amount', payment.amount);
    checkShares(payment, 'destination');
    return this.#post('/api/v2/generate_payment', payment, options, (answer) => {
      const result = object(answer, 'result');
      return {
        payment_id: text(result, 'payment_id'),
        link: optionalText(result, 'link'),
        developer_tracking_id: optionalText(result, 'developer_tracking_id'),
        status: optionalText(result, 'status') === undefined ? undefined : statusOf(result),
      };
    });
  }

  /** Asks how a payment stands. Wait for the webhook instead of asking again and again. */
  async verifyPayment(paymentId: string): Promise<Payment> {
    // An id such as `..` would lead to another path.
    if (!/^[A-Za-z0-9_-]+$/.test(paymentId)) throw new TypeError('that is no payment id');
    return this.#get(`/api/v2/verify_payment/${paymentId}`, {}, (answer) => {
      const result = object(answer, 'result');
      return {
        payment_id: paymentId,
        type: text(result, 'type'),
        amount: millimes(result, 'amount'),
        status: statusOf(result),
        settlement_status: text(result, 'settlement_status') as SettlementStatus,
        developer_tracking_id: optionalText(result, 'developer_tracking_id') ?? null,
        details: object(result, 'details') as Payment['details'],
      };
    });
  }

  /**
   * Gives a payment back: all that is left of it, a part (as often as there is something left), or chosen shares.
   *
   * All of it is meant by leaving `amount` out; one that is there but undefined is a mistake.
   */
  async refundPayment(paymentId: string, refund: NewRefund = {}, options?: SendOptions): Promise<Refund> {
    checkOptionalMillimes(refund);
    checkShares(refund, 'reversals');
    const body = { ...refund, payment_id: paymentId };
    return this.#post('/api/v2/refund_payment', body, options, (answer) => {
      const result = object(answer, 'result');
      return {
        refund_id: text(result, 'refund_id'),
        payment_id: text(result, 'payment_id'),
        amount: millimes(result, 'amount'),
        status: text(result, 'status'),
        refunded_at: optionalText(result, 'refunded_at'),
        // Flouci's own answer has none.
        reversals: 'reversals' in result ? list(result, 'reversals').map(share) : [],
      };
    });
  }

  /**
   * Captures money that is held, all of it or a part; the rest is released.
   *
   * All of it is meant by leaving `amount` out; one that is there but undefined is a mistake.
   */
  async confirmPayment(
    paymentId: string,
    confirm: { readonly amount?: number } = {},
    options?: SendOptions,
  ): Promise<Confirmation> {
    checkOptionalMillimes(confirm);
    const body = { ...confirm, payment_id: paymentId };
    return this.#post('/api/v2/confirm_payment', body, options, (answer) => {
      const result = object(answer, 'result');
      return {
        payment_id: text(result, 'payment_id'),
        status: text(result, 'status'),
        amount: millimes(result, 'amount'),
        confirmed_at: optionalText(result, 'confirmed_at'),
      };
    });
  }

  /** Releases money that is held. */
  async cancelPayment(paymentId: string, options?: SendOptions): Promise<Cancellation> {
    const body = { payment_id: paymentId };
    return this.#post('/api/v2/cancel_payment', body, options, (answer) => {
      const result = object(answer, 'result');
      return {
        payment_id: text(result, 'payment_id'),
        status: text(result, 'status'),
        cancelled_at: optionalText(result, 'cancelled_at'),
      };
    });
  }

  /** The saved cards of a payer. */
  async listBindings(clientId: string): Promise<readonly Binding[]> {
    return this.#get('/api/v2/bindings/list', { client_id: clientId }, (answer) =>
      list(object(answer, 'result'), 'bindings').map((binding) => ({
        binding_id: text(binding, 'binding_id'),
        client_id: text(binding, 'client_id'),
        card_last_four: text(binding, 'card_last_four'),
        card_brand: text(binding, 'card_brand'),
        status: text(binding, 'status'),
        created_at: optionalText(binding, 'created_at'),
      })),
    );
  }

  /** Gives a saved card up, for good. Of one that is not saved (any more) the same is said. */
  async revokeBinding(clientId: string, bindingId: string, options?: SendOptions): Promise<RevokedBinding> {
    const body = { client_id: clientId, binding_id: bindingId };
    return this.#post('/api/v2/bindings/revoke', body, options, (answer) => {
      const result = object(answer, 'result');
      return {
        binding_id: text(result, 'binding_id'),
        client_id: text(result, 'client_id'),
        status: text(result, 'status'),
      };
    });
  }

  /** Every payment of the filter from the newest, page by page as they are needed. */
  history(filter: HistoryFilter): AsyncGenerator<HistoryRow, void, undefined> {
    return everyPage({ ...filter }, (query) => {
      return this.#get('/api/developers/history', query, (answer) => pageOf(answer, historyRow));
    });
  }

  /** Sends an amount to a terminal. */
  async initPosTransaction(
    transaction: NewPosTransaction,
    options?: SendOptions,
  ): Promise<StartedPosTransaction> {
    checkMillimes('amount_in_millimes', transaction.amount_in_millimes);
    return this.#post('/api/transactions/init_pos_transaction', transaction, options, (answer) => ({
      terminal_id: text(answer, 'terminal_id'),
      transaction_id: optionalText(answer, 'transaction_id'),
    }));
  }

  /** The transactions of a terminal that have this id. */
  async posTransactions(query: PosQuery): Promise<readonly PosTransaction[]> {
    return this.#get('/api/transactions/get_pos_transaction_status', { ...query }, (answer) =>
      list(answer, 'transactions').map((transaction) => ({
        developer_tracking_id: optionalText(transaction, 'developer_tracking_id'),
        payment_status: text(transaction, 'payment_status'),
        transaction_id: text(transaction, 'transaction_id'),
      })),
    );
  }

  /** Draws a QR code to pay an amount by wallet. */
  async generateQrCode(code: NewQrCode): Promise<QrCode> {
    checkMillimes('amount_in_millimes', code.amount_in_millimes);
    // The operation is named here, so that asking again after a lost answer makes no second one.
    const operationUuid = code.operation_uuid ?? crypto.randomUUID();
    const target = targetOf('/api/business/generate_custom_qr_code', { ...code, operation_uuid: operationUuid });
    const call = { method: 'GET', target, authorization: this.#apiKeyHeader(), operationUuid } as const;
    return this.#transport.call(call, (answer) => ({
      qr_code: text(answer, 'qr_code'),
      operation_uuid: text(answer, 'operation_uuid'),
    }));
  }

  /** How the operation of a QR code stands. */
  async qrTransactionStatus(operationUuid: string): Promise<QrTransaction> {
    const target = targetOf('/api/business/custom_transaction/status', { operation_uuid: operationUuid });
    return this.#transport.call({ method: 'GET', target, authorization: this.#apiKeyHeader() }, qrTransaction);
  }

  /** Every payment by QR code of the filter from the newest, page by page as they are needed. */
  qrHistory(filter: QrHistoryFilter = {}): AsyncGenerator<QrTransaction, void, undefined> {
    return everyPage({ ...filter }, (query) => {
      const target = targetOf('/api/business/custom_transaction/history', query);
      const call = { method: 'GET', target, authorization: this.#apiKeyHeader() } as const;
      return this.#transport.call(call, (answer) => pageOf(answer, qrTransaction));
    });
  }

  /**
   * What the request with this key was answered: the body as it came, and nothing is done.
   *
   * For what was done with a payment, such as a refund, name the payment. An ApiError with the code
   * `idempotency_key_not_found`: nothing was done by then.
   */
  async lostAnswer(idempotencyKey: string, of: { readonly payment_id?: string } = {}): Promise<Json> {
    checkIdempotencyKey(idempotencyKey);
    // The platform takes these for steps in the path, however they are written.
    if (['.', '..'].includes(idempotencyKey)) throw new TypeError('this idempotency key cannot be asked for');
    const path = `/api/idempotency/${encodeURIComponent(idempotencyKey)}`;
    return this.#get(path, { payment_id: of.payment_id }, (answer) => answer);
  }

  #post<T>(path: string, body: object, options: SendOptions | undefined, read: (answer: Json) => T): Promise<T> {
    const idempotencyKey = options?.idempotencyKey ?? crypto.randomUUID();
    const authorization = this.#authorization;
    return this.#transport.call({ method: 'POST', target: path, authorization, body, idempotencyKey }, read);
  }

  #get<T>(path: string, query: Query, read: (answer: Json) => T): Promise<T> {
    const target = targetOf(path, query);
    return this.#transport.call({ method: 'GET', target, authorization: this.#authorization }, read);
  }

  #apiKeyHeader(): string {
    if (!this.#apiKey) throw new TypeError('the QR calls need the option apiKey');
    return `Api-Key ${this.#apiKey}`;
  }
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Page<T> {
  readonly rows: readonly T[];
  readonly next: Query | undefined;
}

async function* everyPage<T>(
  first: Query,
  ask: (query: Query) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  let query: Query | undefined = first;
  while (query !== undefined) {
    const page: Page<T> = await ask(query);
    yield* page.rows;
    query = page.next;
  }
}

function pageOf<T>(answer: Json, read: (row: Json) => T): Page<T> {
  return { rows: list(answer, 'results').map(read), next: queryOf(optionalText(answer, 'next')) };
}

/** Also keeps line breaks out of the header. */
function credential(name: string, value: string): string {
  if (!/^[!-9;-~]+$/.test(value)) throw new TypeError(`${name} is not a key`);
  return value;
}

/** JSON drops what is undefined, and without an amount all the money moves: that must be meant. */
function checkOptionalMillimes(given: { readonly amount?: number }): void {
  if ('amount' in given) checkMillimes('amount', given.amount as number);
}

/** Likewise of a split: without it all the money goes to the calling merchant. */
function checkShares<N extends string>(given: { readonly [name in N]?: readonly Destination[] }, name: N): void {
  if (!(name in given)) return;
  const shares: unknown = given[name];
  if (!Array.isArray(shares)) throw new TypeError(`${name} must be a list, or be left out`);
  (shares as readonly Destination[]).forEach((share, index) => {
    checkMillimes(`${name}[${index}].amount`, share.amount);
  });
}

function targetOf(path: string, query: Query): string {
  const words = Object.entries(query).filter(([, value]) => value !== undefined);
  const written = new URLSearchParams(words.map(([name, value]) => [name, String(value)])).toString();
  return written === '' ? path : `${path}?${written}`;
}

function statusOf(from: Json): PaymentStatus {
  const status = text(from, 'status');
  if (!STATUSES.includes(status)) throw new Unreadable('the status is none of the six words');
  return status as PaymentStatus;
}

function share(from: Json): Destination {
  return { destination: text(from, 'destination'), amount: millimes(from, 'amount') };
}

function qrTransaction(row: Json): QrTransaction {
  return {
    operation_uuid: text(row, 'operation_uuid'),
    payment_id: text(row, 'payment_id'),
    link: text(row, 'link'),
    amount_in_millimes: millimes(row, 'amount_in_millimes'),
    status: statusOf(row),
    created_at: text(row, 'created_at'),
    updated_at: text(row, 'updated_at'),
  };
}

function historyRow(row: Json): HistoryRow {
  return {
    ...row,
    payment_id: text(row, 'payment_id'),
    type: text(row, 'type'),
    amount: millimes(row, 'amount'),
    status: text(row, 'status'),
    settlement_status: text(row, 'settlement_status') as SettlementStatus,
    developer_tracking_id: optionalText(row, 'developer_tracking_id') ?? null,
  };
}

/** Of a link to the next page only the query is taken: keys go to the configured address alone. */
function queryOf(link: string | undefined): Query | undefined {
  if (link === undefined || link === '') return undefined;
  const begin = link.indexOf('?');
  const query = Object.fromEntries(new URLSearchParams(begin < 0 ? '' : link.slice(begin).replace(/#.*$/, '')));
  // Without one it would lead to everything, whatever was asked for.
  if (Object.keys(query).length === 0) throw new Unreadable("the answer's `next` has no query");
  return query;
}
