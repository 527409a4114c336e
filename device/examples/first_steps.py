"""A model says what it sees. On a board or on the PC:

mpremote fs cp digits.tinf :
"""

import tinyinfer

model = tinyinfer.Model("digits.tinf")
print(model)
model.test()  # the numbers the packager saw are the numbers seen here

# Any list of numbers as the model was trained on; here a vertical stroke on 8 x 8 points.
image = [[0, 0, 0, 1, 1, 0, 0, 0] for _ in range(8)]
for complaint in model.check(image):
    print(complaint)
label, score = model.classify(image, threshold=0.5)
print("no idea" if label is None else "this is a %s" % label, "(%d%%)" % round(100 * score))
