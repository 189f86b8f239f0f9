"""The paper's main table: systems by what they get right on each data set, with ranks. `ranking.table_of` is pure."""
