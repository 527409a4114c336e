"""A model that shares the processor: a lamp keeps blinking while it thinks."""

import asyncio
from array import array

import tinyinfer

model = tinyinfer.Model("digits.tinf")
image = array("f", [1 if i % 8 in (3, 4) else 0 for i in range(64)])


async def blink():
    for turn in range(10):
        print("lamp", "on" if turn % 2 else "off")
        await asyncio.sleep(0)


async def main():
    lamp = asyncio.create_task(blink())
    await model.run_async(image, max_macs=5000)
    print("it is a", model.labels[model.argmax()])
    await lamp


asyncio.run(main())
