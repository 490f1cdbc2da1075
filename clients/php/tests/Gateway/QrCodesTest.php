<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use Qisma\Client;
use Qisma\PaymentStatus;
use Qisma\QrTransaction;

/** Against a running gateway: payments as QR codes. */
final class QrCodesTest extends GatewayTestCase
{
    private const MERCHANT = '1000';

    public function test_an_operation_is_one_code_and_one_payment(): void
    {
        $code = $this->client->generateQrCode(1_000, self::MERCHANT);
        self::assertStringStartsWith("\x89PNG", (string) base64_decode($code->png, true));
        self::assertEquals($code, $this->client->generateQrCode(1_000, self::MERCHANT, $code->operationUuid));
        $transaction = $this->client->qrTransactionStatus($code->operationUuid);
        self::assertSame([PaymentStatus::Pending, 1_000], [$transaction->status, $transaction->amountInMillimes]);
        self::assertSame(1_000, $this->client->verifyPayment($transaction->paymentId)->amount);
    }

    public function test_a_code_that_was_paid_by_wallet_is_paid(): void
    {
        $operation = $this->client->generateQrCode(1_000, self::MERCHANT)->operationUuid;
        $link = $this->client->qrTransactionStatus($operation)->link;
        (new Payer($this->demo->sandbox))->payByWallet($link, $this->demo->phones[10]);
        self::assertSame(PaymentStatus::Success, $this->client->qrTransactionStatus($operation)->status);
    }

    public function test_payments_by_qr_code_are_listed_from_the_newest_over_several_pages(): void
    {
        $operations = [self::key(), self::key(), self::key()];
        foreach ($operations as $operation) {
            $this->client->generateQrCode(1_000, self::MERCHANT, $operation);
        }
        $rows = iterator_to_array($this->client->qrHistory(limit: 2));
        $listed = array_map(static fn (QrTransaction $row) => $row->operationUuid, $rows);
        self::assertSame(array_reverse($operations), array_values(array_intersect($listed, $operations)));
    }

    public function test_an_operation_with_another_amount_is_refused(): void
    {
        $operation = $this->client->generateQrCode(1_000, self::MERCHANT)->operationUuid;
        $error = $this->apiError(fn () => $this->client->generateQrCode(2_000, self::MERCHANT, $operation));
        self::assertSame([409, 'operation_uuid_reused'], [$error->status, $error->errorCode]);
        self::assertSame($operation, $error->operationUuid);
    }

    public function test_an_unknown_operation_is_not_found(): void
    {
        $error = $this->apiError(fn () => $this->client->qrTransactionStatus(self::key()));
        self::assertSame([404, 'transaction_not_found'], [$error->status, $error->errorCode]);
    }

    public function test_a_key_of_an_app_draws_no_code(): void
    {
        $app = $this->demo->get;
        $stranger = new Client($this->demo->gateway, $app['public_key'], $app['private_key'], $app['private_key']);
        $error = $this->apiError(static fn () => $stranger->qrTransactionStatus(self::key()));
        self::assertSame([401, 'api_key_invalid'], [$error->status, $error->errorCode]);
    }
}
