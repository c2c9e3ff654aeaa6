import os

print(f"Hello from {os.environ['SKAFD_TASK']}, deployment {os.environ['SKAFD_DEPLOYMENT']}")
