<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use Psr\Http\Message\UriInterface;

/** A page, and where it stands after all redirects. */
final readonly class Page
{
    public function __construct(public UriInterface $url, public string $html)
    {
    }
}
