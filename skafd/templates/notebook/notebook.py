# %% [markdown]
# # {{name}}
# Every `# %%` begins a cell.

# %%
import statistics

readings = [12.1, 11.8, 12.6, 13.0, 12.2, 19.7]

# %%
middle = statistics.median(readings)
unusual = [reading for reading in readings if abs(reading - middle) > 3]
print(f"median {middle}, unusual: {unusual}")
