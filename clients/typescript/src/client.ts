// The calls of the API, one method each.
import { Unreadable, checkMillimes, list, millimes, object, optionalText, text } from './read.js';
import type { Json } from './read.js';
import { Transport } from './transport.js';
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
  Refund,
  SettlementStatus,
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

  /** Asks for a payment. Send the payer to its `link`. */
  async generatePayment(payment: NewPayment, options?: SendOptions): Promise<CreatedPayment> {
    checkMillimes('amount', payment.amount);
    checkShares(payment, 'destination');
    return this.#post('/api/v2/generate_payment', payment, options, (answer) => {
      const result = object(answer, 'result');
      return {
        payment_id: text(result, 'payment_id'),
        link: optionalText(result, 'link'),
        developer_tracking_id: optionalText(result, 'developer_tracking_id'),
      };
    });
  }

  /** Asks how a payment stands. Wait for the webhook instead of asking again and again. */
  async verifyPayment(paymentId: string): Promise<Payment> {
    // An id such as `..` would lead to another path.
    if (!/^[A-Za-z0-9_-]+$/.test(paymentId)) throw new TypeError('that is no payment id');
    return this.#get(`/api/v2/verify_payment/${paymentId}`, {}, (answer) => {
      const result = object(answer, 'result');
      const status = text(result, 'status');
      if (!STATUSES.includes(status)) throw new Unreadable('the status is none of the six words');
      return {
        payment_id: paymentId,
        type: text(result, 'type'),
        amount: millimes(result, 'amount'),
        status: status as PaymentStatus,
        settlement_status: text(result, 'settlement_status') as SettlementStatus,
        developer_tracking_id: optionalText(result, 'developer_tracking_id') ?? null,
        details: object(result, 'details') as Payment['details'],
      };
    });
  }

  /**
   * Gives a payment back: all of it, a part (as often as there is something left), or chosen shares.
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
        created_at: text(binding, 'created_at'),
      })),
    );
  }

  /** Every payment of the filter, page by page as they are needed. */
  async *history(filter: HistoryFilter): AsyncGenerator<HistoryRow, void, undefined> {
    let query: Query | undefined = { ...filter };
    while (query !== undefined) {
      const page: HistoryPage = await this.#get('/api/developers/history', query, (answer) => ({
        rows: list(answer, 'results').map(historyRow),
        next: queryOf(optionalText(answer, 'next')),
      }));
      yield* page.rows;
      query = page.next;
    }
  }

  /** Sends an amount to a terminal, and gives the terminal's id. */
  async initPosTransaction(transaction: NewPosTransaction, options?: SendOptions): Promise<string> {
    checkMillimes('amount_in_millimes', transaction.amount_in_millimes);
    const path = '/api/transactions/init_pos_transaction';
    return this.#post(path, transaction, options, (answer) => text(answer, 'terminal_id'));
  }

  /** The transactions of a terminal that have this id. */
  async posTransactions(query: PosQuery): Promise<readonly PosTransaction[]> {
    return this.#get('/api/transactions/get_pos_transaction_status', { ...query }, (answer) =>
      list(answer, 'transactions').map((transaction) => ({
        developer_tracking_id: text(transaction, 'developer_tracking_id'),
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

  /** How the operation of a QR code stands: the answer as it came. */
  async qrTransactionStatus(operationUuid: string): Promise<Json> {
    const target = targetOf('/api/business/custom_transaction/status', { operation_uuid: operationUuid });
    return this.#transport.call({ method: 'GET', target, authorization: this.#apiKeyHeader() }, (answer) => answer);
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

interface HistoryPage {
  readonly rows: readonly HistoryRow[];
  readonly next: Query | undefined;
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
