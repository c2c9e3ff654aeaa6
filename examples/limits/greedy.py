"""Takes 200 MB where it may have 64 MiB."""

MEGABYTE = 1_000_000

taken = []
for megabytes in range(10, 201, 10):
    taken.append(b"x" * (10 * MEGABYTE))
    print(f"{megabytes} MB taken")
print("nothing stopped it: this machine does not enforce memory limits (see `skafd doctor`)")
