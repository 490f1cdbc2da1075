"""Reads a QR code from a picture with zxing, which shares nothing with our encoder.

Reads a PNG in base64 from standard input and prints the text of its one code.
"""

import base64
import io
import sys

import zxingcpp
from PIL import Image


def main():
    picture = Image.open(io.BytesIO(base64.b64decode(sys.stdin.read(), validate=True)))
    [code] = zxingcpp.read_barcodes(picture.convert("L"))
    sys.stdout.reconfigure(encoding="utf-8")
    print(code.text)


if __name__ == "__main__":
    main()
