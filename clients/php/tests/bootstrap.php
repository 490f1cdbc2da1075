<?php

// Finds the kit and Guzzle: as Composer installed them, or else as Debian's packages have them.

declare(strict_types=1);

$composer = __DIR__ . '/../vendor/autoload.php';
if (is_file($composer)) {
    require $composer;
} else {
    require 'GuzzleHttp/autoload.php';
    spl_autoload_register(static function (string $class): void {
        $folders = ['Qisma\\Tests\\' => __DIR__, 'Qisma\\' => __DIR__ . '/../src'];
        foreach ($folders as $begin => $folder) {
            $file = $folder . '/' . strtr(substr($class, strlen($begin)), '\\', '/') . '.php';
            if (str_starts_with($class, $begin) && is_file($file)) {
                require $file;
                return;
            }
        }
    });
}
