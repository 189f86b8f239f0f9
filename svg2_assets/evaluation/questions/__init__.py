"""Questions about videos, and how well scene graphs help to answer them; start at `running.py` and `scores.py`."""
