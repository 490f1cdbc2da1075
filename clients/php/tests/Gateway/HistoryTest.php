<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use Qisma\Destination;
use Qisma\HistoryRow;

/** Against a running gateway: payments are found again, page by page. */
final class HistoryTest extends GatewayTestCase
{
    private const A_DAY_LONG_AGO = '2020-01-01';

    public function test_payments_are_listed_from_the_newest_over_several_pages(): void
    {
        $ids = $this->asked(3);
        self::assertSame($ids, $this->idsOf($ids, limit: 2));
    }

    public function test_a_row_says_how_its_payment_stands(): void
    {
        [$row] = $this->of($this->asked(1));
        self::assertSame(['online', 10_000, 'PENDING'], [$row->type, $row->amount, $row->status]);
        self::assertSame('NOT_APPLICABLE', $row->settlementStatus);
        self::assertSame(self::TRACKING_ID, $row->developerTrackingId);
        $leg = static fn (array $leg) => new Destination($leg['destination'], $leg['amount']);
        self::assertEquals($this->split(), array_map($leg, $row->all['destinations']));
    }

    public function test_paid_payments_are_told_from_open_ones(): void
    {
        $open = $this->asked(1);
        $done = [$this->pay($this->demo->get, $this->demo->phones[6])];
        foreach (['P' => $open, 'S' => $done, 'AS' => $done, 'PF' => []] as $code => $wanted) {
            self::assertSame($wanted, $this->idsOf([...$open, ...$done], operationStatus: $code), $code);
        }
    }

    public function test_payments_are_those_of_the_app_that_is_named(): void
    {
        $ids = $this->asked(1);
        self::assertSame($ids, $this->idsOf($ids, appToken: $this->demo->get['public_key']));
        self::assertSame([], $this->idsOf($ids, appToken: $this->demo->post['public_key']));
    }

    public function test_payments_are_those_of_the_days_that_are_named(): void
    {
        $ids = $this->asked(1);
        self::assertSame($ids, $this->idsOf($ids, startDate: self::A_DAY_LONG_AGO));
        self::assertSame([], iterator_to_array($this->client->history('online', endDate: self::A_DAY_LONG_AGO)));
    }

    public function test_a_terminal_of_online_payments_is_refused_with_floucis_number(): void
    {
        $rows = $this->client->history('online', terminalId: '0123456789abcdef');
        $error = $this->apiError(static fn () => $rows->current());
        self::assertSame([400, 'terminal_id_not_allowed'], [$error->status, $error->errorCode]);
        self::assertSame(1004, $error->flouciCode);
    }

    public function test_mistakes_of_a_filter_are_reported_all_at_once(): void
    {
        $rows = $this->client->history('online', '1234', startDate: 'soon', operationStatus: 'X', limit: 101);
        $error = $this->apiError(static fn () => $rows->current());
        self::assertSame([400, 'request_invalid'], [$error->status, $error->errorCode]);
        $wrong = ['merchant_id', 'start_date', 'operation_status', 'limit'];
        self::assertEqualsCanonicalizing($wrong, $this->fields($error));
    }

    /** @return list<string> the ids of new payments, the newest first */
    private function asked(int $count): array
    {
        $ids = [];
        while (count($ids) < $count) {
            array_unshift($ids, $this->ask($this->demo->get)->paymentId);
        }
        return $ids;
    }

    /**
     * The rows of these payments, in the order in which they come.
     *
     * @param list<string> $ids
     * @return list<HistoryRow>
     */
    private function of(array $ids, mixed ...$filter): array
    {
        $rows = iterator_to_array($this->client->history('online', ...$filter));
        return array_values(array_filter($rows, static fn (HistoryRow $row) => in_array($row->paymentId, $ids, true)));
    }

    /**
     * @param list<string> $ids
     * @return list<string>
     */
    private function idsOf(array $ids, mixed ...$filter): array
    {
        return array_map(static fn (HistoryRow $row) => $row->paymentId, $this->of($ids, ...$filter));
    }
}
