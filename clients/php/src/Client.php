<?php

declare(strict_types=1);

namespace Qisma;

/** A client of one app of a merchant: the calls of the API, one method each. */
final class Client
{
    private readonly Transport $transport;
    /** Wrapped so that no dump shows them, and nothing writes them down. */
    private readonly \SensitiveParameterValue $authorization;
    private readonly ?\SensitiveParameterValue $apiKey;

    /**
     * Takes the gateway's address and the keys that `qisma app create` printed.
     *
     * @param string|null $apiKey for the QR calls only
     * @param float $timeoutSecs how long one try may take
     * @param int $retriesMax how often a request is sent again
     * @param float $retryWaitSecsMax a longer Retry-After is not waited for but reported
     * @param callable|null $handler what sends: a handler of Guzzle
     * @param (\Closure(float): void)|null $sleep what waits, for tests
     */
    public function __construct(
        string $baseUrl,
        string $publicKey,
        #[\SensitiveParameter] string $privateKey,
        #[\SensitiveParameter] ?string $apiKey = null,
        float $timeoutSecs = 30.0,
        int $retriesMax = 2,
        float $retryWaitSecsMax = 30.0,
        ?callable $handler = null,
        ?\Closure $sleep = null,
    ) {
        self::checkKey('publicKey', $publicKey);
        self::checkKey('privateKey', $privateKey);
        if ($apiKey !== null) {
            self::checkKey('apiKey', $apiKey);
        }
        $this->apiKey = $apiKey === null ? null : new \SensitiveParameterValue("Api-Key $apiKey");
        $this->authorization = new \SensitiveParameterValue("Bearer $publicKey:$privateKey");
        $sleep ??= static function (float $secs): void {
            usleep((int) ($secs * 1_000_000));
        };
        $this->transport = new Transport(
            $baseUrl,
            $timeoutSecs,
            $retriesMax,
            $retryWaitSecsMax,
            $sleep,
            $handler,
        );
    }

    /**
     * Asks for a payment. Send the payer to its link, unless a saved card's status says that it is paid.
     *
     * @param int $amount in millimes
     * @param list<Destination>|null $destination the split; what is left goes to the calling merchant
     * @param bool|null $preAuthorization holds the money for confirmPayment or cancelPayment
     * @param string|null $clientId the payer's id at the merchant; a card payment with it makes a binding
     * @param string|null $bindingId a saved card to charge, together with clientId and cvc
     * @param string|null $idempotencyKey a fresh UUID when absent
     */
    public function generatePayment(
        mixed $amount,
        string $successLink,
        string $failLink,
        ?string $webhook = null,
        ?string $developerTrackingId = null,
        ?bool $acceptCard = null,
        ?string $imageUrl = null,
        ?int $sessionTimeoutSecs = null,
        ?array $destination = null,
        ?bool $preAuthorization = null,
        ?string $clientId = null,
        ?string $bindingId = null,
        #[\SensitiveParameter] ?string $cvc = null,
        ?string $idempotencyKey = null,
    ): CreatedPayment {
        return $this->post('/api/v2/generate_payment', [
            'amount' => Millimes::check('amount', $amount),
            'success_link' => $successLink,
            'fail_link' => $failLink,
            'webhook' => $webhook,
            'developer_tracking_id' => $developerTrackingId,
            'accept_card' => $acceptCard,
            'image_url' => $imageUrl,
            'session_timeout_secs' => $sessionTimeoutSecs,
            'destination' => self::shares($destination),
            'pre_authorization' => $preAuthorization,
            'client_id' => $clientId,
            'binding_id' => $bindingId,
            'cvc' => $cvc,
        ], $idempotencyKey, static function (Answer $answer): CreatedPayment {
            $result = $answer->object('result');
            return new CreatedPayment(
                $result->text('payment_id'),
                $result->optionalText('link'),
                $result->optionalText('developer_tracking_id'),
                isset($result->members['status']) ? $result->status() : null,
            );
        });
    }

    /** Asks how a payment stands. Wait for the webhook instead of asking again and again. */
    public function verifyPayment(string $paymentId): Payment
    {
        // An id such as `..` would lead to another path.
        if (!preg_match('/^[A-Za-z0-9_-]+$/D', $paymentId)) {
            throw new \ValueError('that is no payment id');
        }
        return $this->get("/api/v2/verify_payment/$paymentId", [], static function (Answer $answer) use ($paymentId) {
            $result = $answer->object('result');
            return new Payment(
                $paymentId,
                $result->text('type'),
                $result->millimes('amount'),
                $result->status(),
                $result->text('settlement_status'),
                $result->optionalText('developer_tracking_id'),
                $result->object('details')->members,
            );
        });
    }

    /**
     * Gives a payment back: all that is left of it, a part, or chosen parts of the shares.
     *
     * @param int|null $amount in millimes
     * @param list<Destination>|null $reversals
     */
    public function refundPayment(
        string $paymentId,
        mixed $amount = null,
        ?array $reversals = null,
        ?string $idempotencyKey = null,
    ): Refund {
        return $this->post('/api/v2/refund_payment', [
            'payment_id' => $paymentId,
            'amount' => Millimes::checkOptional('amount', $amount),
            'reversals' => self::shares($reversals),
        ], $idempotencyKey, static function (Answer $answer): Refund {
            $result = $answer->object('result');
            return new Refund(
                $result->text('refund_id'),
                $result->text('payment_id'),
                $result->millimes('amount'),
                $result->text('status'),
                $result->optionalText('refunded_at'),
                // Flouci's own answer has none.
                isset($result->members['reversals']) ? array_map(
                    static fn (Answer $part) => new Destination($part->text('destination'), $part->millimes('amount')),
                    $result->objects('reversals'),
                ) : [],
            );
        });
    }

    /**
     * Captures money that is held, all of it or a part; the rest is released.
     *
     * @param int|null $amount in millimes
     */
    public function confirmPayment(
        string $paymentId,
        mixed $amount = null,
        ?string $idempotencyKey = null,
    ): Confirmation {
        return $this->post('/api/v2/confirm_payment', [
            'payment_id' => $paymentId,
            'amount' => Millimes::checkOptional('amount', $amount),
        ], $idempotencyKey, static function (Answer $answer): Confirmation {
            $result = $answer->object('result');
            return new Confirmation(
                $result->text('payment_id'),
                $result->text('status'),
                $result->millimes('amount'),
                $result->optionalText('confirmed_at'),
            );
        });
    }

    /** Releases money that is held. */
    public function cancelPayment(string $paymentId, ?string $idempotencyKey = null): Cancellation
    {
        $body = ['payment_id' => $paymentId];
        $read = static function (Answer $answer): Cancellation {
            $result = $answer->object('result');
            return new Cancellation(
                $result->text('payment_id'),
                $result->text('status'),
                $result->optionalText('cancelled_at'),
            );
        };
        return $this->post('/api/v2/cancel_payment', $body, $idempotencyKey, $read);
    }

    /**
     * The saved cards of a payer.
     *
     * @return list<Binding>
     */
    public function listBindings(#[\SensitiveParameter] string $clientId): array
    {
        $read = static fn (Answer $answer) => array_map(static fn (Answer $binding) => new Binding(
            $binding->text('binding_id'),
            $binding->text('client_id'),
            $binding->text('card_last_four'),
            $binding->text('card_brand'),
            $binding->text('status'),
            $binding->optionalText('created_at'),
        ), $answer->object('result')->objects('bindings'));
        return $this->get('/api/v2/bindings/list', ['client_id' => $clientId], $read);
    }

    /** Gives a saved card up, for good. Of one that is not saved (any more) the same is said. */
    public function revokeBinding(
        #[\SensitiveParameter] string $clientId,
        string $bindingId,
        ?string $idempotencyKey = null,
    ): RevokedBinding {
        $body = ['client_id' => $clientId, 'binding_id' => $bindingId];
        $read = static function (Answer $answer): RevokedBinding {
            $result = $answer->object('result');
            return new RevokedBinding(
                $result->text('binding_id'),
                $result->text('client_id'),
                $result->text('status'),
            );
        };
        return $this->post('/api/v2/bindings/revoke', $body, $idempotencyKey, $read);
    }

    /**
     * Every payment of the filter from the newest, page by page as they are needed.
     *
     * @param string $type `online` or `pos`
     * @param string|null $startDate ISO 8601, inclusive; so is endDate
     * @param string|null $operationStatus `S` success, `AS` all successes, `PF` failure, `P` pending, ...
     * @param string|null $terminalId 16 characters; with the type `pos` only
     * @param int|null $limit how many a page has
     * @return \Generator<int, HistoryRow>
     */
    public function history(
        string $type,
        ?string $merchantId = null,
        ?string $startDate = null,
        ?string $endDate = null,
        ?string $operationStatus = null,
        #[\SensitiveParameter] ?string $appToken = null,
        ?string $terminalId = null,
        ?int $limit = null,
    ): \Generator {
        $query = self::filled([
            'type' => $type,
            'merchant_id' => $merchantId,
            'start_date' => $startDate,
            'end_date' => $endDate,
            'operation_status' => $operationStatus,
            'app_token' => $appToken,
            'terminal_id' => $terminalId,
            'limit' => $limit === null ? null : (string) $limit,
        ]);
        $read = self::pageOf(self::historyRow(...));
        $ask = fn (#[\SensitiveParameter] array $query) => $this->get('/api/developers/history', $query, $read);
        return self::everyPage($ask, $query);
    }

    /**
     * Sends an amount to a terminal.
     *
     * @param int $amountInMillimes
     * @param string $paymentMethod NFC, CARD, WALLET or CHECK
     */
    public function initPosTransaction(
        string $idTerminal,
        string $serialNumber,
        mixed $amountInMillimes,
        string $paymentMethod,
        ?string $developerTrackingId = null,
        ?string $webhook = null,
        ?string $idempotencyKey = null,
    ): StartedPosTransaction {
        return $this->post('/api/transactions/init_pos_transaction', [
            'id_terminal' => $idTerminal,
            'serial_number' => $serialNumber,
            'amount_in_millimes' => Millimes::check('amountInMillimes', $amountInMillimes),
            'payment_method' => $paymentMethod,
            'developer_tracking_id' => $developerTrackingId,
            'webhook' => $webhook,
        ], $idempotencyKey, static fn (Answer $answer) => new StartedPosTransaction(
            $answer->text('terminal_id'),
            $answer->optionalText('transaction_id'),
        ));
    }

    /**
     * The transactions of a terminal that have this id; give one of the two.
     *
     * @return list<PosTransaction>
     */
    public function posTransactions(
        ?string $developerTrackingId = null,
        ?string $flouciTransactionId = null,
    ): array {
        if (($developerTrackingId === null) === ($flouciTransactionId === null)) {
            throw new \ValueError('give developerTrackingId or flouciTransactionId');
        }
        $query = self::filled([
            'developer_tracking_id' => $developerTrackingId,
            'flouci_transaction_id' => $flouciTransactionId,
        ]);
        $read = static fn (Answer $answer) => array_map(static fn (Answer $transaction) => new PosTransaction(
            $transaction->optionalText('developer_tracking_id'),
            $transaction->text('payment_status'),
            $transaction->text('transaction_id'),
        ), $answer->objects('transactions'));
        return $this->get('/api/transactions/get_pos_transaction_status', $query, $read);
    }

    /**
     * Draws a QR code to pay an amount by wallet.
     *
     * @param int $amountInMillimes
     */
    public function generateQrCode(
        mixed $amountInMillimes,
        string $merchantId,
        ?string $operationUuid = null,
        ?bool $barcode = null,
    ): QrCode {
        // The operation is named here, so that asking again after a lost answer makes no second one.
        $operationUuid ??= self::uuid();
        $query = self::filled([
            'amount_in_millimes' => (string) Millimes::check('amountInMillimes', $amountInMillimes),
            'merchant_id' => $merchantId,
            'operation_uuid' => $operationUuid,
            'barcode' => $barcode === null ? null : ($barcode ? 'true' : 'false'),
        ]);
        $read = static fn (Answer $answer) => new QrCode($answer->text('qr_code'), $answer->text('operation_uuid'));
        return $this->getByApiKey('/api/business/generate_custom_qr_code', $query, $read, $operationUuid);
    }

    /** How the operation of a QR code stands. */
    public function qrTransactionStatus(string $operationUuid): QrTransaction
    {
        $query = ['operation_uuid' => $operationUuid];
        return $this->getByApiKey('/api/business/custom_transaction/status', $query, self::qrTransaction(...));
    }

    /**
     * Every payment by QR code of the filter from the newest, page by page as they are needed.
     *
     * @param string|null $startDate ISO 8601, inclusive; so is endDate
     * @param int|null $limit how many a page has
     * @return \Generator<int, QrTransaction>
     */
    public function qrHistory(
        ?string $merchantId = null,
        ?string $startDate = null,
        ?string $endDate = null,
        ?int $limit = null,
    ): \Generator {
        $query = self::filled([
            'merchant_id' => $merchantId,
            'start_date' => $startDate,
            'end_date' => $endDate,
            'limit' => $limit === null ? null : (string) $limit,
        ]);
        $path = '/api/business/custom_transaction/history';
        $read = self::pageOf(self::qrTransaction(...));
        return self::everyPage(fn (array $query) => $this->getByApiKey($path, $query, $read), $query);
    }

    /**
     * What the request with this key was answered: the body as it came, and nothing is done.
     *
     * An ApiException with the code `idempotency_key_not_found`: nothing was done by then.
     *
     * @param string|null $paymentId the payment, for what was done with one, such as a refund
     * @return array<string, mixed>
     */
    public function lostAnswer(string $idempotencyKey, ?string $paymentId = null): array
    {
        Transport::checkIdempotencyKey($idempotencyKey);
        // Proxies and libraries take these for steps in the path, however they are written.
        if (in_array($idempotencyKey, ['.', '..'], true)) {
            throw new \ValueError('this idempotency key cannot be asked for');
        }
        $path = '/api/idempotency/' . rawurlencode($idempotencyKey);
        $query = self::filled(['payment_id' => $paymentId]);
        return $this->get($path, $query, static fn (Answer $answer) => $answer->members);
    }

    /**
     * @template T
     * @param array<string, mixed> $body
     * @param \Closure(Answer): T $read
     * @return T
     */
    private function post(
        string $path,
        #[\SensitiveParameter] array $body,
        ?string $idempotencyKey,
        \Closure $read,
    ): mixed {
        return $this->transport->call(
            'POST',
            $path,
            $read,
            $this->authorization->getValue(),
            body: self::filled($body),
            idempotencyKey: $idempotencyKey ?? self::uuid(),
        );
    }

    /**
     * @template T
     * @param array<string, string> $query
     * @param \Closure(Answer): T $read
     * @return T
     */
    private function get(string $path, #[\SensitiveParameter] array $query, \Closure $read): mixed
    {
        return $this->transport->call('GET', $path, $read, $this->authorization->getValue(), $query);
    }

    /**
     * @template T
     * @param array<string, string> $query
     * @param \Closure(Answer): T $read
     * @return T
     */
    private function getByApiKey(
        string $path,
        array $query,
        \Closure $read,
        ?string $operationUuid = null,
    ): mixed {
        if ($this->apiKey === null) {
            throw new \ValueError('the QR calls need apiKey');
        }
        $apiKey = $this->apiKey->getValue();
        return $this->transport->call('GET', $path, $read, $apiKey, $query, operationUuid: $operationUuid);
    }

    /** Also keeps line breaks out of the header. */
    private static function checkKey(string $name, #[\SensitiveParameter] string $value): void
    {
        if (!preg_match('/^[!-9;-~]+$/D', $value)) {
            throw new \ValueError("$name is not a key");
        }
    }

    /**
     * @param list<Destination>|null $shares
     * @return list<array{amount: int, destination: string}>|null
     */
    private static function shares(?array $shares): ?array
    {
        if ($shares === null) {
            return null;
        }
        $sent = static fn (Destination $share) => [
            'amount' => $share->amount,
            'destination' => $share->destination,
        ];
        return array_map($sent, array_values($shares));
    }

    /**
     * @template T
     * @param array<string, T|null> $values
     * @return array<string, T>
     */
    private static function filled(#[\SensitiveParameter] array $values): array
    {
        return array_filter($values, static fn (mixed $value) => $value !== null);
    }

    /**
     * @template T
     * @param \Closure(array<string, string>): array{list<T>, array<string, string>} $ask
     * @param array<string, string> $query
     * @return \Generator<int, T>
     */
    private static function everyPage(\Closure $ask, #[\SensitiveParameter] array $query): \Generator
    {
        do {
            [$rows, $query] = $ask($query);
            // Not `yield from`, which would count anew on every page.
            foreach ($rows as $row) {
                yield $row;
            }
        } while ($query !== []);
    }

    /**
     * @template T
     * @param \Closure(Answer): T $read
     * @return \Closure(Answer): array{list<T>, array<string, string>} the rows, and the next page's query or none
     */
    private static function pageOf(\Closure $read): \Closure
    {
        return static function (Answer $page) use ($read): array {
            $link = $page->optionalText('next') ?? '';
            $query = self::queryOf($link);
            // Without one it would lead to everything, whatever was asked for.
            return $link === '' || $query !== []
                ? [array_map($read, $page->objects('results')), $query]
                : throw new UnreadableAnswer("the answer's `next` has no query");
        };
    }

    private static function historyRow(Answer $row): HistoryRow
    {
        return new HistoryRow(
            $row->text('payment_id'),
            $row->text('type'),
            $row->millimes('amount'),
            $row->text('status'),
            $row->text('settlement_status'),
            $row->optionalText('developer_tracking_id'),
            $row->members,
        );
    }

    private static function qrTransaction(Answer $row): QrTransaction
    {
        return new QrTransaction(
            $row->text('operation_uuid'),
            $row->text('payment_id'),
            $row->text('link'),
            $row->millimes('amount_in_millimes'),
            $row->status(),
            $row->text('created_at'),
            $row->text('updated_at'),
        );
    }

    /**
     * Of a link to the next page only the query is taken: keys go to the configured address alone.
     *
     * @return array<string, string>
     */
    private static function queryOf(string $link): array
    {
        $query = [];
        foreach (array_filter(explode('&', (string) parse_url($link, PHP_URL_QUERY))) as $word) {
            [$name, $value] = explode('=', $word, 2) + [1 => ''];
            $query[urldecode($name)] = urldecode($value);
        }
        return $query;
    }

    private static function uuid(): string
    {
        $bytes = random_bytes(16);
        $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
        $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);
        return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
    }
}
