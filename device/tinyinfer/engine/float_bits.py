"""SPEC.md, "Float input" and "Float output", on binary32 bit patterns with integers alone."""


def quantize(bits, m, shift, offset, zero_point, low, high):
    exponent = bits >> 23 & 255
    fraction = bits & 0x7FFFFF
    if exponent == 255 and fraction:
        value = zero_point
    else:
        if exponent == 255:
            fraction, exponent = 1 << 24, 254
        elif exponent:
            fraction += 1 << 23
        else:
            exponent = 1
        product = fraction * m
        k = 150 + 31 - 14 - exponent - shift
        if k > 0:
            product >>= k
        elif product:
            product <<= min(-k, 31)
        u = min(product, 1 << 30)
        u = offset - u if bits >> 31 else offset + u
        rounded = abs(u) + (1 << 13) >> 14
        value = zero_point + (-rounded if u < 0 else rounded)
    return low if value < low else high if value > high else value


def dequantize(scale_bits, q):
    """The bit pattern of scale * q, rounded once; the scale is finite and not negative."""
    exponent = scale_bits >> 23 & 255
    product = scale_bits & 0x7FFFFF
    if exponent:
        product += 1 << 23
    else:
        exponent = 1
    product *= abs(q)
    # the value is product * 2^(exponent - 150); bring it to 24 bits, or fewer when subnormal
    drop = 0
    while product >> drop >= 1 << 24:
        drop += 1
    kept = product >> drop
    rest = product - (kept << drop)
    if drop and (rest * 2 > 1 << drop or (rest * 2 == 1 << drop and kept & 1)):
        kept += 1
    exponent += drop
    # normalise what is left: downwards after rounding up, upwards while there are exponents left
    if kept == 1 << 24:
        kept >>= 1
        exponent += 1
    while 0 < kept < 1 << 23 and exponent > 1:
        kept <<= 1
        exponent -= 1
    if exponent > 254:
        bits = 255 << 23
    elif kept < 1 << 23:
        bits = kept  # zero or subnormal
    else:
        bits = exponent << 23 | kept & 0x7FFFFF
    return bits | 1 << 31 if q < 0 and product else bits
