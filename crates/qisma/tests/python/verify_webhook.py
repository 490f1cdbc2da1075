"""Verifies one webhook with the reference library of Standard Webhooks.

Reads {"secret", "headers", "body", "now_secs"} from standard input and prints `ok`, or `refused: `
and the library's reason. `now_secs` is optional: the test's own clock, where it is not the wall clock.
"""

import datetime
import json
import sys

from standardwebhooks import webhooks


def stop_the_clock_of_the_library(now_secs):
    """The library refuses a timestamp more than five minutes off and takes no clock as a parameter."""

    class StoppedDatetime(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(now_secs, tz)

    webhooks.datetime = StoppedDatetime


def main():
    message = json.load(sys.stdin)
    if message.get("now_secs") is not None:
        stop_the_clock_of_the_library(message["now_secs"])
    try:
        # A `get` webhook has an empty body, which is signed but is not JSON.
        webhooks.Webhook(message["secret"]).verify(
            message["body"], message["headers"], json_parse=message["body"] != ""
        )
    except (webhooks.WebhookVerificationError, ValueError) as reason:
        print(f"refused: {reason}")
    else:
        print("ok")


if __name__ == "__main__":
    main()
